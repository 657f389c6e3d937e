//! Settings: one table of names, defaults and ranges; values from flags, environment and a file.
//!
//! A flag wins over `SCOUT_NAME`, that over the older `MCP_CAT_NAME` where one existed, that over the settings file, that
//! over the default. A value that is not allowed is refused wherever it comes from, with its name, the value and what
//! is allowed.

mod folders;
mod hosts;
mod rule;
mod tools;
mod web;

use core::net::{IpAddr, Ipv4Addr};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tracing::level_filters::LevelFilter;

use super::secret::{Secret, SecretSource};
use super::{Env, Groups, Network, Sources, file};
use crate::base::limits::{self, SETTINGS_FILE_BYTES_MAX};
use crate::base::text::on_one_line;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use folders::Folders;
pub use hosts::Patterns;
use hosts::{HostGroups, HostPatterns};
pub use rule::Transport;
use rule::{
    Address, CommandLine, Cores, Count, FilePath, Flag, KnownHostsFile, Level, Rule, Size, Time,
    TransportName,
};
pub use tools::ToolSet;
use tools::ToolSetName;
use web::{Networks, OriginPatterns};

/// A row of the settings table, for `--help` and the README.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// In the settings file.
    pub name: &'static str,
    /// The environment variable.
    pub env: String,
    /// The variable's name in older versions.
    pub older_env: Option<String>,
    pub default: String,
    /// What is allowed.
    pub expected: String,
    /// A new value counts only after a restart.
    pub needs_restart: bool,
    pub doc: &'static str,
}

macro_rules! settings {
    ($($name:ident: $type:ty = $default:expr, $rule:expr, $older:ident, $change:ident, $doc:literal;)*) => {
        /// The settings of this process.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $doc] pub $name: $type,)*
            /// Whether `known_hosts` was a flag: then it wins over the SSH configuration, else over the defaults only.
            pub known_hosts_wins: bool,
            /// `SCOUT_SSH_PASSWORD`: the environment is the only place to write a password itself.
            pub ssh_password: Option<Secret>,
            /// `SCOUT_PASSPHRASE`, likewise.
            pub passphrase: Option<Secret>,
        }

        /// Values given by flags, as text.
        #[derive(Debug, Clone, Default)]
        pub struct Overrides { $(#[doc = $doc] pub $name: Option<String>,)* }

        /// The settings file.
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document { $($name: Option<toml::Value>,)* }

        impl Settings {
            fn resolve(overrides: &Overrides, env: &Env, document: &Document, path: &Path) -> Result<Self> {
                Ok(Self {
                    $($name: {
                        let names = Names { name: stringify!($name), older: Age::$older };
                        let text = names.find(overrides.$name.as_deref(), env, document.$name.as_ref(), path)?;
                        match text {
                            Some(given) => given.parse(&$rule, env)?,
                            None => $default,
                        }
                    },)*
                    known_hosts_wins: overrides.known_hosts.is_some(),
                    ssh_password: env.secrets.get("SCOUT_SSH_PASSWORD").cloned(),
                    passphrase: env.secrets.get("SCOUT_PASSPHRASE").cloned(),
                })
            }

            /// Takes over what `new` says, but for the settings that need a restart: the names of those that differ.
            pub fn adopt(&mut self, new: Self) -> Vec<&'static str> {
                let old = std::mem::replace(self, new);
                let mut kept = Vec::new();
                $(if Change::$change == Change::Restart && self.$name != old.$name {
                    self.$name = old.$name;
                    kept.push(stringify!($name));
                })*
                kept
            }

            /// Each setting's name and its value as one would write it, in the order of the table.
            #[cfg(any(test, feature = "testing"))]
            pub fn shown(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), Rule::show(&$rule, &self.$name)),)*]
            }
        }

        /// Every setting, in the order of the README.
        pub fn table() -> Vec<Setting> {
            vec![$({
                let names = Names { name: stringify!($name), older: Age::$older };
                Setting {
                    name: names.name,
                    env: names.env(),
                    older_env: names.older_env(),
                    default: Rule::show(&$rule, &$default),
                    expected: Rule::expected(&$rule),
                    needs_restart: Change::$change == Change::Restart,
                    doc: $doc,
                }
            },)*]
        }
    };
}

