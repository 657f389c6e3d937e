//! The algorithms, one row each, and how to ask for one alone.

use std::fmt;

use super::keyring::Keyring;
use crate::support::{Kexinit, KeyType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Kex,
    Cipher,
    Mac,
    HostKey,
    UserKey,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Kex, Self::Cipher, Self::Mac, Self::HostKey, Self::UserKey];

    pub fn title(self) -> &'static str {
        match self {
            Self::Kex => "Key exchange",
            Self::Cipher => "Ciphers",
            Self::Mac => "Message authentication, with aes128-ctr",
            Self::HostKey => "Host keys",
            Self::UserKey => "User keys",
        }
    }

    pub fn algorithms(self) -> &'static [&'static str] {
        match self {
            Self::Kex => KEX,
            Self::Cipher => CIPHERS,
            Self::Mac => MACS,
            Self::HostKey | Self::UserKey => SIGNATURES,
        }
    }

    /// The option of ssh_config(5) that lists them.
    fn option(self) -> &'static str {
        match self {
            Self::Kex => "KexAlgorithms",
            Self::Cipher => "Ciphers",
            Self::Mac => "MACs",
            Self::HostKey => "HostKeyAlgorithms",
            Self::UserKey => "PubkeyAcceptedAlgorithms",
        }
    }
}

const KEX: &[&str] = &[
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
];

const CIPHERS: &[&str] = &[
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
];

const MACS: &[&str] =
    &["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"];

pub const SIGNATURES: &[&str] = &[
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
];

/// One algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub kind: Kind,
    pub name: &'static str,
}

impl Row {
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |kind: Kind| kind.algorithms().iter().map(move |name| Self { kind, name });
        Kind::ALL.into_iter().flat_map(of)
    }

    /// Lines of a client's configuration that leave no other choice.
    pub fn client_lines(self, keyring: &Keyring) -> String {
        let mut lines = format!("{} {}", self.kind.option(), self.name);
        if self.kind == Kind::Mac {
            // The other ciphers have no use for it.
            lines.push_str("\nCiphers aes128-ctr");
        }
        let key_type = if self.kind == Kind::UserKey { key_type(self.name) } else { KeyType::Ed25519 };
        lines + &format!("\nIdentityFile {}", keyring.user_key(key_type).path.display())
    }

    /// What one side proposes for it, in either direction.
    pub fn proposals(self, kexinit: &Kexinit) -> Vec<&[String]> {
        match self.kind {
            Kind::Kex => vec![&kexinit.kex],
            Kind::Cipher => vec![&kexinit.ciphers_to_server, &kexinit.ciphers_to_client],
            Kind::Mac => vec![&kexinit.macs_to_server, &kexinit.macs_to_client],
            Kind::HostKey => vec![&kexinit.host_keys],
            // Said under the new keys only.
            Kind::UserKey => Vec::new(),
        }
    }

    pub fn is_certificate(self) -> bool {
        self.name.ends_with("-cert-v01@openssh.com")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.option(), self.name)
    }
}

/// The type of key that makes signatures of this name.
fn key_type(algorithm: &str) -> KeyType {
    match algorithm.trim_end_matches("-cert-v01@openssh.com") {
        "ssh-ed25519" => KeyType::Ed25519,
        "ecdsa-sha2-nistp256" => KeyType::Ecdsa256,
        "ecdsa-sha2-nistp384" => KeyType::Ecdsa384,
        "ecdsa-sha2-nistp521" => KeyType::Ecdsa521,
        _ => KeyType::Rsa,
    }
}
