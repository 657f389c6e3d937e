//! AES-GCM in place with nonces chosen by the caller.

use super::Rejected;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

pub const NONCE_BYTES: usize = 12;
pub const TAG_BYTES: usize = 16;

/// An AES-GCM key. The library wipes it when dropped.
#[derive(Debug)]
pub struct AesGcm(LessSafeKey);

impl AesGcm {
    /// AES-128 or AES-256 by the key's length.
    ///
    /// # Errors
    /// Any other length.
    pub fn new(key: &[u8]) -> Result<Self, Rejected> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Rejected),
        };
        Ok(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(|_| Rejected)?)))
    }

    /// Encrypts `text` in place. A nonce may never be used twice under one key.
    ///
    /// # Panics
    /// Above the cipher's 64 GiB per message.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES] {
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)
            .expect("a message is shorter than the cipher's bound");
        let mut out = [0; TAG_BYTES];
        out.copy_from_slice(tag.as_ref());
        out
    }

    /// Checks `tag` and decrypts `text` in place.
    ///
    /// # Errors
    /// The tag does not belong to this text, nonce and associated data; `text` is then worthless.
    pub fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Rejected> {
        self.0
            .open_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), tag, text)
            .map(|_| ())
            .map_err(|_| Rejected)
    }
}
