//! Why a connection was refused because of its host key, and what the person in front of it can do.

use std::borrow::Cow;
use std::path::Path;

use ssh_key::{HashAlg, PublicKey};

use super::{KnownHosts, Verdict, lookup_name};
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;

impl KnownHosts {
    /// Whether `key` (its SSH wire form, of the type `algorithm`) is the key of `host`.
    ///
    /// # Errors
    /// [`Kind::HostKey`] unless it is [`Verdict::Known`], with the fingerprint and the command that would mend it.
    pub fn verify(&self, host: &HostConfig, algorithm: &str, key: &[u8]) -> Result<()> {
        let (name, port) = host.known_as();
        match self.check(name, port, key) {
            Verdict::Known => Ok(()),
            verdict => Err(self.refusal(&verdict, &Seen { host, algorithm, fingerprint: &fingerprint(key) })),
        }
    }

    fn refusal(&self, verdict: &Verdict, seen: &Seen<'_>) -> Error {
        let Seen { host, algorithm, fingerprint } = seen;
        let alias = &host.alias;
        let message = match verdict {
            Verdict::Known | Verdict::Unknown => format!(
                "the host key of {alias} is not known: it showed {algorithm} {fingerprint}.\n{}",
                self.how_to_add(seen)
            ),
            Verdict::Changed { file, line } => format!(
                "the host key of {alias} has CHANGED: it showed {algorithm} {fingerprint}, which is not the key in \
                 {}:{line}. Someone may be listening in.\nIf you know that the key was replaced, forget the old one: \
                 ssh-keygen -R {} -f {}",
                file.display(),
                quote(&known_as(host)),
                quote(&file.to_string_lossy())
            ),
            Verdict::Revoked { file, line } => format!(
                "the host key of {alias}, {algorithm} {fingerprint}, is marked as revoked in {}:{line}: it may have been \
                 stolen.\nGive the host a new key, or remove that line if it is wrong.",
                file.display()
            ),
        };
        Error::new(Kind::HostKey, message)
    }

    fn how_to_add(&self, seen: &Seen<'_>) -> String {
        let Seen { host, algorithm, .. } = seen;
        let by_hand = format!("ssh {}", quote(&host.alias));
        let file = self.files.iter().find(|file| *file != Path::new("/dev/null"));
        match (file, &host.host_key_alias, scan_type(algorithm)) {
            // What ssh-keyscan prints has the name it scanned, which is not the one that is looked up.
            (Some(file), None, Some(kind)) => format!(
                "If that fingerprint is right, add the key: ssh-keyscan -p {} -t {kind} {} >> {} (or connect once with: \
                 {by_hand})",
                host.port,
                quote(&host.hostname),
                quote(&file.to_string_lossy())
            ),
            _ => format!("If that fingerprint is right, add the key by connecting once with: {by_hand}"),
        }
    }
}

/// The key a host has shown.
struct Seen<'a> {
    host: &'a HostConfig,
    algorithm: &'a str,
    fingerprint: &'a str,
}

fn known_as(host: &HostConfig) -> String {
    let (name, port) = host.known_as();
    lookup_name(name, port)
}

/// As ssh shows it: `SHA256:` and base64.
fn fingerprint(key: &[u8]) -> String {
    match PublicKey::from_bytes(key) {
        Ok(key) => key.fingerprint(HashAlg::Sha256).to_string(),
        Err(_) => "(a key that cannot be read)".to_owned(),
    }
}

/// What ssh-keyscan calls a key type.
fn scan_type(algorithm: &str) -> Option<&'static str> {
    match algorithm {
        "ssh-ed25519" => Some("ed25519"),
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => Some("rsa"),
        _ if algorithm.starts_with("ecdsa-sha2-nistp") => Some("ecdsa"),
        _ => None,
    }
}

/// `text` as one word of a POSIX shell.
fn quote(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}
