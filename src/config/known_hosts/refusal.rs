//! Why a connection was refused because of its host key, and what the person in front of it can do.

use std::borrow::Cow;
use std::path::Path;

use super::{DEFAULT_PORT, KnownHosts, Verdict, lookup_name};
use crate::base::{Error, Kind};

/// The key a host has shown, and how the host is reached.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What to type after `ssh`.
    pub alias: &'a str,
    pub hostname: &'a str,
    pub port: u16,
    /// `HostKeyAlias`.
    pub key_alias: Option<&'a str>,
    /// The key's type, such as `ssh-ed25519`.
    pub algorithm: &'a str,
    /// As ssh shows it: `SHA256:` and base64.
    pub fingerprint: &'a str,
}

impl KnownHosts {
    /// The error for a key that is not [`Verdict::Known`], with the command that would mend it.
    pub fn refusal(&self, verdict: &Verdict, seen: &Seen<'_>) -> Error {
        let Seen { alias, algorithm, fingerprint, .. } = seen;
        Error::new(
            Kind::HostKey,
            match verdict {
                Verdict::Known | Verdict::Unknown => format!(
                    "the host key of {alias} is not known: it showed {algorithm} {fingerprint}.\n{}",
                    self.how_to_add(seen)
                ),
                Verdict::Changed { file, line } => format!(
                    "the host key of {alias} has CHANGED: it showed {algorithm} {fingerprint}, which is not the key in \
                     {}:{line}. Someone may be listening in.\nIf you know that the key was replaced, forget the old one: \
                     ssh-keygen -R {} -f {}",
                    file.display(),
                    quote(&seen.known_as()),
                    quote(&file.to_string_lossy())
                ),
                Verdict::Revoked { file, line } => format!(
                    "the host key of {alias}, {algorithm} {fingerprint}, is marked as revoked in {}:{line}: it may have \
                     been stolen.\nGive the host a new key, or remove that line if it is wrong.",
                    file.display()
                ),
            },
        )
    }

    fn how_to_add(&self, seen: &Seen<'_>) -> String {
        let by_hand = format!("ssh {}", quote(seen.alias));
        let file = self.files.iter().find(|file| *file != Path::new("/dev/null"));
        match (file, seen.key_alias, scan_type(seen.algorithm)) {
            // What ssh-keyscan prints has the name it scanned, which is not the one that is looked up.
            (Some(file), None, Some(kind)) => format!(
                "If that fingerprint is right, add the key: ssh-keyscan -p {} -t {kind} {} >> {} (or connect once with: \
                 {by_hand})",
                seen.port,
                quote(seen.hostname),
                quote(&file.to_string_lossy())
            ),
            _ => format!("If that fingerprint is right, add the key by connecting once with: {by_hand}"),
        }
    }
}

impl Seen<'_> {
    /// The name to look up and to forget.
    fn known_as(&self) -> String {
        match self.key_alias {
            Some(alias) => lookup_name(alias, DEFAULT_PORT),
            None => lookup_name(self.hostname, self.port),
        }
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
