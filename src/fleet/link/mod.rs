//! One authenticated SSH connection and everything that runs over it.
//!
//! A link joins the sans-IO machines ([`ssh::Client`], [`Session`](crate::sftp::Session)) with the tasks that wait for
//! them. It knows no socket and no runtime: a driver in `io/` carries the bytes and watches the clock, operations
//! await their results. Everything happens on one core, so a `RefCell` is all the protection it needs; no borrow is
//! ever held across an await.

mod ahead;
mod exec;
mod files;
mod hold;
mod login;
mod open_file;
mod sessions;
mod shells;
mod tunnel;
mod watch;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, ErrorKind};
use std::rc::Rc;

use event_listener::{Event as Notify, EventListener};

use super::Need;
use super::errors;
use super::gate::Gate;
use super::memory::Memory;
use crate::base::error::Contact;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::metrics::{Reason, Recorder};
use crate::ssh::{self, ChannelId, Event};

use ahead::{Ahead, InUse};
use exec::Execs;
use files::Files;
pub use files::Outlook;
use hold::AtWork;
pub use hold::Hold;
pub use hold::Keeper;
pub use open_file::OpenFile;
use sessions::Lane;
pub use sessions::Sessions;
use shells::Shells;
pub use tunnel::Tunnel;
use tunnel::Tunnels;
use watch::Watched;

/// Sessions that a server is believed to give besides those left to commands: SFTP's, and one to spare.
const SESSIONS_BESIDES: usize = 2;

/// What a link must know besides its connection.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// The host's name, for messages.
    pub host: Rc<str>,
    /// Commands that may run at once.
    pub sessions: usize,
    /// Commands that may run twice share shells that are kept for them.
    pub keeps_shells: bool,
    /// A link without work for this long is closed.
    pub idle_timeout: Duration,
    /// Reads the clock that the driver's times come from.
    pub clock: fn() -> Instant,
    /// What earlier connections to the host have taught.
    pub memory: Rc<Memory>,
    /// Where its core writes down what it does.
    pub recorder: Rc<Recorder>,
    /// Variables for every command (`SendEnv`, `SetEnv`).
    pub env: Rc<[(String, String)]>,
}

/// One connection. See the module's documentation.
pub struct Link {
    host: Rc<str>,
    /// What the options say.
    idle_timeout: Duration,
    may_keep_shells: bool,
    /// What counts now: `None` while it is to be kept.
    closes_after: Cell<Option<Duration>>,
    clock: fn() -> Instant,
    memory: Rc<Memory>,
    recorder: Rc<Recorder>,
    env: Rc<[(String, String)]>,
    /// Its part of the host's sessions: as many commands run as the server gives.
    sessions: Rc<Lane>,
    /// Lets as many file operations share the SFTP channel as its pipeline holds.
    pipeline: Rc<Gate>,
    /// Told when there are bytes to send, or when the next deadline may have come nearer.
    driver: Notify,
    /// Operations under way, and requests that it is kept for. Outside of the state, as grants change them that are given
    /// in the middle of something.
    active: Cell<usize>,
    holds: Cell<usize>,
    /// The last moment at which work began or ended, or somebody let go of it.
    used: Cell<Instant>,
    keeper: RefCell<Option<Box<dyn Keeper>>>,
    /// Told when it is to take nothing new.
    retired: Notify,
    /// When its dial began, until the login is done.
    dial_begun: Cell<Option<Instant>>,
    state: RefCell<State>,
}

struct State {
    client: ssh::Client,
    ahead: Ahead,
    execs: Execs,
    shells: Shells,
    files: Files,
    tunnels: Tunnels,
    /// Whether the server has ever opened a session.
    has_served: bool,
    /// Whether an operation has ever come to its end.
    was_of_use: bool,
    watched: Watched,
    ended: Option<Error>,
    /// The driver is done with it.
    is_closed: bool,
}

impl State {
    fn in_use(&self) -> InUse {
        InUse { commands: self.execs.len(), shells: self.shells.len(), sftp: self.files.is_open() }
    }

