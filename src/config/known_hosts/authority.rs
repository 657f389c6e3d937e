//! Host certificates: whether an authority that is known for a host vouches for its key (OpenSSH PROTOCOL.certkeys,
//! `sshkey_cert_check_host`). The authority's signature has been checked already.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::entry::{Entry, Marker};
use super::{KnownHosts, names};
use crate::config::HostConfig;
use crate::config::pattern;
use crate::ssh::{HostCertificate, HostKey};

/// What the files say about a certificate.
#[derive(Debug)]
pub enum Vouching {
    /// An authority of this host vouches for the key, now and by this name.
    Yes,
    /// No authority of this host has signed it.
    Unknown,
    /// An authority of this host has signed it, but it is not valid.
    Invalid { fault: Fault, file: Arc<Path>, line: usize },
    /// The authority is marked `@revoked`.
    Revoked { file: Arc<Path>, line: usize },
}

/// Why a certificate is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Seconds until it is.
    NotYet(u64),
    /// Seconds since it was.
    Expired(u64),
    NoPrincipals,
    OtherPrincipals(Vec<String>),
    Algorithm(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet(seconds) => write!(f, "is not yet valid: it will be in {seconds} s"),
            Self::Expired(seconds) => write!(f, "expired {seconds} s ago"),
            Self::NoPrincipals => f.write_str("names no host that it is for"),
            Self::OtherPrincipals(names) => write!(f, "is for other hosts: {}", names.join(", ")),
            Self::Algorithm(name) => {
                write!(f, "is signed by {name}, which CASignatureAlgorithms does not allow")
            }
        }
    }
}

impl KnownHosts {
    /// What is known about a certificate that `host` has shown. `unix_now` is in seconds.
    pub(super) fn vouching(
        &self,
        host: &HostConfig,
        certificate: &HostCertificate,
        unix_now: u64,
    ) -> Vouching {
        let names = names(host);
        let lines = || names.iter().flat_map(|name| self.entries_of(name));
        let is_its = |entry: &&Entry| entry.key == certificate.authority;
        if let Some(entry) = lines().filter(is_its).find(|entry| entry.marker == Marker::Revoked) {
            return Vouching::Revoked { file: Arc::clone(&entry.file), line: entry.line };
        }
        let authority = lines().filter(is_its).find(|entry| entry.marker == Marker::CertAuthority);
        match (authority, fault(host, certificate, unix_now)) {
            (None, _) => Vouching::Unknown,
            (Some(_), None) => Vouching::Yes,
            (Some(entry), Some(fault)) => {
                Vouching::Invalid { fault, file: Arc::clone(&entry.file), line: entry.line }
            }
        }
    }

    /// The line of `RevokedHostKeys` that names the host's key, or the authority of its certificate.
    pub(super) fn revocation(&self, key: &HostKey) -> Option<(Arc<Path>, usize)> {
        let authority = key.certificate().and_then(|certificate| self.revoked.find(&certificate.authority));
        self.revoked.find(&key.blob).or(authority)
    }
}

/// In the order in which OpenSSH looks.
fn fault(host: &HostConfig, certificate: &HostCertificate, unix_now: u64) -> Option<Fault> {
    if unix_now < certificate.valid_after {
        return Some(Fault::NotYet(certificate.valid_after - unix_now));
    }
    if unix_now >= certificate.valid_before {
        return Some(Fault::Expired(unix_now - certificate.valid_before));
    }
    // Without principals it would be for every host, which OpenSSH before 10.3 let pass; newer versions do not.
    if certificate.principals.is_empty() {
        return Some(Fault::NoPrincipals);
    }
    let (name, _) = host.known_as();
    if !certificate.principals.iter().any(|principal| pattern::matches(principal, name)) {
        return Some(Fault::OtherPrincipals(certificate.principals.clone()));
    }
    let algorithm = certificate.authority_algorithm.name();
    let is_allowed = host.algorithms.ca_signatures.iter().any(|allowed| allowed == algorithm);
    (!is_allowed).then_some(Fault::Algorithm(algorithm))
}
