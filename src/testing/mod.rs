//! Simulated links, small servers, virtual time. Only adds items, never changes behaviour.

pub mod choices;
pub mod chores;
pub mod cores;
pub mod fuzz;
pub mod http;
mod jail;
pub mod live;
mod logins;
mod nowhere;
pub mod protections;
mod scratch;
pub mod ssh_pair;
pub mod ssh_play;
mod ssh_play_session;
pub mod ssh_server;
pub mod ssh_server_kex;
mod tally;
mod timers;
pub mod world;
mod world_host;

pub use logins::{Crypto, Logins};
pub use nowhere::{fleet, fleet_of, fleet_with, settings, shards, stats};
pub use tally::Tally;
