//! One host: values gathered line by line, the first one wins; then tokens expanded and defaults filled in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::KnownHostsFile;
use super::directive::{Directive, StrictHostKeyChecking};
use super::expand::{self, Tokens};
use super::reader::Diagnostic;
use super::scope::Facts;
use crate::base::limits::IDENTITY_FILES_MAX;
use crate::base::{Error, Kind, Result};
use crate::config::Env;

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
    /// Empty after `UserKnownHostsFile none`.
    pub user_known_hosts_files: Vec<PathBuf>,
    pub global_known_hosts_files: Vec<PathBuf>,
    pub strict_host_key_checking: StrictHostKeyChecking,
    /// The name to look up in known_hosts instead of `hostname` and port.
    pub host_key_alias: Option<String>,
    /// `None` when it is not configured, or set to wait as long as the system does.
    pub connect_timeout: Option<Duration>,
    /// `None` when it is not configured; zero turns keepalive off.
    pub server_alive_interval: Option<Duration>,
    /// `None` when it is not configured.
    pub server_alive_count_max: Option<u32>,
    /// As written; `None` also for `none`.
    pub proxy_jump: Option<String>,
    /// As written; `None` also for `none`.
    pub proxy_command: Option<String>,
    written: Written,
}

/// Values that `ssh -G` prints in another form than they are used in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Written {
    identity_files: Vec<String>,
    identity_agent: Option<String>,
}

impl HostConfig {
    /// # Errors
    /// [`Kind::HostConfig`] when the host can only be reached in a way that we do not know yet.
    pub fn check_reachable(&self) -> Result<()> {
        match self.proxy_jump.as_ref().or(self.proxy_command.as_ref()) {
            None => Ok(()),
            Some(proxy) => {
                let text =
                    format!("its SSH configuration asks for a proxy ({proxy}), which is not supported yet");
                Err(Error::new(Kind::HostConfig, text))
            }
        }
    }

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

    /// The lower-case `key value` pairs that `ssh -G` prints for what is resolved here, in its order.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let seconds = |time: Duration| time.as_secs().to_string();
        let mut lines = vec![
            ("host", self.alias.clone()),
            ("user", self.user.clone()),
            ("hostname", self.hostname.clone()),
            ("port", self.port.to_string()),
            ("identitiesonly", if self.identities_only { "yes" } else { "no" }.to_owned()),
            ("stricthostkeychecking", self.strict_host_key_checking.name().to_owned()),
            (
                "serveralivecountmax",
                self.server_alive_count_max.unwrap_or(SERVER_ALIVE_COUNT_MAX).to_string(),
            ),
            ("serveraliveinterval", self.server_alive_interval.map_or("0".to_owned(), seconds)),
        ];
        lines.extend(self.host_key_alias.clone().map(|alias| ("hostkeyalias", alias)));
        lines.extend(self.written.identity_agent.clone().map(|agent| ("identityagent", agent)));
        lines.extend(self.written.identity_files.iter().map(|file| ("identityfile", file.clone())));
        lines.push(("globalknownhostsfile", paths(&self.global_known_hosts_files)));
        lines.push(("userknownhostsfile", paths(&self.user_known_hosts_files)));
        lines.push(("connecttimeout", self.connect_timeout.map_or("none".to_owned(), seconds)));
        lines.extend(self.proxy_command.clone().map(|command| ("proxycommand", command)));
        lines.extend(self.proxy_jump.clone().map(|jump| ("proxyjump", jump)));
        lines
    }
}

const DEFAULT_PORT: u16 = 22;
const SERVER_ALIVE_COUNT_MAX: u32 = 3;
/// In the order of `ssh -G` (OpenSSH 9.2).
const DEFAULT_IDENTITY_FILES: [&str; 7] = [
    "~/.ssh/id_rsa",
    "~/.ssh/id_ecdsa",
    "~/.ssh/id_ecdsa_sk",
    "~/.ssh/id_ed25519",
    "~/.ssh/id_ed25519_sk",
    "~/.ssh/id_xmss",
    "~/.ssh/id_dsa",
];
const DEFAULT_USER_KNOWN_HOSTS: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
const DEFAULT_GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

fn paths(files: &[PathBuf]) -> String {
    if files.is_empty() {
        return "none".to_owned();
    }
    files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A value and the line it came from.
#[derive(Debug, Clone)]
struct Placed<'a, T> {
    value: T,
    file: &'a Arc<Path>,
    line: usize,
}

impl<'a, T> Placed<'a, T> {
    fn fail(&self, message: String) -> Diagnostic {
        Diagnostic { file: Arc::clone(self.file), line: self.line, message }
    }
}

