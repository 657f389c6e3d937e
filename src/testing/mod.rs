//! Simulated links, small servers, virtual time. Only adds items, never changes behaviour.

pub mod choices;
pub mod cores;
pub mod fuzz;
pub mod http;
pub mod live;
mod logins;
mod nowhere;
pub mod protections;
mod scratch;
pub mod ssh_pair;
pub mod ssh_play;
mod ssh_play_session;
mod tally;
pub mod tcp;
mod timers;
pub mod world;
mod world_host;

pub use logins::{Crypto, Logins};
pub use nowhere::{fleet, fleet_of, fleet_with, settings, shards, stats};
pub use tally::Tally;

pub use crate::simulated::{keys as ssh_server_kex, server as ssh_server, sftp as sftp_server};
