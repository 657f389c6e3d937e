//! The surroundings of this process that configuration depends on, as a value: tests pass their own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::file;
use super::secret::{SECRET_VARIABLES, Secret};
use crate::base::limits::PASSWD_BYTES_MAX;

/// Home directory, local user, machine and environment.
#[derive(Debug, Clone, Default)]
pub struct Env {
    /// What `~` means: `HOME`, or the password database's directory when it is unset.
    pub home: PathBuf,
    /// The local user's name, as the password database has it; `USER` when it has none.
    pub user: String,
    pub uid: u32,
    /// What this machine calls itself, with its domain if that is a part of it.
    pub hostname: String,
    /// Environment variables. Those that are not UTF-8 are left out, and those that hold secrets stand apart.
    pub vars: HashMap<String, String>,
    /// The values of [`SECRET_VARIABLES`] that are set and not empty.
    pub secrets: HashMap<&'static str, Secret>,
    /// Home directories of the users in `/etc/passwd`, for `~name`.
    pub homes: HashMap<String, PathBuf>,
}

impl Env {
    /// The surroundings of this process.
    pub fn current() -> Self {
        let passwd = file::read(Path::new("/etc/passwd"), PASSWD_BYTES_MAX).unwrap_or_default();
        let accounts = Account::parse_all(&String::from_utf8_lossy(&passwd));
        let vars =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { hostname, ..Self::new(&accounts, rustix::process::getuid().as_raw(), vars.collect()) }
    }

    /// The variable, unless it is unset or empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `path` with a leading `~` or `~name` replaced; `None` when there is no such user.
    pub fn expand_tilde(&self, path: &str) -> Option<PathBuf> {
        let Some(rest) = path.strip_prefix('~') else { return Some(PathBuf::from(path)) };
        let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let home = if name.is_empty() { &self.home } else { self.homes.get(name)? };
        Some(home.join(rest.trim_start_matches('/')))
    }

    fn new(accounts: &[Account], uid: u32, mut vars: HashMap<String, String>) -> Self {
        let taken = SECRET_VARIABLES.map(|name| (name, vars.remove(name).unwrap_or_default()));
        let given = taken.into_iter().filter(|(_, value)| !value.is_empty());
        let own = accounts.iter().find(|account| account.uid == uid);
        let var = |name: &str| vars.get(name).filter(|value| !value.is_empty()).cloned();
        let home = var("HOME").or_else(|| own.map(|account| account.home.clone()));
        let user = own.map(|account| account.name.clone()).or_else(|| var("USER")).or_else(|| var("LOGNAME"));
        Self {
            home: home.map_or_else(|| PathBuf::from("/"), PathBuf::from),
            user: user.unwrap_or_else(|| uid.to_string()),
            uid,
            hostname: String::new(),
            homes: accounts.iter().map(|a| (a.name.clone(), PathBuf::from(&a.home))).collect(),
            secrets: given.map(|(name, value)| (name, Secret::new(value.into()))).collect(),
            vars,
        }
    }
}

/// A line of `/etc/passwd`.
struct Account {
    name: String,
    uid: u32,
    home: String,
}

impl Account {
    fn parse_all(passwd: &str) -> Vec<Self> {
        passwd.lines().filter_map(Self::parse).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let home = fields.nth(2)?.to_owned();
        Some(Self { name, uid, home })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbroken\nann:x:1000:1000:,,,:/home/ann:/bin/sh\n";

    fn env(uid: u32, vars: &[(&str, &str)]) -> Env {
        let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Env::new(&Account::parse_all(PASSWD), uid, vars)
    }

    #[test]
    fn the_user_is_the_one_of_the_password_database() {
        let env = env(1000, &[("USER", "someone"), ("HOME", "")]);
        assert_eq!((env.user.as_str(), env.home.as_path()), ("ann", Path::new("/home/ann")));
    }

    #[test]
    fn without_an_account_the_environment_decides() {
        let with = env(4711, &[("USER", "eve"), ("HOME", "/h")]);
        assert_eq!((with.user.as_str(), with.home.as_path()), ("eve", Path::new("/h")));
        assert_eq!(env(4711, &[]).user, "4711");
    }

    #[test]
    fn secrets_are_not_among_the_variables() {
        let env = env(1000, &[("SCOUT_SSH_PASSWORD", "open sesame"), ("SCOUT_PASSPHRASE", "")]);
        assert_eq!(env.var("SCOUT_SSH_PASSWORD"), None);
        assert_eq!(env.secrets.keys().collect::<Vec<_>>(), [&"SCOUT_SSH_PASSWORD"]);
        assert_eq!(env.secrets["SCOUT_SSH_PASSWORD"].expose(), "open sesame");
        assert!(!format!("{env:?}").contains("sesame"));
    }

    #[test]
    fn tilde_names_homes() {
        let env = env(1000, &[]);
        let expand = |path| env.expand_tilde(path);
        assert_eq!(expand("~/.ssh/k"), Some(PathBuf::from("/home/ann/.ssh/k")));
        assert_eq!(expand("~root/k"), Some(PathBuf::from("/root/k")));
        assert_eq!(expand("~nobody/k"), None);
        assert_eq!(expand("a~"), Some(PathBuf::from("a~")));
    }
}
