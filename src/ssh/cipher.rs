//! Packet protection: AES-GCM (RFC 5647 as OpenSSH reads it) and chacha20-poly1305@openssh.com
//! (PROTOCOL.chacha20poly1305). Works in place on one packet; must not know what is inside.

use super::algorithm::Cipher;
use super::error::Error;
use crate::base::limits::{SSH_REKEY_BYTES_AES, SSH_REKEY_BYTES_CHACHA};
use crate::crypto::aead::{self, AesGcm};
use crate::crypto::chacha::{self, ChaCha20, Poly1305};
use zeroize::Zeroizing;

/// Bytes of the packet length in front of every packet.
pub const LENGTH_BYTES: usize = 4;

/// One direction's key, nonce and algorithm.
pub enum PacketKey {
    /// Before the first key exchange is done.
    None,
    Gcm(Gcm),
    ChaCha(ChaChaPoly),
}

impl PacketKey {
    /// # Errors
    /// `key` or `iv` are shorter than [`key_bytes`] and [`IV_BYTES`].
    pub fn new(cipher: Cipher, key: &[u8], iv: &[u8]) -> Result<Self, Error> {
        let key = key.get(..key_bytes(cipher)).ok_or(Error::Crypto)?;
        match cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => Gcm::new(key, iv).map(Self::Gcm),
            Cipher::ChaCha20Poly1305 => ChaChaPoly::new(key).map(Self::ChaCha),
        }
    }

    /// What padding rounds up to.
    pub fn block_bytes(&self) -> usize {
        match self {
            Self::Gcm(_) => 16,
            Self::None | Self::ChaCha(_) => 8,
        }
    }

    /// Bytes of the tag behind every packet.
    pub fn tag_bytes(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Gcm(_) => aead::TAG_BYTES,
            Self::ChaCha(_) => chacha::TAG_BYTES,
        }
    }

    /// Whether the padding covers the length field too (RFC 4253 §6); with these ciphers it does not.
    pub fn pads_length(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Traffic after which the key should be renewed.
    pub fn rekey_bytes(&self) -> u64 {
        match self {
            Self::None | Self::Gcm(_) => SSH_REKEY_BYTES_AES,
            Self::ChaCha(_) => SSH_REKEY_BYTES_CHACHA,
        }
    }

    /// Encrypts the packet that starts at `start` and ends with `out`, and appends its tag.
    pub fn seal(&mut self, sequence: u32, out: &mut Vec<u8>, start: usize) {
        let Some(packet) = out.get_mut(start..) else { return };
        match self {
            Self::None => {}
            Self::Gcm(gcm) => {
                let tag = gcm.seal(packet);
                out.extend_from_slice(&tag);
            }
            Self::ChaCha(chacha) => {
                let tag = chacha.seal(sequence, packet);
                out.extend_from_slice(&tag);
            }
        }
    }

    /// The packet length behind the first four bytes of a packet.
    pub fn length(&self, sequence: u32, header: [u8; LENGTH_BYTES]) -> u32 {
        match self {
            Self::None | Self::Gcm(_) => u32::from_be_bytes(header),
            Self::ChaCha(chacha) => chacha.length(sequence, header),
        }
    }

    /// Checks and decrypts `packet`: length field, content, tag.
    ///
    /// # Errors
    /// The tag is wrong.
    pub fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Gcm(gcm) => gcm.open(packet),
            Self::ChaCha(chacha) => chacha.open(sequence, packet),
        }
    }
}

/// Bytes of key material per direction.
pub const fn key_bytes(cipher: Cipher) -> usize {
    match cipher {
        Cipher::Aes128Gcm => 16,
        Cipher::Aes256Gcm => 32,
        Cipher::ChaCha20Poly1305 => 2 * chacha::KEY_BYTES,
    }
}

/// Bytes of the initial nonce per direction.
pub const IV_BYTES: usize = aead::NONCE_BYTES;

/// The length is authenticated but not encrypted; the nonce counts packets by itself (RFC 5647 §7.1).
pub struct Gcm {
    key: AesGcm,
    fixed: [u8; 4],
    invocation: u64,
}

impl Gcm {
    fn new(key: &[u8], iv: &[u8]) -> Result<Self, Error> {
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

    fn seal(&mut self, packet: &mut [u8]) -> [u8; aead::TAG_BYTES] {
        let nonce = self.next_nonce();
        let (length, text) = packet.split_at_mut(LENGTH_BYTES);
        self.key.seal(nonce, length, text)
    }

    fn open(&mut self, packet: &mut [u8]) -> Result<(), Error> {
        let nonce = self.next_nonce();
        let (length, rest) = packet.split_at_mut_checked(LENGTH_BYTES).ok_or(Error::PacketIntegrity)?;
        let text_bytes = rest.len().checked_sub(aead::TAG_BYTES).ok_or(Error::PacketIntegrity)?;
        let (text, tag) = rest.split_at_mut(text_bytes);
        self.key.open(nonce, length, text, tag).map_err(|_| Error::PacketIntegrity)
    }
}

/// The length is encrypted with a key of its own, so that it can be read before the rest has come; the nonce is the
/// packet's sequence number.
pub struct ChaChaPoly {
    content: ChaCha20,
    length: ChaCha20,
}

impl ChaChaPoly {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let (content, rest) = key.split_first_chunk::<{ chacha::KEY_BYTES }>().ok_or(Error::Crypto)?;
        let length = rest.first_chunk::<{ chacha::KEY_BYTES }>().ok_or(Error::Crypto)?;
        Ok(Self { content: ChaCha20::new(*content), length: ChaCha20::new(*length) })
    }

    fn length(&self, sequence: u32, mut header: [u8; LENGTH_BYTES]) -> u32 {
        self.length.apply(nonce(sequence), 0, &mut header);
        u32::from_be_bytes(header)
    }

    /// Block 0 of the content's key stream is the key of the tag.
    fn tag_key(&self, sequence: u32) -> Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        self.content.apply(nonce(sequence), 0, &mut *key);
        Poly1305::new(*key)
    }

    fn seal(&self, sequence: u32, packet: &mut [u8]) -> [u8; chacha::TAG_BYTES] {
        let (length, text) = packet.split_at_mut(LENGTH_BYTES);
        self.length.apply(nonce(sequence), 0, length);
        self.content.apply(nonce(sequence), 1, text);
        self.tag_key(sequence).tag(packet)
    }

    fn open(&self, sequence: u32, packet: &mut [u8]) -> Result<(), Error> {
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
