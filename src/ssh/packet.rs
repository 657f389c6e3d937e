//! The binary packet protocol (RFC 4253 §6): framing, padding, sequence numbers. Encrypts where the packet is
//! built and decrypts where it arrived; nothing is allocated per packet. Must not know what messages mean.

use super::cipher::{LENGTH_BYTES, PacketKey};
use super::error::Error;
use crate::base::limits::{SSH_PACKET_BYTES_MAX, SSH_REKEY_PACKETS};
use std::ops::Range;

const PADDING_BYTES_MIN: usize = 4;
/// Smallest packet: one block of 16 bytes, or 8 where the cipher's block is 8 (RFC 4253 §6).
const PACKET_LENGTH_MIN: u32 = 8;

/// What counts towards the renewal of a key.
#[derive(Debug, Default, Clone, Copy)]
struct Usage {
    bytes: u64,
    packets: u32,
}

impl Usage {
    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.packets = self.packets.saturating_add(1);
    }

    fn is_spent(self, bytes_max: u64) -> bool {
        self.bytes >= bytes_max || self.packets >= SSH_REKEY_PACKETS
    }
}

/// One direction of a connection: its key, what that has carried, and the number of the next packet.
#[derive(Default)]
pub struct Direction {
    key: PacketKey,
    sequence: u32,
    usage: Usage,
}

impl Direction {
    /// Uses `key` from the next packet on. `reset` starts the sequence anew (strict key exchange).
    pub fn install(&mut self, key: PacketKey, reset: bool) {
        self.key = key;
        self.usage = Usage::default();
        if reset {
            self.sequence = 0;
        }
    }

    /// Whether the key has done its share: what its cipher is good for, or `bytes_max` where that is less.
    pub fn is_spent(&self, bytes_max: Option<u64>) -> bool {
        let cipher_max = self.key.rekey_bytes();
        self.usage.is_spent(bytes_max.map_or(cipher_max, |bytes_max| bytes_max.min(cipher_max)))
    }

    fn count(&mut self, bytes: usize) {
        self.sequence = self.sequence.wrapping_add(1);
        self.usage.add(bytes);
    }
}

/// Makes packets.
#[derive(Default)]
pub struct Sealer {
    pub direction: Direction,
}

impl Sealer {
    /// Appends one packet whose payload is what `write` appends.
    pub fn seal(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        out.extend_from_slice(&[0; LENGTH_BYTES + 1]);
        write(out);
        let padding = padding(&self.direction.key, out.len() - start);
        // Random padding (RFC 4253 §6) hides nothing behind an authenticating cipher: zeros save a call per packet.
        out.resize(out.len() + padding, 0);
        let length = (out.len() - start - LENGTH_BYTES) as u32;
        out[start..start + LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
        out[start + LENGTH_BYTES] = padding as u8;
        self.direction.key.seal(self.direction.sequence, out, start);
        self.direction.count(out.len() - start);
    }
}

/// Padding for a packet of `bytes`, its length field included.
fn padding(key: &PacketKey, bytes: usize) -> usize {
    let block = key.block_bytes();
    let covered = if key.pads_length() { bytes } else { bytes - LENGTH_BYTES };
    let padding = block - covered % block;
    if padding < PADDING_BYTES_MIN { padding + block } else { padding }
}

/// A packet that has been opened in the receive buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Where its payload is; never empty.
    pub payload: Range<usize>,
    /// Bytes of the whole packet, tag included.
    pub bytes: usize,
    pub sequence: u32,
}

/// Takes packets apart.
#[derive(Default)]
pub struct Opener {
    pub direction: Direction,
    /// The length of the packet that is arriving, once its header is here.
    length: Option<u32>,
}