settings! {
    transport: Transport = Transport::Stdio, TransportName, New, Restart,
        "How clients reach the server: its standard input and output, or HTTP";
    http_host: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST), Address, New, Restart,
        "Address at which HTTP is served";
    http_port: u16 = limits::HTTP_PORT_DEFAULT, Count { min: 0, max: u16::MAX }, New, Restart,
        "Port at which HTTP is served; 0 takes a free one";
    http_sessions: bool = true, Flag, New, Restart,
        "Give clients that begin with `initialize` over HTTP a session, which lives in this process";
    http_max_connections: usize = limits::HTTP_CONNECTIONS_DEFAULT, Count { min: 1, max: 1_000_000 }, New, Restart,
        "HTTP connections at once";
    tls_cert: Option<PathBuf> = None, FilePath("none"), New, Restart,
        "File with the certificates (PEM) that HTTP is served with; read again when it changes";
    tls_key: Option<PathBuf> = None, FilePath("none"), New, Restart,
        "File with the key (PEM) of the certificate";
    ssh_config: Option<PathBuf> = None, FilePath("`~/.ssh/config`, `/etc/ssh/ssh_config`"), New, Live,
        "SSH client configuration to read instead of the usual ones";
    known_hosts: Option<PathBuf> = None, KnownHostsFile, New, Live,
        "Host keys to trust where the SSH configuration names no file; the flag wins over it";
    match_exec: bool = false, Flag, New, Live,
        "Run the commands of `Match exec` in the SSH configuration";
    passphrase_file: Option<PathBuf> = None, FilePath("none"), New, Live,
        "File with the passphrase of encrypted private keys";
    passphrase_command: Option<String> = None, CommandLine, New, Live,
        "Command that prints the passphrase of an encrypted private key, `SCOUT_KEY_FILE`";
    ssh_password_file: Option<PathBuf> = None, FilePath("none"), New, Live,
        "File with the password for hosts that take no key";
    ssh_password_command: Option<String> = None, CommandLine, New, Live,
        "Command that prints the password for a host, `SCOUT_HOST`";
    cores: Option<usize> = None, Cores, New, Restart,
        "Cores that serve: threads, each with the hosts that it owns";
    allow_any_command: bool = false, Flag, New, Restart,
        "Run any command instead of the read-only ones";
    tools: ToolSet = ToolSet::All, ToolSetName, New, Restart,
        "Tools that clients are offered: `scout`, which does everything, the focused ones, or all";
    transfer_roots: Option<Vec<PathBuf>> = None, Folders("the working directory; over HTTP none"), New, Live,
        "Directories of this machine that transfers may read and write below";
    http_transfers: bool = false, Flag, New, Live,
        "Let clients over HTTP transfer files whose key names no scopes; one that names `transfer` may anyway";
    max_file_size: u64 = limits::FILE_BYTES_DEFAULT, Size { min: 1, max: limits::OUTPUT_BYTES_MAX }, Old, Live,
        "Bytes of a file that one read returns";
    max_output_size: u64 = limits::OUTPUT_BYTES_DEFAULT, Size { min: 1, max: limits::OUTPUT_BYTES_MAX }, New, Live,
        "Bytes of a listing, or of each output stream of a command";
    connect_timeout: Duration = limits::CONNECT_TIMEOUT_DEFAULT, Time::seconds(1, 600), New, Live,
        "Time to connect and log in; `ConnectTimeout` of a host wins";
    command_timeout: Duration = limits::COMMAND_TIMEOUT_DEFAULT, Time::seconds(1, 3_600), Old, Live,
        "Time a command may take before it is ended";
    request_timeout: Duration = limits::REQUEST_TIMEOUT_DEFAULT, Time::seconds(1, 7_200), New, Live,
        "Time a whole request may take";
    idle_timeout: Duration = limits::IDLE_TIMEOUT_DEFAULT, Time::seconds(1, 86_400), Old, Live,
        "Time an unused connection is kept";
    drain_timeout: Duration = limits::DRAIN_TIMEOUT_DEFAULT, Time::seconds(0, 3_600), New, Live,
        "Time a server that is asked to end has to finish what is under way";
    keepalive_interval: Duration = limits::KEEPALIVE_INTERVAL_DEFAULT, Time::seconds(0, 3_600), New, Live,
        "Silence after which a connection is asked for a sign of life; 0 never asks";
    keepalive_count_max: u32 = limits::KEEPALIVE_MISSED_MAX, Count { min: 1, max: 100 }, New, Live,
        "Signs of life a connection may miss";
    max_sessions_per_connection: usize = limits::SESSIONS_PER_CONNECTION_DEFAULT, Count { min: 1, max: 1_000 }, New, Live,
        "Sessions on one connection; sshd's MaxSessions is 10";
    kept_shells: bool = true, Flag, New, Live,
        "Let commands that only read share shells, which are kept on hosts for 20 s";
    max_pool_size: usize = limits::POOL_CONNECTIONS_DEFAULT, Count { min: 1, max: 100_000 }, New, Restart,
        "Connections of the whole process";
    max_connections_per_host: usize = limits::CONNECTIONS_PER_HOST_DEFAULT, Count { min: 1, max: 64 }, New, Restart,
        "Connections to one host; all but the first only while its commands wait";
    max_concurrency: usize = limits::EXECUTING_REQUESTS_DEFAULT, Count { min: 1, max: 100_000 }, New, Restart,
        "Requests that run at once";
    max_queue: usize = limits::QUEUED_REQUESTS_DEFAULT, Count { min: 1, max: 1_000_000 }, New, Restart,
        "Requests that wait besides as many as may run; further ones are told that the server is busy";
    breaker_failures: u32 = limits::BREAKER_FAILURES_DEFAULT, Count { min: 1, max: 1_000 }, New, Live,
        "Failures to reach a host in a row after which it is left alone";
    breaker_open: Duration = limits::BREAKER_OPEN_DEFAULT, Time::seconds(1, 3_600), New, Live,
        "Time it is left alone before it is tried again";
    health_check_interval: Duration = limits::HEALTH_CHECK_INTERVAL_DEFAULT, Time::seconds(0, 3_600), New, Live,
        "Time between looks at a host in use to which there is no connection; 0 never looks";
    host_status_ttl: Duration = limits::ONLINE_TTL_DEFAULT, Time::seconds(0, 3_600), New, Live,
        "Time for which a host that answered counts as online; one that did not is asked again after 5 s at the latest";
    allowlist: Patterns = Patterns::default(), HostPatterns, New, Live,
        "Hosts of the SSH configuration that there are, `localhost` too: names and patterns, separated by commas; none names all";
    blocklist: Patterns = Patterns::default(), HostPatterns, New, Live,
        "Hosts that there are not, where no allowlist says which there are";
    groups: Groups = Groups::default(), HostGroups, New, Live,
        "Groups of hosts that targets may name as `@web`; in the file a table `[groups]` of lists";
    warm_hosts: Patterns = Patterns::default(), HostPatterns, New, Live,
        "Hosts that are kept connected: names and patterns, separated by commas";
    warm_frequent_hosts: usize = limits::WARM_FREQUENT_HOSTS_DEFAULT, Count { min: 0, max: 1_000 }, New, Live,
        "Hosts in frequent use that are kept connected besides";
    cache_ttl: Duration = limits::CACHE_TTL_DEFAULT, Time::seconds(1, 86_400), New, Live,
        "Time for which a cached file counts as fresh, where a call allows one";
    cache_max_entries: usize = limits::CACHE_ENTRIES_DEFAULT, Count { min: 0, max: 100_000 }, New, Live,
        "Files and listings that each core caches; 0 caches none";
    cache_max_size: u64 = limits::CACHE_BYTES_DEFAULT, Size { min: 0, max: limits::CACHE_BYTES_MAX }, New, Live,
        "Bytes of them that each core caches";
    api_keys_file: Option<PathBuf> = None, FilePath("none"), New, Restart,
        "File with the API keys of clients over HTTP, and what each of them may do";
    auth_enabled: bool = true, Flag, New, Restart,
        "Ask clients over HTTP for a key, where there are any";
    allow_unauthenticated: bool = false, Flag, New, Restart,
        "Serve HTTP to other machines without keys";
    allowed_hosts: Patterns = Patterns::default(), HostPatterns, New, Live,
        "Names by which clients may know an HTTP server, beside those of this machine; none asks for a name only where it is local";
    allowed_origins: Patterns = Patterns::default(), OriginPatterns, New, Live,
        "Origins of web pages that may use the server, beside those of this machine where it is local";
    trusted_proxies: Vec<Network> = Vec::new(), Networks, New, Live,
        "Addresses of proxies that are believed for whom they ask";
    rate_limit_per_minute: u32 = limits::RATE_LIMIT_PER_MINUTE_DEFAULT, Count { min: 0, max: limits::RATE_LIMIT_PER_MINUTE_MAX }, New, Live,
        "Requests that a client may make in a minute over HTTP; 0 counts none";
    rate_limit_burst: u32 = limits::RATE_LIMIT_BURST_DEFAULT, Count { min: 1, max: limits::RATE_LIMIT_BURST_MAX }, New, Live,
        "Requests that it may make at once";
    log_level: LevelFilter = LevelFilter::INFO, Level, New, Live,
        "What is logged to standard error";
    slow_threshold_ms: Duration = limits::SLOW_THRESHOLD_DEFAULT, Time::milliseconds(0, 3_600_000), New, Live,
        "Time after which a request is logged as slow; 0 never";
}

