//! A connection as the host sees it, sans-IO: an SSH server that keeps the rules, takes keys for its users' word, and
//! answers when its weather lets it.
//!
//! - `handle_input` takes bytes of the client, `handle_timeout` the time; either may bring something to be sent.
//! - `poll_transmit` gives what is to be sent now, `poll_timeout` when there will be more, `fate` whether it is over.

pub(crate) mod login;
pub(crate) mod sessions;
pub(crate) mod transport;

use std::sync::Arc;

use super::keys::HostKey;
use super::programs::Programs;
use super::way::{Departure, Way};
use super::weather::Sky;
use crate::base::time::Instant;
use crate::ssh::wire::Write;
use crate::ssh::{Cipher, Error, KexAlgorithm, Mac, number};
use sessions::Sessions;
use transport::{Arrived, Transport};

pub use transport::Exchanges;

/// What all connections of a fleet have in common.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The version string.
    pub ident: &'static str,
    /// Most preferred first; the client decides, as for the next two.
    pub kex: Vec<KexAlgorithm>,
    pub ciphers: Vec<Cipher>,
    /// For ciphers that do not authenticate by themselves.
    pub macs: Vec<Mac>,
    /// Strict key exchange (OpenSSH PROTOCOL §1.9), where the client has it.
    pub is_strict: bool,
    /// The one public key that may log in; `None`: whichever signs rightly.
    pub accepts: Option<Vec<u8>>,
    /// Whether anybody looks at the signatures of those who log in.
    pub verifies: bool,
    /// `server-sig-algs` to announce.
    pub signature_algorithms: &'static str,
    /// Sessions on one connection: `MaxSessions` of sshd_config(5).
    pub sessions_max: usize,
    /// The number of a connection's first channel.
    pub first_channel: u32,
    /// Bytes the client may send on a channel before it is granted more.
    pub window_bytes: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ident: "SSH-2.0-OpenSSH_9.2 simulated",
            kex: vec![KexAlgorithm::Curve25519, KexAlgorithm::Curve25519LibSsh, KexAlgorithm::EcdhP256],
            ciphers: Cipher::preferred(),
            macs: Mac::ALL.to_vec(),
            is_strict: true,
            accepts: None,
            verifies: true,
            signature_algorithms: "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256",
            sessions_max: 10,
            first_channel: 0,
            window_bytes: 2 * 1024 * 1024,
        }
    }
}

/// What has happened on a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub logins: usize,
    pub refused_logins: usize,
    pub opened_sessions: usize,
    /// Beyond `sessions_max`.
    pub refused_sessions: usize,
    /// Commands and SFTP requests.
    pub operations: usize,
    /// Channels that were to be opened before login.
    pub not_understood: usize,
}

/// How a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Open,
    /// To be closed once everything is sent.
    Closed,
    /// To be broken off without a word.
    Lost,
}

pub struct Server {
    pub(crate) transport: Transport,
    pub(crate) sessions: Sessions,
    pub(crate) tally: Tally,
    sky: Sky,
    fate: Fate,
    is_logged_in: bool,
    /// Nothing is said before.
    speaks_at: Option<Instant>,
    arrived: Arrived,
    /// What the client will have heard when; `None` where bytes take no time.
    departure: Option<Departure>,
}

impl Server {
    /// A connection that was made at `now`. What it says first takes as long as a handshake does under this sky.
    pub fn new(
        terms: Arc<Terms>,
        keys: Arc<[HostKey]>,
        programs: Arc<dyn Programs>,
        sky: Sky,
        now: Instant,
    ) -> Self {
        let (handshake, departure) = (sky.handshake(), sky.way().map(Departure::new));
        Self {
            transport: Transport::new(terms, keys),
            sessions: Sessions::new(programs),
            tally: Tally::default(),
            sky,
            fate: Fate::Open,
            is_logged_in: false,
            speaks_at: (!handshake.is_zero()).then(|| now + handshake),
            arrived: Arrived::default(),
            departure,
        }
    }

    /// Starts a key exchange unless one is under way: the first one too.
    pub fn start_exchange(&mut self) {
        self.transport.start_exchange();
    }

    /// Whether the user is in.
    pub fn is_logged_in(&self) -> bool {
        self.is_logged_in
    }

    pub fn fate(&self) -> Fate {
        self.fate
    }

    /// Whether there is nothing left to be said.
    pub fn is_over(&self) -> bool {
        match self.fate {
            Fate::Open => false,
            Fate::Closed => self.poll_timeout().is_none(),
            Fate::Lost => true,
        }
    }

