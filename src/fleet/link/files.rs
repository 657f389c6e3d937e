//! File operations on a link: all of them share one SFTP channel, opened when the first one comes and then kept.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Link, State};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::errors;
use crate::fleet::gate::Permit;
use crate::sftp::{Extensions, Failure, LookMax, OpId, Outcome, Refusal, Session};
use crate::ssh::{ChannelId, Client, Event, Stream};

/// The SFTP channel of a link.
#[derive(Default)]
pub(super) enum Files {
    #[default]
    Unopened,
    Open(Box<Channel>),
    /// It broke; the next operation opens another one.
    Broken(Error),
    /// Commands hold all the sessions that the server gives; commands must do until they end.
    Crowded,
    /// The server has no SFTP; commands must do.
    Absent,
}

pub(super) struct Channel {
    id: ChannelId,
    session: Session,
    /// What the session wants to say and the channel's window does not take yet.
    unsent: Unsent,
    operations: BTreeMap<OpId, Operation>,
    /// What is brought to the disk takes its time, during which the server answers nothing.
    syncs: usize,
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

#[derive(Default)]
struct Operation {
    waker: Option<Waker>,
    done: Option<Result<Outcome, Failure>>,
}

/// What a look at a path has to expect.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// A regular file stood there a moment ago.
    pub is_known_file: bool,
    /// To the host and back.
    pub round_trip: Option<Duration>,
    /// Sessions that a command need not ask for. Those on their way count, though it has to wait for them: on a new
    /// connection SFTP waits for its own as long, and then asks once more often.
    pub unused_sessions: usize,
    /// Requests under way to the same host, this one included.
    pub requests: usize,
}

impl Link {
    /// What a look at `path` has to expect that begins now.
    pub fn outlook(&self, path: &[u8]) -> Outlook {
        let state = self.state.borrow();
        Outlook {
            is_known_file: matches!(&state.files, Files::Open(channel) if channel.session.knows(path, (self.clock)())),
            round_trip: self.memory.round_trip(),
            unused_sessions: if self.memory.lacks_shell.get() { 0 } else { state.ahead.len() },
            requests: self.active.get() + 1,
        }
    }

    /// Whether the host serves files by SFTP, as far as is known; where it is not, SFTP is asked for and believed in.
    /// Operations that it then fails are `NotBegun`: they are to be tried again, when it is known.
    pub fn serves_files(&self) -> Result<bool> {
        if self.memory.lacks_sftp.get() || self.memory.serves_one_session.get() {
            return Ok(false);
        }
        self.can_begin()?;
        let known = self.state.borrow().has_sftp();
        match known {
            Some(known) => Ok(known),
            None => self.open_sftp().map(|()| true),
        }
    }

