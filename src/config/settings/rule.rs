//! What a value may be: how it is read, what is allowed, how a default is shown.

use core::net::IpAddr;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use tracing::level_filters::LevelFilter;

use crate::base::limits;
use crate::base::text::shown;
use crate::base::time::Duration;
use crate::config::Env;

/// The rule of one setting.
pub trait Rule {
    type Value;

    /// # Errors
    /// The value and what is allowed: `'5x' is not a duration: expected …`.
    fn parse(&self, text: &str, env: &Env) -> Result<Self::Value, String>;

    /// What is allowed, as a noun: `seconds from 1 to 3600`.
    fn expected(&self) -> String;

    /// A value as one would write it.
    fn show(&self, value: &Self::Value) -> String;

    /// The message about a text that is not allowed: what it is or does, and what is allowed.
    fn refuse(&self, text: &str, what: &str) -> String {
        format!("'{}' {what}: expected {}", shown(text), self.expected())
    }
}

/// A duration: a number in the unit of the setting, or with `ms`, `s`, `m` or `h`.
pub struct Time {
    unit: Duration,
    unit_name: &'static str,
    /// In units.
    min: u32,
    max: u32,
}

impl Time {
    pub const fn seconds(min: u32, max: u32) -> Self {
        Self { unit: Duration::from_secs(1), unit_name: "seconds", min, max }
    }

    pub const fn milliseconds(min: u32, max: u32) -> Self {
        Self { unit: Duration::from_millis(1), unit_name: "milliseconds", min, max }
    }

    fn duration(&self, text: &str) -> Option<Duration> {
        let (number, unit) = split_unit(text);
        let unit = match unit {
            "" => self.unit,
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            _ => return None,
        };
        let value = unit.checked_mul(number.parse().ok()?)?;
        let is_zero_allowed = value.is_zero() && self.min == 0;
        // Half a second is a fair command timeout: the least is one millisecond, not one unit.
        let in_range = value >= Duration::from_millis(1) && value <= self.unit * self.max;
        (is_zero_allowed || in_range).then_some(value)
    }
}

impl Rule for Time {
    type Value = Duration;

    fn parse(&self, text: &str, _: &Env) -> Result<Duration, String> {
        self.duration(text).ok_or_else(|| self.refuse(text, "is not a duration"))
    }

    fn expected(&self) -> String {
        format!("{} from {} to {}, or with a unit as 500ms, 30s, 2m", self.unit_name, self.min, self.max)
    }

    fn show(&self, value: &Duration) -> String {
        (value.as_millis() / self.unit.as_millis().max(1)).to_string()
    }
}

/// A number of bytes, perhaps with `K`, `M`, `G`, `KiB`, `MiB` or `GiB`, all powers of 1024.
pub struct Size {
    pub min: u64,
    pub max: u64,
}

impl Rule for Size {
    type Value = u64;

    fn parse(&self, text: &str, _: &Env) -> Result<u64, String> {
        let (number, unit) = split_unit(text);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => Some(1),
            "k" | "kib" => Some(1 << 10),
            "m" | "mib" => Some(1 << 20),
            "g" | "gib" => Some(1 << 30),
            _ => None,
        };
        let bytes = factor.and_then(|factor: u64| number.parse::<u64>().ok()?.checked_mul(factor));
        bytes
            .filter(|bytes| (self.min..=self.max).contains(bytes))
            .ok_or_else(|| self.refuse(text, "is not a size"))
    }

    fn expected(&self) -> String {
        format!("bytes from {} to {}, or with a unit as 512K, 1M, 1MiB", self.min, self.max)
    }

    fn show(&self, value: &u64) -> String {
        value.to_string()
    }
}

/// A whole number.
pub struct Count<T> {
    pub min: T,
    pub max: T,
}

impl<T: std::str::FromStr + PartialOrd + Display> Rule for Count<T> {
    type Value = T;

    fn parse(&self, text: &str, _: &Env) -> Result<T, String> {
        let number = text.parse().ok().filter(|number| (&self.min..=&self.max).contains(&number));
        number.ok_or_else(|| self.refuse(text, "is not a number"))
    }

    fn expected(&self) -> String {
        format!("a number from {} to {}", self.min, self.max)
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// How many cores.
pub struct Cores;

impl Rule for Cores {
    type Value = Option<usize>;

    fn parse(&self, text: &str, env: &Env) -> Result<Option<usize>, String> {
        if text.eq_ignore_ascii_case(AUTO) {
            return Ok(None);
        }
        let count = COUNT_OF_CORES.parse(text, env);
        count.map(Some).map_err(|_| self.refuse(text, "is not a number of cores"))
    }

    fn expected(&self) -> String {
        format!("`{AUTO}`, or {}", COUNT_OF_CORES.expected())
    }

    fn show(&self, value: &Option<usize>) -> String {
        value.map_or_else(|| AUTO.to_owned(), |count| count.to_string())
    }
}

const AUTO: &str = "auto";
const COUNT_OF_CORES: Count<usize> = Count { min: 1, max: limits::CORES_MAX };

/// How clients reach a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Standard input and output.
    Stdio,
    Http,
}

/// A way to reach a server.
pub struct TransportName;

impl Rule for TransportName {
    type Value = Transport;

