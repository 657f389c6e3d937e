//! Algorithms, each behind the narrowest function that does the job. Knows nothing of SSH.
//!
//! ChaCha20 and Poly1305 come from libsodium; AES in counter mode and arithmetic modulo large primes, which aws-lc-rs
//! does not offer in a usable form, from RustCrypto; everything else from aws-lc.

pub mod aead;
pub mod chacha;
pub mod ctr;
pub mod dh;
pub mod ecdh;
pub mod hash;
pub mod kem;
pub mod mac;
pub mod random;
pub mod sign;
pub mod tls;
pub mod verify;
pub mod x25519;

/// A key, signature or ciphertext is not acceptable. Deliberately without a reason: telling one helps an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cryptographic check failed")]
pub struct Rejected;

/// Whether this processor has instructions for AES and for the multiplication that GCM needs.
pub fn has_fast_aes() -> bool {
    #[cfg(target_arch = "x86_64")]
    let has = std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    let has =
        std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let has = false;
    has
}

/// The curves of FIPS 186 that SSH names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// Bytes of a field element, and of each half of a fixed-size signature.
    pub const fn scalar_bytes(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }
}

/// The hash under an RSA PKCS #1 v1.5 signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaHash {
    Sha256,
    Sha512,
}
