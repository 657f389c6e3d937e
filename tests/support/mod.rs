//! What the end-to-end tests share: real SSH servers, keys, peers that misbehave, and the built binary as a client.
//!
//! Every server runs on a loopback address of its own, with keys, home directory and configuration in a temporary
//! directory; nothing of the machine's own SSH set-up is read or changed. Whatever is missing makes a test fail with
//! the command that installs it.

mod account;
pub mod browser;
mod distance;
mod http_server;
mod keys;
mod loopback;
mod mcp_pipe;
mod names;
mod peers;
mod process;
mod programs;
mod python_server;
mod scout;
mod servers;
mod sshd;
mod tap;

pub use account::Account;
pub use distance::Distance;
pub use http_server::{Events, HttpServer};
pub use keys::{Agent, Authority, Key, KeyType};
pub use loopback::{Endpoint, is_connected};
pub use mcp_pipe::{McpPipe, Reply};
pub use names::Names;
pub use peers::{Fake, Relay};
pub use process::{
    Log, Process, eventually, node, node_with, process_running, program, resident_kib, venv_python,
};
pub use programs::Programs;
pub use python_server::{Library, PythonServer};
pub use scout::{Scout, ours, test_file};
pub use servers::{Dropbear, TinySsh};
pub use sshd::Sshd;
pub use tap::{Kexinit, Tap};
