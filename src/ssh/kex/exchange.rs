//! One key exchange, a type per wait: for the peer's KEXINIT, then for its reply. Must not know how packets travel.

use super::derive::{ExchangeHash, KeySource, Sender, Transcript};
use super::share::Share;
use crate::base::limits::{SSH_CERTIFICATE_BYTES_MAX, SSH_KEY_BYTES_MAX};
use crate::ssh::cipher::PacketKey;
use crate::ssh::error::Error;
use crate::ssh::hostkey::HostKey;
use crate::ssh::ident::IDENT;
use crate::ssh::negotiate::Agreed;
use crate::ssh::number;
use crate::ssh::offer::{Guess, Offer};
use crate::ssh::wire::{Reader, Write};

/// Our KEXINIT is out.
pub struct AwaitInit {
    ours: Vec<u8>,
}

impl AwaitInit {
    /// `is_first`: the exchange that opens the connection.
    pub fn new(offer: &Offer, is_first: bool) -> Self {
        Self { ours: offer.to_kexinit(is_first) }
    }

    /// The payload of our KEXINIT.
    pub fn payload(&self) -> &[u8] {
        &self.ours
    }

    /// The peer's KEXINIT is here: the next wait, and the payload that opens the exchange proper.
    ///
    /// # Errors
    /// Nothing in common.
    pub fn handle(self, offer: &Offer, theirs: &[u8]) -> Result<(AwaitReply, Vec<u8>), Error> {
        let agreed = offer.agree(theirs)?;
        let share = Share::generate(agreed.kex)?;
        let public = share.public()?;
        let mut init = vec![number::KEX_ECDH_INIT];
        init.put_string(&public);
        Ok((AwaitReply { agreed, ours: self.ours, theirs: theirs.to_vec(), share, public }, init))
    }
}

/// Our value is out.
pub struct AwaitReply {
    agreed: Agreed,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    share: Share,
    public: Vec<u8>,
}

impl AwaitReply {
    pub fn is_strict(&self) -> bool {
        self.agreed.is_strict
    }

    pub fn preferences(&self) -> Option<Guess> {
        self.agreed.preferences
    }

    /// Whether this packet is a wrong guess that has to be dropped; true once at most.
    pub fn skips_guess(&mut self) -> bool {
        std::mem::take(&mut self.agreed.skips_guess)
    }

    /// The host's key, value and signature are here.
    ///
    /// # Errors
    /// A value that is not acceptable, a host key or signature that is not.
    pub fn handle(
        self,
        server_ident: &[u8],
        session_id: Option<&ExchangeHash>,
        payload: &[u8],
    ) -> Result<Established, Error> {
        const WHAT: &str = "key exchange reply";
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let presented = reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT)?;
        let server_value = reader.string(SSH_KEY_BYTES_MAX, WHAT)?;
        let signature = reader.string(SSH_KEY_BYTES_MAX, WHAT)?;
        reader.end(WHAT)?;
        let secret = self.share.agree(server_value)?;
        let transcript = Transcript {
            client_ident: IDENT.as_bytes(),
            server_ident,
            client_kexinit: &self.ours,
            server_kexinit: &self.theirs,
            host_key: presented,
            client_value: &self.public,
            server_value,
        };
        let hash = transcript.hash(&secret);
        let host_key = HostKey::prove(self.agreed.host_key, presented, &hash, signature)?;
        let session_id = *session_id.unwrap_or(&hash);
        let source = KeySource { secret: &secret, hash: &hash, session_id: &session_id };
        Ok(Established {
            host_key,
            session_id,
            outgoing: source.packet_key(Sender::Client, self.agreed.outgoing)?,
            incoming: source.packet_key(Sender::Server, self.agreed.incoming)?,
        })
    }
}

/// The host has proved to own its key; new keys are ready on both sides.
pub struct Established {
    pub host_key: HostKey,
    pub session_id: ExchangeHash,
    pub outgoing: PacketKey,
    pub incoming: PacketKey,
}
