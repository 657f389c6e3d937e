//! KEXINIT (RFC 4253 §7.1): what we offer, and what both sides make of it.

use super::algorithm::{Cipher, HostKeyAlgorithm, KexAlgorithm, Mac};
use super::cipher::Protection;
use super::error::Error;
use super::number;
use super::offer::{Guess, Offer};
use super::wire::{NameList, Reader, Write};
use crate::base::limits::{SSH_NAME_LIST_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::crypto::random;

const COOKIE_BYTES: usize = 16;
/// We would like to see EXT_INFO (RFC 8308 §2.1).
pub const EXT_INFO_CLIENT: &str = "ext-info-c";
/// Strict key exchange (OpenSSH PROTOCOL §1.9): no messages besides the exchange, sequence numbers restart.
pub const STRICT_CLIENT: &str = "kex-strict-c-v00@openssh.com";
pub const STRICT_SERVER: &str = "kex-strict-s-v00@openssh.com";
const NO_COMPRESSION: &str = "none";

impl Offer {
    /// The payload of our KEXINIT. Only the first one of a connection carries the signals. `guesses`: the packet that
    /// follows belongs to our first choices.
    pub fn to_kexinit(&self, is_first: bool, guesses: bool) -> Vec<u8> {
        let mut out = vec![number::KEXINIT];
        out.extend_from_slice(&random::array::<COOKIE_BYTES>());
        let signals: &[&str] = if is_first { &[EXT_INFO_CLIENT, STRICT_CLIENT] } else { &[] };
        out.put_name_list(self.kex.iter().map(|kex| kex.name()).chain(signals.iter().copied()));
        out.put_name_list(self.host_keys.iter().map(|host_key| host_key.name()));
        put_symmetric(&mut out, &self.ciphers, &self.macs, guesses);
        out
    }

    /// What the peer's KEXINIT and ours agree on: of each list the first of ours that is among theirs.
    ///
    /// # Errors
    /// Nothing in common, with both lists; a malformed message.
    pub fn agree(&self, kexinit: &[u8]) -> Result<Agreed, Error> {
        let peer = PeerInit::read(kexinit)?;
        let kex = choose("key exchange method", &self.kex, KexAlgorithm::name, peer.kex)?;
        let host_key = choose("host key algorithm", &self.host_keys, HostKeyAlgorithm::name, peer.host_keys)?;
        let outgoing = self.protection(peer.ciphers_to_server, peer.macs_to_server)?;
        let incoming = self.protection(peer.ciphers_to_client, peer.macs_to_client)?;
        for compression in [peer.compression_to_server, peer.compression_to_client] {
            choose("compression", &[NO_COMPRESSION], |name| name, compression)?;
        }
        // RFC 4253 §7.1: whoever guesses, the first choices of both sides have to be the same.
        let is_guess_right = peer.kex.first() == self.kex.first().map(|kex| kex.name())
            && peer.host_keys.first() == self.host_keys.first().map(|host_key| host_key.name());
        Ok(Agreed {
            kex,
            host_key,
            outgoing,
            incoming,
            is_strict: peer.kex.contains(STRICT_SERVER),
            is_guess_right,
            skips_guess: peer.guesses && !is_guess_right,
            preferences: self.preferences(&peer, kex),
        })
    }

    /// Of one direction. A cipher that authenticates has no use for a MAC, and needs none in common.
    fn protection(&self, ciphers: NameList<'_>, macs: NameList<'_>) -> Result<Protection, Error> {
        let cipher = choose("cipher", &self.ciphers, Cipher::name, ciphers)?;
        let mac = match cipher.needs_mac() {
            true => Some(choose("MAC", &self.macs, Mac::name, macs)?),
            false => None,
        };
        Ok(Protection { cipher, mac })
    }

    /// What a later exchange with this peer may guess: its first choices, where we know both. Of its key exchange
    /// methods the first one has to be what came out of this negotiation: a guess must not bring about a method that
    /// we like less.
    fn preferences(&self, peer: &PeerInit<'_>, agreed: KexAlgorithm) -> Option<Guess> {
        let kex = peer.kex.first().and_then(KexAlgorithm::from_name).filter(|kex| *kex == agreed)?;
        let host_key = peer.host_keys.first().and_then(HostKeyAlgorithm::from_name)?;
        self.host_keys.contains(&host_key).then_some(Guess { kex, host_key })
    }
}

/// Writes everything behind the host key algorithms, the same for both directions.
pub fn put_symmetric(out: &mut Vec<u8>, ciphers: &[Cipher], macs: &[Mac], guesses: bool) {
    for _ in 0..2 {
        out.put_name_list(ciphers.iter().map(|cipher| cipher.name()));
    }
    for _ in 0..2 {
        out.put_name_list(macs.iter().map(|mac| mac.name()));
    }
    for names in [&[NO_COMPRESSION][..], &[NO_COMPRESSION], &[], &[]] {
        out.put_name_list(names.iter().copied());
    }
    out.put_bool(guesses);
    out.put_u32(0);
}

/// The result of one negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    pub kex: KexAlgorithm,
    pub host_key: HostKeyAlgorithm,
    pub outgoing: Protection,
    pub incoming: Protection,
    pub is_strict: bool,
    /// First choices are the same: a packet that was sent on the guess that they are counts.
    pub is_guess_right: bool,
    /// The peer's next packet is a guess that turned out wrong and has to be dropped.
    pub skips_guess: bool,
    /// What to remember of the peer.
    pub preferences: Option<Guess>,
}

