//! Why a connection was refused because of its host key, and what the person in front of it can do.

use std::path::Path;
use std::sync::Arc;

use super::authority::Fault;
use super::{KnownHosts, lookup_name};
use crate::base::{Error, Kind, shell};
use crate::config::HostConfig;
use crate::ssh::HostKey;

/// The key a host has shown.
pub struct Seen<'a> {
    pub host: &'a HostConfig,
    pub key: &'a HostKey,
}

/// Why it is refused. Places are those of the line that says so.
#[derive(Debug)]
pub enum Reason {
    Unknown,
    Changed {
        file: Arc<Path>,
        line: usize,
    },
    Revoked {
        file: Arc<Path>,
        line: usize,
    },
    /// The authority that has signed its certificate is revoked.
    AuthorityRevoked {
        file: Arc<Path>,
        line: usize,
    },
    /// Its certificate is not valid; the place is that of the authority.
    Certificate {
        fault: Fault,
        file: Arc<Path>,
        line: usize,
    },
    /// Its certificate says nothing to us, and the key in it is not known by itself.
    CertificateFault,
}

impl KnownHosts {
    /// [`Kind::HostKey`], with the fingerprint and the command that would mend it.
    pub(super) fn refusal(&self, reason: &Reason, seen: &Seen<'_>) -> Error {
        let Seen { host, key } = seen;
        let (alias, shown) = (&host.alias, format!("{} {}", key.key_type(), key.fingerprint()));
        let message = match reason {
            Reason::Unknown => {
                format!("the host key of {alias} is not known: it showed {shown}.\n{}", self.how_to_add(seen))
            }
            Reason::Changed { file, line } => format!(
                "the host key of {alias} has CHANGED: it showed {shown}, which is not the key in {}:{line}. Someone may \
                 be listening in.\nIf you know that the key was replaced, forget the old one: ssh-keygen -R {} -f {}",
                file.display(),
                quote(&known_as(host)),
                quote(&file.to_string_lossy())
            ),
            Reason::Revoked { file, line } => format!(
                "the host key of {alias}, {shown}, is marked as revoked in {}:{line}: it may have been stolen.\nGive the \
                 host a new key, or remove that line if it is wrong.",
                file.display()
            ),
            Reason::AuthorityRevoked { file, line } => format!(
                "the certificate of {alias}{} is of an authority that is marked as revoked in {}:{line}.\nHave another \
                 authority sign the host's key, or remove that line if it is wrong.",
                named(key),
                file.display()
            ),
            Reason::Certificate { fault, file, line } => format!(
                "the certificate of {alias}{} {fault}. Its authority is the one in {}:{line}, and its key, {shown}, is \
                 not known by itself.\nHave the authority sign the host's key anew: ssh-keygen -s AUTHORITY -h -n {} …",
                named(key),
                file.display(),
                quote(host.known_as().0)
            ),
            Reason::CertificateFault => format!(
                "the certificate of {alias} is of no use here{}, and its key, {shown}, is not known by itself.\n{}",
                key.certificate_fault().map_or_else(String::new, |fault| format!(" ({fault})")),
                self.how_to_add(seen)
            ),
        };
        Error::new(Kind::HostKey, message)
    }

    fn how_to_add(&self, seen: &Seen<'_>) -> String {
        let Seen { host, key } = seen;
        let by_hand = format!("ssh {}", quote(&host.alias));
        let file = self.files.iter().find(|file| *file != Path::new("/dev/null"));
        match (file, &host.host_key_alias, scan_type(key.key_type())) {
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

/// What the authority calls the certificate.
fn named(key: &HostKey) -> String {
    let certificate = key.certificate().filter(|certificate| !certificate.key_id.is_empty());
    certificate.map_or_else(String::new, |certificate| {
        format!(" ('{}', serial {})", certificate.key_id, certificate.serial)
    })
}

fn known_as(host: &HostConfig) -> String {
    let (name, port) = host.known_as();
    lookup_name(name, port)
}

/// What ssh-keyscan calls a key type.
fn scan_type(key_type: &str) -> Option<&'static str> {
    match key_type {
        "ssh-ed25519" => Some("ed25519"),
        "ssh-rsa" => Some("rsa"),
        _ if key_type.starts_with("ecdsa-sha2-nistp") => Some("ecdsa"),
        _ => None,
    }
}

/// `text` as one word of a shell.
fn quote(text: &str) -> String {
    String::from_utf8_lossy(&shell::quote(text.as_bytes())).into_owned()
}
