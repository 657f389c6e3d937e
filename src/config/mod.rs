//!
//! Everything here reads files and environment and answers questions about them. It opens no socket and asks no
//! agent; a path it returns need not exist.

pub mod env;
pub mod file;
pub mod pattern;
pub mod ssh;

pub use env::Env;
pub use ssh::{HostConfig, SshConfig};