/// The fields of a KEXINIT that matter to us.
pub struct PeerInit<'a> {
    pub kex: NameList<'a>,
    pub host_keys: NameList<'a>,
    pub ciphers_to_server: NameList<'a>,
    pub ciphers_to_client: NameList<'a>,
    pub macs_to_server: NameList<'a>,
    pub macs_to_client: NameList<'a>,
    pub compression_to_server: NameList<'a>,
    pub compression_to_client: NameList<'a>,
    pub guesses: bool,
}

impl<'a> PeerInit<'a> {
    pub fn read(payload: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "KEXINIT";
        let mut reader = Reader::new(payload);
        reader.bytes(1 + COOKIE_BYTES, WHAT)?;
        let mut list = || reader.name_list(SSH_NAME_LIST_BYTES_MAX, WHAT);
        let (kex, host_keys) = (list()?, list()?);
        let (ciphers_to_server, ciphers_to_client) = (list()?, list()?);
        let (macs_to_server, macs_to_client) = (list()?, list()?);
        let (compression_to_server, compression_to_client) = (list()?, list()?);
        let (_language_to_server, _language_to_client) = (list()?, list()?);
        let guesses = reader.bool(WHAT)?;
        reader.u32(WHAT)?;
        Ok(Self {
            kex,
            host_keys,
            ciphers_to_server,
            ciphers_to_client,
            macs_to_server,
            macs_to_client,
            compression_to_server,
            compression_to_client,
            guesses,
        })
    }
}

