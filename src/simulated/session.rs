//! A session of a simulated host, or a TCP connection through it: both windows, what runs in it, and when that answers.

mod requests;

use std::collections::VecDeque;

use super::programs::Programs;
use super::server::transport::Transport;
use super::sftp::SftpServer;
use super::shell::Shell;
use super::weather::Sky;
use crate::base::limits::{SIMULATED_OUTPUT_BYTES_MAX, SSH_CHANNEL_PACKET_BYTES_MAX, SSH_PACKET_BYTES_MAX};
use crate::base::time::{Duration, Instant};
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{Error, number};

const WHAT: &str = "channel message";
/// The window is granted anew as by sshd (`channel_check_window`): after three of its packets, or half of the window.
const GRANT_BYTES: u32 = 3 * SSH_CHANNEL_PACKET_BYTES_MAX;

/// How a command ends once its output is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    Status(u32),
    Signal(String),
    /// It was no process.
    None,
}

/// What the client takes on a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Its number of the channel.
    pub remote: u32,
    pub bytes: u32,
    /// Of one packet.
    pub packet: u32,
}

/// What runs in a session.
enum Work {
    Nothing,
    Command,
    /// What arrives leaves again, until it ends.
    Echo,
    Sftp(Box<SftpServer>),
}

pub struct Session {
    window: Window,
    /// What the client may still send, and what it starts with.
    granted: u32,
    granted_max: u32,
    work: Work,
    output: Vec<u8>,
    errors: Vec<u8>,
    /// The end of the output, in pieces: when each may leave.
    held: VecDeque<(Instant, usize)>,
    held_bytes: usize,
    /// What the command that is being started takes beside what every operation does.
    takes: Duration,
    /// It is kept for several commands.
    shell: Option<Shell>,
    env: Vec<(String, String)>,
    exit: Option<Exit>,
    /// It is a TCP connection to an echo, and no session.
    is_connection: bool,
    /// Ends by no signal but `KILL`.
    is_stubborn: bool,
    /// Stays open after its command has ended.
    lingers: bool,
    /// CLOSE was said by us, and by the client.
    closes: bool,
    is_closed: bool,
}

/// What programs may do.
impl Session {
    pub fn print(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// The same on its other stream.
    pub fn complain(&mut self, bytes: &[u8]) {
        self.errors.extend_from_slice(bytes);
    }

    /// Ends once everything is printed.
    pub fn end(&mut self, exit: Exit) {
        self.exit = Some(exit);
    }

    /// Repeats what arrives until that ends.
    pub fn echo(&mut self) {
        self.work = Work::Echo;
    }

    /// Whether what was started is a command that prints and ends.
    pub fn is_command(&self) -> bool {
        matches!(self.work, Work::Command)
    }

    /// Takes this much time beside what every operation takes.
    pub fn take_time(&mut self, time: Duration) {
        self.takes = time;
    }

    /// The values of a variable that the client has set.
    pub fn env<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.env.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Ends by no signal but `KILL` from now on.
    pub fn ignore_signals(&mut self) {
        self.is_stubborn = true;
    }

    /// Stays open after its end, as where a program in the background holds on to the streams.
    pub fn linger(&mut self) {
        self.lingers = true;
    }
}

impl Session {
    pub(crate) fn new(window: Window, granted: u32) -> Self {
        Self {
            window,
            granted,
            granted_max: granted,
            work: Work::Nothing,
            output: Vec::new(),
            errors: Vec::new(),
            held: VecDeque::new(),
            held_bytes: 0,
            takes: Duration::ZERO,
            shell: None,
            env: Vec::new(),
            exit: None,
            is_connection: false,
            is_stubborn: false,
            lingers: false,
            closes: false,
            is_closed: false,
        }
    }

    /// Whether it is one of those of which there may be so many.
    pub(crate) fn counts(&self) -> bool {
        !self.is_connection
    }

    /// Both sides have closed it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_closed
    }

