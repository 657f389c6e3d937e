//! chacha20-poly1305@openssh.com (PROTOCOL.chacha20poly1305).

use super::LENGTH_BYTES;
use crate::crypto::chacha::{self, ChaCha20, Poly1305};
use crate::ssh::error::Error;
use zeroize::Zeroizing;

/// The length is encrypted with a key of its own, so that it can be read before the rest has come; the nonce is the
/// packet's sequence number.
pub struct ChaChaPoly {
    content: ChaCha20,
    length: ChaCha20,
}

impl ChaChaPoly {
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        let (content, rest) = key.split_first_chunk::<{ chacha::KEY_BYTES }>().ok_or(Error::Crypto)?;
        let length = rest.first_chunk::<{ chacha::KEY_BYTES }>().ok_or(Error::Crypto)?;
        Ok(Self { content: ChaCha20::new(*content), length: ChaCha20::new(*length) })
    }

    pub fn length(&self, sequence: u32, mut header: [u8; LENGTH_BYTES]) -> u32 {
        self.length.apply(nonce(sequence), 0, &mut header);
        u32::from_be_bytes(header)
    }

    /// Block 0 of the content's key stream is the key of the tag.
    fn tag_key(&self, sequence: u32) -> Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        self.content.apply(nonce(sequence), 0, &mut *key);
        Poly1305::new(*key)
    }

    pub fn seal(&self, sequence: u32, packet: &mut [u8]) -> [u8; chacha::TAG_BYTES] {
        let (length, text) = packet.split_at_mut(LENGTH_BYTES);
        self.length.apply(nonce(sequence), 0, length);
        self.content.apply(nonce(sequence), 1, text);
        self.tag_key(sequence).tag(packet)
    }

    pub fn open(&self, sequence: u32, packet: &mut [u8]) -> Result<(), Error> {
        let covered = packet.len().checked_sub(chacha::TAG_BYTES).ok_or(Error::PacketIntegrity)?;
        let (covered, tag) = packet.split_at_mut(covered);
        if !self.tag_key(sequence).is_valid(covered, tag) {
            return Err(Error::PacketIntegrity);
        }
        let text = covered.get_mut(LENGTH_BYTES..).ok_or(Error::PacketIntegrity)?;
        self.content.apply(nonce(sequence), 1, text);
        Ok(())
    }
}

fn nonce(sequence: u32) -> [u8; chacha::NONCE_BYTES] {
    u64::from(sequence).to_be_bytes()
}
