//! Which algorithms we offer, and in which order. Must not know how an offer is written or answered.

use super::algorithm::{Cipher, HostKeyAlgorithm, KexAlgorithm, Mac};

/// Algorithms to offer, most preferred first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub kex: Vec<KexAlgorithm>,
    pub host_keys: Vec<HostKeyAlgorithm>,
    pub ciphers: Vec<Cipher>,
    pub macs: Vec<Mac>,
    /// How many of `host_keys`, from the front, lead to a key that can be checked; all while nothing is known of the
    /// host.
    checkable: usize,
}

/// The names of an [`Offer`], as ssh_config(5) lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferNames {
    /// `KexAlgorithms`
    pub kex: Vec<String>,
    /// `HostKeyAlgorithms`
    pub host_keys: Vec<String>,
    /// `Ciphers`
    pub ciphers: Vec<String>,
    /// `MACs`
    pub macs: Vec<String>,
}

/// A list of names without one that we speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{list} names nothing that is supported: {names}")]
pub struct UnsupportedList {
    /// The keyword of ssh_config(5).
    pub list: &'static str,
    pub names: String,
}

/// What a server listed first when it was met before. Both sides having these first, the first packet of a key
/// exchange may be sent before the server has said anything (RFC 4253 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    pub kex: KexAlgorithm,
    pub host_key: HostKeyAlgorithm,
}

impl Default for Offer {
    fn default() -> Self {
        let host_keys: Vec<_> = HostKeyAlgorithm::all().collect();
        Self {
            kex: KexAlgorithm::ALL.to_vec(),
            checkable: host_keys.len(),
            host_keys,
            ciphers: Cipher::preferred(),
            macs: Mac::ALL.to_vec(),
        }
    }
}

impl Offer {
    /// From lists of names as ssh_config(5) has them. Names that we do not speak are left out.
    ///
    /// # Errors
    /// Nothing is left of a list.
    pub fn from_names(
        kex: &[String],
        host_keys: &[String],
        ciphers: &[String],
        macs: &[String],
    ) -> Result<Self, UnsupportedList> {
        let host_keys = known("HostKeyAlgorithms", host_keys, HostKeyAlgorithm::from_name)?;
        Ok(Self {
            kex: known("KexAlgorithms", kex, KexAlgorithm::from_name)?,
            checkable: host_keys.len(),
            host_keys,
            ciphers: known("Ciphers", ciphers, Cipher::from_name)?,
            macs: known("MACs", macs, Mac::from_name)?,
        })
    }

    /// Offers no cipher but none: for hosts that are played to be measured with, and for no others. Nothing that is read
    /// from outside leads here.
    pub fn without_protection(mut self) -> Self {
        self.ciphers = vec![Cipher::None];
        self
    }

    /// What is offered when nobody says otherwise: what `+`, `-` and `^` of ssh_config(5) change.
    pub fn default_names() -> OfferNames {
        let offer = Self::default();
        OfferNames {
            kex: offer.kex.iter().map(|kex| kex.name().to_owned()).collect(),
            host_keys: offer.host_keys.iter().map(|host_key| host_key.name().to_owned()).collect(),
            ciphers: offer.ciphers.iter().map(|cipher| cipher.name().to_owned()).collect(),
            macs: offer.macs.iter().map(|mac| mac.name().to_owned()).collect(),
        }
    }

    /// Moves the algorithms of keys we already know of a host to the front: asked for another type, the host would
    /// present a key that cannot be checked. `key_types` are names as in known_hosts (`ssh-ed25519`, `ssh-rsa`).
    pub fn prefer_host_keys(&mut self, key_types: &[impl AsRef<str>]) {
        let is_known = |algorithm: &HostKeyAlgorithm| {
            key_types.iter().any(|key_type| key_type.as_ref() == algorithm.signature().key_type())
        };
        self.prefer(is_known);
    }

    /// Moves certificates to the front: an authority is known that may vouch for the host.
    pub fn prefer_certificates(&mut self) {
        self.prefer(|algorithm| algorithm.is_certified());
    }

    fn prefer(&mut self, is_checkable: impl Fn(&HostKeyAlgorithm) -> bool) {
        self.host_keys.sort_by_key(|algorithm| !is_checkable(algorithm));
        self.checkable = match self.host_keys.partition_point(is_checkable) {
            0 => self.host_keys.len(),
            count => count,
        };
    }

