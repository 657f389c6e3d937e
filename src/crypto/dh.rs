//! Diffie-Hellman modulo the safe primes of RFC 3526, with 2 as generator.

use super::{Rejected, random};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd, U2048, U4096, U8192};
use zeroize::{Zeroize, Zeroizing};

/// A group, by its number of bits; RFC 3526 calls them 14, 16 and 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Bits2048,
    Bits4096,
    Bits8192,
}

impl Group {
    fn prime(self) -> Odd<BoxedUint> {
        match self {
            Self::Bits2048 => Odd::from(&PRIME_2048),
            Self::Bits4096 => Odd::from(&PRIME_4096),
            Self::Bits8192 => Odd::from(&PRIME_8192),
        }
    }
}

const GENERATOR: u8 = 2;

/// Twice the strength of the strongest cipher whose key may come out of it (RFC 4419 §6.2), and more than twice that
/// of the largest group (RFC 3526 §8).
const EXPONENT_BYTES: usize = 64;

/// A secret for one key exchange, wiped when dropped.
pub struct Secret {
    parameters: BoxedMontyParams,
    exponent: BoxedUint,
}

impl Secret {
    pub fn generate(group: Group) -> Self {
        let bytes = Zeroizing::new(random::array::<EXPONENT_BYTES>());
        let exponent = BoxedUint::from_be_slice_vartime(&*bytes);
        Self { parameters: BoxedMontyParams::new_vartime(group.prime()), exponent }
    }

    /// Big-endian, as long as the prime.
    pub fn public(&self) -> Zeroizing<Vec<u8>> {
        self.power(&[GENERATOR]).unwrap_or_default()
    }

    /// The shared secret, big-endian, as long as the prime. `peer` is big-endian without leading zeros.
    ///
    /// # Errors
    /// `peer` is not above 1 and below the prime less 1: with it everybody would know the secret (RFC 8268 §4).
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        self.power(peer).ok_or(Rejected)
    }

    /// In a time that tells nothing of the exponent. `None` for a base out of range.
    fn power(&self, base: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let prime = self.parameters.modulus();
        let base = BoxedUint::from_be_slice(base, prime.bits_precision()).ok()?;
        let one = BoxedUint::one_with_precision(prime.bits_precision());
        if base <= one || base >= prime.wrapping_sub(&one) {
            return None;
        }
        let mut power = BoxedMontyForm::new(base, &self.parameters).pow(&self.exponent);
        let mut number = power.retrieve();
        let bytes = Zeroizing::new(number.to_be_bytes().into_vec());
        power.zeroize();
        number.zeroize();
        Some(bytes)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.exponent.zeroize();
    }
}

