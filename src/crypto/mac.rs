//! HMAC with SHA-2 (RFC 4231).

use super::Rejected;
use aws_lc_rs::{constant_time, hmac};

/// The hash under an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HmacHash {
    Sha256,
    Sha512,
}

impl HmacHash {
    /// Bytes of a tag, and of a key that loses nothing.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A key for many messages. The library wipes it when dropped.
pub struct Hmac(hmac::Key);

/// What an HMAC says of a message.
pub struct Tag(hmac::Tag);

impl Hmac {
    pub fn new(hash: HmacHash, key: &[u8]) -> Self {
        let algorithm = match hash {
            HmacHash::Sha256 => hmac::HMAC_SHA256,
            HmacHash::Sha512 => hmac::HMAC_SHA512,
        };
        Self(hmac::Key::new(algorithm, key))
    }

    /// The tag of the parts, one after another.
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        Tag(context.sign())
    }
}

impl Tag {
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// `other` is another tag.
    pub fn verify(&self, other: &[u8]) -> Result<(), Rejected> {
        constant_time::verify_slices_are_equal(self.bytes(), other).map_err(|_| Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn tags_as_in_rfc_4231() {
        // §4.3, test case 2.
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let tag = Hmac::new(HmacHash::Sha256, b"Jefe").tag(&parts);
        assert_eq!(hex(tag.bytes()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let tag = Hmac::new(HmacHash::Sha512, b"Jefe").tag(&parts);
        assert_eq!(
            hex(tag.bytes()),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
        // §4.7, test case 6: a key longer than the hash's block.
        let tag = Hmac::new(HmacHash::Sha256, &[0xaa; 131])
            .tag(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(hex(tag.bytes()), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn another_tag_is_refused() {
        for hash in [HmacHash::Sha256, HmacHash::Sha512] {
            let tag = Hmac::new(hash, b"key").tag(&[b"message"]);
            assert_eq!(tag.bytes().len(), hash.bytes());
            assert_eq!(tag.verify(tag.bytes()), Ok(()));
            assert_eq!(tag.verify(&tag.bytes()[1..]), Err(Rejected));
            let mut other = tag.bytes().to_vec();
            other[hash.bytes() - 1] ^= 1;
            assert_eq!(tag.verify(&other), Err(Rejected));
        }
    }
}
