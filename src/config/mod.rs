//! What the user configured: settings, the SSH client configuration, known host keys.
//!
//! Everything here reads files and environment and answers questions about them. It opens no socket and asks no
//! agent; a path it returns need not exist.

pub mod env;
pub mod file;
pub mod known_hosts;
pub mod pattern;
pub mod secret;
pub mod settings;
pub mod sources;
pub mod ssh;

pub use env::Env;
pub use known_hosts::{KnownHosts, Verdict};
pub use secret::{SECRET_VARIABLES, Secret, SecretSource};
pub use settings::{Overrides, Settings, Transport};
pub use sources::Sources;
pub use ssh::{AlgorithmLists, HostConfig, SshConfig};

/// A configuration that all cores read.
pub type SharedConfig = std::sync::Arc<SshConfig>;
