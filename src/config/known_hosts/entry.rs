//! One line of a known_hosts file.

use std::path::Path;
use std::sync::Arc;

use ssh_key::known_hosts::{self, HostPatterns};

use crate::config::pattern::{self, Match};
use crate::crypto::hash::hmac_sha1;

/// A key and the hosts it belongs to.
#[derive(Debug)]
pub struct Entry {
    pub marker: Marker,
    hosts: Hosts,
    pub algorithm: String,
    /// In SSH wire form.
    pub key: Vec<u8>,
    pub file: Arc<Path>,
    pub line: usize,
}

/// What a key is marked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    None,
    Revoked,
    CertAuthority,
}

#[derive(Debug)]
enum Hosts {
    /// In lower case, perhaps with wildcards and `!`.
    Patterns(Vec<String>),
    Hashed {
        salt: Vec<u8>,
        hash: [u8; 20],
    },
}

impl Entry {
    /// `Ok(None)` for an empty line or a comment.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn parse(line: &[u8], file: &Arc<Path>, number: usize) -> Result<Option<Self>, String> {
        let mut fields = fields(line).peekable();
        if fields.peek().is_none_or(|field| field.starts_with(b"#")) {
            return Ok(None);
        }
        let count = if fields.peek().is_some_and(|field| field.starts_with(b"@")) { 4 } else { 3 };
        // What follows is a comment, in whatever encoding.
        let fields: Result<Vec<&str>, _> = fields.take(count).map(str::from_utf8).collect();
        let fields = fields.map_err(|_| "not a known_hosts line: it is not UTF-8".to_owned())?;
        if fields.len() < count {
            return Err("not a known_hosts line: expected host names, a key type and a key".to_owned());
        }
        // ssh-key takes exactly one space between fields.
        let entry: known_hosts::Entry = fields.join(" ").parse().map_err(|error| describe(&error))?;
        let key = entry.public_key().to_bytes().map_err(|error| describe(&error))?;
        Ok(Some(Self {
            marker: match entry.marker() {
                None => Marker::None,
                Some(known_hosts::Marker::Revoked) => Marker::Revoked,
                Some(known_hosts::Marker::CertAuthority) => Marker::CertAuthority,
            },
            hosts: match entry.host_patterns() {
                HostPatterns::Patterns(patterns) => {
                    Hosts::Patterns(patterns.iter().map(|pattern| pattern.to_ascii_lowercase()).collect())
                }
                HostPatterns::HashedName { salt, hash } => Hosts::Hashed { salt: salt.clone(), hash: *hash },
            },
            algorithm: entry.public_key().algorithm().as_str().to_owned(),
            key,
            file: Arc::clone(file),
            line: number,
        }))
    }

    /// The names, when they are nothing but names.
    pub fn plain_names(&self) -> Option<impl Iterator<Item = &str>> {
        let Hosts::Patterns(patterns) = &self.hosts else { return None };
        let plain = patterns.iter().all(|name| !name.starts_with('!') && pattern::is_literal(name));
        plain.then(|| patterns.iter().map(String::as_str))
    }

    /// Whether the line is about `name`.
    pub fn is_for(&self, name: &str) -> bool {
        match &self.hosts {
            Hosts::Patterns(patterns) => {
                pattern::matches_list(patterns.iter().map(String::as_str), name) == Match::Yes
            }
            Hosts::Hashed { salt, hash } => hmac_sha1(salt, name.as_bytes()) == *hash,
        }
    }
}

/// Whether a line is there to revoke a key, readable or not.
pub fn is_revocation(line: &[u8]) -> bool {
    fields(line).next().is_some_and(|field| field.starts_with(b"@revoked"))
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| b" \t\r".contains(byte)).filter(|field| !field.is_empty())
}

/// The key type at the start of a key's wire form (RFC 4253 §6.6).
pub fn algorithm_of(key: &[u8]) -> Option<&[u8]> {
    let (length, rest) = key.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn describe(error: &ssh_key::Error) -> String {
    format!("not a known_hosts line: {error}")
}