    /// The attributes of what `path` leads to.
    pub async fn stat(self: &Rc<Self>, path: &[u8]) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.stat(path)).await
    }

    /// Reads a regular file: `len_max` bytes from `offset`, and whether there are more.
    pub async fn read(
        self: &Rc<Self>,
        path: &[u8],
        offset: u64,
        len_max: u64,
    ) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.read(path, offset, len_max, (self.clock)())).await
    }

    /// Reads a regular file or lists a directory, whichever `path` leads to.
    pub async fn look(self: &Rc<Self>, path: &[u8], max: LookMax) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.look(path, max, (self.clock)())).await
    }

    /// The same of what stands at `path` itself, be it a link.
    pub async fn link_stat(self: &Rc<Self>, path: &[u8]) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.link_stat(path)).await
    }

    /// Removes a file or a link.
    pub async fn remove(self: &Rc<Self>, path: &[u8]) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.remove(path)).await
    }

    /// The same, of which nobody hears what becomes of it.
    pub fn remove_unheard(&self, path: &[u8]) {
        self.tell(None, |session| {
            let _ = session.remove(path);
        });
    }

    /// Gives a file another name, under which nothing may stand.
    pub async fn rename(self: &Rc<Self>, path: &[u8], to: &[u8]) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.rename(path, to)).await
    }

    /// Gives a file another name in place of what stands there, where the server [can](Extensions::replace).
    pub async fn replace(self: &Rc<Self>, path: &[u8], to: &[u8]) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.replace(path, to)).await
    }

    /// What the SFTP server can do besides the draft, once it has answered anything.
    pub fn extensions(&self) -> Extensions {
        match &self.state.borrow().files {
            Files::Open(channel) => channel.session.extensions(),
            _ => Extensions::default(),
        }
    }

    pub(super) async fn operate(
        self: &Rc<Self>,
        begin: impl FnOnce(&mut Session) -> Result<OpId, Refusal>,
    ) -> Result<Result<Outcome, Failure>> {
        Ok(self.operate_in(None, begin).await?.1)
    }

    /// `within` is the channel that it makes sense in only. Returns the one that it was done in.
    pub(super) async fn operate_in(
        self: &Rc<Self>,
        within: Option<ChannelId>,
        begin: impl FnOnce(&mut Session) -> Result<OpId, Refusal>,
    ) -> Result<(ChannelId, Result<Outcome, Failure>)> {
        let _at_work = self.at_work();
        let permit = self.pipeline.enter().await.map_err(|_| self.busy())?;
        self.can_begin()?;
        let (channel, id) = {
            let mut state = self.state.borrow_mut();
            let State { client, files, .. } = &mut *state;
            let channel = match files {
                Files::Open(channel) if within.is_none_or(|within| within == channel.id) => channel,
                _ if within.is_some() => return Err(self.lost_files()),
                _ => return Err(self.no_files()),
            };
            let id =
                begin(&mut channel.session).map_err(|refusal| errors::from_refusal(&self.host, refusal))?;
            if channel.operations.is_empty() {
                channel.heard = (self.clock)();
            }
            channel.operations.insert(id, Operation::default());
            channel.send(client);
            (channel.id, id)
        };
        self.driver.notify(usize::MAX);
        Ok((channel, Pending { link: self, channel, id, _permit: permit }.await?))
    }

    /// Says something to the server of which nobody awaits an answer, if the channel `within` is still there.
    pub(super) fn tell(&self, within: Option<ChannelId>, say: impl FnOnce(&mut Session)) {
        let mut state = self.state.borrow_mut();
        let State { client, files, .. } = &mut *state;
        if let Files::Open(channel) = files
            && within.is_none_or(|within| within == channel.id)
        {
            say(&mut channel.session);
            channel.send(client);
            drop(state);
            self.driver.notify(usize::MAX);
        }
    }

    /// What was open is not any more.
    fn lost_files(&self) -> Error {
        Error::new(Kind::ConnectionLost, format!("{}: the SFTP server ended", self.host))
    }

    fn open_sftp(&self) -> Result<()> {
        let mut state = self.state.borrow_mut();
        let State { client, ahead, files, .. } = &mut *state;
        let now = (self.clock)();
        let id = ahead.take(client, now).map_err(|error| self.explain(&error))?;
        client.widen(id, limits::SFTP_CHANNEL_WINDOW_BYTES);
        client.subsystem(id, "sftp");
        // One that is started in vain does nothing.
        client.start_early(id);
        let mut channel = Box::new(Channel::new(id, now, client.is_openssh()));
        channel.send(client);
        *files = Files::Open(channel);
        self.keep_ahead(&mut state);
        drop(state);
        self.driver.notify(usize::MAX);
        Ok(())
    }

    /// For an operation of which the server has done nothing.
    fn no_files(&self) -> Error {
        Error::new(Kind::NotBegun, format!("{} has no SFTP channel", self.host))
    }
}

impl State {
    /// Whether files are served by SFTP; `None` when that has to be asked.
    fn has_sftp(&self) -> Option<bool> {
        match &self.files {
            Files::Open(_) => Some(true),
            Files::Absent => Some(false),
            Files::Crowded => (self.execs.open() > 0).then_some(false),
            Files::Unopened | Files::Broken(_) => None,
        }
    }
}

impl Files {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    pub(super) fn owns(&self, channel: ChannelId) -> bool {
        matches!(self, Self::Open(open) if open.id == channel)
    }

    /// `commands` hold a session each.
    pub(super) fn handle_event(&mut self, client: &mut Client, event: &Event, commands: usize, now: Instant) {
        let Self::Open(channel) = self else { return };
        let received = match event {
            Event::OpenRefused { .. } if commands > 0 => return self.end(client, Self::Crowded),
            Event::OpenRefused { .. } | Event::RequestFailed(_) | Event::Closed(_) => {
                Err(Error::new(Kind::ConnectionLost, "the SFTP server ended"))
            }
            Event::Opened(_) | Event::Writable(_) => {
                channel.send(client);
                Ok(())
            }
            Event::Readable(..) => {
                channel.heard = now;
                channel.receive(client)
            }
            _ => Ok(()),
        };
        if let Err(error) = received {
            self.fail(client, error);
        }
    }