impl Settings {
    /// Gathers the settings. The file is `SCOUT_SETTINGS`, or `~/.config/scout-mcp/settings.toml` if there is one.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] for a value that is not allowed, a name that does not exist, or a file that cannot be
    /// read.
    pub fn load(overrides: &Overrides, env: &Env) -> Result<Self> {
        let (path, must_exist) = file_of(env)?;
        let document = read(&path, must_exist)?;
        Self::resolve(overrides, env, &document, &path)
    }

    /// The file, as it is now.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] when `SCOUT_SETTINGS` is no path.
    pub fn sources(env: &Env) -> Result<Sources> {
        let mut sources = Sources::default();
        sources.note_file(&file_of(env)?.0);
        Ok(sources)
    }

    /// Requests that are taken on at once. Where all rights to execute are used, as many may wait as `max_queue` says;
    /// while fewer are (a host is being connected to, or has few sessions), those wait as well who would use the others.
    pub fn admitted_max(&self) -> usize {
        self.max_concurrency.saturating_add(self.max_queue)
    }

    /// Whether the operator lets there be a host of this name. The allowlist wins outright.
    pub fn admits(&self, host: &str) -> bool {
        match self.allowlist.is_empty() {
            true => !self.blocklist.include(host),
            false => self.allowlist.include(host),
        }
    }

