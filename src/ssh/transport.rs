//! The transport layer (RFC 4253) as one end: version string, key exchanges, packets out and in. Holds back what may
//! not be sent during an exchange. Must not know logins and channels.

#[cfg(any(test, feature = "testing"))]
mod keyed;
#[cfg(any(test, feature = "testing"))]
pub(crate) use keyed::Past;

use super::cipher::PacketKey;
use super::error::{Error, Phase};
use super::held::Held;
use super::hostkey::HostKey;
use super::ident::{IDENT, IdentWait};
use super::kex::derive::ExchangeHash;
use super::kex::exchange::{AwaitInit, AwaitReply, Established};
use super::number;
use super::offer::{Guess, Offer};
use super::packet::{Opened, Opener, Sealer};
use super::wire::Write;
use crate::base::limits::{
    SSH_HELD_BYTES_MAX, SSH_OUT_AND_ANSWERS_BYTES_MAX, SSH_OUT_BYTES_MAX, SSH_REKEY_BYTES_MIN,
};

/// What of the outgoing buffer an idle connection keeps: a request for a file, or a short command.
const OUT_BYTES_KEPT: usize = 512;

/// Where the current key exchange is.
enum Kex {
    /// None is running.
    Idle,
    Init(AwaitInit),
    Reply(Box<AwaitReply>),
    /// The first exchange: somebody has to say whether the host key is trusted. The peer's NEWKEYS may come first,
    /// then its key is gone from here.
    Decision {
        outgoing: PacketKey,
        incoming: Option<PacketKey>,
    },
    /// Our NEWKEYS is out.
    NewKeys(PacketKey),
    /// An exchange failed; nothing more is received.
    Failed,
}

pub struct Transport {
    offer: Offer,
    rekey_bytes: Option<u64>,
    ident: Option<IdentWait>,
    server_ident: Vec<u8>,
    session_id: Option<ExchangeHash>,
    host_key: Vec<u8>,
    preferences: Option<Guess>,
    is_strict: bool,
    /// NEWKEYS of the first exchange has been received.
    is_keyed: bool,
    kex: Kex,
    sealer: Sealer,
    opener: Opener,
    out: Vec<u8>,
    held: Held,
    /// Our DISCONNECT is out.
    has_left: bool,
}

impl Transport {
    /// Version string, KEXINIT and, where `guess` is offered, the packet after it are queued at once, so that they leave
    /// together. `rekey_bytes`: traffic after which keys are renewed, where that is less than each cipher is good for.
    pub fn new(mut offer: Offer, rekey_bytes: Option<u64>, guess: Option<Guess>) -> Self {
        let guess = guess.filter(|guess| offer.lead_with(*guess));
        let init = AwaitInit::first(&offer, guess.map(|guess| guess.kex));
        let mut out = Vec::with_capacity(2048);
        out.extend_from_slice(IDENT.as_bytes());
        out.extend_from_slice(b"\r\n");
        let mut sealer = Sealer::default();
        put_init(&init, &mut sealer, &mut out);
        Self {
            offer,
            rekey_bytes,
            ident: Some(IdentWait::default()),
            server_ident: Vec::new(),
            session_id: None,
            host_key: Vec::new(),
            preferences: None,
            is_strict: false,
            is_keyed: false,
            kex: Kex::Init(init),
            sealer,
            opener: Opener::default(),
            out,
            held: Held::default(),
            has_left: false,
        }
    }

    /// Identifies the connection in signatures; known once the first exchange is established.
    pub fn session_id(&self) -> Option<&ExchangeHash> {
        self.session_id.as_ref()
    }

    /// What the peer listed first in the first exchange, when a later connection may guess it. The host's signature
    /// covers it.
    pub fn preferences(&self) -> Option<&Guess> {
        self.session_id.as_ref().and(self.preferences.as_ref())
    }

    /// How far it has come; `None` once the first exchange is over.
    pub fn phase(&self) -> Option<Phase> {
        match (&self.ident, self.is_keyed) {
            (Some(_), _) => Some(Phase::Ident),
            (None, false) => Some(Phase::KeyExchange),
            (None, true) => None,
        }
    }

    // --- receiving

    /// The server's version string, empty before it has come.
    pub fn server_ident(&self) -> &[u8] {
        &self.server_ident
    }

    /// Takes the peer's version string from the front of `input`, and returns how many bytes are done with.
    /// Packets may be opened when [`Transport::phase`] is no longer [`Phase::Ident`].
    pub fn handle_ident(&mut self, input: &[u8]) -> Result<usize, Error> {
        let Some(wait) = &mut self.ident else { return Ok(0) };
        let (consumed, ident) = wait.handle(input)?;
        if let Some(ident) = ident {
            self.server_ident = ident.line;
            self.ident = None;
        }
        Ok(consumed)
    }

