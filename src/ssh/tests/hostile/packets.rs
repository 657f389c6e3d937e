use super::*;
use crate::base::limits::SSH_PACKET_BYTES_MAX;
use crate::ssh::cipher::{LENGTH_BYTES, Protection};
use crate::ssh::packet::{Opened, Opener};
use crate::testing::protections::{packet_key, protections};

/// What becomes of a packet sealed with the right key, of this length field and with this behind it.
fn forged(protection: Option<Protection>, length: usize, rest: &[u8]) -> Result<Option<Opened>, Error> {
    let mut packet = [&(length as u32).to_be_bytes()[..], rest].concat();
    packet_key(protection).seal(0, &mut packet, 0);
    let mut opener = Opener::default();
    opener.direction.install(packet_key(protection), true);
    opener.open(&mut packet)
}

/// Whether a length makes whole blocks. Where it is not encrypted with the rest, it does not count towards them.
fn is_whole(protection: Option<Protection>, length: usize) -> bool {
    let key = packet_key(protection);
    (length + if key.pads_length() { LENGTH_BYTES } else { 0 }).is_multiple_of(key.block_bytes())
}

#[test]
fn lengths() {
    const MAX: usize = SSH_PACKET_BYTES_MAX;
    for protection in protections() {
        let edges =
            [34_992, 35_000, 35_004, MAX - 4, MAX, MAX + 4, MAX + 8, MAX + 16, 1 << 31, u32::MAX as usize];
        for length in (0..64).chain(edges) {
            let is_legal = is_whole(protection, length) && (8..=MAX).contains(&length);
            // Said as soon as the length can be read: nothing more of an illegal packet is waited for.
            let rest = vec![4; if is_legal { length } else { 28 }];
            let expected = match forged(protection, length, &rest) {
                Ok(Some(opened)) if is_legal => Ok(Some(opened)),
                _ => Err(Error::PacketLength { length: length as u32 }),
            };
            assert_eq!(forged(protection, length, &rest), expected, "{protection:?} {length}");
        }
    }
}

#[test]
fn padding() {
    for protection in protections() {
        let length = (28..48).find(|length| is_whole(protection, *length)).unwrap();
        let padded = |padding: usize| {
            let mut rest = vec![9; length];
            rest[0] = padding as u8;
            forged(protection, length, &rest)
        };
        for padding in [0, 1, 3, length, 255] {
            let error = Error::PacketPadding { padding: padding as u8 };
            assert_eq!(padded(padding), Err(error), "{protection:?} {padding}");
        }
        assert_eq!(padded(length - 1), Err(Error::PacketEmpty), "{protection:?}");
        for padding in [4, length - 2] {
            assert_eq!(
                padded(padding).unwrap().unwrap().payload.len(),
                length - 1 - padding,
                "{protection:?}"
            );
        }
    }
}

#[test]
fn a_flipped_bit() {
    for cipher in Cipher::ALL {
        let mut pair = Pair::new(ServerConfig { cipher: *cipher, ..ServerConfig::default() }, Link::Whole);
        pair.run().server.ask();
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        *out.last_mut().unwrap() ^= 0x80;
        pair.deliver(&out);
        assert_eq!(pair.error, Some(Error::PacketIntegrity), "{cipher:?}");
        // A client that goes on would open a door to whoever can flip bits: it says why, and nothing more.
        assert!(pair.client.poll_transmit(&mut Vec::new()));
        assert!(!pair.client.poll_transmit(&mut Vec::new()));
    }
}
