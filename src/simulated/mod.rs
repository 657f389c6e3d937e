//! SSH servers that play hosts, sans-IO: bytes and time in, bytes and deadlines out. For `scout-mcp bench fleet`, whose
//! hosts cost so little that what is measured is whoever talks to them, and for tests, which pair them with our client.
//!
//! [`plan`] says what a fleet is like and [`weather`] what befalls it. [`server`] is a connection as its host sees it:
//! `exchange` and [`keys`] are how it proves itself, [`session`] is what runs in a channel of it, [`programs`] what can
//! be started there, [`sftp`] what serves its files; [`host`] is what a host of a fleet has of those, `words` how it
//! reads command lines, `shell` a shell that is kept for several of them, [`way`] how fast bytes come and go. [`user_key`] is what users log in with. Must not
//! know sockets, clocks or fleets.

pub(crate) mod exchange;
pub mod host;
pub mod keys;
pub mod plan;
pub mod programs;
pub mod server;
pub mod session;
pub mod sftp;
mod shell;
pub mod user_key;
pub mod way;
pub mod weather;
mod words;

pub use plan::Plan;
pub use user_key::UserKey;
