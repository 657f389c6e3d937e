//! SSH servers that play hosts, sans-IO: bytes and time in, bytes and deadlines out. For `scout-mcp bench fleet`, whose
//! hosts cost so little that what is measured is whoever talks to them, and for tests, which pair them with our client.
//!
//! [`server`] is a connection as the host sees it, `channel` a session on it, [`sftp`] what serves its files and [`keys`]
//! what it proves itself with. Must not know sockets, clocks or fleets.

mod channel;
pub mod keys;
pub mod plan;
pub mod server;
pub mod sftp;
pub mod user_key;

pub use plan::Plan;
pub use user_key::UserKey;
