//! Lists of algorithm names: what `KexAlgorithms`, `Ciphers` and the like make of the lists offered by default
//! (ssh_config(5), `kex_assemble_names` of OpenSSH). Whether anybody speaks a name is not known here.

use std::sync::Arc;

use crate::config::pattern::{self, Match};
use crate::ssh::{Offer, PublicIdentity, SignatureAlgorithm};

/// Names in order of preference, shared by all hosts that have the same list.
pub type Names = Arc<[String]>;

/// The algorithms to offer a host, or to accept from it, by their names on the wire.
///
/// A name that we do not speak stays in its list, as `ssh -G` would print it: who makes an offer drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmLists {
    pub kex: Names,
    pub host_keys: Names,
    pub ciphers: Names,
    pub macs: Names,
    /// For signatures of our own keys.
    pub pubkey_accepted: Names,
    /// For signatures of certificate authorities.
    pub ca_signatures: Names,
}

/// One of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Kex,
    HostKeys,
    Ciphers,
    Macs,
    PubkeyAccepted,
    CaSignatures,
}

impl List {
    pub const ALL: [Self; 6] =
        [Self::Kex, Self::HostKeys, Self::Ciphers, Self::Macs, Self::PubkeyAccepted, Self::CaSignatures];

    /// Wildcards may stand for key types; for other algorithms only where they are removed.
    const fn has_wildcards(self) -> bool {
        matches!(self, Self::HostKeys | Self::PubkeyAccepted | Self::CaSignatures)
    }
}

impl AlgorithmLists {
    /// Everything we speak, in our order of preference.
    pub fn spoken() -> Self {
        let offer = Offer::default_names();
        let plain = SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.name().to_owned());
        Self {
            kex: offer.kex.into(),
            pubkey_accepted: PublicIdentity::accepted_by_default().into(),
            host_keys: offer.host_keys.into(),
            ciphers: offer.ciphers.into(),
            macs: offer.macs.into(),
            ca_signatures: plain.collect(),
        }
    }

    pub const fn get(&self, list: List) -> &Names {
        match list {
            List::Kex => &self.kex,
            List::HostKeys => &self.host_keys,
            List::Ciphers => &self.ciphers,
            List::Macs => &self.macs,
            List::PubkeyAccepted => &self.pubkey_accepted,
            List::CaSignatures => &self.ca_signatures,
        }
    }

    /// A list with what the configuration says about it: `+` adds, `-` removes, `^` puts to the front, anything else
    /// replaces it.
    ///
    /// # Errors
    /// What is wrong with a name.
    pub fn apply(&self, list: List, value: &str) -> Result<Names, String> {
        let defaults = self.get(list);
        let default = || defaults.iter().cloned();
        let named = |value| named(list, value);
        Ok(match value.split_at_checked(1) {
            Some(("-", removed)) => default()
                .filter(|name| pattern::matches_list(removed.split(','), name) != Match::Yes)
                .collect(),
            Some(("+", added)) => unique(default().chain(named(added)?)),
            Some(("^", first)) => unique(named(first)?.into_iter().chain(default())),
            _ => unique(named(value)?.into_iter()),
        })
    }
}

/// The longest name of RFC 4251 §6.
const NAME_BYTES_MAX: usize = 64;

/// What wildcards stand for: the key types of OpenSSH, in its order (`ssh -Q HostKeyAlgorithms`).
const KEY_TYPES: [&str; 21] = [
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-512-cert-v01@openssh.com",
];
/// How the names of certificate types end; no certificate authority signs with one.
const CERTIFICATE: &str = "-cert-v01@openssh.com";

fn unique(names: impl Iterator<Item = String>) -> Names {
    let mut list: Vec<String> = Vec::new();
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list.into()
}

fn named(list: List, value: &str) -> Result<Vec<String>, String> {
    let mut named = Vec::new();
    for name in value.split(',') {
        if !pattern::is_literal(name) && list.has_wildcards() {
            named.extend(key_types(list, name)?);
        } else if is_name(name) {
            named.push(name.to_owned());
        } else {
            return Err(format!("'{name}' is no algorithm"));
        }
    }
    Ok(named)
}

fn key_types(list: List, wildcard: &str) -> Result<Vec<String>, String> {
    let fits = |name: &&str| {
        pattern::matches(wildcard, name) && !(list == List::CaSignatures && name.ends_with(CERTIFICATE))
    };
    let found: Vec<String> =
        KEY_TYPES.iter().filter(|name| fits(name)).map(|&name| name.to_owned()).collect();
    if found.is_empty() { Err(format!("'{wildcard}' fits no key type")) } else { Ok(found) }
}

/// RFC 4251 §6: printable, without comma; names with `@` belong to somebody.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@/+".contains(&byte))
        && name.matches('@').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> AlgorithmLists {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Names>();
        AlgorithmLists {
            kex: list("a,b,c"),
            host_keys: list("ssh-ed25519,rsa-sha2-512,rsa-sha2-256"),
            ciphers: list("x"),
            macs: list("x"),
            pubkey_accepted: list("x"),
            ca_signatures: list("x"),
        }
    }

    fn apply(list: List, value: &str) -> Result<String, String> {
        lists().apply(list, value).map(|names| names.join(","))
    }

    #[test]
    fn lists_are_replaced_added_to_removed_from_and_reordered() {
        for (value, expected) in [
            ("c,a", "c,a"),
            ("a,a,new@example.com", "a,new@example.com"),
            ("+z,b", "a,b,c,z"),
            ("^c,z", "c,z,a,b"),
            ("-b", "a,c"),
            ("-?,!b", "b"),
            ("-*", ""),
        ] {
            assert_eq!(apply(List::Kex, value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn wildcards_stand_for_key_types() {
        assert_eq!(apply(List::HostKeys, "-rsa*").unwrap(), "ssh-ed25519");
        assert_eq!(
            apply(List::HostKeys, "^rsa-sha2-256*").unwrap(),
            "rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-512"
        );
        assert_eq!(apply(List::CaSignatures, "ssh-ed*").unwrap(), "ssh-ed25519");
        assert_eq!(apply(List::HostKeys, "nothing*").unwrap_err(), "'nothing*' fits no key type");
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for value in ["a*", "!a", "a,,b", "a b", "+", "a@b@c", &"a".repeat(65)] {
            assert!(apply(List::Kex, value).is_err(), "{value}");
        }
    }
}
