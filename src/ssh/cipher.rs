//! Packet protection: one key of one direction, whatever its algorithms. Works in place on one packet; must not know
//! what is inside.

mod chachapoly;
mod ctr;
mod gcm;

use super::algorithm::{Cipher, Mac};
use super::error::Error;
use crate::base::limits::{SSH_REKEY_BYTES_AES, SSH_REKEY_BYTES_CHACHA};
use crate::crypto::{self, aead, chacha};
use chachapoly::ChaChaPoly;
use ctr::CtrHmac;
use gcm::Gcm;

/// Bytes of the packet length in front of every packet.
pub const LENGTH_BYTES: usize = 4;

/// The algorithms of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    pub cipher: Cipher,
    /// `None` where the cipher authenticates too.
    pub mac: Option<Mac>,
}

impl Protection {
    /// Every cipher, those that do not authenticate with every MAC.
    #[cfg(any(test, feature = "testing"))]
    pub fn all() -> Vec<Self> {
        let macs = |cipher: Cipher| match cipher.needs_mac() {
            true => Mac::ALL.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        let ciphers = Cipher::ALL.iter().copied();
        ciphers.flat_map(|cipher| macs(cipher).into_iter().map(move |mac| Self { cipher, mac })).collect()
    }

    /// Bytes of the encryption key.
    pub const fn key_bytes(self) -> usize {
        match self.cipher {
            Cipher::Aes128Gcm | Cipher::Aes128Ctr => 16,
            Cipher::Aes192Ctr => 24,
            Cipher::Aes256Gcm | Cipher::Aes256Ctr => 32,
            Cipher::ChaCha20Poly1305 => 2 * chacha::KEY_BYTES,
            Cipher::None => 0,
        }
    }

    /// Bytes of the initial vector.
    pub const fn iv_bytes(self) -> usize {
        match self.cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => aead::NONCE_BYTES,
            Cipher::ChaCha20Poly1305 | Cipher::None => 0,
            Cipher::Aes128Ctr | Cipher::Aes192Ctr | Cipher::Aes256Ctr => crypto::ctr::BLOCK_BYTES,
        }
    }

    /// Bytes of the integrity key.
    pub const fn mac_key_bytes(self) -> usize {
        match self.mac {
            Some(mac) => mac.hash().bytes(),
            None => 0,
        }
    }
}

/// One direction's key, its state and its algorithms.
#[derive(Default)]
pub enum PacketKey {
    /// Before the first key exchange is done, and where nothing is protected.
    #[default]
    None,
    Gcm(Gcm),
    ChaCha(ChaChaPoly),
    Ctr(Box<CtrHmac>),
}

impl PacketKey {
    /// # Errors
    /// A key is not as long as [`Protection`] asks for, or a MAC is missing.
    pub fn new(protection: Protection, key: &[u8], iv: &[u8], mac_key: &[u8]) -> Result<Self, Error> {
        match protection.cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => Gcm::new(key, iv).map(Self::Gcm),
            Cipher::ChaCha20Poly1305 => ChaChaPoly::new(key).map(Self::ChaCha),
            Cipher::None => Ok(Self::None),
            Cipher::Aes128Ctr | Cipher::Aes192Ctr | Cipher::Aes256Ctr => {
                let mac = protection.mac.ok_or(Error::Crypto)?;
                CtrHmac::new(key, iv, mac, mac_key).map(Box::new).map(Self::Ctr)
            }
        }
    }

    /// What padding rounds up to.
    pub fn block_bytes(&self) -> usize {
        match self {
            Self::Gcm(_) | Self::Ctr(_) => 16,
            Self::None | Self::ChaCha(_) => 8,
        }
    }

    /// Bytes of the tag behind every packet.
    pub fn tag_bytes(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Gcm(_) => aead::TAG_BYTES,
            Self::ChaCha(_) => chacha::TAG_BYTES,
            Self::Ctr(ctr) => ctr.mac().hash().bytes(),
        }
    }

    /// Whether the padding covers the length field too (RFC 4253 §6): not where that is encrypted apart or not at all.
    pub fn pads_length(&self) -> bool {
        match self {
            Self::None => true,
            Self::Gcm(_) | Self::ChaCha(_) => false,
            Self::Ctr(ctr) => !ctr.mac().is_etm(),
        }
    }

    /// Traffic after which the key should be renewed.
    pub fn rekey_bytes(&self) -> u64 {
        match self {
            Self::None | Self::Gcm(_) | Self::Ctr(_) => SSH_REKEY_BYTES_AES,
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
            Self::Ctr(ctr) => {
                let tag = ctr.seal(sequence, packet);
                out.extend_from_slice(tag.bytes());
            }
        }
    }

    /// The packet length at the front of `input`; `None` while too little of the packet is there.
    pub fn length(&mut self, sequence: u32, input: &[u8]) -> Option<u32> {
        match self {
            Self::None | Self::Gcm(_) => input.first_chunk().copied().map(u32::from_be_bytes),
            Self::ChaCha(chacha) => input.first_chunk().map(|header| chacha.length(sequence, *header)),
            Self::Ctr(ctr) => ctr.length(input),
        }
    }

    /// Checks and decrypts `packet`: length field, content, tag. [`Self::length`] comes before it.
    ///
    /// # Errors
    /// The tag is wrong.
    pub fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Gcm(gcm) => gcm.open(packet),
            Self::ChaCha(chacha) => chacha.open(sequence, packet),
            Self::Ctr(ctr) => ctr.open(sequence, packet),
        }
    }
}