impl Opener {
    /// Opens the packet at the front of `input`; `None` while it is incomplete.
    ///
    /// # Errors
    /// A length or padding out of range, no payload, a wrong tag.
    pub fn open(&mut self, input: &mut [u8]) -> Result<Option<Opened>, Error> {
        let Some(length) = self.length(input)? else { return Ok(None) };
        let direction = &mut self.direction;
        let bytes = LENGTH_BYTES + length as usize + direction.key.tag_bytes();
        let Some(packet) = input.get_mut(..bytes) else { return Ok(None) };
        direction.key.open(direction.sequence, packet)?;
        let payload = payload(packet, length)?;
        let sequence = direction.sequence;
        self.length = None;
        direction.count(bytes);
        Ok(Some(Opened { payload, bytes, sequence }))
    }

    fn length(&mut self, input: &[u8]) -> Result<Option<u32>, Error> {
        if self.length.is_none() {
            let Direction { key, sequence, .. } = &mut self.direction;
            let Some(length) = key.length(*sequence, input) else { return Ok(None) };
            let covered = if key.pads_length() { length.wrapping_add(LENGTH_BYTES as u32) } else { length };
            let in_range = (PACKET_LENGTH_MIN..=SSH_PACKET_BYTES_MAX as u32).contains(&length);
            if !in_range || !(covered as usize).is_multiple_of(key.block_bytes()) {
                return Err(Error::PacketLength { length });
            }
            self.length = Some(length);
        }
        Ok(self.length)
    }
}

