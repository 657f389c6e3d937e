//! AES in counter mode (RFC 4344) with an HMAC, in both orders: encrypt-then-MAC (OpenSSH PROTOCOL §1.5), where the
//! length is in clear, and encrypt-and-MAC (RFC 4253 §6.4), where it is not.

use super::LENGTH_BYTES;
use crate::crypto::ctr::{AesCtr, BLOCK_BYTES};
use crate::crypto::mac::{Hmac, Tag};
use crate::ssh::algorithm::Mac;
use crate::ssh::error::Error;

pub struct CtrHmac {
    stream: AesCtr,
    key: Hmac,
    mac: Mac,
    /// Encrypt-and-MAC: the first block of the packet that is arriving. It was decrypted for its length.
    head: Option<[u8; BLOCK_BYTES]>,
}

impl CtrHmac {
    pub fn new(key: &[u8], counter: &[u8], mac: Mac, mac_key: &[u8]) -> Result<Self, Error> {
        let stream = AesCtr::new(key, counter).map_err(|_| Error::Crypto)?;
        Ok(Self { stream, key: Hmac::new(mac.hash(), mac_key), mac, head: None })
    }

    pub fn mac(&self) -> Mac {
        self.mac
    }

    pub fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Tag {
        if self.mac.is_etm() {
            let (_length, text) = packet.split_at_mut(LENGTH_BYTES);
            self.stream.apply(text);
            self.tag(sequence, packet)
        } else {
            let tag = self.tag(sequence, packet);
            self.stream.apply(packet);
            tag
        }
    }

    /// The packet length at the front of `input`; `None` while too little of the packet is there.
    pub fn length(&mut self, input: &[u8]) -> Option<u32> {
        let header = if self.mac.is_etm() {
            *input.first_chunk::<LENGTH_BYTES>()?
        } else {
            *self.head(input)?.first_chunk::<LENGTH_BYTES>()?
        };
        Some(u32::from_be_bytes(header))
    }

    /// [`Self::length`] comes before it.
    pub fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), Error> {
        let covered = packet.len().checked_sub(self.mac.hash().bytes()).ok_or(Error::PacketIntegrity)?;
        let (covered, tag) = packet.split_at_mut(covered);
        if self.mac.is_etm() {
            // Nothing is decrypted that is not authentic.
            self.verify(sequence, covered, tag)?;
            self.stream.apply(covered.get_mut(LENGTH_BYTES..).ok_or(Error::PacketIntegrity)?);
            Ok(())
        } else {
            let head = self.head.take().ok_or(Error::PacketIntegrity)?;
            let (first, rest) = covered.split_first_chunk_mut().ok_or(Error::PacketIntegrity)?;
            *first = head;
            self.stream.apply(rest);
            self.verify(sequence, covered, tag)
        }
    }

    /// The first block, decrypted once: the stream does not go back.
    fn head(&mut self, input: &[u8]) -> Option<&[u8; BLOCK_BYTES]> {
        if self.head.is_none() {
            let mut head = *input.first_chunk::<BLOCK_BYTES>()?;
            self.stream.apply(&mut head);
            self.head = Some(head);
        }
        self.head.as_ref()
    }

    fn verify(&self, sequence: u32, covered: &[u8], tag: &[u8]) -> Result<(), Error> {
        self.tag(sequence, covered).verify(tag).map_err(|_| Error::PacketIntegrity)
    }

    fn tag(&self, sequence: u32, covered: &[u8]) -> Tag {
        self.key.tag(&[&sequence.to_be_bytes(), covered])
    }
}
