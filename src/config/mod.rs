//! What the user configured: settings, the SSH client configuration, known host keys, and who may ask for what.
//!
//! Everything here reads files and environment and answers questions about them. It opens no socket and asks no
//! agent; a path it returns need not exist.

pub mod access;
pub mod env;
pub mod file;
pub mod groups;
pub mod keys;
pub mod known_hosts;
pub mod network;
pub mod pattern;
pub mod private_file;
pub mod secret;
pub mod settings;
pub mod sources;
pub mod ssh;

pub use access::{Access, Scope, SharedAccess};
pub use env::Env;
pub use groups::Groups;
pub use keys::{Key, KeySource, Keys, SharedKeys};
pub use known_hosts::{KnownHosts, Verdict};
pub use network::Network;
pub use secret::{SECRET_VARIABLES, Secret, SecretSource};
pub use settings::{Overrides, Settings, ToolSet, Transport};
pub use sources::Sources;
pub use ssh::{AlgorithmLists, HostConfig, SshConfig};

/// A configuration that all cores read.
pub type SharedConfig = std::sync::Arc<SshConfig>;