/// Where the payload of a decrypted packet is.
fn payload(packet: &[u8], length: u32) -> Result<Range<usize>, Error> {
    let padding = *packet.get(LENGTH_BYTES).ok_or(Error::PacketEmpty)?;
    let content =
        (length as usize).checked_sub(1 + usize::from(padding)).ok_or(Error::PacketPadding { padding })?;
    if usize::from(padding) < PADDING_BYTES_MIN {
        return Err(Error::PacketPadding { padding });
    }
    if content == 0 {
        return Err(Error::PacketEmpty);
    }
    let start = LENGTH_BYTES + 1;
    Ok(start..start + content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::algorithm::Cipher;
    use crate::ssh::cipher::Protection;
    use crate::testing::protections::packet_key;
    use proptest::prelude::*;

    /// Both ends under the same key.
    fn pair(protection: Option<Protection>) -> (Sealer, Opener) {
        let (mut sealer, mut opener) = (Sealer::default(), Opener::default());
        sealer.direction.install(packet_key(protection), true);
        opener.direction.install(packet_key(protection), true);
        (sealer, opener)
    }

    /// Those that protect.
    fn protections() -> impl Iterator<Item = Protection> {
        crate::testing::protections::protections().into_iter().flatten()
    }

    #[test]
    fn every_payload_length_survives_every_protection_and_every_cut() {
        for protection in crate::testing::protections::protections() {
            let (mut sealer, mut opener) = pair(protection);
            for size in 1..100 {
                let mut wire = Vec::new();
                let payload: Vec<u8> = (0..size).collect();
                sealer.seal(&mut wire, |out| out.extend_from_slice(&payload));
                for cut in 0..wire.len() {
                    assert_eq!(
                        opener.open(&mut wire[..cut].to_vec()),
                        Ok(None),
                        "{protection:?} cut at {cut}"
                    );
                }
                let opened = opener.open(&mut wire).unwrap().unwrap();
                assert_eq!(&wire[opened.payload], &payload[..]);
                assert_eq!(opened.bytes, wire.len());
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        for protection in protections() {
            let mut wire = Vec::new();
            pair(Some(protection)).0.seal(&mut wire, |out| out.extend_from_slice(b"payload"));
            for at in LENGTH_BYTES..wire.len() {
                for bit in 0..8 {
                    let mut bad = wire.clone();
                    bad[at] ^= 1 << bit;
                    let result = pair(Some(protection)).1.open(&mut bad);
                    assert_eq!(result, Err(Error::PacketIntegrity), "{protection:?} {at}");
                }
            }
        }
    }

    #[test]
    fn a_changed_length_is_out_of_range_or_noticed() {
        for protection in protections() {
            let mut wire = Vec::new();
            pair(Some(protection)).0.seal(&mut wire, |out| out.extend_from_slice(&[7; 100]));
            // What follows on the wire, so that a longer packet is complete.
            wire.resize(wire.len() + SSH_PACKET_BYTES_MAX, 0);
            for bit in 0..8 * LENGTH_BYTES {
                let mut bad = wire.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let error = pair(Some(protection)).1.open(&mut bad).unwrap_err();
                let is_named = matches!(error, Error::PacketIntegrity | Error::PacketLength { .. });
                assert!(is_named, "{protection:?} {bit} {error}");
            }
        }
    }

    #[test]
    fn packets_in_another_order_are_noticed() {
        for protection in protections() {
            let (mut sealer, mut opener) = pair(Some(protection));
            let (mut first, mut second) = (Vec::new(), Vec::new());
            sealer.seal(&mut first, |out| out.extend_from_slice(b"first"));
            sealer.seal(&mut second, |out| out.extend_from_slice(b"second"));
            second.resize(second.len() + SSH_PACKET_BYTES_MAX, 0);
            let error = opener.open(&mut second).unwrap_err();
            let is_named = matches!(error, Error::PacketIntegrity | Error::PacketLength { .. });
            assert!(is_named, "{protection:?} {error}");
        }
    }

    #[test]
    fn a_key_is_spent_at_the_lesser_bound() {
        let (mut sealer, _) = pair(protections().next());
        sealer.seal(&mut Vec::new(), |out| out.extend_from_slice(&[0; 1000]));
        assert!(sealer.direction.is_spent(Some(1000)));
        assert!(!sealer.direction.is_spent(Some(2000)));
        assert!(!sealer.direction.is_spent(None));
        sealer.direction.usage.bytes = u64::MAX;
        assert!(sealer.direction.is_spent(Some(u64::MAX)));
        sealer.direction.usage = Usage { bytes: 0, packets: SSH_REKEY_PACKETS };
        assert!(sealer.direction.is_spent(None));
    }

    #[test]
    fn lengths_out_of_range_are_refused_at_the_header() {
        let (_, mut opener) = pair(None);
        assert_eq!(opener.open(&mut [0xff; 4]), Err(Error::PacketLength { length: u32::MAX }));
        assert_eq!(opener.open(&mut [0, 0, 0, 0]), Err(Error::PacketLength { length: 0 }));
        assert_eq!(opener.open(&mut [0, 0, 0, 13]), Err(Error::PacketLength { length: 13 }));
    }

    #[test]
    fn padding_out_of_range_is_refused() {
        for padding in [0, 3, 12, 255] {
            let mut packet = vec![0, 0, 0, 12, padding];
            packet.resize(16, 7);
            let error = pair(None).1.open(&mut packet).unwrap_err();
            assert_eq!(error, Error::PacketPadding { padding });
        }
        let mut packet = vec![0, 0, 0, 12, 11];
        packet.resize(16, 7);
        assert_eq!(pair(None).1.open(&mut packet), Err(Error::PacketEmpty));
    }

    #[test]
    fn the_gcm_counter_wraps() {
        let protection = Protection { cipher: Cipher::Aes256Gcm, mac: None };
        let last = || PacketKey::new(protection, &[1; 32], &[0xff; 12], &[]).unwrap();
        let (mut sealer, mut opener) = pair(None);
        sealer.direction.install(last(), true);
        opener.direction.install(last(), true);
        for _ in 0..3 {
            let mut wire = Vec::new();
            sealer.seal(&mut wire, |out| out.push(1));
            assert!(opener.open(&mut wire).unwrap().is_some());
        }
    }

    proptest! {
        #[test]
        fn garbage_is_opened_without_panic(mut bytes: Vec<u8>, which in 0usize..15) {
            let (_, mut opener) = pair(protections().nth(which));
            let _ = opener.open(&mut bytes);
        }
    }
}