    /// Puts both algorithms of `guess` first. False when one of them is not offered, or the host key could not be
    /// checked; then nothing changes.
    pub(crate) fn lead_with(&mut self, guess: Guess) -> bool {
        let is_offered = self.kex.contains(&guess.kex)
            && self.host_keys.iter().take(self.checkable).any(|host_key| *host_key == guess.host_key);
        if is_offered {
            self.kex.sort_by_key(|kex| *kex != guess.kex);
            self.host_keys.sort_by_key(|host_key| *host_key != guess.host_key);
        }
        is_offered
    }
}

fn known<T: PartialEq>(
    list: &'static str,
    names: &[String],
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, UnsupportedList> {
    let mut known = Vec::new();
    for algorithm in names.iter().filter_map(|name| from_name(name)) {
        if !known.contains(&algorithm) {
            known.push(algorithm);
        }
    }
    if known.is_empty() { Err(UnsupportedList { list, names: names.join(",") }) } else { Ok(known) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::algorithm::SignatureAlgorithm::*;
    use HostKeyAlgorithm::{Certified, Plain};

    #[test]
    fn known_host_keys_come_first_certified_or_not() {
        let mut offer = Offer::default();
        offer.prefer_host_keys(&["ssh-rsa"]);
        let expected = [Certified(RsaSha512), Certified(RsaSha256), Plain(RsaSha512), Plain(RsaSha256)];
        assert_eq!(offer.host_keys[..4], expected);
        assert_eq!(offer.host_keys[4], Certified(Ed25519));
    }

    #[test]
    fn an_authority_makes_certificates_come_first() {
        let mut offer = Offer::default();
        offer.prefer_host_keys(&["ssh-rsa"]);
        offer.prefer_certificates();
        assert_eq!(offer.host_keys[..3], [Certified(RsaSha512), Certified(RsaSha256), Certified(Ed25519)]);
        assert_eq!(offer.host_keys[6], Plain(RsaSha512));
    }

    #[test]
    fn a_guess_leads_only_to_keys_that_can_be_checked() {
        let guess = |host_key| Guess { kex: KexAlgorithm::EcdhP256, host_key };
        let mut offer = Offer::default();
        assert!(offer.lead_with(guess(Plain(RsaSha512))));
        assert_eq!((offer.kex[0], offer.host_keys[0]), (KexAlgorithm::EcdhP256, Plain(RsaSha512)));
        assert_eq!((offer.kex[1], offer.host_keys[1]), (KexAlgorithm::MlKem768X25519, Certified(Ed25519)));
        let mut offer = Offer::default();
        offer.prefer_host_keys(&["ssh-ed25519", "ssh-rsa"]);
        assert!(!offer.lead_with(guess(Plain(EcdsaP256))));
        assert!(offer.clone().lead_with(guess(Plain(RsaSha512))));
        offer.prefer_certificates();
        assert!(!offer.clone().lead_with(guess(Plain(RsaSha512))));
        assert!(offer.clone().lead_with(guess(Certified(EcdsaP256))));
        offer.kex = vec![KexAlgorithm::Curve25519];
        assert!(!offer.lead_with(guess(Certified(EcdsaP256))));
    }

    #[test]
    fn names_make_the_offer_they_came_from() {
        let OfferNames { kex, host_keys, ciphers, macs } = Offer::default_names();
        assert_eq!(Offer::from_names(&kex, &host_keys, &ciphers, &macs), Ok(Offer::default()));
    }

    #[test]
    fn foreign_names_are_left_out_and_nothing_else_is_an_error() {
        let OfferNames { kex, host_keys, ciphers, macs } = Offer::default_names();
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let mixed = names(&["3des-cbc", "aes256-gcm@openssh.com", "aes256-gcm@openssh.com"]);
        let offer = Offer::from_names(&kex, &host_keys, &mixed, &macs).unwrap();
        assert_eq!(offer.ciphers, [Cipher::Aes256Gcm]);
        let error = Offer::from_names(&kex, &host_keys, &ciphers, &names(&["umac-64@openssh.com", "x"]));
        assert_eq!(error, Err(UnsupportedList { list: "MACs", names: "umac-64@openssh.com,x".into() }));
    }
}
