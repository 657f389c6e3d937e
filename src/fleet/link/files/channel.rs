//! One SFTP channel of a link: a session, the operations that wait for it, and how long its server may be silent.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::pending::Operation;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::errors;
use crate::sftp::{OpId, Refusal, Session};
use crate::ssh::{ChannelId, Client, Stream};

pub(in crate::fleet::link) struct Channel {
    pub(super) id: ChannelId,
    /// For messages.
    host: Rc<str>,
    pub(super) session: Session,
    /// What the session wants to say and the channel's window does not take yet.
    unsent: Unsent,
    operations: BTreeMap<OpId, Rc<RefCell<Operation>>>,
    /// What is brought to the disk takes its time, during which the server answers nothing.
    pub(super) syncs: usize,
    /// Whether the version exchange is over.
    ready: bool,
    /// When the server last said something, or was first asked after it had answered everything.
    heard: Instant,
}

/// Bytes of which the first ones have been taken.
#[derive(Default)]
struct Unsent {
    bytes: Vec<u8>,
    taken: usize,
}

impl Unsent {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn taken(&mut self, count: usize) {
        self.taken += count;
        // Moves the rest to the front only when that frees more than it moves.
        if self.taken > self.bytes.len() / 2 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
    }
}

/// Why a channel came to its end.
#[derive(Debug)]
pub(super) enum End {
    /// There is no server of SFTP behind it, or there is no room for one now.
    Unserved,
    /// The server went away, or broke the rules.
    Broken(Error),
    /// The server hangs in a call of its own.
    Silent,
}

impl Channel {
    pub(super) fn new(id: ChannelId, host: Rc<str>, now: Instant, is_openssh: bool) -> Self {
        Self {
            id,
            host,
            session: Session::new(is_openssh, now),
            unsent: Unsent::default(),
            operations: BTreeMap::new(),
            syncs: 0,
            ready: false,
            heard: now,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) fn begin(
        &mut self,
        client: &mut Client,
        now: Instant,
        begin: impl FnOnce(&mut Session) -> Result<OpId, Refusal>,
    ) -> Result<(OpId, Rc<RefCell<Operation>>)> {
        // What it has not answered to somebody who gave up keeps it from us as well.
        let was_silent = !self.session.is_waiting();
        let id = begin(&mut self.session).map_err(|refusal| errors::from_refusal(&self.host, refusal))?;
        if was_silent {
            self.heard = now;
        }
        let operation = Rc::<RefCell<Operation>>::default();
        self.operations.insert(id, Rc::clone(&operation));
        self.send(client);
        Ok((id, operation))
    }

    /// Its result is of no interest any more. Returns whether there was none yet.
    pub(super) fn cancel(&mut self, id: OpId) -> bool {
        let was_going = self.operations.remove(&id).is_some();
        if was_going {
            self.session.cancel(id);
        }
        was_going
    }

    /// When the server's silence has lasted too long, if something is asked of it.
    pub(super) fn silence_ends(&self) -> Option<Instant> {
        let is_asked = !self.ready || !self.operations.is_empty();
        is_asked.then(|| self.heard + self.silence_max())
    }

    fn silence_max(&self) -> Duration {
        if self.syncs > 0 { limits::SFTP_SYNC_SILENCE_MAX } else { limits::SFTP_SILENCE_MAX }
    }

    pub(super) fn send(&mut self, client: &mut Client) {
        while !self.unsent.rest().is_empty() || self.session.poll_transmit(&mut self.unsent.bytes) {
            let taken = client.send(self.id, self.unsent.rest());
            self.unsent.taken(taken);
            if !self.unsent.rest().is_empty() {
                return;
            }
        }
    }

    pub(super) fn receive(&mut self, client: &mut Client, now: Instant) -> Result<()> {
        self.heard = now;
        // An SFTP server's complaints are of no use to the protocol.
        let noise = client.received(self.id, Stream::Stderr).len();
        client.consume(self.id, Stream::Stderr, noise);

        let bytes = client.received(self.id, Stream::Stdout);
        let read = bytes.len();
        let fed = self.session.handle_input(bytes);
        client.consume(self.id, Stream::Stdout, read);
        fed.map_err(|error| errors::from_sftp("SFTP", &error))?;
        self.ready = self.session.is_ready();
        while let Some((id, result)) = self.session.poll_done() {
            if let Some(operation) = self.operations.remove(&id) {
                operation.borrow_mut().end(Ok(result));
            }
        }
        self.send(client);
        Ok(())
    }

    /// Gives back what past requests took.
    pub(super) fn trim(&mut self) {
        self.unsent.bytes.shrink_to_fit();
    }

    /// Closes it, and tells everybody who waits why.
    pub(super) fn end(mut self, client: &mut Client, end: &End) {
        client.close(self.id);
        let hung = match end {
            End::Silent if self.ready => self.session.at_work(),
            _ => Vec::new(),
        };
        for (id, operation) in std::mem::take(&mut self.operations) {
            let error = match end {
                _ if hung.contains(&id) => self.hung(),
                End::Broken(error) if self.ready => error.clone().context(&self.host),
                End::Silent if self.ready => self.kept_waiting(),
                _ => no_files(&self.host),
            };
            operation.borrow_mut().end(Err(error));
        }
    }

    /// For what the server hangs at: it would do so again.
    fn hung(&self) -> Error {
        let silence = self.silence_max().as_secs();
        let text = "the file, or the file system it is on, may block";
        Error::new(
            Kind::Remote,
            format!("{}: the SFTP server did not answer for {silence}s; {text}", self.host),
        )
    }

    /// For what stands behind that: the server never came to it.
    fn kept_waiting(&self) -> Error {
        let silence = self.silence_max().as_secs();
        let text =
            format!("{}: the SFTP server did not answer for {silence}s; another file blocks it", self.host);
        Error::new(Kind::NotBegun, text)
    }

    pub(super) fn wake_all(&self) {
        self.operations.values().for_each(|operation| operation.borrow_mut().wake());
    }
}

/// For an operation of which the server has done nothing.
pub(super) fn no_files(host: &str) -> Error {
    Error::new(Kind::NotBegun, format!("{host} has no SFTP channel"))
}
