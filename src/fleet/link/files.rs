//! File operations on a link: all of them share one SFTP channel, opened when the first one comes and then kept.

mod channel;
mod pending;

use std::rc::Rc;

use super::{Link, State};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::sftp::{Extensions, Failure, LookMax, OpId, Outcome, Refusal, Session};
use crate::ssh::{ChannelId, Client, Event};
use channel::{Channel, End, no_files};
use pending::Pending;

/// The SFTP channel of a link.
#[derive(Default)]
pub(super) enum Files {
    #[default]
    Unopened,
    Open(Box<Channel>),
    /// It broke; the next operation opens another one.
    Broken,
    /// Commands hold all the sessions that the server gives; commands must do until they end.
    Crowded,
    /// The server has no SFTP; commands must do.
    Absent,
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
            unused_sessions: if self.memory.lacks_shell.get() { 0 } else { state.sessions_ready() },
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

    /// Waits until nothing is open by SFTP and everything is answered: what nobody waits for any more, as the removal of
    /// half a file, is done then. A server that hears of the end of its connection does not come to it.
    pub async fn at_rest(&self) {
        loop {
            let changed = self.driver.listen();
            let is_at_rest = match &self.state.borrow().files {
                Files::Open(channel) => channel.session.is_at_rest(),
                _ => true,
            };
            if is_at_rest || self.has_ended() {
                return;
            }
            changed.await;
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
        let (channel, (id, operation)) = {
            let mut state = self.state.borrow_mut();
            let State { client, files, .. } = &mut *state;
            let channel = match files {
                Files::Open(channel) if within.is_none_or(|within| within == channel.id) => channel,
                _ if within.is_some() => return Err(self.lost_files()),
                _ => return Err(no_files(&self.host)),
            };
            (channel.id, channel.begin(client, (self.clock)(), begin)?)
        };
        self.driver.notify(usize::MAX);
        Ok((channel, Pending { link: self, channel, id, operation, _permit: permit }.await?))
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
        self.make_room(&mut state);
        let State { client, ahead, files, .. } = &mut *state;
        let now = (self.clock)();
        let id = ahead.take(client, now).map_err(|error| self.explain(&error))?;
        client.widen(id, limits::SFTP_CHANNEL_WINDOW_BYTES);
        client.subsystem(id, "sftp");
        // One that is started in vain does nothing.
        client.start_early(id);
        let mut channel = Box::new(Channel::new(id, Rc::clone(&self.host), now, client.is_openssh()));
        channel.send(client);
        *files = Files::Open(channel);
        self.keep_ahead(&mut state);
        drop(state);
        self.driver.notify(usize::MAX);
        Ok(())
    }
}

impl State {
    /// Whether files are served by SFTP; `None` when that has to be asked.
    fn has_sftp(&self) -> Option<bool> {
        match &self.files {
            Files::Open(_) => Some(true),
            Files::Absent => Some(false),
            Files::Crowded => (self.execs.open() > 0).then_some(false),
            Files::Unopened | Files::Broken => None,
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

    fn channel(&mut self, id: ChannelId) -> Option<&mut Channel> {
        match self {
            Self::Open(channel) if channel.id == id => Some(channel),
            _ => None,
        }
    }

    /// `commands` hold a session each.
    pub(super) fn handle_event(&mut self, client: &mut Client, event: &Event, commands: usize, now: Instant) {
        let Self::Open(channel) = self else { return };
        let received = match event {
            Event::OpenRefused { .. } if commands > 0 => {
                return self.end(client, Self::Crowded, &End::Unserved);
            }
            Event::OpenRefused { .. } | Event::RequestFailed(_) | Event::Closed(_) => {
                Err(Error::new(Kind::ConnectionLost, "the SFTP server ended"))
            }
            Event::Opened(_) | Event::Writable(_) => {
                channel.send(client);
                Ok(())
            }
            Event::Readable(..) => channel.receive(client, now),
            _ => Ok(()),
        };
        if let Err(error) = received {
            self.fail(client, &End::Broken(error));
        }
    }

    /// Gives up a server that is silent for too long: it hangs in a call of its own, and everybody behind it hangs too.
    pub(super) fn handle_timeout(&mut self, client: &mut Client, now: Instant) {
        if self.poll_timeout().is_some_and(|end| now >= end) {
            self.fail(client, &End::Silent);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let Self::Open(channel) = self else { return None };
        channel.silence_ends()
    }

    /// What ends before it could begin will do so again: the host has no usable SFTP server.
    fn fail(&mut self, client: &mut Client, end: &End) {
        let can_return = matches!(self, Self::Open(channel) if channel.is_ready());
        self.end(client, if can_return { Self::Broken } else { Self::Absent }, end);
    }

    fn end(&mut self, client: &mut Client, next: Self, end: &End) {
        if let Self::Open(channel) = std::mem::replace(self, next) {
            channel.end(client, end);
        }
    }

    /// Asked for, and not yet known to be there.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self, Self::Open(channel) if !channel.is_ready())
    }

    /// There, and it has answered.
    pub(super) fn is_serving(&self) -> bool {
        matches!(self, Self::Open(channel) if channel.is_ready())
    }

    fn count_sync(&mut self, id: ChannelId, by: isize) {
        if let Some(channel) = self.channel(id) {
            channel.syncs = channel.syncs.saturating_add_signed(by);
        }
    }

    pub(super) fn wake_all(&mut self) {
        if let Self::Open(channel) = self {
            channel.wake_all();
        }
    }

    pub(super) fn trim(&mut self) {
        if let Self::Open(channel) = self {
            channel.trim();
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