    /// When more of its output may leave.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.held.front().map(|(at, _)| *at)
    }

    /// A message of the client; how many operations were done for it.
    pub(crate) fn handle(
        &mut self,
        message: u8,
        mut reader: Reader<'_>,
        programs: &dyn Programs,
        transport: &mut Transport,
        sky: &Sky,
        now: Instant,
    ) -> Result<usize, Error> {
        match message {
            number::CHANNEL_DATA => {
                let data = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
                let answered = self.receive(data, transport, sky, now)?;
                return Ok(answered + self.run_lines(programs, sky, now));
            }
            number::CHANNEL_WINDOW_ADJUST => {
                let more = reader.u32(WHAT)?;
                let overflow = Error::WindowOverflow { channel: self.window.remote };
                self.window.bytes = self.window.bytes.checked_add(more).ok_or(overflow)?;
            }
            number::CHANNEL_EOF if self.is_connection => self.end(Exit::None),
            number::CHANNEL_EOF if matches!(self.work, Work::Echo | Work::Sftp(_)) => {
                self.end(Exit::Status(0));
            }
            number::CHANNEL_EOF if self.shell.is_some() => self.end_shell(Exit::Status(0)),
            number::CHANNEL_CLOSE => {
                self.close(transport);
                self.is_closed = true;
            }
            number::CHANNEL_REQUEST => return self.request(reader, programs, transport, sky, now),
            _ => {}
        }
        Ok(0)
    }

    /// Says what may be said now; how many operations were done for it.
    pub(crate) fn flush(&mut self, transport: &mut Transport, sky: &Sky, now: Instant) -> usize {
        if self.closes {
            return 0;
        }
        self.mark_end();
        let operations = self.answer(sky, now);
        while let Some((_, bytes)) = self.held.pop_front_if(|(at, _)| *at <= now) {
            self.held_bytes -= bytes;
        }
        let free = self.output.len() - self.held_bytes;
        say(&mut self.output, free, number::CHANNEL_DATA, &mut self.window, transport);
        if self.held.is_empty() {
            let free = self.errors.len();
            say(&mut self.errors, free, number::CHANNEL_EXTENDED_DATA, &mut self.window, transport);
        }
        self.grant(transport);
        if self.output.is_empty() && self.errors.is_empty() && self.held.is_empty() {
            self.leave(transport);
        }
        operations
    }

    /// Says how it has ended, if it has.
    fn leave(&mut self, transport: &mut Transport) {
        let Some(exit) = self.exit.take() else { return };
        self.say(number::CHANNEL_EOF, transport);
        let remote = self.window.remote;
        match &exit {
            Exit::Status(status) => transport.send(|out| {
                request(out, remote, b"exit-status");
                out.put_u32(*status);
            }),
            Exit::Signal(name) => transport.send(|out| {
                request(out, remote, b"exit-signal");
                out.put_string(name.as_bytes());
                out.put_bool(false);
                out.put_string(b"");
                out.put_string(b"");
            }),
            Exit::None => {}
        }
        if !self.lingers {
            self.close(transport);
        }
    }

    /// Says that nothing more will come, once.
    fn close(&mut self, transport: &mut Transport) {
        if std::mem::replace(&mut self.closes, true) {
            return;
        }
        self.say(number::CHANNEL_CLOSE, transport);
        // Nothing of it leaves any more.
        (self.output, self.errors, self.held_bytes) = (Vec::new(), Vec::new(), 0);
        self.held.clear();
        self.work = Work::Command;
    }

    fn receive(
        &mut self,
        data: &[u8],
        transport: &mut Transport,
        sky: &Sky,
        now: Instant,
    ) -> Result<usize, Error> {
        let (received, window) = (data.len(), self.granted);
        let exceeded = Error::WindowExceeded { channel: self.window.remote, received, window };
        let left = u32::try_from(received).ok().and_then(|received| window.checked_sub(received));
        self.granted = left.ok_or(exceeded)?;
        match &mut self.work {
            Work::Echo => self.output.extend_from_slice(data),
            Work::Sftp(sftp) => sftp.handle_input(data),
            Work::Nothing | Work::Command => {
                if self.shell.as_mut().is_some_and(|shell| !shell.handle_input(data)) {
                    self.end_shell(Exit::Status(2));
                }
            }
        }
        let operations = self.answer(sky, now);
        self.grant(transport);
        Ok(operations)
    }

    /// Answers SFTP requests as far as there is room for what they ask; how many.
    fn answer(&mut self, sky: &Sky, now: Instant) -> usize {
        let Work::Sftp(sftp) = &mut self.work else { return 0 };
        if sftp.is_idle() {
            return 0;
        }
        let before = self.output.len();
        let answered = sftp.answer(&mut self.output, SIMULATED_OUTPUT_BYTES_MAX);
        if sftp.is_broken() {
            self.end(Exit::Status(1));
        }
        if answered > 0 {
            self.hold(self.output.len() - before, sky.operation(), now);
        }
        answered
    }

    /// Keeps the last bytes of the output back for a time, and the exit behind them.
    fn hold(&mut self, bytes: usize, time: Duration, now: Instant) {
        if time.is_zero() && self.held.is_empty() {
            return;
        }
        // What was printed first leaves first.
        let due = self.held.back().map_or(now, |(at, _)| *at).max(now + time);
        self.held.push_back((due, bytes));
        self.held_bytes += bytes;
    }

    /// Lets the client send more, unless it is to wait for us.
    fn grant(&mut self, transport: &mut Transport) {
        let used = self.granted_max - self.granted;
        let is_early = used <= GRANT_BYTES && self.granted > self.granted_max / 2;
        let is_behind = matches!(&self.work, Work::Sftp(sftp) if !sftp.is_idle())
            || self.output.len() > SIMULATED_OUTPUT_BYTES_MAX;
        // Nothing may follow our CLOSE.
        if self.closes || used == 0 || is_early || is_behind {
            return;
        }
        let remote = self.window.remote;
        transport.send(|out| {
            out.push(number::CHANNEL_WINDOW_ADJUST);
            out.put_u32(remote);
            out.put_u32(used);
        });
        self.granted = self.granted_max;
    }

    fn say(&self, message: u8, transport: &mut Transport) {
        let remote = self.window.remote;
        transport.send(|out| {
            out.push(message);
            out.put_u32(remote);
        });
    }
}

