//! The binary packet protocol: any stream under any cipher, and packets sealed with the right key that hold any
//! length, any padding and any content.

use crate::base::limits::SSH_PACKET_BYTES_MAX;
use crate::ssh::Error;
use crate::ssh::cipher::{LENGTH_BYTES, Protection};
use crate::ssh::packet::{Opener, Sealer};
use crate::testing::choices::Choices;
use crate::testing::protections::{packet_key, protections};

/// The longest tag of a cipher.
const TAG_BYTES_MAX: usize = 64;

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let protections = protections();
    let protection = choices.pick(&protections);
    match choices.u8() % 3 {
        0 => stream(protection, choices.rest()),
        1 => forged(protection, &mut choices),
        _ => whole(protection, &mut choices),
    }
}

fn opener(protection: Option<Protection>) -> Opener {
    let mut opener = Opener::default();
    opener.direction.install(packet_key(protection), true);
    opener
}

/// Bytes of nobody.
fn stream(protection: Option<Protection>, bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    let _ = drain(&mut opener(protection), &mut bytes);
}

/// Packets of a peer that has the key and no manners.
fn forged(protection: Option<Protection>, choices: &mut Choices<'_>) {
    let (mut key, mut opener) = (packet_key(protection), opener(protection));
    for sequence in 0..64 {
        if choices.is_empty() {
            return;
        }
        // The length it claims is mostly the true one.
        let lie = choices.flag().then(|| choices.u32());
        let content = choices.block();
        let length = lie.unwrap_or(content.len() as u32);
        let mut packet = [&length.to_be_bytes()[..], content].concat();
        key.seal(sequence, &mut packet, 0);
        if drain(&mut opener, &mut packet).is_err() {
            return;
        }
    }
}

/// Packets of our own, cut anywhere, arrive as they were.
fn whole(protection: Option<Protection>, choices: &mut Choices<'_>) {
    let (mut sealer, mut opener) = (Sealer::default(), opener(protection));
    sealer.direction.install(packet_key(protection), true);
    let (mut payloads, mut wire) = (Vec::new(), Vec::new());
    while !choices.is_empty() && payloads.len() < 32 {
        let payload = choices.block();
        if !payload.is_empty() {
            sealer.seal(&mut wire, |out| out.extend_from_slice(payload));
            payloads.push(payload);
        }
    }
    for (number, payload) in payloads.into_iter().enumerate() {
        let cut = usize::from(payload[0]) % wire.len();
        let early = opener.open(&mut wire[..cut.min(LENGTH_BYTES)].to_vec()).expect("a true beginning");
        assert_eq!(early, None);
        let opened = opener.open(&mut wire).expect("true packets").expect("whole packets");
        assert_eq!(&wire[opened.payload], payload);
        assert_eq!(opened.sequence as usize, number);
        wire.drain(..opened.bytes);
    }
    assert!(wire.is_empty());
}

fn drain(opener: &mut Opener, bytes: &mut [u8]) -> Result<(), Error> {
    let mut rest = bytes;
    while let Some(opened) = opener.open(rest)? {
        assert!(!opened.payload.is_empty() && opened.payload.end <= opened.bytes);
        assert!(opened.bytes <= LENGTH_BYTES + SSH_PACKET_BYTES_MAX + TAG_BYTES_MAX);
        rest = &mut rest[opened.bytes..];
    }
    Ok(())
}