/// A host while its lines are read.
#[derive(Debug)]
pub struct Draft<'a> {
    alias: &'a str,
    env: &'a Env,
    /// Expanded as soon as it is read: `Match host` compares with it.
    hostname: Option<String>,
    user: Option<&'a str>,
    port: Option<u16>,
    identity_files: Vec<Placed<'a, &'a str>>,
    identities_only: Option<bool>,
    identity_agent: Option<Placed<'a, &'a str>>,
    user_known_hosts: Option<Placed<'a, &'a [String]>>,
    global_known_hosts: Option<&'a [String]>,
    strict: Option<StrictHostKeyChecking>,
    host_key_alias: Option<&'a str>,
    connect_timeout: Option<Duration>,
    alive_interval: Option<Duration>,
    alive_count: Option<u32>,
    proxy_jump: Option<&'a str>,
    proxy_command: Option<&'a str>,
}

impl<'a> Draft<'a> {
    pub fn new(alias: &'a str, env: &'a Env) -> Self {
        Self {
            alias,
            env,
            hostname: None,
            user: None,
            port: None,
            identity_files: Vec::new(),
            identities_only: None,
            identity_agent: None,
            user_known_hosts: None,
            global_known_hosts: None,
            strict: None,
            host_key_alias: None,
            connect_timeout: None,
            alive_interval: None,
            alive_count: None,
            proxy_jump: None,
            proxy_command: None,
        }
    }