    /// The stream ended before the version string, with `rest` not understood.
    pub fn ident_eof(&self, rest: &[u8]) -> Option<Error> {
        self.ident.as_ref().map(|wait| wait.handle_eof(rest))
    }

    /// Opens the packet at the front of `input`.
    pub fn open(&mut self, input: &mut [u8]) -> Result<Option<Opened>, Error> {
        self.opener.open(input)
    }

    /// Refuses messages that the state of the key exchange does not allow. Every message goes through here first.
    pub fn check(&self, message: u8) -> Result<(), Error> {
        let in_exchange = matches!(message, number::KEXINIT..=number::KEX_LAST);
        if in_exchange || message == number::DISCONNECT {
            return Ok(());
        }
        let is_idle_message = matches!(message, number::IGNORE..=number::DEBUG);
        match &self.kex {
            _ if self.is_strict && !self.is_keyed => Err(Error::StrictKex { number: message }),
            _ if is_idle_message => Ok(()),
            // The peer has sent KEXINIT and not yet NEWKEYS (RFC 4253 §7.1).
            Kex::Reply(_) | Kex::NewKeys(_) | Kex::Decision { incoming: Some(_), .. } | Kex::Failed => {
                Err(Error::UnexpectedInKex { number: message })
            }
            Kex::Init(_) if !self.is_keyed => Err(Error::UnexpectedInKex { number: message }),
            Kex::Idle | Kex::Init(_) | Kex::Decision { incoming: None, .. } => Ok(()),
        }
    }

    /// Handles a message of the key exchange ([`number::KEXINIT`] to [`number::KEX_LAST`]). A host key that is
    /// returned has to be answered by [`Transport::accept_host_key`] before anything else is sent.
    ///
    /// # Errors
    /// Everything that can be wrong with an exchange. Terminal.
    pub fn handle_kex(&mut self, payload: &[u8], sequence: u32) -> Result<Option<HostKey>, Error> {
        let message = payload.first().copied().unwrap_or_default();
        if let Kex::Reply(reply) = &mut self.kex
            && reply.skips_guess()
        {
            return Ok(None);
        }
        match (message, std::mem::replace(&mut self.kex, Kex::Failed)) {
            (number::KEXINIT, Kex::Init(init)) => self.handle_init(init, payload, sequence).map(|()| None),
            (number::KEXINIT, Kex::Idle) => {
                let init = self.send_init();
                self.handle_init(init, payload, sequence).map(|()| None)
            }
            (number::KEX_ECDH_REPLY, Kex::Reply(reply)) => {
                let established = reply.handle(&self.server_ident, self.session_id.as_ref(), payload)?;
                self.handle_established(established)
            }
            (number::NEWKEYS, Kex::Decision { outgoing, incoming: Some(incoming) }) => {
                self.receive_with(incoming);
                self.kex = Kex::Decision { outgoing, incoming: None };
                Ok(None)
            }
            (number::NEWKEYS, Kex::NewKeys(incoming)) => {
                self.receive_with(incoming);
                self.kex = Kex::Idle;
                Ok(None)
            }
            _ if self.is_strict && !self.is_keyed => Err(Error::StrictKex { number: message }),
            _ => Err(Error::UnexpectedInKex { number: message }),
        }
    }

    fn handle_init(&mut self, init: AwaitInit, payload: &[u8], sequence: u32) -> Result<(), Error> {
        let (reply, message) = init.handle(&self.offer, payload)?;
        if self.session_id.is_none() {
            self.is_strict = reply.is_strict();
            self.preferences = reply.preferences();
            // Strict: nothing may have been slipped in before (OpenSSH PROTOCOL §1.9).
            if self.is_strict && sequence != 0 {
                return Err(Error::StrictKex { number: number::KEXINIT });
            }
        }
        if let Some(message) = message {
            self.sealer.seal(&mut self.out, |out| out.extend_from_slice(&message));
        }
        self.kex = Kex::Reply(Box::new(reply));
        Ok(())
    }

    fn handle_established(&mut self, established: Established) -> Result<Option<HostKey>, Error> {
        let Established { host_key, session_id, outgoing, incoming } = established;
        if self.session_id.is_none() {
            self.session_id = Some(session_id);
            self.host_key.clone_from(&host_key.blob);
            self.kex = Kex::Decision { outgoing, incoming: Some(incoming) };
            return Ok(Some(host_key));
        }
        if self.host_key != host_key.blob {
            return Err(Error::HostKeyReplaced);
        }
        self.send_with(outgoing);
        self.kex = Kex::NewKeys(incoming);
        self.release_held();
        Ok(None)
    }

