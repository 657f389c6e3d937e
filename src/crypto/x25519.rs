//! X25519 (RFC 7748).

use super::Rejected;
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use zeroize::Zeroizing;

pub const BYTES: usize = 32;

/// A secret for one key exchange. The library wipes it when dropped.
pub struct Secret(PrivateKey);

impl Secret {
    /// # Errors
    /// The library could not make a key.
    pub fn generate() -> Result<Self, Rejected> {
        PrivateKey::generate(&X25519).map(Self).map_err(|_| Rejected)
    }

    /// # Errors
    /// The library could not encode the key.
    pub fn public(&self) -> Result<[u8; BYTES], Rejected> {
        let point = self.0.compute_public_key().map_err(|_| Rejected)?;
        point.as_ref().try_into().map_err(|_| Rejected)
    }

    /// The shared secret.
    ///
    /// # Errors
    /// It is all zero: the peer sent a point of small order, and everybody would know the secret (RFC 8731 §3).
    pub fn agree(&self, peer: [u8; BYTES]) -> Result<Zeroizing<[u8; BYTES]>, Rejected> {
        // The library refuses zero (RFC 7748 §6.1).
        agree(&self.0, UnparsedPublicKey::new(&X25519, peer), Rejected, |shared| {
            shared.try_into().map(Zeroizing::new).map_err(|_| Rejected)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffie_hellman_as_in_rfc_7748() {
        // §6.1, Alice's secret and Bob's public key.
        let alice = [
            0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
            0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
        ];
        let alice = Secret(PrivateKey::from_private_key(&X25519, &alice).unwrap());
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
        let secret = Secret::generate().unwrap();
        for point in SMALL_ORDER {
            let mut bytes = [0; BYTES];
            for (byte, digits) in bytes.iter_mut().zip(point.as_bytes().chunks(2)) {
                *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
            }
            assert!(secret.agree(bytes).is_err(), "{point}");
        }
    }

    /// As listed at <https://cr.yp.to/ecdh.html>, those included that stand for the same numbers once they are reduced.
    const SMALL_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
}
