//! Commands on a link: a session channel each (RFC 4254 §6.5), or a shell that is kept for several.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::sessions::{Denied, Granted, Permit};
use super::{Channels, InUse, Link, State};
use crate::base::time::Instant;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::kept_shell::{self, Number, Reading, Taken};
use crate::fleet::machine::{Exit, Sink};
use crate::fleet::{Repeat, leash};
use crate::metrics::Histogram;
use crate::ssh::{ChannelId, Client, Event, Stream};

/// The commands of a link.
#[derive(Default)]
pub(super) struct Execs {
    /// Boxed, as the map sets room aside for several and keeps it.
    running: Channels<Box<Exec>>,
}

/// One command. It holds its permit until the channel is closed on both sides, however it ends.
struct Exec {
    _permit: Permit,
    waker: Option<Waker>,
    /// The server gave a session for it.
    opened: bool,
    /// It was sent to its session before the server had confirmed that.
    is_early: bool,
    /// It runs in a shell that is kept, and this is how far it is.
    reading: Option<Reading>,
    refusal: Option<Refusal>,
    exit: Option<Exit>,
    /// Nothing more will come but the end of the channel.
    eof: bool,
    closed: bool,
    /// It has ended, and at this time its channel counts as closed: some servers leave it open while a process that the
    /// command has left behind lives.
    closes: Option<Instant>,
    /// Nobody waits any more: the remote process was asked to end, and at this time it is made to. One that has no
    /// session yet never begins, but its session may still be given.
    abandoned: Option<Instant>,
}

/// Why a command did not start.
enum Refusal {
    /// The server gives no further session: for now (`MaxSessions`) or at all.
    Session {
        reason: String,
        /// What held sessions at that moment.
        in_use: InUse,
        /// It says nothing, as it came right after another session had ended.
        early: bool,
    },
    /// It gave a session but would not run the command.
    Command,
    /// A shell that was to be kept is of no use; `first` when it has done nothing yet. The command may have run.
    Shell { first: bool },
}

impl Link {
    /// Runs a command line with `sh` and hands its output to `sink`.
    ///
    /// Errors: the queue is full, the connection is lost, the server refuses, or the channel closes without saying
    /// how the command ended. Dropping the future ends the remote processes: `TERM`, and `KILL` after a grace period.
    pub async fn run(self: &Rc<Self>, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        self.run_to_end(command, Repeat::Never, false, sink).await
    }

    /// As [`Link::run`], a command that may as well run twice, as one that only reads, and that leaves nothing running. On a new connection to a host that
    /// is known well it is sent without waiting for the session; if that turns out to have been wrong, it may have run
    /// though it counts as not begun.
    pub async fn query(self: &Rc<Self>, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        self.run_to_end(command, Repeat::Safe, true, sink).await
    }

    /// As [`Link::query`], where something may be left running: it would print into what comes next of a shell.
    pub async fn query_alone(self: &Rc<Self>, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        self.run_to_end(command, Repeat::Safe, false, sink).await
    }

    async fn run_to_end(
        self: &Rc<Self>,
        command: &[u8],
        repeat: Repeat,
        mut may_share: bool,
        sink: &mut dyn Sink,
    ) -> Result<Exit> {
        let _at_work = self.at_work();
        loop {
            let (link, permit) = self.session().await?;
            link.can_begin()?;
            let begun = (link.clock)();
            let channel = link.start(command, repeat, may_share, permit)?;
            match (Run { link: &link, channel, begun, sink }).await? {
                Ended::Exit(exit) => {
                    link.memory.note_command_time((link.clock)() - begun);
                    if link.memory.serves_one_session.get() && link.state.borrow().execs.is_empty() {
                        link.close();
                    }
                    return Ok(exit);
                }
                Ended::NotStarted(Refusal::Command) => {
                    return Err(Error::new(Kind::Refused, format!("{} refuses to run commands", self.host)));
                }
                Ended::NotStarted(Refusal::Shell { first }) => {
                    may_share = false;
                    if first {
                        link.memory.note_useless_shell((link.clock)());
                    }
                }
                Ended::NotStarted(Refusal::Session { early: true, .. }) => {}
                Ended::NotStarted(Refusal::Session { in_use: InUse { shells: 1.., .. }, .. }) => {
                    link.keep_no_shells();
                }
                // Beside other commands: there will be a session when one of them ends.
                Ended::NotStarted(Refusal::Session { in_use: InUse { commands: 1.., .. }, .. }) => {}
                Ended::NotStarted(Refusal::Session { reason, in_use, .. }) => {
                    return Err(link.learn_from_refusal(&reason, in_use.sftp));
                }
            }
        }
    }