const PRIME_2048: Odd<U2048> = Odd::<U2048>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
));
const PRIME_4096: Odd<U4096> = Odd::<U4096>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D7",
    "88719A10BDBA5B2699C327186AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6",
    "287C59474E6BC05D99B2964FA090C3A2233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA9",
    "93B4EA988D8FDDC186FFB7DC90A6C08F4DF435C934063199FFFFFFFFFFFFFFFF",
));
const PRIME_8192: Odd<U8192> = Odd::<U8192>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D7",
    "88719A10BDBA5B2699C327186AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6",
    "287C59474E6BC05D99B2964FA090C3A2233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA9",
    "93B4EA988D8FDDC186FFB7DC90A6C08F4DF435C93402849236C3FAB4D27C7026C1D4DCB2602646DEC9751E763DBA37BD",
    "F8FF9406AD9E530EE5DB382F413001AEB06A53ED9027D831179727B0865A8918DA3EDBEBCF9B14ED44CE6CBACED4BB1B",
    "DB7F1447E6CC254B332051512BD7AF426FB8F401378CD2BF5983CA01C64B92ECF032EA15D1721D03F482D7CE6E74FEF6",
    "D55E702F46980C82B5A84031900B1C9E59E7C97FBEC7E8F323A97A7E36CC88BE0F1D45B7FF585AC54BD407B22B4154AA",
    "CC8F6D7EBF48E1D814CC5ED20F8037E0A79715EEF29BE32806A1D58BB7C5DA76F550AA3D8A1FBFF0EB19CCB1A313D55C",
    "DA56C9EC2EF29632387FE8D76E3C0468043E8F663F4860EE12BF2D5B0B7474D6E694F91E6DBE115974A3926F12FEE5E4",
    "38777CB6A932DF8CD8BEC4D073B931BA3BC832B68D9DD300741FA7BF8AFC47ED2576F6936BA424663AAB639C5AE4F568",
    "3423B4742BF1C978238F16CBE39D652DE3FDB8BEFC848AD922222E04A4037C0713EB57A81A23F0C73473FC646CEA306B",
    "4BCBC8862F8385DDFA9D4B7FA2C087E879683303ED5BDD3A062B3CF5B3A278A66D2A13F83F44F82DDF310EE074AB6A36",
    "4597E899A0255DC164F31CC50846851DF9AB48195DED7EA1B1D510BD7EE74D73FAF36BC31ECFA268359046F4EB879F92",
    "4009438B481C6CD7889A002ED5EE382BC9190DA6FC026E479558E4475677E9AA9E3050E2765694DFC81F56E880B96E71",
    "60C980DD98EDD3DFFFFFFFFFFFFFFFFF",
));

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint_dig::BigUint;

    const GROUPS: [Group; 3] = [Group::Bits2048, Group::Bits4096, Group::Bits8192];

    fn prime(group: Group) -> Vec<u8> {
        group.prime().to_be_bytes().into_vec()
    }

    /// The first `bits` binary places of pi and what stands before them, by Machin's formula.
    fn pi(bits: usize) -> BigUint {
        const GUARD: usize = 64;
        let one = BigUint::from(1u32) << (bits + GUARD);
        let arctan_of_inverse = |x: u32| {
            let (mut sum, mut term, mut odd) = (&one / x, &one / x, 1u32);
            while term > BigUint::from(0u32) {
                term /= x * x;
                odd += 2;
                if odd % 4 == 3 { sum -= &term / odd } else { sum += &term / odd }
            }
            sum
        };
        ((arctan_of_inverse(5) * 4u32 - arctan_of_inverse(239)) * 4u32) >> GUARD
    }

    #[test]
    fn primes_are_those_of_rfc_3526() {
        let two = BigUint::from(2u32);
        for (group, bits, k) in [
            (Group::Bits2048, 2048, 124_476u32),
            (Group::Bits4096, 4096, 240_904),
            (Group::Bits8192, 8192, 4_743_158),
        ] {
            // §3, §5, §7: 2^bits - 2^(bits - 64) - 1 + 2^64 * ([2^(bits - 130) pi] + k)
            let middle = (pi(bits - 130) + k) << 64;
            let expected = (&two << (bits - 1)) - (&two << (bits - 65)) - 1u32 + middle;
            assert!(BigUint::from_bytes_be(&prime(group)) == expected, "{group:?}");
        }
    }

    #[test]
    fn both_sides_agree_with_another_implementation() {
        for group in GROUPS {
            let (ours, theirs) = (Secret::generate(group), Secret::generate(group));
            let shared = ours.agree(&theirs.public()).unwrap();
            assert_eq!(shared, theirs.agree(&ours.public()).unwrap());
            let exponent = BigUint::from_bytes_be(&ours.exponent.to_be_bytes());
            let (base, modulus) =
                (BigUint::from_bytes_be(&theirs.public()), BigUint::from_bytes_be(&prime(group)));
            assert!(base.modpow(&exponent, &modulus) == BigUint::from_bytes_be(&shared));
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for group in GROUPS {
            let secret = Secret::generate(group);
            let mut last = prime(group);
            assert!(secret.agree(&last).is_err());
            *last.last_mut().unwrap() -= 1;
            assert!(secret.agree(&last).is_err());
            *last.last_mut().unwrap() -= 1;
            assert!(secret.agree(&last).is_ok());
            let above = vec![0xff; last.len()];
            let longer = vec![1; last.len() + 1];
            for value in [&[][..], &[0], &[1], &above, &longer] {
                assert!(secret.agree(value).is_err());
            }
            assert!(secret.agree(&[2]).is_ok());
        }
    }
}