fn choose<T: Copy>(
    kind: &'static str,
    ours: &[T],
    name: impl Fn(T) -> &'static str,
    theirs: NameList<'_>,
) -> Result<T, Error> {
    ours.iter().copied().find(|algorithm| theirs.contains(name(*algorithm))).ok_or_else(|| {
        Error::NoCommonAlgorithm {
            kind,
            theirs: theirs.0.chars().take(SSH_TEXT_BYTES_MAX).collect(),
            ours: ours.iter().map(|algorithm| name(*algorithm)).collect::<Vec<_>>().join(","),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::algorithm::SignatureAlgorithm;
    use proptest::prelude::*;

    fn kexinit(kex: &[&str], host_keys: &[&str], guesses: bool) -> Vec<u8> {
        let mut out = head(kex, host_keys);
        put_symmetric(&mut out, Cipher::ALL, Mac::ALL, guesses);
        out
    }

    fn head(kex: &[&str], host_keys: &[&str]) -> Vec<u8> {
        let mut out = vec![number::KEXINIT];
        out.extend_from_slice(&[0; COOKIE_BYTES]);
        out.put_name_list(kex.iter().copied());
        out.put_name_list(host_keys.iter().copied());
        out
    }

    #[test]
    fn our_order_decides() {
        let theirs =
            kexinit(&["curve25519-sha256", "mlkem768x25519-sha256"], &["rsa-sha2-256", "ssh-ed25519"], false);
        let agreed = Offer::default().agree(&theirs).unwrap();
        assert_eq!(agreed.kex, KexAlgorithm::MlKem768X25519);
        assert_eq!(agreed.host_key, HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519));
        assert!(!agreed.is_strict && !agreed.skips_guess);
    }

    #[test]
    fn nothing_in_common_names_both_lists() {
        let error = Offer::default().agree(&kexinit(&["dh-old"], &["ssh-ed25519"], false)).unwrap_err();
        let Error::NoCommonAlgorithm { kind, theirs, ours } = error else { panic!("{error}") };
        assert_eq!((kind, theirs.as_str()), ("key exchange method", "dh-old"));
        assert!(ours.contains("curve25519-sha256"));
    }

    #[test]
    fn a_wrong_guess_is_skipped_and_a_right_one_is_not() {
        let wrong = kexinit(&["curve25519-sha256"], &["ssh-ed25519-cert-v01@openssh.com"], true);
        assert!(Offer::default().agree(&wrong).unwrap().skips_guess);
        let right = kexinit(&["mlkem768x25519-sha256"], &["ssh-ed25519-cert-v01@openssh.com"], true);
        assert!(!Offer::default().agree(&right).unwrap().skips_guess);
    }

    #[test]
    fn a_mac_is_agreed_on_only_where_the_cipher_needs_one() {
        let theirs = |cipher, mac| {
            let mut out = head(&["curve25519-sha256"], &["ssh-ed25519"]);
            put_symmetric(&mut out, &[cipher], mac, false);
            out
        };
        let agreed = Offer::default().agree(&theirs(Cipher::Aes256Gcm, &[])).unwrap();
        assert_eq!(agreed.outgoing, Protection { cipher: Cipher::Aes256Gcm, mac: None });
        let agreed = Offer::default().agree(&theirs(Cipher::Aes192Ctr, &[Mac::HmacSha512])).unwrap();
        assert_eq!(agreed.incoming, Protection { cipher: Cipher::Aes192Ctr, mac: Some(Mac::HmacSha512) });
        let error = Offer::default().agree(&theirs(Cipher::Aes192Ctr, &[])).unwrap_err();
        assert!(matches!(error, Error::NoCommonAlgorithm { kind: "MAC", .. }));
    }

    #[test]
    fn what_is_remembered_of_a_server_is_what_it_and_we_like_best() {
        let preferences = |kex: &[&str], host_keys: &[&str]| {
            Offer::default().agree(&kexinit(kex, host_keys, false)).unwrap().preferences
        };
        let guess = Guess {
            kex: KexAlgorithm::Curve25519,
            host_key: HostKeyAlgorithm::Plain(SignatureAlgorithm::RsaSha512),
        };
        let host_keys = ["rsa-sha2-512", "ssh-ed25519"];
        assert_eq!(preferences(&["curve25519-sha256", "ecdh-sha2-nistp256"], &host_keys), Some(guess));
        // We like its second better; we do not speak its first.
        assert_eq!(preferences(&["curve25519-sha256", "mlkem768x25519-sha256"], &host_keys), None);
        assert_eq!(preferences(&["sntrup761x25519-sha512", "curve25519-sha256"], &host_keys), None);
        assert_eq!(preferences(&["curve25519-sha256"], &["ssh-dss", "ssh-ed25519"]), None);
    }

    #[test]
    fn signals_are_sent_once() {
        let first = Offer::default().to_kexinit(true, false);
        assert!(PeerInit::read(&first).unwrap().kex.contains(STRICT_CLIENT));
        let later = Offer::default().to_kexinit(false, false);
        assert!(!PeerInit::read(&later).unwrap().kex.contains(STRICT_CLIENT));
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_panic(bytes: Vec<u8>) {
            let _ = Offer::default().agree(&bytes);
        }
    }
}
