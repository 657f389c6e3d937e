//! Signing keys.

use super::{Curve, Rejected, RsaHash};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
};
use num_bigint_dig::BigUint;
use zeroize::{Zeroize, Zeroizing};

pub const ED25519_SEED_BYTES: usize = 32;
pub const ED25519_PUBLIC_BYTES: usize = 32;
pub const ED25519_SIGNATURE_BYTES: usize = 64;
/// The seed followed by the public key, as OpenSSH's files have it.
pub const ED25519_PAIR_BYTES: usize = ED25519_SEED_BYTES + ED25519_PUBLIC_BYTES;

/// An Ed25519 key. The library wipes it when dropped.
pub struct Ed25519(Ed25519KeyPair);

impl Ed25519 {
    /// # Errors
    /// The halves do not belong together: signatures would give the secret away.
    pub fn new(pair: &[u8; ED25519_PAIR_BYTES]) -> Result<Self, Rejected> {
        let (seed, public) = pair.split_at(ED25519_SEED_BYTES);
        Ed25519KeyPair::from_seed_and_public_key(seed, public).map(Self).map_err(|_| Rejected)
    }

    /// An unencrypted PKCS #8 document.
    ///
    /// # Errors
    /// It holds another kind of key, or halves that do not belong together.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Rejected> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self).map_err(|_| Rejected)
    }

    /// A new key and its public half.
    ///
    /// # Panics
    /// As [`random::fill`](super::random::fill): nothing from outside can cause it.
    pub fn generate() -> (Self, [u8; ED25519_PUBLIC_BYTES]) {
        let key = Self(Ed25519KeyPair::generate().expect("the system's random source works"));
        let public = key.public().try_into().expect("the size of every such key");
        (key, public)
    }

    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// As [`Self::new`] takes it.
    ///
    /// # Panics
    /// Never: a key that signs was made of a seed.
    pub fn pair(&self) -> Zeroizing<[u8; ED25519_PAIR_BYTES]> {
        let seed = self.0.seed().expect("it was made of one");
        let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().expect("it is bytes already");
        let mut pair = Zeroizing::new([0; ED25519_PAIR_BYTES]);
        let (first, second) = pair.split_at_mut(ED25519_SEED_BYTES);
        first.copy_from_slice(seed.as_ref());
        second.copy_from_slice(self.public());
        pair
    }

    /// # Panics
    /// Never: every such key signs whatever it is given.
    pub fn sign(&self, message: &[u8]) -> [u8; ED25519_SIGNATURE_BYTES] {
        self.0.sign(message).as_ref().try_into().expect("the size of every such signature")
    }
}

/// An ECDSA key. The library wipes it when dropped.
pub struct Ecdsa(EcdsaKeyPair);

impl Ecdsa {
    /// # Errors
    /// The halves do not belong together, or are not on the curve.
    pub fn new(curve: Curve, private: &[u8], point: &[u8]) -> Result<Self, Rejected> {
        EcdsaKeyPair::from_private_key_and_public_key(signing(curve), private, point)
            .map(Self)
            .map_err(|_| Rejected)
    }

    /// An unencrypted `ECPrivateKey` (RFC 5915) or PKCS #8 document.
    ///
    /// # Errors
    /// It holds another kind of key or a point of another curve, or halves that do not belong together.
    pub fn from_der(curve: Curve, der: &[u8]) -> Result<Self, Rejected> {
        EcdsaKeyPair::from_private_key_der(signing(curve), der).map(Self).map_err(|_| Rejected)
    }

    /// The public point, not compressed.
    pub fn point(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// r and s, each [`Curve::scalar_bytes`] long.
    ///
    /// # Errors
    /// The library could not sign.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Rejected> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| Rejected)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

/// The numbers of an RSA key as OpenSSH stores them: big-endian, without leading zeros.
#[derive(Clone, Copy)]
pub struct RsaNumbers<'a> {
    pub n: &'a [u8],
    pub e: &'a [u8],
    pub d: &'a [u8],
    pub p: &'a [u8],
    pub q: &'a [u8],
    /// The inverse of q modulo p.
    pub q_inverse: &'a [u8],
}

/// An RSA key. The library wipes it when dropped.
pub struct Rsa(KeyPair);

impl Rsa {
    /// # Errors
    /// Fewer than 2,048 or more than 8,192 bits, or numbers that do not belong together.
    pub fn new(key: RsaNumbers<'_>) -> Result<Self, Rejected> {
        // OpenSSH leaves out what it can compute: d modulo p - 1 and modulo q - 1.
        let (d_p, d_q) = (exponent(key.d, key.p)?, exponent(key.d, key.q)?);
        let public_key = PublicKeyComponents { n: key.n, e: key.e };
        let components = KeyPairComponents {
            public_key,
            d: key.d,
            p: key.p,
            q: key.q,
            dP: &d_p,
            dQ: &d_q,
            qInv: key.q_inverse,
        };
        KeyPair::from_components(&components).map(Self).map_err(|_| Rejected)
    }

    /// An unencrypted `RSAPrivateKey` (RFC 8017 §A.1.2).
    ///
    /// # Errors
    /// As [`Rsa::new`].
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, Rejected> {
        KeyPair::from_der(der).map(Self).map_err(|_| Rejected)
    }

    /// An unencrypted PKCS #8 document.
    ///
    /// # Errors
    /// As [`Rsa::new`], and where it holds another kind of key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Rejected> {
        KeyPair::from_pkcs8(der).map(Self).map_err(|_| Rejected)
    }

    /// n, big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        self.0.public_key().modulus().big_endian_without_leading_zero()
    }

    /// e, in the same form.
    pub fn exponent(&self) -> &[u8] {
        self.0.public_key().exponent().big_endian_without_leading_zero()
    }

    /// PKCS #1 v1.5.
    ///
    /// # Errors
    /// The library could not sign.
    pub fn sign(&self, hash: RsaHash, message: &[u8]) -> Result<Vec<u8>, Rejected> {
        let padding = match hash {
            RsaHash::Sha256 => &RSA_PKCS1_SHA256,
            RsaHash::Sha512 => &RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| Rejected)?;
        Ok(signature)
    }
}

/// d modulo prime - 1.
fn exponent(d: &[u8], prime: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
    let mut d = BigUint::from_bytes_be(d);
    let mut prime = BigUint::from_bytes_be(prime);
    let one = BigUint::from(1u32);
    if prime <= one {
        return Err(Rejected);
    }
    prime -= one;
    let mut remainder = &d % &prime;
    let bytes = Zeroizing::new(remainder.to_bytes_be());
    d.zeroize();
    prime.zeroize();
    remainder.zeroize();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::verify;
    use super::*;

    #[test]
    fn what_is_signed_is_verified() {
        let (key, public) = Ed25519::generate();
        let again = Ed25519::new(&key.pair()).unwrap();
        assert_eq!(again.public(), public);
        let signature = again.sign(b"message");
        assert_eq!(signature, key.sign(b"message"));
        assert!(verify::ed25519(public, b"message", &signature).is_ok());
        assert!(verify::ed25519(public, b"massage", &signature).is_err());
        assert!(verify::ed25519(public, b"message", &signature[1..]).is_err());
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        let (ours, _) = Ed25519::generate();
        let (_, theirs) = Ed25519::generate();
        let mut pair = ours.pair();
        pair[ED25519_SEED_BYTES..].copy_from_slice(&theirs);
        assert!(Ed25519::new(&pair).is_err());
    }
}