    /// Whether something took so long that it is told.
    pub fn is_slow(&self, took: Duration) -> bool {
        !self.slow_threshold_ms.is_zero() && took >= self.slow_threshold_ms
    }

    /// Where the password for hosts comes from.
    pub fn password_source(&self) -> Option<SecretSource> {
        let (file, command) = (self.ssh_password_file.as_ref(), self.ssh_password_command.as_ref());
        SecretSource::choose(file, command, self.ssh_password.as_ref())
    }

    /// Where the passphrase of private keys comes from.
    pub fn passphrase_source(&self) -> Option<SecretSource> {
        let (file, command) = (self.passphrase_file.as_ref(), self.passphrase_command.as_ref());
        SecretSource::choose(file, command, self.passphrase.as_ref())
    }
}

/// Whether a setting had an `MCP_CAT_` name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Old,
    New,
}

/// When a new value counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// As soon as the settings file is read again, for what begins then.
    Live,
    Restart,
}

struct Names {
    name: &'static str,
    older: Age,
}

impl Names {
    fn env(&self) -> String {
        format!("SCOUT_{}", self.name.to_ascii_uppercase())
    }

    fn older_env(&self) -> Option<String> {
        (self.older == Age::Old).then(|| format!("MCP_CAT_{}", self.name.to_ascii_uppercase()))
    }