    /// What the client says takes its time on this one.
    pub fn way(&self) -> Option<Way> {
        self.sky.way()
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub fn exchanges(&self) -> Exchanges {
        self.transport.tally
    }

    /// Bytes of the client's stream, cut anywhere.
    ///
    /// # Errors
    /// What the client did wrong; the connection is to be closed.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) -> Result<(), Error> {
        let mut arrived = self.take_in(bytes);
        while let Some(payload) = self.transport.open(&mut arrived)? {
            let payload = arrived.bytes.get(payload).unwrap_or_default();
            if self.fate == Fate::Open {
                self.handle_message(payload, now)?;
            }
        }
        self.put_back(arrived);
        Ok(())
    }

    /// The time has come that [`Self::poll_timeout`] told.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.speaks_at.take_if(|at| *at <= now);
    }

    /// When there will be more to send without any input.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = match self.speaks_at {
            Some(at) => self.transport.has_output().then_some(at),
            // Until the keys are there nothing else may be said, whatever is due.
            None if self.transport.is_exchanging() || self.fate != Fate::Open => None,
            None => self.sessions.poll_timeout(),
        };
        [due, self.departure.as_ref().and_then(Departure::poll_timeout)].into_iter().flatten().min()
    }

    /// Appends what is to be sent now; true when there is anything.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>, now: Instant) -> bool {
        // Input may be what it was woken by when its time had come.
        self.handle_timeout(now);
        if !self.transport.is_exchanging() {
            let operations = self.sessions.flush(&mut self.transport, &self.sky, now);
            self.count(operations);
        }
        if self.speaks_at.is_none() {
            self.depart(out, now);
        }
        !out.is_empty()
    }

    fn depart(&mut self, out: &mut Vec<u8>, now: Instant) {
        let Some(departure) = &mut self.departure else { return self.transport.poll_transmit(out) };
        departure.poll_transmit(out, now);
        while departure.is_over() && self.transport.has_output() {
            departure.send(&mut self.transport.out, now);
            departure.poll_transmit(out, now);
        }
    }

    /// What has arrived and was not handled, with this behind it.
    pub(crate) fn take_in(&mut self, bytes: &[u8]) -> Arrived {
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.bytes.extend_from_slice(bytes);
        arrived
    }

    pub(crate) fn put_back(&mut self, mut arrived: Arrived) {
        arrived.settle();
        self.arrived = arrived;
        // As sshd: a session is free once everything that came with its CLOSE has been handled.
        self.sessions.bury();
    }

    /// # Errors
    /// The message is malformed or out of place.
    pub(crate) fn handle_message(&mut self, payload: &[u8], now: Instant) -> Result<(), Error> {
        let Some(&message) = payload.first() else { return Ok(()) };
        match self.transport.handle(message, payload) {
            Ok(false) => {}
            Ok(true) => return Ok(()),
            // Our offer is on its way: the client finds out by itself.
            Err(Error::NoCommonAlgorithm { .. }) => {
                self.hang_up();
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        match message {
            number::DISCONNECT => self.fate = Fate::Closed,
            number::SERVICE_REQUEST => self.serve(payload)?,
            number::USERAUTH_REQUEST => self.log_in(payload)?,
            number::GLOBAL_REQUEST => self.answer_global(payload)?,
            number::CHANNEL_OPEN..=number::CHANNEL_REQUEST if !self.is_logged_in => self.misunderstand(),
            number::CHANNEL_OPEN => self.open_channel(payload)?,
            number::CHANNEL_WINDOW_ADJUST..=number::CHANNEL_REQUEST => {
                self.on_channel(message, payload, now)?;
            }
            number::IGNORE | number::UNIMPLEMENTED | number::DEBUG => {}
            // Answers to what we never asked.
            number::REQUEST_SUCCESS | number::REQUEST_FAILURE => {}
            _ => self.misunderstand(),
        }
        Ok(())
    }

    /// Says something as soon as it may be said.
    pub(crate) fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.transport.send(write);
    }

    /// As sshd answers what it does not know, or what has no place before login.
    pub(crate) fn misunderstand(&mut self) {
        self.tally.not_understood += 1;
        self.send(|out| {
            out.push(number::UNIMPLEMENTED);
            out.put_u32(0);
        });
    }

    /// Takes leave, and says why.
    pub(crate) fn disconnect(&mut self, text: &str) {
        self.send(|out| {
            out.push(number::DISCONNECT);
            out.put_u32(number::REASON_PROTOCOL_ERROR);
            out.put_string(text.as_bytes());
            out.put_string(b"");
        });
        self.fate = Fate::Closed;
    }

    /// Says nothing more.
    pub(crate) fn hang_up(&mut self) {
        self.fate = Fate::Closed;
    }
}

#[cfg(test)]
mod tests;