    /// Commands that can begin without asking for a session.
    fn sessions_ready(&self) -> usize {
        self.ahead.len() + self.shells.len()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Link {
    /// Asks for the first sessions of a client that has yet to log in: they are opened as soon as it has.
    pub fn prepare(client: &mut ssh::Client, memory: &Memory) {
        if memory.keeps_sessions_ahead() {
            ahead::open_first(client);
        }
    }

    /// Takes over a client that is past authentication, or that [relies](ssh::Client::rely_on_login) on getting past it,
    /// with the sessions that it was [prepared](Self::prepare) to open and every event after [`Event::Ready`].
    pub fn new(client: ssh::Client, options: LinkOptions) -> Rc<Self> {
        let now = (options.clock)();
        let sessions = options.sessions.min(limits::SSH_SESSIONS_MAX);
        // One command after another, so that no session waits while a command ends.
        let sessions = if client.keeps_waiting_sessions() { sessions } else { 1 };
        let ahead = Ahead::new(&client, sessions + SESSIONS_BESIDES, now);
        let link = Rc::new_cyclic(|link| Self {
            host: options.host,
            idle_timeout: options.idle_timeout,
            may_keep_shells: options.keeps_shells,
            closes_after: Cell::new(Some(options.idle_timeout)),
            clock: options.clock,
            sessions: options.memory.sessions.join(link.clone(), sessions),
            memory: options.memory,
            recorder: options.recorder,
            env: options.env,
            pipeline: Gate::new(limits::SFTP_OPERATIONS_MAX, limits::QUEUED_REQUESTS_DEFAULT),
            driver: Notify::new(),
            active: Cell::new(0),
            holds: Cell::new(0),
            used: Cell::new(now),
            keeper: RefCell::new(None),
            retired: Notify::new(),
            dial_begun: Cell::new(None),
            state: RefCell::new(State {
                client,
                ahead,
                execs: Execs::default(),
                shells: Shells::default(),
                files: Files::default(),
                tunnels: Tunnels::default(),
                has_served: false,
                was_of_use: false,
                watched: Watched::default(),
                ended: None,
                is_closed: false,
            }),
        });
        link.memory.sessions.hand_out();
        link
    }

    // --- for the driver ----------------------------------------------------------------------------------------

    /// Bytes from the host.
    pub fn handle_input(&self, bytes: &[u8], now: Instant) {
        let fed = self.state.borrow_mut().client.handle_input(bytes, now);
        self.settle(fed, now);
    }

    /// The host closed its side of the connection.
    pub fn handle_eof(&self) {
        let fate = self.state.borrow_mut().client.handle_eof();
        self.learn_from_hanging_up();
        self.fail(match fate {
            Err(error) => self.explain(&error),
            Ok(()) => Error::new(Kind::ConnectionLost, format!("{} closed the connection", self.host)),
        });
    }

    /// The connection failed below SSH.
    pub fn handle_loss(&self, error: &io::Error) {
        // A host that closes while we write resets the connection.
        if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) {
            self.learn_from_hanging_up();
        }
        self.fail(Error::new(Kind::ConnectionLost, format!("Lost the connection to {}: {error}", self.host)));
    }

    /// A deadline named by [`Link::poll_timeout`] may have passed.
    pub fn handle_timeout(&self, now: Instant) {
        let mut state = self.state.borrow_mut();
        let ticked = state.client.handle_timeout(now);
        let in_use = state.in_use();
        let State { client, ahead, execs, shells, files, .. } = &mut *state;
        ahead.handle_timeout(client, in_use, now);
        if shells.handle_timeout(client, now) {
            ahead.freed = Some(now);
        }
        execs.end_overdue(client, now);
        files.handle_timeout(client, now);
        let is_idle = self.idle_ends(&state).is_some_and(|end| end <= now);
        drop(state);
        self.settle(ticked, now);
        if is_idle {
            self.note_idle();
            self.close();
        }
    }

    /// When [`Link::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let state = self.state.borrow();
        if state.ended.is_some() {
            return None;
        }
        let deadlines = [
            state.client.poll_timeout(),
            state.ahead.poll_timeout(state.in_use()),
            state.execs.poll_timeout(),
            state.shells.poll_timeout(),
            state.files.poll_timeout(),
            self.idle_ends(&state),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Appends what is to be sent; false when there is nothing.
    pub fn poll_transmit(&self, out: &mut Vec<u8>) -> bool {
        let mut state = self.state.borrow_mut();
        let sent = state.client.poll_transmit(out);
        // Room that sending made is news for those who wait for it.
        self.dispatch_all(&mut state, (self.clock)());
        sent
    }

    /// The last words are sent and the socket is closed.
    pub fn handle_closed(&self) {
        self.state.borrow_mut().is_closed = true;
        drop(self.keeper.take());
        self.driver.notify(usize::MAX);
    }

    /// Hears of the next change that concerns the driver.
    pub fn listen(&self) -> EventListener {
        self.driver.listen()
    }

    // --- for the pool ------------------------------------------------------------------------------------------

    /// Whether the link is over: nothing can be started on it any more.
    pub fn has_ended(&self) -> bool {
        self.state.borrow().ended.is_some()
    }

    /// What work that needs `need` takes of the host's connections, and how many may have that at once.
    pub(super) fn lane(&self, need: Need) -> (Need, usize) {
        let memory = &self.memory;
        // Commands that crowd SFTP out for a moment do not count: by the time of a turn among them they may be gone.
        let by_command = memory.lacks_sftp.get() || memory.serves_one_session.get();
        match need {
            Need::Files if !by_command => (need, self.pipeline.width()),
            // Where the last connection has just ended there are none, but somebody must get through to find that out.
            _ => (Need::Session, memory.sessions.width().max(1)),
        }
    }

    /// The host has answered somebody.
    pub(super) fn note_contact(&self) {
        self.memory.note_contact(&self.recorder);
    }

    /// Whether anybody ever got an answer through it.
    pub fn was_of_use(&self) -> bool {
        self.state.borrow().was_of_use
    }

    /// Waits until the driver is done with an ended link.
    pub async fn closed(&self) {
        loop {
            let changed = self.driver.listen();
            if self.state.borrow().is_closed {
                return;
            }
            changed.await;
        }
    }

    /// Takes leave of the host. Work under way fails.
    pub fn close(&self) {
        self.state.borrow_mut().client.disconnect();
        self.end(Error::new(Kind::ConnectionLost, format!("The connection to {} was closed", self.host)));
    }

    // --- inside ------------------------------------------------------------------------------------------------

    /// Hands out what the client learned, and wakes whoever waits for it.
    fn settle(&self, fed: Result<(), ssh::Error>, now: Instant) {
        let mut state = self.state.borrow_mut();
        self.dispatch_all(&mut state, now);
        self.watch(&mut state, now);
        drop(state);
        if let Err(error) = fed {
            self.learn_from(&error);
            self.fail(self.explain(&error));
        }
        self.driver.notify(usize::MAX);
    }

    fn dispatch_all(&self, state: &mut State, now: Instant) {
        while let Some(event) = state.client.poll_event() {
            self.dispatch(state, event, now);
        }
    }

    fn dispatch(&self, state: &mut State, event: Event, now: Instant) {
        if event.channel().is_some_and(|channel| state.tunnels.owns(channel)) {
            return state.tunnels.handle_event(event);
        }
        let in_use = InUse { commands: state.execs.open(), ..state.in_use() };
        let State { client, ahead, execs, shells, files, has_served, .. } = state;
        let mut early = false;
        match &event {
            Event::Ready => self.logged_in(now),
            Event::Banner(text) => tracing::info!(host = %self.host, banner = text, "banner"),
            Event::Opened(channel) => {
                *has_served = true;
                self.memory.note_numbered(client.numbered());
                if let Some(time) = ahead.confirmed(*channel, now) {
                    self.memory.note_round_trip(time);
                }
                if execs.has_given_up(*channel) {
                    ahead.freed = Some(now);
                }
            }
            Event::OpenRefused { channel, .. } => early = ahead.refused(*channel, now),
            Event::Closed(_) | Event::ExitStatus { .. } | Event::ExitSignal { .. } => ahead.freed = Some(now),
            _ => {}
        }
        let Some(channel) = event.channel() else { return };
        if files.owns(channel) {
            if matches!(event, Event::RequestFailed(_)) {
                self.memory.lacks_sftp.set(true);
            }
            if matches!(event, Event::OpenRefused { .. }) && in_use.shells > 0 && !early {
                self.memory.note_useless_shell(now);
                shells.close_all(client);
            }
            files.handle_event(client, &event, in_use.commands + in_use.shells, now);
            if files.is_serving() {
                self.memory.note_files_served();
            }
        } else if shells.owns(channel) {
            shells.handle_event(client, &event);
        } else if ahead.owns(channel) {
            ahead.handle_event(client, &event, in_use, early);
        } else {
            execs.handle_event(client, event, in_use, early, now);
        }
    }

    /// A session opened ahead in place of each that was taken, as far as they are worth having.
    fn keep_ahead(&self, state: &mut State) {
        if self.memory.keeps_sessions_ahead() {
            let in_use = state.in_use();
            state.ahead.fill(&mut state.client, in_use, self.sessions.width(), (self.clock)());
        }
    }

    /// Why the connection ends, as far as it tells how the next one should begin.
    fn learn_from(&self, error: &ssh::Error) {
        use ssh::Error as E;
        match error {
            E::KeyRefused => self.memory.keys.note_taken_no_more(),
            E::Disconnected { .. } => self.learn_from_hanging_up(),
            // Silence is nobody's opinion.
            E::LoginTimeout | E::KeepaliveTimeout { .. } | E::RekeyTimeout => {}
            _ if self.state.borrow().client.is_hasty() => self.memory.note_dislike_of_early_starts(),
            _ => {}
        }
    }

    /// The host ends the connection by itself: was it for what came too early, for being asked for SFTP, or for sessions
    /// nobody uses?
    fn learn_from_hanging_up(&self) {
        let state = self.state.borrow();
        if state.ended.is_some() {
            return;
        }
        if state.client.is_hasty() {
            self.memory.note_dislike_of_early_starts();
        } else if !state.has_served && self.memory.keeps_sessions_ahead() {
            self.memory.note_useless_connection();
        } else if state.files.is_opening() {
            self.memory.note_hanging_up_on_sftp();
        }
    }

    /// The connection is lost. That is a failure of the host if anybody was at work on it.
    fn fail(&self, error: Error) {
        let state = self.state.borrow();
        if state.ended.is_none() && self.active.get() > 0 && error.kind().contact() == Contact::Failed {
            self.memory.note_failure(&error, (self.clock)(), &self.recorder);
        }
        drop(state);
        self.note_failed_login();
        self.end(error);
    }

    fn end(&self, error: Error) {
        let mut state = self.state.borrow_mut();
        if state.ended.is_none() {
            tracing::debug!(host = %self.host, reason = %error, "link ended");
            state.ended = Some(error);
            state.execs.wake_all();
            state.files.wake_all();
            state.tunnels.wake_all();
        }
        drop(state);
        self.sessions.close();
        if let Some(keeper) = &*self.keeper.borrow() {
            keeper.handle_end();
        }
        self.driver.notify(usize::MAX);
    }

    /// The link's own end, as an error for new work.
    fn alive(&self) -> Result<()> {
        match &self.state.borrow().ended {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// The same for work of which nothing has been sent.
    fn can_begin(&self) -> Result<()> {
        self.alive().map_err(|end| Error::new(Kind::NotBegun, end.message()))
    }

    /// The link's end for work that the host had not begun, as far as it has said.
    fn not_begun(end: &Error) -> Error {
        match end.kind() {
            Kind::ConnectionLost => Error::new(Kind::NotBegun, end.message()),
            // A server that breaks the rules would do so again.
            _ => end.clone(),
        }
    }

    fn explain(&self, error: &ssh::Error) -> Error {
        errors::from_ssh(&self.host, error)
    }

    fn busy(&self) -> Error {
        let text = format!("Too many requests are waiting for {}; try again later", self.host);
        Error::refused(Reason::Host, Kind::Busy, text)
    }
}

/// What there is of each channel of this link, the oldest first: who came first hears first of its end.
type Channels<T> = std::collections::BTreeMap<ChannelId, T>;

#[cfg(test)]
mod tests;
