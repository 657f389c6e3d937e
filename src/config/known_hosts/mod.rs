//! Known host keys: `known_hosts` files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) and what they say about a key.
//!
//! ssh-key parses the lines; a line it cannot parse is a warning and nothing more, as in ssh, but for one that revokes a
//! key: nobody can tell whose, so nobody is trusted. `authority` judges certificates, `revoked` is the file of keys that nobody may have, [`trust`](KnownHosts::verify) puts it all together,
//! and [`append()`] remembers a new key.

mod append;
mod authority;
mod entry;
mod refusal;
mod revoked;
mod trust;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file;
use super::ssh::{Diagnostic, HostConfig};
use crate::base::limits::{CONFIG_WARNINGS_MAX, KNOWN_HOSTS_FILE_BYTES_MAX, KNOWN_HOSTS_LINES_MAX};
use crate::base::{Error, Kind, Result};
pub use append::{Remembered, append};
use entry::{Entry, Marker};
use revoked::Revoked;
pub use trust::Trust;

/// What the files say about a host's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key is the host's.
    Known,
    /// No key of this host is known.
    Unknown,
    /// Another key is known for this host: of the same type if there is one, else the last of another type, which ssh
    /// takes for a changed key too.
    Changed { file: Arc<Path>, line: usize },
    /// The key is marked `@revoked`.
    Revoked { file: Arc<Path>, line: usize },
}

/// What decides about the keys of a host: its known_hosts files, and the list of keys that no host may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sources {
    known_hosts: Vec<PathBuf>,
    revoked: Option<PathBuf>,
}

impl Sources {
    pub fn of(host: &HostConfig) -> Self {
        Self { known_hosts: host.known_hosts_files(), revoked: host.revoked_host_keys.clone() }
    }
}

/// The keys of some known_hosts files.
#[derive(Debug, Default)]
pub struct KnownHosts {
    files: Vec<PathBuf>,
    entries: Vec<Entry>,
    /// Entries by name, for those that hold nothing but plain names.
    named: HashMap<String, Vec<u32>>,
    /// Entries with wildcards, negations or a hash: every one is tried.
    others: Vec<u32>,
    /// The entries for names that were asked for. A login asks for the same one or two again and again, and a hash that
    /// is tried takes half a microsecond: of a thousand lines more than all of the login's own cryptography.
    found: RefCell<HashMap<String, Arc<[u32]>>>,
    has_authorities: bool,
    /// Keys that no host may have.
    revoked: Revoked,
    warnings: Vec<Diagnostic>,
    unusable: Option<Diagnostic>,
}

impl KnownHosts {
    /// Reads what decides about the keys of `host`.
    pub fn load_for(host: &HostConfig) -> Self {
        Self::load_all(&Sources::of(host))
    }

    /// Reads all files of hosts that have these.
    pub fn load_all(sources: &Sources) -> Self {
        let mut known = Self::load(&sources.known_hosts);
        if let Some(path) = &sources.revoked {
            match Revoked::load(path) {
                Ok(revoked) => known.revoked = revoked,
                Err(diagnostic) => known.give_up(diagnostic),
            }
        }
        known
    }

    /// Reads the files in order. A missing file is an empty one; a line that cannot be read is a warning, and the hosts
    /// it may have known are unknown; a file or an `@revoked` line that cannot be read makes them all
    /// [`unusable`](Self::unusable).
    pub fn load<P: AsRef<Path>>(files: &[P]) -> Self {
        let mut known = Self::default();
        for path in files {
            let path = path.as_ref();
            known.files.push(path.to_owned());
            match file::read(path, KNOWN_HOSTS_FILE_BYTES_MAX) {
                Ok(bytes) => known.read(path, &bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("cannot be read: {}", file::reason(&error));
                    known.give_up(Diagnostic { file: Arc::from(path), line: 0, message });
                }
            }
        }
        known
    }

    /// What is known about `key` (its SSH wire form) as the key of `host`. With `HostKeyAlias`, `host` is the alias
    /// and `port` 22.
    ///
    /// As in ssh, a host on another port than 22 is looked up as `[host]:port`, and where that knows no key, a key known
    /// for the plain name will do.
    pub fn check(&self, host: &str, port: u16, key: &[u8]) -> Verdict {
        let verdict = self.check_name(&lookup_name(host, port), key);
        if verdict != Verdict::Unknown || port == DEFAULT_PORT {
            return verdict;
        }
        match self.check_name(&lookup_name(host, DEFAULT_PORT), key) {
            Verdict::Changed { .. } => Verdict::Unknown,
            plain => plain,
        }
    }

    /// The key types known for a host (`ssh-rsa`, `ssh-ed25519`, …), in file order, each once: the ones to ask the host
    /// for. Empty when the host is unknown.
    pub fn known_algorithms(&self, host: &HostConfig) -> Vec<String> {
        let (host, port) = host.known_as();
        self.algorithms_of(host, port)
    }

    /// Whether somebody is known who may vouch for the host by a certificate.
    pub fn knows_authority(&self, host: &HostConfig) -> bool {
        let is_authority = |entry: &Entry| entry.marker == Marker::CertAuthority;
        self.has_authorities && names(host).iter().any(|name| self.entries_of(name).any(is_authority))
    }

