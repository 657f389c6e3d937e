//! ML-KEM-768 (FIPS 203).

use super::Rejected;
use aws_lc_rs::kem::{self, Ciphertext, ML_KEM_768};
use zeroize::Zeroizing;

pub const PUBLIC_BYTES: usize = 1184;
pub const CIPHERTEXT_BYTES: usize = 1088;
pub const SHARED_BYTES: usize = 32;

/// A secret for one key exchange. The library wipes it when dropped.
pub struct Secret(kem::DecapsulationKey);

impl Secret {
    /// # Errors
    /// The library could not make a key.
    pub fn generate() -> Result<Self, Rejected> {
        kem::DecapsulationKey::generate(&ML_KEM_768).map(Self).map_err(|_| Rejected)
    }

    /// # Errors
    /// The library could not encode the key.
    pub fn public(&self) -> Result<[u8; PUBLIC_BYTES], Rejected> {
        let key = self.0.encapsulation_key().map_err(|_| Rejected)?;
        let bytes = key.key_bytes().map_err(|_| Rejected)?;
        bytes.as_ref().try_into().map_err(|_| Rejected)
    }

    /// # Errors
    /// The ciphertext has the wrong length.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<Zeroizing<[u8; SHARED_BYTES]>, Rejected> {
        if ciphertext.len() != CIPHERTEXT_BYTES {
            return Err(Rejected);
        }
        let shared = self.0.decapsulate(Ciphertext::from(ciphertext)).map_err(|_| Rejected)?;
        shared.as_ref().try_into().map(Zeroizing::new).map_err(|_| Rejected)
    }
}

/// The other side: a shared secret and the ciphertext that carries it.
///
/// # Errors
/// `public` is not an encapsulation key (FIPS 203 §7.2).
pub fn encapsulate(public: &[u8]) -> Result<(Vec<u8>, Zeroizing<[u8; SHARED_BYTES]>), Rejected> {
    let key = kem::EncapsulationKey::new(&ML_KEM_768, public).map_err(|_| Rejected)?;
    let (ciphertext, shared) = key.encapsulate().map_err(|_| Rejected)?;
    let shared = shared.as_ref().try_into().map(Zeroizing::new).map_err(|_| Rejected)?;
    Ok((ciphertext.as_ref().to_vec(), shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree() {
        let secret = Secret::generate().unwrap();
        let (ciphertext, theirs) = encapsulate(&secret.public().unwrap()).unwrap();
        assert_eq!(ciphertext.len(), CIPHERTEXT_BYTES);
        assert_eq!(secret.decapsulate(&ciphertext).unwrap(), theirs);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert!(encapsulate(&[0; 5]).is_err());
        assert!(Secret::generate().unwrap().decapsulate(&[0; 5]).is_err());
    }
}
