//! Signature blobs (RFC 4253 §6.6) and the keys they are checked with. Must not know whose keys they are.

use super::algorithm::{Scheme, SignatureAlgorithm, curve_name};
use super::error::Error;
use super::wire::Reader;
use crate::base::limits::{SSH_KEY_BYTES_MAX, SSH_RSA_BITS_MIN};
use crate::crypto::sign::ED25519_PUBLIC_BYTES;
use crate::crypto::{Curve, RsaHash, verify};

const KEY: &str = "public key";
const SIGNATURE: &str = "signature";

/// What is wrong with a key or with a signature of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The key is of another type than the algorithm.
    Type,
    Malformed,
    /// RSA with fewer bits than we trust.
    Weak {
        bits: usize,
    },
    /// The signature is not made by this key, over this message, with this algorithm.
    Signature,
}

/// Checks `signature` (a signature blob) of the key in `blob` over `message`.
///
/// # Errors
/// The key has another type, is malformed or too weak, or the signature is not its own over this message.
pub fn check(
    algorithm: SignatureAlgorithm,
    blob: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Fault> {
    let mut key = Reader::new(blob);
    if key.string(SSH_KEY_BYTES_MAX, KEY).map_err(malformed)? != algorithm.key_type().as_bytes() {
        return Err(Fault::Type);
    }
    let (name, value) = split(signature).map_err(|_| Fault::Signature)?;
    // The signature has to be what was negotiated: an RSA key must not fall back to SHA-1 (RFC 8332 §3.2).
    if name != algorithm.name().as_bytes() {
        return Err(Fault::Signature);
    }
    match algorithm.scheme() {
        Scheme::Ed25519 => check_ed25519(key, message, value),
        Scheme::Ecdsa(curve) => check_ecdsa(curve, key, message, value),
        Scheme::Rsa(hash) => check_rsa(hash, key, message, value),
    }
}

/// The algorithm's name and the value in a signature blob.
pub fn split(signature: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let mut reader = Reader::new(signature);
    let name = reader.string(SSH_KEY_BYTES_MAX, SIGNATURE)?;
    let value = reader.string(SSH_KEY_BYTES_MAX, SIGNATURE)?;
    reader.end(SIGNATURE)?;
    Ok((name, value))
}

fn check_ed25519(mut key: Reader<'_>, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let public = key.string(ED25519_PUBLIC_BYTES, KEY).map_err(malformed)?;
    let public = public.try_into().map_err(|_| Fault::Malformed)?;
    key.end(KEY).map_err(malformed)?;
    verify::ed25519(public, message, signature).map_err(|_| Fault::Signature)
}

/// RFC 5656 §3.1: the key names its curve; the signature is two numbers.
fn check_ecdsa(curve: Curve, mut key: Reader<'_>, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let name = key.string(SSH_KEY_BYTES_MAX, KEY).map_err(malformed)?;
    let point = key.string(SSH_KEY_BYTES_MAX, KEY).map_err(malformed)?;
    key.end(KEY).map_err(malformed)?;
    if name != curve_name(curve).as_bytes() {
        return Err(Fault::Malformed);
    }
    let fixed = fixed_signature(curve, signature).ok_or(Fault::Signature)?;
    verify::ecdsa(curve, point, message, &fixed).map_err(|_| Fault::Signature)
}

/// Two `mpint`s as r and s of the curve's width.
fn fixed_signature(curve: Curve, signature: &[u8]) -> Option<Vec<u8>> {
    let width = curve.scalar_bytes();
    let mut reader = Reader::new(signature);
    let mut fixed = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = reader.unsigned(width, SIGNATURE).ok()?;
        fixed.resize(fixed.len() + width.checked_sub(number.len())?, 0);
        fixed.extend_from_slice(number);
    }
    reader.end(SIGNATURE).ok()?;
    Some(fixed)
}

fn check_rsa(hash: RsaHash, mut key: Reader<'_>, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let e = key.unsigned(SSH_KEY_BYTES_MAX, KEY).map_err(malformed)?;
    let n = key.unsigned(SSH_KEY_BYTES_MAX, KEY).map_err(malformed)?;
    key.end(KEY).map_err(malformed)?;
    let bits = bits(n);
    if bits < SSH_RSA_BITS_MIN {
        return Err(Fault::Weak { bits });
    }
    let signature = whole_signature(n, signature).ok_or(Fault::Signature)?;
    verify::rsa(hash, n, e, message, &signature).map_err(|_| Fault::Signature)
}

/// As long as the modulus (RFC 8017 §8.2.1). One in 256 signatures starts with a zero, which some servers leave out and
/// OpenSSH puts back.
fn whole_signature(n: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let mut whole = vec![0; n.len().checked_sub(signature.len())?];
    whole.extend_from_slice(signature);
    Some(whole)
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn malformed(_: Error) -> Fault {
    Fault::Malformed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::wire::Write;
    use proptest::prelude::*;

    fn rsa_blob(bits: usize) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(b"ssh-rsa");
        blob.put_unsigned(&[1, 0, 1]);
        blob.put_unsigned(&vec![0xff; bits / 8]);
        blob
    }

    fn signature(name: &str) -> Vec<u8> {
        let mut signature = Vec::new();
        signature.put_string(name.as_bytes());
        signature.put_string(&[1; 64]);
        signature
    }

    #[test]
    fn weak_rsa_is_refused_by_name() {
        let result = check(SignatureAlgorithm::RsaSha512, &rsa_blob(1024), b"m", &signature("rsa-sha2-512"));
        assert_eq!(result, Err(Fault::Weak { bits: 1024 }));
    }

    #[test]
    fn an_rsa_key_may_not_sign_with_sha_1() {
        let result = check(SignatureAlgorithm::RsaSha512, &rsa_blob(2048), b"m", &signature("ssh-rsa"));
        assert_eq!(result, Err(Fault::Signature));
    }

    #[test]
    fn another_type_than_negotiated_is_refused() {
        let result = check(SignatureAlgorithm::Ed25519, &rsa_blob(2048), b"m", &signature("ssh-ed25519"));
        assert_eq!(result, Err(Fault::Type));
    }

    proptest! {
        #[test]
        fn garbage_is_checked_without_panic(which in 0usize..6, tail: Vec<u8>, value: Vec<u8>) {
            let algorithm = SignatureAlgorithm::ALL[which];
            let mut blob = Vec::new();
            blob.put_string(algorithm.key_type().as_bytes());
            blob.extend_from_slice(&tail);
            let mut signature = Vec::new();
            signature.put_string(algorithm.name().as_bytes());
            signature.put_string(&value);
            prop_assert!(check(algorithm, &blob, b"m", &signature).is_err());
            prop_assert!(check(algorithm, &tail, b"m", &value).is_err());
        }
    }
}