    fn parse(&self, text: &str, _: &Env) -> Result<Transport, String> {
        match text.to_ascii_lowercase().as_str() {
            "stdio" => Ok(Transport::Stdio),
            "http" | "streamable-http" => Ok(Transport::Http),
            _ => Err(self.refuse(text, "is not a transport")),
        }
    }

    fn expected(&self) -> String {
        "stdio or http".to_owned()
    }

    fn show(&self, value: &Transport) -> String {
        match value {
            Transport::Stdio => "stdio".to_owned(),
            Transport::Http => "http".to_owned(),
        }
    }
}

/// An address of this machine.
pub struct Address;

impl Rule for Address {
    type Value = IpAddr;

    fn parse(&self, text: &str, _: &Env) -> Result<IpAddr, String> {
        let text = if text.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { text };
        text.parse().map_err(|_| self.refuse(text, "is not an address"))
    }

    fn expected(&self) -> String {
        "an IP address of this machine, or `localhost`".to_owned()
    }

    fn show(&self, value: &IpAddr) -> String {
        value.to_string()
    }
}

/// Yes or no.
pub struct Flag;

impl Rule for Flag {
    type Value = bool;

    fn parse(&self, text: &str, _: &Env) -> Result<bool, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(self.refuse(text, "is neither yes nor no")),
        }
    }

    fn expected(&self) -> String {
        "true or false".to_owned()
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// A file; holds what stands for the default.
pub struct FilePath(pub &'static str);

impl Rule for FilePath {
    type Value = Option<PathBuf>;

    fn parse(&self, text: &str, env: &Env) -> Result<Option<PathBuf>, String> {
        path(text, env).map(Some)
    }

    fn expected(&self) -> String {
        "a path; `~` is the home directory".to_owned()
    }

    fn show(&self, value: &Option<PathBuf>) -> String {
        path_or(value.as_deref(), self.0)
    }
}

/// A command line for `sh`.
pub struct CommandLine;

impl Rule for CommandLine {
    type Value = Option<String>;

    fn parse(&self, text: &str, _: &Env) -> Result<Option<String>, String> {
        match text {
            "" => Err("the command is empty: expected a command".to_owned()),
            text => Ok(Some(text.to_owned())),
        }
    }

    fn expected(&self) -> String {
        "a command line for `sh`".to_owned()
    }

    fn show(&self, value: &Option<String>) -> String {
        value.clone().unwrap_or_else(|| "none".to_owned())
    }
}

/// A known_hosts file. `none` was once the way to turn verification off; here there is none.
pub struct KnownHostsFile;

impl Rule for KnownHostsFile {
    type Value = Option<PathBuf>;

    fn parse(&self, text: &str, env: &Env) -> Result<Option<PathBuf>, String> {
        if text.eq_ignore_ascii_case("none") {
            return Err(self.refuse(text, "would turn off the check of host keys, which is always done"));
        }
        path(text, env).map(Some)
    }

    fn expected(&self) -> String {
        "a path; `~` is the home directory".to_owned()
    }

    fn show(&self, value: &Option<PathBuf>) -> String {
        path_or(value.as_deref(), "`~/.ssh/known_hosts`, `/etc/ssh/ssh_known_hosts`")
    }
}

/// A log level.
pub struct Level;

impl Rule for Level {
    type Value = LevelFilter;

    fn parse(&self, text: &str, _: &Env) -> Result<LevelFilter, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "off" => LevelFilter::OFF,
            "error" | "critical" => LevelFilter::ERROR,
            "warn" | "warning" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => return Err(self.refuse(text, "is not a log level")),
        })
    }

    fn expected(&self) -> String {
        "off, error, warn, info, debug or trace".to_owned()
    }

    fn show(&self, value: &LevelFilter) -> String {
        value.to_string().to_ascii_lowercase()
    }
}

/// A path with `~` expanded.
///
/// # Errors
/// It is empty, or there is no such user.
pub fn path(text: &str, env: &Env) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the path is empty: expected a path".to_owned());
    }
    env.expand_tilde(text).ok_or_else(|| format!("'{}': there is no such user", shown(text)))
}

fn path_or(path: Option<&Path>, default: &str) -> String {
    path.map_or_else(|| default.to_owned(), |path| path.display().to_string())
}

fn split_unit(text: &str) -> (&str, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    (number, unit.trim_start())
}
