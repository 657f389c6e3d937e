//! aes128-gcm@openssh.com and aes256-gcm@openssh.com: RFC 5647 as OpenSSH reads it (PROTOCOL §1.6).

use super::LENGTH_BYTES;
use crate::crypto::aead::{self, AesGcm};
use crate::ssh::error::Error;

/// The length is authenticated but not encrypted; the nonce counts packets by itself (RFC 5647 §7.1).
pub struct Gcm {
    key: AesGcm,
    fixed: [u8; 4],
    invocation: u64,
}

impl Gcm {
    pub fn new(key: &[u8], iv: &[u8]) -> Result<Self, Error> {
        let (fixed, rest) = iv.split_first_chunk::<4>().ok_or(Error::Crypto)?;
        let invocation = rest.first_chunk::<8>().ok_or(Error::Crypto)?;
        let key = AesGcm::new(key).map_err(|_| Error::Crypto)?;
        Ok(Self { key, fixed: *fixed, invocation: u64::from_be_bytes(*invocation) })
    }

    fn next_nonce(&mut self) -> [u8; aead::NONCE_BYTES] {
        let mut nonce = [0; aead::NONCE_BYTES];
        let (fixed, counter) = nonce.split_at_mut(self.fixed.len());
        fixed.copy_from_slice(&self.fixed);
        counter.copy_from_slice(&self.invocation.to_be_bytes());
        self.invocation = self.invocation.wrapping_add(1);
        nonce
    }

    pub fn seal(&mut self, packet: &mut [u8]) -> [u8; aead::TAG_BYTES] {
        let nonce = self.next_nonce();
        let (length, text) = packet.split_at_mut(LENGTH_BYTES);
        self.key.seal(nonce, length, text)
    }

    pub fn open(&mut self, packet: &mut [u8]) -> Result<(), Error> {
        let nonce = self.next_nonce();
        let (length, rest) = packet.split_at_mut_checked(LENGTH_BYTES).ok_or(Error::PacketIntegrity)?;
        let text_bytes = rest.len().checked_sub(aead::TAG_BYTES).ok_or(Error::PacketIntegrity)?;
        let (text, tag) = rest.split_at_mut(text_bytes);
        self.key.open(nonce, length, text, tag).map_err(|_| Error::PacketIntegrity)
    }
}
