//! SHA-2 for key exchange and fingerprints, HMAC-SHA-1 for hashed known_hosts.

use aws_lc_rs::{constant_time, digest, hmac};
use std::ops::Deref;
use zeroize::Zeroize;

pub const SHA256_BYTES: usize = 32;
pub const SHA1_BYTES: usize = 20;

/// A hash of the SHA-2 family (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sha2 {
    Sha256,
    Sha384,
    Sha512,
}

impl Sha2 {
    /// The digest of the parts, one after another.
    pub fn digest(self, parts: &[&[u8]]) -> Digest {
        let digest = digest_of(self.algorithm(), parts);
        let mut out = Digest { bytes: [0; digest::MAX_OUTPUT_LEN], len: digest.as_ref().len() };
        out.bytes[..out.len].copy_from_slice(digest.as_ref());
        out
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// What comes out of a [`Sha2`]: 32, 48 or 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; digest::MAX_OUTPUT_LEN],
    len: usize,
}

impl Deref for Digest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Zeroize for Digest {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
    }
}

/// SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; SHA256_BYTES] {
    let mut out = [0; SHA256_BYTES];
    out.copy_from_slice(digest_of(&digest::SHA256, parts).as_ref());
    out
}

/// SHA-256 of what comes piece by piece.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    #[allow(clippy::new_without_default, reason = "there is one way to begin, and it is spelled out")]
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub fn finish(self) -> [u8; SHA256_BYTES] {
        let mut out = [0; SHA256_BYTES];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

/// Whether two digests are the same, told after the same time whatever they are.
pub fn is_same(one: &[u8; SHA256_BYTES], other: &[u8; SHA256_BYTES]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn digest_of(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> digest::Digest {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

/// SHA-1 of the parts, one after another: only for the `%C` of `ssh_config`, where OpenSSH fixes it.
pub fn sha1(parts: &[&[u8]]) -> [u8; SHA1_BYTES] {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; SHA1_BYTES];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// HMAC-SHA-1: only for the names in a hashed known_hosts file, where the format fixes it.
pub fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; SHA1_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut out = [0; SHA1_BYTES];
    out.copy_from_slice(hmac::sign(&key, data).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn digests_of_parts_are_those_of_their_concatenation() {
        // FIPS 180-4 example "abc".
        let parts: [&[u8]; 3] = [b"a", b"", b"bc"];
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&super::sha256(&parts)), sha256);
        assert_eq!(hex(&Sha2::Sha256.digest(&parts)), sha256);
        assert!(hex(&Sha2::Sha384.digest(&parts)).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
        assert_eq!(Sha2::Sha384.digest(&parts).len(), 48);
        assert!(hex(&Sha2::Sha512.digest(&parts)).starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(Sha2::Sha512.digest(&parts).len(), 64);
    }

    #[test]
    fn digests_differ_in_any_bit() {
        let digest = super::sha256(&[b"abc"]);
        assert!(is_same(&digest, &digest.clone()));
        for bit in 0..8 * SHA256_BYTES {
            let mut other = digest;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_same(&digest, &other));
        }
    }

    #[test]
    fn hmac_sha1_as_in_rfc_2202() {
        let mac = hmac_sha1(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
