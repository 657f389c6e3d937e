//! One key exchange, a type per wait: for the peer's KEXINIT, then for its reply. Must not know how packets travel.

use super::derive::{ExchangeHash, KeySource, Sender, Transcript};
use super::share::Share;
use crate::base::limits::{SSH_CERTIFICATE_BYTES_MAX, SSH_KEY_BYTES_MAX};
use crate::ssh::algorithm::KexAlgorithm;
use crate::ssh::cipher::PacketKey;
use crate::ssh::error::Error;
use crate::ssh::hostkey::HostKey;
use crate::ssh::ident::IDENT;
use crate::ssh::negotiate::Agreed;
use crate::ssh::number;
use crate::ssh::offer::{Guess, Offer};
use crate::ssh::wire::{Reader, Write};

/// Our share of an exchange, and what the server is told of it.
struct Opening {
    share: Share,
    public: Vec<u8>,
}

impl Opening {
    fn generate(algorithm: KexAlgorithm) -> Result<Self, Error> {
        let share = Share::generate(algorithm)?;
        let public = share.public()?;
        Ok(Self { share, public })
    }

    /// The payload that opens the exchange proper. All methods number it alike.
    fn payload(&self) -> Vec<u8> {
        let mut payload = vec![number::KEX_ECDH_INIT];
        payload.put_string(&self.public);
        payload
    }
}

/// Our KEXINIT is out, and, where we guess, the payload that opens the exchange proper.
pub struct AwaitInit {
    ours: Vec<u8>,
    guess: Option<Opening>,
}

impl AwaitInit {
    /// For a connection that is established.
    pub fn new(offer: &Offer) -> Self {
        Self { ours: offer.to_kexinit(false, false), guess: None }
    }

    /// The exchange that opens the connection. `guess`: a method that the server will take, the first of the offer.
    pub fn first(offer: &Offer, guess: Option<KexAlgorithm>) -> Self {
        let guess = guess.and_then(|kex| Opening::generate(kex).ok());
        Self { ours: offer.to_kexinit(true, guess.is_some()), guess }
    }

    /// What goes out at once: the payload of our KEXINIT, and that of a guess.
    pub fn payloads(&self) -> impl Iterator<Item = Vec<u8>> {
        std::iter::once(self.ours.clone()).chain(self.guess.as_ref().map(Opening::payload))
    }

    /// The peer's KEXINIT is here: the next wait, and the payload that opens the exchange proper, unless it was sent
    /// already.
    ///
    /// # Errors
    /// Nothing in common.
    pub fn handle(self, offer: &Offer, theirs: &[u8]) -> Result<(AwaitReply, Option<Vec<u8>>), Error> {
        let agreed = offer.agree(theirs)?;
        let (opening, payload) = match self.guess {
            Some(opening) if agreed.is_guess_right => (opening, None),
            _ => {
                let opening = Opening::generate(agreed.kex)?;
                let payload = opening.payload();
                (opening, Some(payload))
            }
        };
        Ok((AwaitReply { agreed, ours: self.ours, theirs: theirs.to_vec(), opening }, payload))
    }
}

/// Our value is out.
pub struct AwaitReply {
    agreed: Agreed,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    opening: Opening,
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
        let secret = self.opening.share.agree(server_value)?;
        let algorithm = self.agreed.kex.hash();
        let transcript = Transcript {
            client_ident: IDENT.as_bytes(),
            server_ident,
            client_kexinit: &self.ours,
            server_kexinit: &self.theirs,
            host_key: presented,
            client_value: &self.opening.public,
            server_value,
        };
        let hash = transcript.hash(algorithm, &secret);
        let host_key = HostKey::prove(self.agreed.host_key, presented, &hash, signature)?;
        let session_id = *session_id.unwrap_or(&hash);
        let source = KeySource { algorithm, secret: &secret, hash: &hash, session_id: &session_id };
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
