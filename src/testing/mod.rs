//! Simulated links, small servers, virtual time. Only adds items, never changes behaviour.

mod nowhere;
pub mod sftp_server;
pub mod ssh_server;
mod ssh_server_channel;

pub use nowhere::fleet;
