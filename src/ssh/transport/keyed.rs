//! A transport whose first key exchange is behind it, with keys that were agreed on elsewhere. For tests that are about
//! what comes after.

use super::{Kex, Transport};
use crate::ssh::cipher::PacketKey;
use crate::ssh::kex::derive::ExchangeHash;

/// What a first exchange has left behind.
pub struct Past {
    pub server_ident: Vec<u8>,
    pub host_key: Vec<u8>,
    pub session_id: ExchangeHash,
    pub outgoing: PacketKey,
    pub incoming: PacketKey,
}

impl Transport {
    /// Skips version string and key exchange. Strict, as after an exchange with a server of today.
    pub fn keyed(self, past: Past) -> Self {
        let mut keyed = Self {
            ident: None,
            server_ident: past.server_ident,
            session_id: Some(past.session_id),
            host_key: past.host_key,
            is_strict: true,
            is_keyed: true,
            kex: Kex::Idle,
            out: Vec::new(),
            ..self
        };
        keyed.sealer.direction.install(past.outgoing, true);
        keyed.opener.direction.install(past.incoming, true);
        keyed
    }
}
