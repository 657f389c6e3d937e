//! Diffie-Hellman over the curves of FIPS 186 (SEC 1 §3.3.1).

use super::{Curve, Rejected};
use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral,
};
use aws_lc_rs::rand::SystemRandom;
use zeroize::Zeroizing;

/// First byte of a point that is not compressed (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A secret for one key exchange. The library wipes it when dropped.
pub struct Secret {
    curve: Curve,
    key: EphemeralPrivateKey,
}

impl Secret {
    /// # Errors
    /// The library could not make a key.
    pub fn generate(curve: Curve) -> Result<Self, Rejected> {
        let key =
            EphemeralPrivateKey::generate(algorithm(curve), &SystemRandom::new()).map_err(|_| Rejected)?;
        Ok(Self { curve, key })
    }

    /// The point, not compressed.
    ///
    /// # Errors
    /// The library could not encode the key.
    pub fn public(&self) -> Result<Vec<u8>, Rejected> {
        self.key.compute_public_key().map(|point| point.as_ref().to_vec()).map_err(|_| Rejected)
    }

    /// The shared secret: the x coordinate, [`Curve::scalar_bytes`] long.
    ///
    /// # Errors
    /// `peer` is not a point of the curve, or is compressed.
    pub fn agree(self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        // The library would take other encodings of keys too.
        if peer.len() != 1 + 2 * self.curve.scalar_bytes() || peer.first() != Some(&UNCOMPRESSED) {
            return Err(Rejected);
        }
        let peer = UnparsedPublicKey::new(algorithm(self.curve), peer);
        agree_ephemeral(self.key, peer, Rejected, |shared| Ok(Zeroizing::new(shared.to_vec())))
    }
}

fn algorithm(curve: Curve) -> &'static Algorithm {
    match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    #[test]
    fn both_sides_agree() {
        for curve in CURVES {
            let (ours, theirs) = (Secret::generate(curve).unwrap(), Secret::generate(curve).unwrap());
            let (our_point, their_point) = (ours.public().unwrap(), theirs.public().unwrap());
            let shared = ours.agree(&their_point).unwrap();
            assert_eq!(shared.len(), curve.scalar_bytes());
            assert_eq!(shared, theirs.agree(&our_point).unwrap());
        }
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        for curve in CURVES {
            let secret = || Secret::generate(curve).unwrap();
            let mut off = secret().public().unwrap();
            *off.last_mut().unwrap() ^= 1;
            assert!(secret().agree(&off).is_err());
            let mut origin = vec![0; off.len()];
            assert!(secret().agree(&origin).is_err());
            origin[0] = UNCOMPRESSED;
            assert!(secret().agree(&origin).is_err());
            // The point at infinity, a compressed point, nothing.
            let compressed = [&[2 + (off.last().unwrap() & 1)], &off[1..=curve.scalar_bytes()]].concat();
            for point in [&[0][..], &compressed, &[]] {
                assert!(secret().agree(point).is_err());
            }
        }
    }
}
