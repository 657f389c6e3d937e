//! Packet protection with keys that everybody knows.

use crate::ssh::cipher::{PacketKey, Protection};

const MATERIAL: [u8; 64] = [7; 64];

/// Every one there is, and none.
pub fn protections() -> Vec<Option<Protection>> {
    std::iter::once(None).chain(Protection::all().into_iter().map(Some)).collect()
}

/// Always the same key of a protection, in its first state.
pub fn packet_key(protection: Option<Protection>) -> PacketKey {
    let Some(protection) = protection else { return PacketKey::None };
    let material = |bytes: usize| &MATERIAL[..bytes];
    let (key, iv) = (material(protection.key_bytes()), material(protection.iv_bytes()));
    PacketKey::new(protection, key, iv, material(protection.mac_key_bytes())).expect("as long as asked for")
}
