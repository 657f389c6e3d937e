//! The channels of a connection (RFC 4254).

use std::sync::Arc;

use super::transport::Transport;
use super::{Fate, Server};
use crate::base::limits::{SSH_CHANNEL_PACKET_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::base::time::Instant;
use crate::simulated::programs::Programs;
use crate::simulated::session::{Session, Window};
use crate::simulated::weather::Sky;
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{Error, number};

const WHAT: &str = "channel message";

/// Those that are open, by number. The lowest free number is given first, as by sshd.
pub(crate) struct Sessions {
    places: Vec<Option<Session>>,
    pub programs: Arc<dyn Programs>,
}

impl Sessions {
    pub fn new(programs: Arc<dyn Programs>) -> Self {
        Self { places: Vec::new(), programs }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.places.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.places.iter_mut().flatten()
    }

    pub fn at(&mut self, place: usize) -> Option<&mut Session> {
        self.places.get_mut(place)?.as_mut()
    }

    /// Where it was put.
    fn put(&mut self, session: Session) -> usize {
        let free = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        match self.places.get_mut(free) {
            Some(place) => *place = Some(session),
            None => self.places.push(Some(session)),
        }
        free
    }

    /// Forgets those that both sides have closed.
    pub fn bury(&mut self) {
        for place in &mut self.places {
            place.take_if(|session| session.is_over());
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.iter().filter_map(Session::poll_timeout).min()
    }

    /// Says what may be said now; how many operations were done for it.
    pub fn flush(&mut self, transport: &mut Transport, sky: &Sky, now: Instant) -> usize {
        self.iter_mut().map(|session| session.flush(transport, sky, now)).sum()
    }
}

impl Server {
    pub(super) fn open_channel(&mut self, payload: &[u8]) -> Result<(), Error> {
        let opening = Opening::read(payload)?;
        if opening.kind != "session" {
            self.refuse_channel(&opening, number::OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed");
        } else if self.sessions.iter().filter(|session| session.counts()).count() >= self.sessions_max() {
            self.tally.refused_sessions += 1;
            self.refuse_channel(&opening, number::OPEN_CONNECT_FAILED, "open failed");
        } else {
            self.tally.opened_sessions += 1;
            self.accept_channel(&opening);
        }
        Ok(())
    }

    fn sessions_max(&self) -> usize {
        self.transport.terms.sessions_max
    }

    /// Opens the channel, and gives what it is from now on.
    pub(crate) fn accept_channel(&mut self, opening: &Opening<'_>) -> Option<&mut Session> {
        let (first, granted) = (self.transport.terms.first_channel, self.transport.terms.window_bytes);
        let place = self.sessions.put(Session::new(opening.window, granted));
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        self.send(|out| {
            out.push(number::CHANNEL_OPEN_CONFIRMATION);
            out.put_u32(opening.window.remote);
            out.put_u32(first.wrapping_add(number));
            out.put_u32(granted);
            out.put_u32(SSH_CHANNEL_PACKET_BYTES_MAX);
        });
        self.sessions.at(place)
    }

    pub(crate) fn refuse_channel(&mut self, opening: &Opening<'_>, reason: u32, text: &str) {
        self.send(|out| {
            out.push(number::CHANNEL_OPEN_FAILURE);
            out.put_u32(opening.window.remote);
            out.put_u32(reason);
            out.put_string(text.as_bytes());
            out.put_string(b"");
        });
    }

    pub(super) fn on_channel(&mut self, message: u8, payload: &[u8], now: Instant) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let number = reader.u32(WHAT)?;
        let place = number.checked_sub(self.transport.terms.first_channel).map(|place| place as usize);
        let Some(session) = place.and_then(|place| self.sessions.places.get_mut(place)?.as_mut()) else {
            return self.unknown_channel(message, number);
        };
        let operations =
            session.handle(message, reader, &*self.sessions.programs, &mut self.transport, &self.sky, now)?;
        self.count(operations);
        Ok(())
    }

    /// Counts operations, any of which may lose the connection.
    pub(super) fn count(&mut self, operations: usize) {
        self.tally.operations += operations;
        if (0..operations).any(|_| self.sky.loses()) {
            self.fate = Fate::Lost;
        }
    }

    /// As sshd, which hangs up where something is to be started in a channel that there is not.
    fn unknown_channel(&mut self, message: u8, number: u32) -> Result<(), Error> {
        if message != number::CHANNEL_REQUEST {
            return Err(Error::UnknownChannel { number });
        }
        self.disconnect(&format!("unknown channel {number}"));
        Ok(())
    }

    pub(super) fn answer_global(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
        if reader.bool(WHAT)? {
            self.send(|out| out.push(number::REQUEST_FAILURE));
        }
        Ok(())
    }
}

/// A request to open a channel (RFC 4254 §5.1).
pub(crate) struct Opening<'a> {
    pub kind: &'a str,
    pub window: Window,
}

impl<'a> Opening<'a> {
    pub fn read(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let kind = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?;
        let (remote, bytes, packet) = (reader.u32(WHAT)?, reader.u32(WHAT)?, reader.u32(WHAT)?);
        Ok(Self { kind, window: Window { remote, bytes, packet } })
    }
}
