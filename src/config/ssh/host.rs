//! One host: what it takes to reach it.

use std::path::PathBuf;
use std::time::Duration;

use super::algorithms::AlgorithmLists;
use super::directive::{AddressFamily, StrictHostKeyChecking};
use super::jump::Jump;
use super::print::Written;
use crate::ssh::{Method, Rekey};

/// What it takes to reach a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// The name the user gave.
    pub alias: String,
    /// The name or address to connect to.
    pub hostname: String,
    pub user: String,
    pub port: u16,
    /// Private keys in the order to try them; they need not exist.
    pub identity_files: Vec<PathBuf>,
    /// Offer only the keys of `identity_files`, even when the agent has more.
    pub identities_only: bool,
    /// The agent's socket; `None` when there is no agent to ask.
    pub identity_agent: Option<PathBuf>,
    /// Certificates of our keys, besides those beside the keys; they need not exist.
    pub certificate_files: Vec<PathBuf>,
    /// Ways to log in that are wanted and not turned off, in the order to try them.
    pub methods: Vec<Method>,
    /// How often a password may be asked for.
    pub password_prompts: u32,
    /// Empty after `UserKnownHostsFile none`.
    pub user_known_hosts_files: Vec<PathBuf>,
    pub global_known_hosts_files: Vec<PathBuf>,
    pub strict_host_key_checking: StrictHostKeyChecking,
    /// The name to look up in known_hosts instead of `hostname` and port.
    pub host_key_alias: Option<String>,
    /// Whether known_hosts should hold the address too. We never look at it there.
    pub check_host_ip: bool,
    /// Whether names are hashed when they are added to known_hosts.
    pub hash_known_hosts: bool,
    /// Keys that no host may have.
    pub revoked_host_keys: Option<PathBuf>,
    /// Any key will do for this very machine.
    pub no_host_authentication_for_localhost: bool,
    /// A command that would know more host keys. It is not run, so a key is never taken for new without it.
    pub known_hosts_command: Option<String>,
    pub algorithms: AlgorithmLists,
    /// When to change keys. Without bytes that is left to the cipher, without an interval time does not matter.
    pub rekey_limit: Rekey,
    pub proxy: Proxy,
    /// The proxy's command passes a connected socket on and carries no bytes. We cannot take it.
    pub proxy_use_fdpass: bool,
    pub address_family: AddressFamily,
    /// The local address, and the interface, to connect from.
    pub bind_address: Option<String>,
    pub bind_interface: Option<String>,
    /// At least one.
    pub connection_attempts: u32,
    pub tcp_keep_alive: bool,
    /// `None` when it is not configured, or set to wait as long as the system does.
    pub connect_timeout: Option<Duration>,
    /// `None` when it is not configured; zero turns keepalive off.
    pub server_alive_interval: Option<Duration>,
    /// `None` when it is not configured.
    pub server_alive_count_max: Option<u32>,
    /// Variables to set there, with their values.
    pub set_env: Vec<(String, String)>,
    /// Variables of our environment to send, sorted by name.
    pub send_env: Vec<(String, String)>,
    pub(super) written: Written,
}

/// What stands between us and the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    None,
    /// Hosts to jump through, in the order in which they are passed, tokens expanded.
    Jump(Vec<Jump>),
    /// A command for the shell that speaks with the host on its standard input and output, tokens expanded.
    Command(String),
}

impl HostConfig {
    /// The known_hosts files, the user's first.
    pub fn known_hosts_files(&self) -> Vec<PathBuf> {
        self.user_known_hosts_files.iter().chain(&self.global_known_hosts_files).cloned().collect()
    }

    /// The name and port to look up in known_hosts. A `HostKeyAlias` stands there without a port.
    pub fn known_as(&self) -> (&str, u16) {
        match &self.host_key_alias {
            Some(alias) => (alias, DEFAULT_PORT),
            None => (&self.hostname, self.port),
        }
    }
}

/// RFC 4251's registered port.
pub(super) const DEFAULT_PORT: u16 = 22;
