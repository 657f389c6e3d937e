//! X25519 (RFC 7748).

use super::{Rejected, random};
use thrussh_libsodium::scalarmult::{GroupElement, Scalar, scalarmult, scalarmult_base};
use zeroize::{Zeroize, Zeroizing};

pub const BYTES: usize = 32;

/// A secret for one key exchange, wiped when dropped.
pub struct Secret(Scalar);

impl Secret {
    pub fn generate() -> Self {
        Self(Scalar(random::array()))
    }

    pub fn public(&self) -> [u8; BYTES] {
        scalarmult_base(&self.0).0
    }

    /// The shared secret.
    ///
    /// # Errors
    /// It is all zero: the peer sent a point of small order, and everybody would know the secret (RFC 8731 §3).
    pub fn agree(&self, peer: [u8; BYTES]) -> Result<Zeroizing<[u8; BYTES]>, Rejected> {
        let shared = Zeroizing::new(scalarmult(&self.0, &GroupElement(peer)).0);
        // Every byte is looked at whatever it holds.
        if shared.iter().fold(0, |all, byte| all | byte) == 0 { Err(Rejected) } else { Ok(shared) }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffie_hellman_as_in_rfc_7748() {
        // §6.1, Alice's secret and Bob's public key.
        let alice = Secret(Scalar([
            0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
            0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
        ]));
        let bob = [
            0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61, 0xc2, 0xec, 0xe4, 0x35, 0x37,
            0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f,
        ];
        let shared = [
            0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b, 0xf4, 0x80, 0x35, 0x0f, 0x25,
            0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1, 0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42,
        ];
        assert_eq!(alice.agree(bob).map(|s| *s), Ok(shared));
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let secret = Secret::generate();
        assert!(secret.agree([0; BYTES]).is_err());
        let mut one = [0; BYTES];
        one[0] = 1;
        assert!(secret.agree(one).is_err());
    }
}
