//! ChaCha20 with a 64-bit nonce, and Poly1305.

use thrussh_libsodium::{chacha20, poly1305};
use zeroize::Zeroize;

pub const KEY_BYTES: usize = chacha20::KEY_BYTES;
pub const NONCE_BYTES: usize = chacha20::NONCE_BYTES;
pub const TAG_BYTES: usize = poly1305::TAG_BYTES;

/// A ChaCha20 key, wiped when dropped.
pub struct ChaCha20(chacha20::Key);

impl ChaCha20 {
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(chacha20::Key(key))
    }

    /// Encrypts or decrypts in place, starting at the 64-byte block `counter` of the key stream.
    pub fn apply(&self, nonce: [u8; NONCE_BYTES], counter: u64, bytes: &mut [u8]) {
        chacha20::chacha20_xor_ic(bytes, &chacha20::Nonce(nonce), counter, &self.0);
    }
}

impl Drop for ChaCha20 {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

/// A Poly1305 key: for one message only.
pub struct Poly1305(poly1305::Key);

impl Poly1305 {
    pub fn new(key: [u8; poly1305::KEY_BYTES]) -> Self {
        Self(poly1305::Key(key))
    }

    pub fn tag(&self, message: &[u8]) -> [u8; TAG_BYTES] {
        poly1305::poly1305_auth(message, &self.0).0
    }

    /// Compares in constant time.
    pub fn is_valid(&self, message: &[u8], tag: &[u8]) -> bool {
        poly1305::poly1305_verify(tag, message, &self.0)
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chacha20_of_the_zero_key() {
        // draft-strombergson-chacha-test-vectors, TC1, 256-bit key, 20 rounds.
        let mut bytes = [0; 8];
        ChaCha20::new([0; KEY_BYTES]).apply([0; NONCE_BYTES], 0, &mut bytes);
        assert_eq!(bytes, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }

    #[test]
    fn poly1305_as_in_rfc_8439() {
        // §2.5.2
        let key = [
            0x85, 0xd6, 0xbe, 0x78, 0x57, 0x55, 0x6d, 0x33, 0x7f, 0x44, 0x52, 0xfe, 0x42, 0xd5, 0x06, 0xa8,
            0x01, 0x03, 0x80, 0x8a, 0xfb, 0x0d, 0xb2, 0xfd, 0x4a, 0xbf, 0xf6, 0xaf, 0x41, 0x49, 0xf5, 0x1b,
        ];
        let message = b"Cryptographic Forum Research Group";
        let tag =
            [0xa8, 0x06, 0x1d, 0xc1, 0x30, 0x51, 0x36, 0xc6, 0xc2, 0x2b, 0x8b, 0xaf, 0x0c, 0x01, 0x27, 0xa9];
        assert_eq!(Poly1305::new(key).tag(message), tag);
        assert!(Poly1305::new(key).is_valid(message, &tag));
        assert!(!Poly1305::new(key).is_valid(message, &tag[1..]));
    }
}