    fn receive_with(&mut self, key: PacketKey) {
        self.opener.direction.install(key, self.is_strict);
        self.is_keyed = true;
    }

    // --- key exchange from our side

    /// The key that the exchange showed is trusted. Does nothing when none is in question.
    pub fn accept_host_key(&mut self) -> bool {
        match std::mem::replace(&mut self.kex, Kex::Failed) {
            Kex::Decision { outgoing, incoming } => {
                self.send_with(outgoing);
                self.kex = incoming.map_or(Kex::Idle, Kex::NewKeys);
                true
            }
            other => {
                self.kex = other;
                false
            }
        }
    }

    /// Whether a key has done its share and an exchange may be started.
    pub fn wants_rekey(&self) -> bool {
        matches!(self.kex, Kex::Idle)
            && [&self.sealer.direction, &self.opener.direction]
                .iter()
                .any(|way| way.is_spent(self.rekey_bytes))
    }

    /// Starts an exchange; channel data is held back from here on.
    pub fn start_rekey(&mut self) {
        if matches!(self.kex, Kex::Idle) {
            self.kex = Kex::Init(self.send_init());
        }
    }

    /// Whether the keys have carried too little to be renewed already.
    pub fn is_fresh(&self) -> bool {
        let bytes = Some(SSH_REKEY_BYTES_MIN);
        !self.sealer.direction.is_spent(bytes) && !self.opener.direction.is_spent(bytes)
    }

    pub fn is_exchanging(&self) -> bool {
        !matches!(self.kex, Kex::Idle)
    }

    fn send_init(&mut self) -> AwaitInit {
        let init = AwaitInit::new(&self.offer);
        put_init(&init, &mut self.sealer, &mut self.out);
        init
    }

    fn send_with(&mut self, key: PacketKey) {
        self.sealer.seal(&mut self.out, |out| out.push(number::NEWKEYS));
        self.sealer.direction.install(key, self.is_strict);
    }

    // --- sending

    /// Sends one message of a layer above, or holds it back until our NEWKEYS is out (RFC 4253 §7.1). Drops it after
    /// a DISCONNECT: nothing may follow that (§11.1).
    pub fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.has_left {
            return;
        }
        if self.may_send() {
            self.sealer.seal(&mut self.out, write);
        } else {
            self.held.push(write);
        }
    }

    /// Fails when the peer makes us owe more answers than may be held back, or than it takes from us.
    pub fn check_owed(&self) -> Result<(), Error> {
        let is_flooded =
            self.held.bytes() > SSH_HELD_BYTES_MAX || self.out.len() > SSH_OUT_AND_ANSWERS_BYTES_MAX;
        if is_flooded { Err(Error::Flooded) } else { Ok(()) }
    }

    /// Whether channel data may be sealed now: no exchange of ours is running and the socket keeps up.
    pub fn takes_data(&self) -> bool {
        self.may_send() && self.out.len() < SSH_OUT_BYTES_MAX
    }

    /// Says goodbye, once. Goes out even during an exchange.
    pub fn disconnect(&mut self, reason: u32, text: &str) {
        if std::mem::replace(&mut self.has_left, true) {
            return;
        }
        self.sealer.seal(&mut self.out, |out| {
            out.push(number::DISCONNECT);
            out.put_u32(reason);
            out.put_string(text.as_bytes());
            out.put_string(b"");
        });
    }

    /// Moves everything that is sealed to `out`.
    pub fn transmit(&mut self, out: &mut Vec<u8>) -> bool {
        if self.out.is_empty() {
            return false;
        }
        if out.is_empty() {
            // The buffers change places: nothing is copied, and the caller's allocation is used next.
            std::mem::swap(out, &mut self.out);
        } else {
            out.append(&mut self.out);
        }
        true
    }

    /// Gives unused memory back, but for what the next requests take again.
    pub fn trim(&mut self) {
        self.out.shrink_to(OUT_BYTES_KEPT);
    }

    fn may_send(&self) -> bool {
        matches!(self.kex, Kex::Idle | Kex::NewKeys(_))
    }

    fn release_held(&mut self) {
        for payload in std::mem::take(&mut self.held).iter() {
            self.sealer.seal(&mut self.out, |out| out.extend_from_slice(payload));
        }
    }
}

fn put_init(init: &AwaitInit, sealer: &mut Sealer, out: &mut Vec<u8>) {
    for payload in init.payloads() {
        sealer.seal(out, |out| out.extend_from_slice(&payload));
    }
}
