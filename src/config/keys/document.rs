//! The file of API keys. Whatever is wrong with it is told without a word of what it holds: it may be a key.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Access, Key, KeyHash, Keys, check};
use crate::base::limits::{API_KEY_HOSTS_MAX, API_KEY_NAME_CHARS_MAX};
use crate::config::Scope;
use crate::config::settings::Patterns;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    #[serde(default, deserialize_with = "wiped")]
    key: Option<Zeroizing<String>>,
    sha256: Option<String>,
    scopes: Option<Vec<String>>,
    hosts: Option<Vec<String>>,
}

fn wiped<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    String::deserialize(from).map(|text| Some(text.into()))
}

/// Adds what the file says. Errors: what is wrong with it, as a clause.
pub(super) fn read(bytes: &[u8], keys: &mut Keys) -> Result<(), String> {
    let text = str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    let document: Document = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        format!(
            "line {line} is wrong: expected tables [[key]] with key or sha256, and with name, scopes, hosts"
        )
    })?;
    for (number, entry) in (1..).zip(&document.key) {
        let named = |reason| match &entry.name {
            Some(name) if is_name(name) => format!("key {number} ({name}) {reason}"),
            _ => format!("key {number} {reason}"),
        };
        entry.key().and_then(|key| keys.push(key)).map_err(named)?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= API_KEY_NAME_CHARS_MAX && !name.contains(char::is_control)
}

impl Entry {
    fn key(&self) -> Result<Key, String> {
        let name = self.name.as_deref();
        if !name.is_none_or(is_name) {
            return Err(format!(
                "has a name that is none, or longer than {API_KEY_NAME_CHARS_MAX} characters"
            ));
        }
        Ok(Key::new(name, self.hash()?, self.access()?))
    }

    fn hash(&self) -> Result<KeyHash, String> {
        match (&self.key, &self.sha256) {
            (Some(key), None) => check(key).map(|()| KeyHash::of(key.as_bytes())),
            (None, Some(hash)) => {
                KeyHash::from_hex(hash).ok_or_else(|| "has a sha256 that is not 64 digits from 0 to f".into())
            }
            _ => Err("has both key and sha256, or neither: expected one of them".into()),
        }
    }

    fn access(&self) -> Result<Access, String> {
        let hosts = self.hosts()?;
        Ok(match self.scopes()? {
            Some(scopes) => Access::only(scopes, hosts),
            None => Access::everything(hosts),
        })
    }

    /// Those that are named.
    fn scopes(&self) -> Result<Option<Vec<Scope>>, String> {
        let wrong = || "has scopes that are not among read, command and transfer, or none at all".to_owned();
        match &self.scopes {
            None => Ok(None),
            Some(names) if names.is_empty() || names.len() > Scope::ALL.len() => Err(wrong()),
            Some(names) => names
                .iter()
                .map(|name| Scope::named(name).ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Some),
        }
    }

    fn hosts(&self) -> Result<Option<Patterns>, String> {
        match &self.hosts {
            None => Ok(None),
            Some(hosts) if hosts.is_empty() || hosts.len() > API_KEY_HOSTS_MAX => {
                Err(format!("has no hosts, or more than {API_KEY_HOSTS_MAX}: leave them out for all hosts"))
            }
            Some(hosts) => Ok(Some(hosts.iter().map(String::as_str).collect())),
        }
    }
}