/// What tests look at, and do to it.
#[cfg(any(test, feature = "testing"))]
impl Session {
    /// Makes it a connection to an echo.
    pub(crate) fn connect(&mut self) {
        self.is_connection = true;
        self.work = Work::Echo;
    }

    /// Whether a command or subsystem was asked for.
    pub(crate) fn is_started(&self) -> bool {
        !matches!(self.work, Work::Nothing)
    }

    /// Whether it is open and nothing has ended it.
    pub(crate) fn goes_on(&self) -> bool {
        !self.closes && self.exit.is_none()
    }

    /// What the client takes now.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    pub(crate) fn sftp(&self) -> Option<&SftpServer> {
        match &self.work {
            Work::Sftp(sftp) => Some(sftp),
            _ => None,
        }
    }

    /// Ends a subsystem as if its process had died.
    pub(crate) fn end_subsystem(&mut self) {
        if matches!(self.work, Work::Echo | Work::Sftp(_)) {
            self.end(Exit::Status(1));
        }
    }

    /// Closes it if nothing was started in it.
    pub(crate) fn close_unused(&mut self, transport: &mut Transport) {
        if !self.is_started() {
            self.close(transport);
        }
    }
}

/// Says as much of the first `free` bytes as the client takes.
fn say(buffer: &mut Vec<u8>, free: usize, message: u8, window: &mut Window, transport: &mut Transport) {
    let allowed = free.min(window.bytes as usize);
    for data in buffer.get(..allowed).unwrap_or_default().chunks(window.packet.max(1) as usize) {
        transport.seal(|out| {
            out.push(message);
            out.put_u32(window.remote);
            if message == number::CHANNEL_EXTENDED_DATA {
                out.put_u32(number::EXTENDED_DATA_STDERR);
            }
            out.put_string(data);
        });
    }
    if allowed == buffer.len() {
        buffer.clear();
    } else {
        buffer.drain(..allowed);
    }
    window.bytes -= u32::try_from(allowed).unwrap_or(window.bytes);
}

/// A request of ours that wants no answer.
fn request(out: &mut Vec<u8>, remote: u32, kind: &[u8]) {
    out.push(number::CHANNEL_REQUEST);
    out.put_u32(remote);
    out.put_string(kind);
    out.put_bool(false);
}
