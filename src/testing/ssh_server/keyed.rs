//! The server's side of a connection that begins with keys in place.

use super::Server;
use crate::crypto::hash::Sha2;
use crate::ssh::cipher::Protection;
use crate::ssh::{Client, ClientConfig, Past};
use crate::testing::protections::packet_key;
use std::time::Instant;

impl Server {
    /// Takes the first key exchange as done, under a key that everybody knows; the client that belongs to it.
    pub fn keyed_client(&mut self, config: ClientConfig, now: Instant) -> Client {
        let mac = self.config.cipher.needs_mac().then_some(self.config.mac);
        let key = || packet_key(Some(Protection { cipher: self.config.cipher, mac }));
        let session_id = Sha2::Sha256.digest(&[b"a session"]);
        let past = Past {
            server_ident: self.config.ident.as_bytes().to_vec(),
            host_key: self.host_blob().to_vec(),
            session_id,
            outgoing: key(),
            incoming: key(),
        };
        let client = Client::keyed(config, now, past);
        self.simulated.transport.begin_keyed(crate::ssh::ident::IDENT, session_id, key(), key());
        client
    }
}