    /// Gives up a server that is silent for too long: it hangs in a call of its own, and everybody behind it hangs too.
    pub(super) fn handle_timeout(&mut self, client: &mut Client, now: Instant) {
        let Self::Open(channel) = self else { return };
        if channel.silence_ends().is_some_and(|end| now >= end) {
            let silence = channel.silence_max().as_secs();
            let text = format!("the SFTP server has not answered for {silence}s");
            self.fail(client, Error::new(Kind::ConnectionLost, text));
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let Self::Open(channel) = self else { return None };
        channel.silence_ends()
    }

    /// What ends before it could begin will do so again: the host has no usable SFTP server.
    fn fail(&mut self, client: &mut Client, error: Error) {
        let can_return = matches!(self, Self::Open(channel) if channel.ready);
        self.end(client, if can_return { Self::Broken(error) } else { Self::Absent });
    }

    fn end(&mut self, client: &mut Client, next: Self) {
        if let Self::Open(mut channel) = std::mem::replace(self, next) {
            client.close(channel.id);
            channel.wake_all();
        }
    }

    /// Asked for, and not yet known to be there.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self, Self::Open(channel) if !channel.ready)
    }

    fn count_sync(&mut self, id: ChannelId, by: isize) {
        if let Self::Open(channel) = self
            && channel.id == id
        {
            channel.syncs = channel.syncs.saturating_add_signed(by);
        }
    }

    pub(super) fn wake_all(&mut self) {
        if let Self::Open(channel) = self {
            channel.wake_all();
        }
    }
}

impl Channel {
    fn new(id: ChannelId, now: Instant, is_openssh: bool) -> Self {
        Self {
            id,
            session: Session::new(is_openssh, now),
            unsent: Unsent::default(),
            operations: BTreeMap::new(),
            syncs: 0,
            ready: false,
            heard: now,
        }
    }

    /// When the server's silence has lasted too long, if something is asked of it.
    fn silence_ends(&self) -> Option<Instant> {
        let is_asked = !self.ready || !self.operations.is_empty();
        is_asked.then(|| self.heard + self.silence_max())
    }

    fn silence_max(&self) -> Duration {
        if self.syncs > 0 { limits::SFTP_SYNC_SILENCE_MAX } else { limits::SFTP_SILENCE_MAX }
    }

    fn send(&mut self, client: &mut Client) {
        while !self.unsent.rest().is_empty() || self.session.poll_transmit(&mut self.unsent.bytes) {
            let taken = client.send(self.id, self.unsent.rest());
            self.unsent.taken(taken);
            if !self.unsent.rest().is_empty() {
                return;
            }
        }
    }

    fn receive(&mut self, client: &mut Client) -> Result<()> {
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
            if let Some(operation) = self.operations.get_mut(&id) {
                operation.done = Some(result);
                if let Some(waker) = operation.waker.take() {
                    waker.wake();
                }
            }
        }
        self.send(client);
        Ok(())
    }

    fn wake_all(&mut self) {
        for operation in self.operations.values_mut() {
            if let Some(waker) = operation.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Something is being brought to the disk.
pub(super) struct Syncing<'a> {
    link: &'a Link,
    channel: ChannelId,
}

impl Link {
    pub(super) fn syncing(&self, channel: ChannelId) -> Syncing<'_> {
        self.state.borrow_mut().files.count_sync(channel, 1);
        Syncing { link: self, channel }
    }
}

impl Drop for Syncing<'_> {
    fn drop(&mut self) {
        self.link.state.borrow_mut().files.count_sync(self.channel, -1);
    }
}

/// Waits for a file operation. Dropping it cancels the operation.
struct Pending<'a> {
    link: &'a Rc<Link>,
    /// Operations are numbered anew in every channel.
    channel: ChannelId,
    id: OpId,
    _permit: Permit,
}

impl Future for Pending<'_> {
    type Output = Result<Result<Outcome, Failure>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.link.state.borrow_mut();
        let State { files, ended, was_of_use, .. } = &mut *state;
        if let Some(error) = ended {
            return Poll::Ready(Err(match files.is_opening() {
                true => Link::not_begun(error),
                false => error.clone(),
            }));
        }
        let operations = match files {
            Files::Open(channel) if channel.id == self.channel => &mut channel.operations,
            Files::Broken(error) => return Poll::Ready(Err(error.clone().context(&self.link.host))),
            _ => return Poll::Ready(Err(self.link.no_files())),
        };
        let Some(operation) = operations.get_mut(&self.id) else {
            return Poll::Ready(Err(self.link.no_files()));
        };
        let Some(result) = operation.done.take() else {
            operation.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        operations.remove(&self.id);
        *was_of_use = true;
        Poll::Ready(Ok(result))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut state = self.link.state.borrow_mut();
        let State { client, files, .. } = &mut *state;
        if let Files::Open(channel) = files
            && channel.id == self.channel
            && let Some(operation) = channel.operations.remove(&self.id)
        {
            // A file that was opened in vain.
            if let Some(Ok(Outcome::Opened(file))) = operation.done {
                channel.session.abandon(&file);
            }
            channel.session.cancel(self.id);
            channel.send(client);
            drop(state);
            self.link.driver.notify(usize::MAX);
        }
    }
}