    /// A session of this connection or of another one to the same host. While there is none, further connections may
    /// be made.
    async fn session(&self) -> Result<Granted> {
        let sessions = &self.memory.sessions;
        if let Some(granted) = sessions.try_enter() {
            return Ok(granted);
        }
        let granted = self.wait_for_session(sessions.enter(), || ()).await;
        granted.map_err(|denied| match denied {
            Denied::Full => self.busy(),
            Denied::Over => self.can_begin().err().unwrap_or_else(|| self.busy()),
        })
    }

    /// Runs a command as [`Link::query`] does, if there is an unused session for it. `None` where there is none, or where
    /// the server does not start it: nobody is to learn from a command that need not be.
    pub async fn try_run(self: &Rc<Self>, command: &[u8], sink: &mut dyn Sink) -> Result<Option<Exit>> {
        let _at_work = self.at_work();
        if self.state.borrow().sessions_ready() == 0 {
            return Ok(None);
        }
        let Some(permit) = self.sessions.try_enter() else { return Ok(None) };
        let channel = self.start(command, Repeat::Safe, true, permit)?;
        Ok(match (Run { link: self, channel, begun: (self.clock)(), sink }).await? {
            Ended::Exit(exit) => Some(exit),
            Ended::NotStarted(_) => None,
        })
    }

    /// The host's shell does not run our scripts: none is tried again that need not be.
    pub fn lacks_shell(&self) {
        self.memory.lacks_shell.set(true);
    }

    /// Refused beside SFTP only: commands can do all that SFTP can, so that has to go. Refused alone after others: the
    /// server allows no second session on this connection. Refused at the first: it never will.
    fn learn_from_refusal(&self, reason: &str, sftp: bool) -> Error {
        let text = format!("{} refuses to open a session: {reason}", self.host);
        if !self.state.borrow().has_served {
            return Error::new(Kind::Refused, text);
        }
        let learned = if sftp { &self.memory.lacks_sftp } else { &self.memory.serves_one_session };
        learned.set(true);
        self.close();
        Error::new(Kind::NotBegun, text)
    }

    fn start(&self, command: &[u8], repeat: Repeat, may_share: bool, permit: Permit) -> Result<ChannelId> {
        let mut state = self.state.borrow_mut();
        let shares = may_share && self.keeps_shells(&state) && kept_shell::takes(command);
        let channel = match shares {
            true => self.start_in_shell(&mut state, command, permit)?,
            false => {
                let line = leash::for_login_shell(command)?;
                self.make_room(&mut state);
                self.start_alone(&mut state, &line, repeat, Exec::new(permit))?
            }
        };
        self.keep_ahead(&mut state);
        drop(state);
        self.driver.notify(usize::MAX);
        Ok(channel)
    }

    fn start_in_shell(&self, state: &mut State, command: &[u8], permit: Permit) -> Result<ChannelId> {
        let number = Number::random();
        let exec = Exec::new(permit);
        if let Some(channel) = state.shells.start(&mut state.client, &number, command) {
            let exec = Exec { opened: true, reading: Some(Reading::next(&number)), ..exec };
            state.execs.running.insert(channel, Box::new(exec));
            return Ok(channel);
        }
        let line = kept_shell::for_login_shell(&number, command);
        let exec = Exec { reading: Some(Reading::first(&number)), ..exec };
        self.start_alone(state, &line, Repeat::Safe, exec)
    }

    /// In a session of its own.
    fn start_alone(&self, state: &mut State, line: &[u8], repeat: Repeat, exec: Exec) -> Result<ChannelId> {
        let State { client, ahead, execs, .. } = state;
        let channel = ahead.take(client, (self.clock)()).map_err(|error| self.explain(&error))?;
        self.env.iter().for_each(|(name, value)| client.set_env(channel, name, value));
        client.exec(channel, line);
        let is_early = repeat == Repeat::Safe && client.start_early(channel);
        let exec = Exec { opened: client.is_open(channel), is_early, ..exec };
        execs.running.insert(channel, Box::new(exec));
        Ok(channel)
    }
}

impl Execs {
    /// How many hold a session.
    pub(super) fn open(&self) -> usize {
        self.running.values().filter(|exec| exec.opened && !exec.closed).count()
    }