    /// What is known so far, for `Match`.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            host: self.hostname.as_deref().unwrap_or(self.alias),
            original_host: self.alias,
            user: self.user.unwrap_or(&self.env.user),
            local_user: &self.env.user,
        }
    }

    /// Takes a value unless there is one already.
    ///
    /// # Errors
    /// A token in `HostName` that does not exist; too many `IdentityFile` lines.
    pub fn apply(
        &mut self,
        directive: &'a Directive,
        file: &'a Arc<Path>,
        line: usize,
    ) -> Result<(), Diagnostic> {
        match directive {
            Directive::HostName(value) if self.hostname.is_none() => {
                let name = expand::hostname(value, self.alias);
                let name =
                    name.map_err(|message| Placed { value, file, line }.fail(format!("hostname {message}")))?;
                self.hostname = Some(name.to_ascii_lowercase());
            }
            Directive::HostName(_) => {}
            Directive::User(value) => first(&mut self.user, value.as_str()),
            Directive::Port(value) => first(&mut self.port, *value),
            Directive::IdentityFile(value) => self.add_identity(Placed { value, file, line })?,
            Directive::IdentitiesOnly(value) => first(&mut self.identities_only, *value),
            Directive::IdentityAgent(value) => {
                first(&mut self.identity_agent, Placed { value: value.as_str(), file, line });
            }
            Directive::UserKnownHostsFile(value) => {
                first(&mut self.user_known_hosts, Placed { value: value.as_slice(), file, line });
            }
            Directive::GlobalKnownHostsFile(value) => first(&mut self.global_known_hosts, value.as_slice()),
            Directive::StrictHostKeyChecking(value) => first(&mut self.strict, *value),
            Directive::ConnectTimeout(value) => first(&mut self.connect_timeout, *value),
            Directive::ServerAliveInterval(value) => first(&mut self.alive_interval, *value),
            Directive::ServerAliveCountMax(value) => first(&mut self.alive_count, *value),
            Directive::HostKeyAlias(value) => first(&mut self.host_key_alias, value.as_str()),
            Directive::ProxyJump(value) if self.proxy_command.is_none() => first(&mut self.proxy_jump, value),
            // A jump excludes a command that comes later; `ProxyJump none` does not.
            Directive::ProxyCommand(value) if self.proxy_jump.is_none_or(is_none) => {
                first(&mut self.proxy_command, value);
            }
            Directive::ProxyJump(_) | Directive::ProxyCommand(_) => {}
        }
        Ok(())
    }

    /// Expands tokens and fills in defaults.
    ///
    /// # Errors
    /// A token, variable or user that does not exist, with the line it stands in.
    pub(super) fn finish(self, known_hosts: Option<&KnownHostsFile>) -> Result<HostConfig, Diagnostic> {
        let hostname = self.hostname.clone().unwrap_or_else(|| self.alias.to_ascii_lowercase());
        let tokens = Tokens {
            hostname: &hostname,
            alias: self.alias,
            key_alias: self.host_key_alias.unwrap_or(self.alias),
            user: self.user.unwrap_or(&self.env.user),
            port: self.port.unwrap_or(DEFAULT_PORT),
        };
        let (identity_agent, agent_written) = self.agent(&tokens)?;
        let proxy = |value: Option<&str>| value.filter(|value| !is_none(value)).map(str::to_owned);
        Ok(HostConfig {
            identity_files: self.identities(&tokens)?,
            identity_agent,
            user_known_hosts_files: self.user_known_hosts(&tokens, known_hosts)?,
            global_known_hosts_files: self.global_known_hosts(known_hosts),
            written: Written { identity_files: self.identities_written(), identity_agent: agent_written },
            alias: self.alias.to_owned(),
            user: tokens.user.to_owned(),
            port: tokens.port,
            identities_only: self.identities_only.unwrap_or(false),
            strict_host_key_checking: self.strict.unwrap_or_default(),
            host_key_alias: self.host_key_alias.map(str::to_owned),
            connect_timeout: self.connect_timeout.filter(|time| !time.is_zero()),
            server_alive_interval: self.alive_interval,
            server_alive_count_max: self.alive_count,
            proxy_jump: proxy(self.proxy_jump),
            proxy_command: proxy(self.proxy_command),
            hostname,
        })
    }

    fn add_identity(&mut self, file: Placed<'a, &'a String>) -> Result<(), Diagnostic> {
        if self.identity_files.len() >= IDENTITY_FILES_MAX {
            return Err(file.fail(format!("more than {IDENTITY_FILES_MAX} identity files for this host")));
        }
        if self.identity_files.iter().all(|known| known.value != file.value) {
            let Placed { value, file, line } = file;
            self.identity_files.push(Placed { value, file, line });
        }
        Ok(())
    }

    fn identities(&self, tokens: &Tokens<'_>) -> Result<Vec<PathBuf>, Diagnostic> {
        if self.identity_files.is_empty() {
            return Ok(DEFAULT_IDENTITY_FILES
                .iter()
                .filter_map(|path| self.env.expand_tilde(path))
                .collect());
        }
        let named = self.identity_files.iter().filter(|file| !is_none(file.value));
        named.map(|file| self.path("identityfile", file, file.value, tokens)).collect()
    }

    fn identities_written(&self) -> Vec<String> {
        if self.identity_files.is_empty() {
            return DEFAULT_IDENTITY_FILES.iter().map(|&path| path.to_owned()).collect();
        }
        self.identity_files.iter().map(|file| file.value.to_owned()).collect()
    }

    /// The socket, and what `ssh -G` prints.
    fn agent(&self, tokens: &Tokens<'_>) -> Result<(Option<PathBuf>, Option<String>), Diagnostic> {
        let socket = |variable: &str| self.env.var(variable).map(PathBuf::from);
        let Some(agent) = &self.identity_agent else { return Ok((socket("SSH_AUTH_SOCK"), None)) };
        let written = Some(agent.value.to_owned());
        Ok(match agent.value {
            "none" => (None, written),
            "SSH_AUTH_SOCK" => (socket("SSH_AUTH_SOCK"), written),
            value => match value.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(variable) => (socket(variable), written),
                None => {
                    let path = self.path("identityagent", agent, value, tokens)?;
                    let written = path.to_string_lossy().into_owned();
                    (Some(path), Some(written))
                }
            },
        })
    }

    fn user_known_hosts(
        &self,
        tokens: &Tokens<'_>,
        given: Option<&KnownHostsFile>,
    ) -> Result<Vec<PathBuf>, Diagnostic> {
        match (given, &self.user_known_hosts) {
            (Some(given), _) if given.wins => Ok(vec![given.path.clone()]),
            (_, Some(files)) => {
                files.value.iter().map(|file| self.path("userknownhostsfile", files, file, tokens)).collect()
            }
            (Some(given), None) => Ok(vec![given.path.clone()]),
            (None, None) => {
                Ok(DEFAULT_USER_KNOWN_HOSTS.iter().filter_map(|path| self.env.expand_tilde(path)).collect())
            }
        }
    }

    fn global_known_hosts(&self, given: Option<&KnownHostsFile>) -> Vec<PathBuf> {
        match self.global_known_hosts {
            _ if given.is_some_and(|given| given.wins) => Vec::new(),
            Some(files) => files.iter().map(PathBuf::from).collect(),
            None => DEFAULT_GLOBAL_KNOWN_HOSTS.iter().map(PathBuf::from).collect(),
        }
    }

    fn path<T>(
        &self,
        keyword: &str,
        place: &Placed<'_, T>,
        value: &str,
        tokens: &Tokens<'_>,
    ) -> Result<PathBuf, Diagnostic> {
        expand::path(value, tokens, self.env).map_err(|message| place.fail(format!("{keyword} {message}")))
    }
}

fn is_none(value: &str) -> bool {
    value.eq_ignore_ascii_case("none")
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}