    /// The value that wins.
    fn find(
        &self,
        flag: Option<&str>,
        env: &Env,
        file: Option<&toml::Value>,
        path: &Path,
    ) -> Result<Option<Given>> {
        let given = |source: String, text: &str| Ok(Some(Given { source, text: text.trim().to_owned() }));
        if let Some(text) = flag {
            return given(format!("--{}", self.name.replace('_', "-")), text);
        }
        for variable in std::iter::once(self.env()).chain(self.older_env()) {
            if let Some(text) = env.var(&variable) {
                return given(variable, text);
            }
        }
        let Some(value) = file else { return Ok(None) };
        let source = format!("{}: {}", path.display(), self.name);
        match text_of(value) {
            Some(text) => given(source, &text),
            None => Err(invalid(&source, "is a list or a table: expected a single value")),
        }
    }
}

/// A value as text, and where it comes from.
struct Given {
    source: String,
    text: String,
}

impl Given {
    fn parse<R: Rule>(&self, rule: &R, env: &Env) -> Result<R::Value> {
        rule.parse(&self.text, env).map_err(|message| invalid(&self.source, &message))
    }
}

fn invalid(source: &str, message: &str) -> Error {
    Error::new(Kind::InvalidArgument, format!("{source}: {message}"))
}

fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Table(table) => lists_of(table),
        toml::Value::Datetime(_) | toml::Value::Array(_) => None,
    }
}

/// A table of lists as a flag would say it: `web=web1,web2; db=db*`. What divides lists there has no place in a list.
fn lists_of(table: &toml::Table) -> Option<String> {
    let list = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Array(words) => {
            words.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>().map(|words| words.join(","))
        }
        _ => None,
    };
    let lists = table.iter().map(|(name, value)| Some((name, list(value)?)));
    let lists: Vec<_> = lists.collect::<Option<_>>()?;
    let is_plain = |text: &str| !text.contains([';', '=']);
    let are_plain = lists.iter().all(|(name, list)| is_plain(name) && is_plain(list));
    are_plain
        .then(|| lists.iter().map(|(name, list)| format!("{name}={list}")).collect::<Vec<_>>().join("; "))
}

/// The settings file, and whether it must exist.
fn file_of(env: &Env) -> Result<(PathBuf, bool)> {
    Ok(match env.var("SCOUT_SETTINGS") {
        Some(path) => (rule::path(path, env).map_err(|text| invalid("SCOUT_SETTINGS", &text))?, true),
        None => (env.home.join(".config/scout-mcp/settings.toml"), false),
    })
}

/// Of what the parser says of the file: a name that it does not know, and those that it does.
const SYNTAX_CHARS_MAX: usize = 2_000;

fn read(path: &Path, must_exist: bool) -> Result<Document> {
    let source = path.display().to_string();
    let bytes = match file::read(path, SETTINGS_FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error)
            if !must_exist && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
        {
            return Ok(Document::default());
        }
        Err(error) => return Err(invalid(&source, &format!("cannot be read: {}", file::reason(&error)))),
    };
    let text = str::from_utf8(&bytes).map_err(|_| invalid(&source, "is not UTF-8"))?;
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        invalid(&format!("{source}:{line}"), &on_one_line(error.message(), SYNTAX_CHARS_MAX))
    })
}

#[cfg(test)]
mod tests;