    /// Those that were given up run until they are ended.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether nobody wants the channel's session any more, and nothing runs in it.
    pub(super) fn has_given_up(&self, channel: ChannelId) -> bool {
        self.running.get(&channel).is_some_and(|exec| exec.abandoned.is_some() && !exec.is_early)
    }

    /// How many there are, those included that wait for their session.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// `in_use` holds sessions at this moment; a refusal that is `early` says nothing.
    pub(super) fn handle_event(
        &mut self,
        client: &mut Client,
        event: Event,
        in_use: InUse,
        early: bool,
        now: Instant,
    ) {
        let Some(channel) = event.channel() else { return };
        let Some(exec) = self.running.get_mut(&channel) else { return };
        match event {
            Event::Opened(_) => {
                exec.opened = true;
                match exec.abandoned {
                    Some(_) if exec.is_early => ask_to_end(client, channel),
                    // Given up before that: nothing was started in it.
                    Some(_) => exec.closed = true,
                    None => {}
                }
            }
            Event::OpenRefused { text, .. } => {
                exec.refusal = Some(Refusal::Session { reason: text, in_use, early });
                exec.closed = true;
            }
            Event::RequestFailed(_) => {
                exec.refusal = Some(Refusal::Command);
                exec.closed = true;
            }
            Event::ExitStatus { status, .. } => exec.exit = Some(Exit::Code(status)),
            Event::ExitSignal { signal, .. } => exec.exit = Some(Exit::Signal(signal)),
            Event::Eof(_) => exec.eof = true,
            Event::Closed(_) => exec.closed = true,
            _ => {}
        }
        if exec.eof && exec.exit.is_some() {
            exec.closes.get_or_insert(now + limits::CLOSE_GRACE);
        }
        if exec.abandoned.is_none() {
            exec.wake();
        } else if exec.closed || exec.exit.is_some() {
            client.close(channel);
            self.running.remove(&channel);
        } else {
            discard(client, channel);
        }
    }

    /// Makes abandoned commands end that did not end when they were asked, and channels that outlive their command.
    pub(super) fn end_overdue(&mut self, client: &mut Client, now: Instant) {
        for exec in self.running.values_mut().filter(|exec| exec.closes.is_some_and(|at| at <= now)) {
            exec.closes = None;
            exec.closed = true;
            exec.wake();
        }
        self.running.retain(|&channel, exec| {
            let overdue = exec.abandoned.is_some_and(|at| at <= now);
            if overdue {
                client.signal(channel, "KILL");
                client.close(channel);
            }
            !overdue
        });
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.running.values().flat_map(|exec| [exec.abandoned, exec.closes]).flatten().min()
    }

    pub(super) fn wake_all(&mut self) {
        self.running.values_mut().for_each(|exec| exec.wake());
        self.running.retain(|_, exec| exec.abandoned.is_none());
    }
}

