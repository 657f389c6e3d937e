//! Simulated links, small servers, virtual time. Only adds items, never changes behaviour.

mod nowhere;
pub mod sftp_server;
pub mod ssh_server;
mod ssh_server_channel;
pub mod ssh_server_kex;
pub mod world;
mod world_host;

pub use nowhere::fleet;