    /// A file that is there and could not be read to its end, or keys to revoke that are not there or could not be read:
    /// it may revoke or contradict what the others say, so nobody should be trusted by them alone.
    pub fn unusable(&self) -> Option<&Diagnostic> {
        self.unusable.as_ref()
    }

    /// # Errors
    /// [`Kind::HostKey`]: see [`unusable`](Self::unusable).
    pub fn require_usable(&self) -> Result<()> {
        let text = |unusable| format!("the known host keys cannot be read: {unusable}");
        self.unusable().map_or(Ok(()), |unusable| Err(Error::new(Kind::HostKey, text(unusable))))
    }

    /// Lines and files that could not be read. Bounded; line 0 is the file as a whole.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    fn algorithms_of(&self, host: &str, port: u16) -> Vec<String> {
        let of = |port| {
            let mut algorithms: Vec<String> = Vec::new();
            for entry in
                self.entries_of(&lookup_name(host, port)).filter(|entry| entry.marker == Marker::None)
            {
                if !algorithms.contains(&entry.algorithm) {
                    algorithms.push(entry.algorithm.clone());
                }
            }
            algorithms
        };
        match of(port) {
            none if none.is_empty() && port != DEFAULT_PORT => of(DEFAULT_PORT),
            some => some,
        }
    }

    fn check_name(&self, name: &str, key: &[u8]) -> Verdict {
        let algorithm = entry::algorithm_of(key);
        let (mut known, mut changed): (bool, Option<&Entry>) = (false, None);
        for entry in self.entries_of(name) {
            match entry.marker {
                Marker::Revoked if entry.key == key => {
                    return Verdict::Revoked { file: Arc::clone(&entry.file), line: entry.line };
                }
                Marker::None if entry.key == key => known = true,
                Marker::None if changed.is_none_or(|other| Some(other.algorithm.as_bytes()) != algorithm) => {
                    changed = Some(entry);
                }
                // A certificate authority's key is not the host's own.
                Marker::None | Marker::Revoked | Marker::CertAuthority => {}
            }
        }
        match changed {
            _ if known => Verdict::Known,
            Some(entry) => Verdict::Changed { file: Arc::clone(&entry.file), line: entry.line },
            None => Verdict::Unknown,
        }
    }

    fn entries_of(&self, name: &str) -> impl Iterator<Item = &Entry> {
        let found = self.found.borrow().get(name).map(Arc::clone);
        let found = found.unwrap_or_else(|| {
            let found = self.find(name);
            self.found.borrow_mut().insert(name.to_owned(), Arc::clone(&found));
            found
        });
        (0..found.len()).filter_map(move |at| self.entry(*found.get(at)?))
    }

    fn find(&self, name: &str) -> Arc<[u32]> {
        let named = self.named.get(name).map_or(&[][..], Vec::as_slice);
        let others = self.others.iter().filter(|&&id| self.entry(id).is_some_and(|entry| entry.is_for(name)));
        let mut found: Vec<u32> = named.iter().chain(others).copied().collect();
        found.sort_unstable();
        found.into()
    }

    fn entry(&self, id: u32) -> Option<&Entry> {
        self.entries.get(id as usize)
    }

    fn read(&mut self, path: &Path, bytes: &[u8]) {
        let file: Arc<Path> = Arc::from(path);
        for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let warning = |message: String| Diagnostic { file: Arc::clone(&file), line, message };
            if line > KNOWN_HOSTS_LINES_MAX {
                let message = format!("more than {KNOWN_HOSTS_LINES_MAX} lines: the rest is not read");
                return self.give_up(warning(message));
            }
            match Entry::parse(text, &file, line) {
                Ok(Some(entry)) => self.add(entry),
                Ok(None) => {}
                Err(message) if entry::is_revocation(text) => self.give_up(warning(message)),
                Err(message) => self.warn(warning(message)),
            }
        }
    }

    fn add(&mut self, entry: Entry) {
        // The lines of all files together are bounded far below.
        let Ok(id) = u32::try_from(self.entries.len()) else { return };
        match entry.plain_names() {
            Some(names) => names.for_each(|name| self.named.entry(name.to_owned()).or_default().push(id)),
            None => self.others.push(id),
        }
        self.has_authorities |= entry.marker == Marker::CertAuthority;
        self.entries.push(entry);
    }

    fn give_up(&mut self, diagnostic: Diagnostic) {
        self.unusable.get_or_insert_with(|| diagnostic.clone());
        self.warn(diagnostic);
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        if self.warnings.len() < CONFIG_WARNINGS_MAX {
            self.warnings.push(diagnostic);
        }
    }
}

const DEFAULT_PORT: u16 = 22;

/// The names under which a host's keys and authorities may stand, the first one before the other.
fn names(host: &HostConfig) -> Vec<String> {
    let (name, port) = host.known_as();
    let mut names = vec![lookup_name(name, port)];
    if port != DEFAULT_PORT {
        names.push(lookup_name(name, DEFAULT_PORT));
    }
    names
}

/// The name a host has in known_hosts.
fn lookup_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == DEFAULT_PORT { host } else { format!("[{host}]:{port}") }
}

#[cfg(test)]
mod tests;