impl Exec {
    fn new(permit: Permit) -> Self {
        Self {
            _permit: permit,
            waker: None,
            opened: false,
            is_early: false,
            reading: None,
            refusal: None,
            exit: None,
            eof: false,
            closed: false,
            closes: None,
            abandoned: None,
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Waits for a command to end, passing its output on.
struct Run<'a> {
    link: &'a Rc<Link>,
    channel: ChannelId,
    begun: Instant,
    sink: &'a mut dyn Sink,
}

enum Ended {
    Exit(Exit),
    NotStarted(Refusal),
}

impl Future for Run<'_> {
    type Output = Result<Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut state = this.link.state.borrow_mut();
        let state = &mut *state;
        let Some(exec) = state.execs.running.get_mut(&this.channel) else {
            return Poll::Ready(Err(Error::new(Kind::Internal, "a command's channel is not known any more")));
        };
        match pass_on(&mut state.client, this.channel, exec.reading.as_mut(), this.sink) {
            Ok(ControlFlow::Continue(())) => {
                this.link.driver.notify(usize::MAX);
            }
            Ok(ControlFlow::Break(())) => return Poll::Ready(Ok(Ended::Exit(Exit::Stopped))),
            Err(kept_shell::Broken) => return Poll::Ready(this.link.without_end(exec.reading.as_ref())),
        }
        if let Some(status) = exec.reading.as_ref().and_then(Reading::status) {
            state.was_of_use = true;
            let is_second = exec.reading.as_ref().is_some_and(Reading::is_next);
            this.link.memory.has_kept_shell.set(this.link.memory.has_kept_shell.get() || is_second);
            this.link.hand_back(state, this.channel, this.begun);
            return Poll::Ready(Ok(Ended::Exit(Exit::Code(status))));
        }
        if let Some(refusal) = exec.refusal.take() {
            // Learned before the permit goes to the next in the queue, who would be refused as well.
            if let Refusal::Session {
                in_use: InUse { commands: commands @ 1.., shells: 0, .. },
                early: false,
                ..
            } = refusal
            {
                this.link.sessions.narrow(commands);
            }
            return Poll::Ready(Ok(Ended::NotStarted(refusal)));
        }
        if exec.closed || state.ended.is_some() {
            // TinySSH may hang up after the status without closing the channel first.
            if let Some(exit) = exec.exit.take() {
                state.was_of_use = true;
                return Poll::Ready(match &exec.reading {
                    Some(_) => this.link.without_end(exec.reading.as_ref()),
                    None => Ok(Ended::Exit(exit)),
                });
            }
            return Poll::Ready(Err(match &state.ended {
                Some(end) if !exec.opened => Link::not_begun(end),
                Some(end) => end.clone(),
                None => return Poll::Ready(this.link.without_end(exec.reading.as_ref())),
            }));
        }
        exec.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Link {
    /// What a command comes to whose end nobody has told. In a shell that was to be kept it has not run, as far as anybody
    /// has seen.
    fn without_end(&self, reading: Option<&Reading>) -> Result<Ended> {
        match reading.filter(|reading| !reading.has_output()) {
            Some(reading) => Ok(Ended::NotStarted(Refusal::Shell { first: !reading.has_begun() })),
            None => {
                if reading.is_some() {
                    // It is told twice otherwise, if the caller has it run again.
                    self.memory.note_useless_shell((self.clock)());
                }
                let text = format!("{} ended the command without saying how it ended", self.host);
                Err(Error::new(Kind::ConnectionLost, text))
            }
        }
    }

    /// A shell has told the end of its command, and is there for the next.
    fn hand_back(&self, state: &mut State, channel: ChannelId, begun: Instant) {
        let now = (self.clock)();
        self.recorder.time(Histogram::Command, now - begun);
        state.execs.running.remove(&channel);
        state.shells.put(channel, now);
        self.keep_ahead(state);
        self.driver.notify(usize::MAX);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let mut state = self.link.state.borrow_mut();
        let state = &mut *state;
        let Some(exec) = state.execs.running.get_mut(&self.channel) else { return };
        if exec.opened {
            self.link.recorder.time(Histogram::Command, (self.link.clock)() - self.begun);
        }
        if exec.closed || state.ended.is_some() {
            state.client.close(self.channel);
            state.execs.running.remove(&self.channel);
            self.link.keep_ahead(state);
        } else {
            exec.waker = None;
            let memory = &self.link.memory;
            if exec.reading.as_ref().is_some_and(Reading::is_silent)
                && !memory.has_kept_shell.get()
                && (self.link.clock)() - self.begun >= limits::KEPT_SHELL_START_MAX
            {
                memory.note_useless_shell((self.link.clock)());
            }
            exec.abandoned = Some((self.link.clock)() + limits::KILL_GRACE);
            match (exec.opened, exec.is_early) {
                (true, _) => ask_to_end(&mut state.client, self.channel),
                // As soon as it can be told.
                (false, true) => {}
                (false, false) => state.client.withdraw(self.channel),
            }
        }
        self.link.driver.notify(usize::MAX);
    }
}

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];
/// A shell says on both streams that it begins, and nothing of either is believed before that.
const IN_TURNS: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::Stdout];

/// Gives the sink what has come. It breaks when the sink has had enough.
fn pass_on(
    client: &mut Client,
    channel: ChannelId,
    mut reading: Option<&mut Reading>,
    sink: &mut dyn Sink,
) -> Result<ControlFlow<()>, kept_shell::Broken> {
    for stream in IN_TURNS {
        let bytes = client.received(channel, stream);
        if bytes.is_empty() {
            continue;
        }
        let taken = match &mut reading {
            Some(reading) => reading.take(stream, bytes, sink)?,
            None => Taken { bytes: bytes.len(), flow: sink.take(stream, bytes) },
        };
        client.consume(channel, stream, taken.bytes);
        if taken.flow.is_break() {
            return Ok(taken.flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn ask_to_end(client: &mut Client, channel: ChannelId) {
    client.signal(channel, "TERM");
    client.send_eof(channel);
    discard(client, channel);
}

fn discard(client: &mut Client, channel: ChannelId) {
    for stream in STREAMS {
        let unread = client.received(channel, stream).len();
        client.consume(channel, stream, unread);
    }
}
