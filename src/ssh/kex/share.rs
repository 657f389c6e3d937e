//! Our half of a key exchange: curve25519-sha256 (RFC 8731), mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex),
//! ecdh-sha2-* (RFC 5656), and the groups of RFC 8268.

use crate::crypto::{Rejected, dh, ecdh, hash, kem, x25519};
use crate::ssh::algorithm::{KexAlgorithm, KexMethod};
use crate::ssh::error::Error;
use crate::ssh::wire::{Write, magnitude};
use zeroize::{Zeroize, Zeroizing};

/// A shared secret in the form in which the exchange hash and the derivation take it.
pub struct SharedSecret(pub Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// Most methods: big-endian bytes, as a number. RFC 8731 §3.1 reads those of its point so, too.
    pub fn number(bytes: &[u8]) -> Self {
        let mut encoded = Zeroizing::new(Vec::with_capacity(5 + bytes.len()));
        encoded.put_unsigned(bytes);
        Self(encoded)
    }

    /// The hybrid's secret is a hash of both secrets, and a string rather than a number.
    pub fn hybrid(kem: &[u8; kem::SHARED_BYTES], point: &[u8; x25519::BYTES]) -> Self {
        let mut combined = hash::sha256(&[kem, point]);
        let mut encoded = Zeroizing::new(Vec::with_capacity(4 + combined.len()));
        encoded.put_string(&combined);
        combined.zeroize();
        Self(encoded)
    }
}

/// Secrets of one exchange, wiped when dropped.
pub enum Share {
    Curve(x25519::Secret),
    Hybrid { kem: Box<kem::Secret>, curve: x25519::Secret },
    Ecdh(ecdh::Secret),
    Group(dh::Secret),
}

impl Share {
    /// # Errors
    /// The library could not make a key.
    pub fn generate(algorithm: KexAlgorithm) -> Result<Self, Error> {
        Ok(match algorithm.method() {
            KexMethod::X25519 => Self::Curve(point_secret()?),
            KexMethod::Hybrid => {
                let kem = kem::Secret::generate().map_err(|_| Error::Crypto)?;
                Self::Hybrid { kem: Box::new(kem), curve: point_secret()? }
            }
            KexMethod::Ecdh(curve) => Self::Ecdh(ecdh::Secret::generate(curve).map_err(|_| Error::Crypto)?),
            KexMethod::Group(group) => Self::Group(dh::Secret::generate(group)),
        })
    }

    /// What the server is sent, to be written as a string: a number as the bytes of its `mpint`.
    ///
    /// # Errors
    /// The library could not encode the key.
    pub fn public(&self) -> Result<Vec<u8>, Error> {
        self.try_public().map_err(|Rejected| Error::Crypto)
    }

    fn try_public(&self) -> Result<Vec<u8>, Rejected> {
        Ok(match self {
            Self::Curve(curve) => curve.public()?.to_vec(),
            Self::Hybrid { kem, curve } => {
                let mut public = kem.public()?.to_vec();
                public.extend_from_slice(&curve.public()?);
                public
            }
            Self::Ecdh(secret) => secret.public()?,
            Self::Group(secret) => number_bytes(&secret.public()),
        })
    }

    /// The secret shared with the sender of `value`, which has the form of [`Share::public`].
    ///
    /// # Errors
    /// The value has the wrong length, is out of range, or leads to a secret that everybody knows.
    pub fn agree(self, value: &[u8]) -> Result<SharedSecret, Error> {
        self.try_agree(value).map_err(|Rejected| Error::KexValue)
    }

    fn try_agree(self, value: &[u8]) -> Result<SharedSecret, Rejected> {
        Ok(match self {
            Self::Curve(curve) => {
                let point = curve.agree(value.try_into().map_err(|_| Rejected)?)?;
                SharedSecret::number(&*point)
            }
            Self::Hybrid { kem, curve } => {
                let (ciphertext, point) = value.split_at_checked(kem::CIPHERTEXT_BYTES).ok_or(Rejected)?;
                let point = curve.agree(point.try_into().map_err(|_| Rejected)?)?;
                SharedSecret::hybrid(&*kem.decapsulate(ciphertext)?, &point)
            }
            Self::Ecdh(secret) => SharedSecret::number(&secret.agree(value)?),
            Self::Group(secret) => SharedSecret::number(&secret.agree(magnitude(value).ok_or(Rejected)?)?),
        })
    }
}

fn point_secret() -> Result<x25519::Secret, Error> {
    x25519::Secret::generate().map_err(|_| Error::Crypto)
}

/// The bytes of a number's `mpint` (RFC 4251 §5), without their length.
pub fn number_bytes(number: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(5 + number.len());
    encoded.put_unsigned(number);
    encoded.split_off(size_of::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_size_or_of_small_order_are_refused() {
        for algorithm in KexAlgorithm::ALL {
            for size in [0, 31, 32, 33, 65, 97, 133, 256, 1088, 1120, 1121, 1025, 5000] {
                let share = Share::generate(*algorithm).unwrap();
                assert!(matches!(share.agree(&vec![0; size]), Err(Error::KexValue)), "{algorithm:?} {size}");
            }
        }
    }

    #[test]
    fn numbers_that_are_negative_or_beyond_the_prime_are_refused() {
        for algorithm in
            [KexAlgorithm::Group14Sha256, KexAlgorithm::Group16Sha512, KexAlgorithm::Group18Sha512]
        {
            for value in [&[0xff; 256][..], &[0x80], &[0x7f; 1025], &[1], &[0, 1]] {
                let share = Share::generate(algorithm).unwrap();
                assert!(matches!(share.agree(value), Err(Error::KexValue)));
            }
        }
    }
}
