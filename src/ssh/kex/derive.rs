//! The exchange hash (RFC 5656 §4) and the keys made from it (RFC 4253 §7.2), both with SHA-256.

use super::share::SharedSecret;
use crate::crypto::hash::{self, SHA256_BYTES};
use crate::ssh::algorithm::Cipher;
use crate::ssh::cipher::{IV_BYTES, PacketKey, key_bytes};
use crate::ssh::error::Error;
use crate::ssh::wire::Write;
use zeroize::{Zeroize, Zeroizing};

/// The hash that is signed by the host; the first one of a connection is its session identifier.
pub type ExchangeHash = [u8; SHA256_BYTES];

/// Everything both sides have said, in the order in which it is hashed.
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
    pub fn hash(&self, secret: &SharedSecret) -> ExchangeHash {
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
        hash::sha256(&[&said, &secret.0])
    }
}

/// Source of the keys of one exchange.
pub struct KeySource<'a> {
    pub secret: &'a SharedSecret,
    pub hash: &'a ExchangeHash,
    pub session_id: &'a ExchangeHash,
}

/// Who sends under a key; the letters of RFC 4253 §7.2 for nonce and key.
#[derive(Debug, Clone, Copy)]
pub enum Sender {
    Client,
    Server,
}

impl KeySource<'_> {
    /// # Errors
    /// The library refuses the key.
    pub fn packet_key(&self, sender: Sender, cipher: Cipher) -> Result<PacketKey, Error> {
        let (iv, key) = match sender {
            Sender::Client => (b'A', b'C'),
            Sender::Server => (b'B', b'D'),
        };
        let iv = self.bytes(iv, IV_BYTES);
        let key = self.bytes(key, key_bytes(cipher));
        PacketKey::new(cipher, &key, &iv)
    }

    fn bytes(&self, letter: u8, count: usize) -> Zeroizing<Vec<u8>> {
        // With room for all of it: growing would leave copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(count + SHA256_BYTES));
        let mut block = hash::sha256(&[&self.secret.0, self.hash, &[letter], self.session_id]);
        out.extend_from_slice(&block);
        while out.len() < count {
            block = hash::sha256(&[&self.secret.0, self.hash, &out]);
            out.extend_from_slice(&block);
        }
        block.zeroize();
        out.truncate(count);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow_as_in_rfc_4253() {
        let secret = SharedSecret::from_point(&[7; 32]);
        let source = KeySource { secret: &secret, hash: &[1; 32], session_id: &[2; 32] };
        let first = hash::sha256(&[&secret.0, &[1; 32], b"C", &[2; 32]]);
        let second = hash::sha256(&[&secret.0, &[1; 32], &first]);
        assert_eq!(source.bytes(b'C', 64)[..32], first);
        assert_eq!(source.bytes(b'C', 64)[32..], second);
        assert_eq!(source.bytes(b'C', 12)[..], first[..12]);
    }
}
