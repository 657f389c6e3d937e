//! The exchange hash (RFC 5656 §4) and the keys made from it (RFC 4253 §7.2), both with the method's own hash.

use super::share::SharedSecret;
use crate::crypto::hash::{Digest, Sha2};
use crate::ssh::cipher::{PacketKey, Protection};
use crate::ssh::error::Error;
use crate::ssh::wire::Write;
use zeroize::{Zeroize, Zeroizing};

/// The hash that is signed by the host; the first one of a connection is its session identifier.
pub type ExchangeHash = Digest;

/// Everything both sides have said, in the order in which it is hashed. A value that is a number stands here as the
/// bytes of its `mpint`.
pub struct Transcript<'a> {
    pub client_ident: &'a [u8],
    pub server_ident: &'a [u8],
    pub client_kexinit: &'a [u8],
    pub server_kexinit: &'a [u8],
    pub host_key: &'a [u8],
    pub client_value: &'a [u8],
    pub server_value: &'a [u8],
}

impl Transcript<'_> {
    pub fn hash(&self, algorithm: Sha2, secret: &SharedSecret) -> ExchangeHash {
        let mut said = Vec::new();
        for part in [
            self.client_ident,
            self.server_ident,
            self.client_kexinit,
            self.server_kexinit,
            self.host_key,
            self.client_value,
            self.server_value,
        ] {
            said.put_string(part);
        }
        algorithm.digest(&[&said, &secret.0])
    }
}

/// Source of the keys of one exchange.
pub struct KeySource<'a> {
    pub algorithm: Sha2,
    pub secret: &'a SharedSecret,
    pub hash: &'a ExchangeHash,
    pub session_id: &'a ExchangeHash,
}

/// Who sends under a key.
#[derive(Debug, Clone, Copy)]
pub enum Sender {
    Client,
    Server,
}

impl KeySource<'_> {
    /// # Errors
    /// The library refuses the key.
    pub fn packet_key(&self, sender: Sender, protection: Protection) -> Result<PacketKey, Error> {
        // RFC 4253 §7.2: initial vector, encryption key, integrity key.
        let [iv, key, mac_key] = match sender {
            Sender::Client => [b'A', b'C', b'E'],
            Sender::Server => [b'B', b'D', b'F'],
        };
        let iv = self.bytes(iv, protection.iv_bytes());
        let key = self.bytes(key, protection.key_bytes());
        let mac_key = self.bytes(mac_key, protection.mac_key_bytes());
        PacketKey::new(protection, &key, &iv, &mac_key)
    }

    fn bytes(&self, letter: u8, count: usize) -> Zeroizing<Vec<u8>> {
        // With room for all of it: growing would leave copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(count + self.hash.len()));
        while out.len() < count {
            let mut block = match out.is_empty() {
                true => self.algorithm.digest(&[&self.secret.0, self.hash, &[letter], self.session_id]),
                false => self.algorithm.digest(&[&self.secret.0, self.hash, &out]),
            };
            out.extend_from_slice(&block);
            block.zeroize();
        }
        out.truncate(count);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow_as_in_rfc_4253() {
        for algorithm in [Sha2::Sha256, Sha2::Sha384, Sha2::Sha512] {
            let secret = SharedSecret::number(&[7; 32]);
            let (hash, session_id) = (algorithm.digest(&[b"exchange"]), Sha2::Sha256.digest(&[b"session"]));
            let source = KeySource { algorithm, secret: &secret, hash: &hash, session_id: &session_id };
            let first = algorithm.digest(&[&secret.0, &hash, b"C", &session_id]);
            let second = algorithm.digest(&[&secret.0, &hash, &first]);
            let width = hash.len();
            assert_eq!(source.bytes(b'C', 2 * width)[..width], *first);
            assert_eq!(source.bytes(b'C', 2 * width)[width..], *second);
            assert_eq!(source.bytes(b'C', 12)[..], first[..12]);
            assert!(source.bytes(b'C', 0).is_empty());
        }
    }
}
