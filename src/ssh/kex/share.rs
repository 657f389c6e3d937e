//! Our half of a key exchange: curve25519-sha256 (RFC 8731) and mlkem768x25519-sha256
//! (draft-ietf-sshm-mlkem-hybrid-kex).

use crate::crypto::{Rejected, hash, kem, x25519};
use crate::ssh::algorithm::KexAlgorithm;
use crate::ssh::error::Error;
use crate::ssh::wire::Write;
use zeroize::{Zeroize, Zeroizing};

/// A shared secret in the form in which the exchange hash and the derivation take it.
pub struct SharedSecret(pub Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// RFC 8731 §3.1: the bytes of the point, read as a number.
    pub fn from_point(point: &[u8; x25519::BYTES]) -> Self {
        let mut encoded = Zeroizing::new(Vec::with_capacity(5 + point.len()));
        encoded.put_unsigned(point);
        Self(encoded)
    }

    /// The hybrid's secret is a hash of both secrets, and a string rather than a number.
    pub fn from_hybrid(kem: &[u8; kem::SHARED_BYTES], point: &[u8; x25519::BYTES]) -> Self {
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
    Hybrid { kem: kem::Secret, curve: x25519::Secret },
}

impl Share {
    /// # Errors
    /// The library could not make a key.
    pub fn generate(algorithm: KexAlgorithm) -> Result<Self, Error> {
        let curve = x25519::Secret::generate();
        match algorithm {
            KexAlgorithm::Curve25519 | KexAlgorithm::Curve25519LibSsh => Ok(Self::Curve(curve)),
            KexAlgorithm::MlKem768X25519 => {
                let kem = kem::Secret::generate().map_err(|_| Error::Crypto)?;
                Ok(Self::Hybrid { kem, curve })
            }
        }
    }

    /// What the server is sent.
    ///
    /// # Errors
    /// The library could not encode the key.
    pub fn public(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Curve(curve) => Ok(curve.public().to_vec()),
            Self::Hybrid { kem, curve } => {
                let mut public = kem.public().map_err(|_| Error::Crypto)?.to_vec();
                public.extend_from_slice(&curve.public());
                Ok(public)
            }
        }
    }

    /// The secret shared with the sender of `value`.
    ///
    /// # Errors
    /// The value has the wrong length or leads to a secret that everybody knows.
    pub fn agree(self, value: &[u8]) -> Result<SharedSecret, Error> {
        self.try_agree(value).map_err(|Rejected| Error::KexValue)
    }

    fn try_agree(self, value: &[u8]) -> Result<SharedSecret, Rejected> {
        match self {
            Self::Curve(curve) => {
                let point = curve.agree(value.try_into().map_err(|_| Rejected)?)?;
                Ok(SharedSecret::from_point(&point))
            }
            Self::Hybrid { kem, curve } => {
                let (ciphertext, point) = value.split_at_checked(kem::CIPHERTEXT_BYTES).ok_or(Rejected)?;
                let point = curve.agree(point.try_into().map_err(|_| Rejected)?)?;
                Ok(SharedSecret::from_hybrid(&*kem.decapsulate(ciphertext)?, &point))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_size_or_of_small_order_are_refused() {
        for algorithm in KexAlgorithm::ALL {
            for size in [0, 31, 32, 33, 1088, 1120, 1121] {
                let share = Share::generate(*algorithm).unwrap();
                assert!(matches!(share.agree(&vec![0; size]), Err(Error::KexValue)), "{algorithm:?} {size}");
            }
        }
    }
}
