//! One channel (RFC 4254 §5 to §7): its state, both windows, what is received and what waits to be sent.

use super::number;
use super::transport::Transport;
use super::wire::Write;
use crate::base::limits::{SSH_CHANNEL_PACKET_BYTES_MAX, SSH_SEND_BUFFER_BYTES_MAX};

/// Into so many parts a window is granted anew: for one packet of the peer, of the window that serves files. What has been
/// consumed and not granted when the peer pauses is lost to it for a round trip.
const GRANTS_PER_WINDOW: u32 = 128;

/// Names a channel of one connection; on the wire it is our channel number. It comes again only after millions of
/// others, so that a late word of an old channel is never taken for one of a new channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub(crate) u32);

/// What a channel is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    /// A TCP connection from the server to this host and port (RFC 4254 §7.2).
    DirectTcpip(Box<str>, u16),
}

/// What a session writes. All that comes through a TCP connection is `Stdout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What a session runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Exec(Vec<u8>),
    Subsystem(String),
}

/// The peer's end, known once it confirmed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote {
    pub number: u32,
    pub window: u32,
    pub packet_bytes_max: u32,
}

pub(crate) enum State {
    /// Login is not done; the request to open has not been sent.
    Queued,
    Opening,
    Open(Remote),
    /// Both sides have closed, or the connection's owner has to be told so.
    Closed,
}

/// Bytes received and not yet consumed.
#[derive(Default)]
pub(crate) struct Received {
    bytes: Vec<u8>,
    consumed: usize,
    /// The owner has been told and has not looked yet.
    pub is_told: bool,
}

impl Received {
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.consumed..).unwrap_or_default()
    }

    pub fn push(&mut self, data: &[u8]) {
        // Moves the rest to the front only when that frees more than it moves.
        if self.consumed > self.bytes.len() / 2 {
            self.bytes.drain(..self.consumed);
            self.consumed = 0;
        }
        self.bytes.extend_from_slice(data);
    }

    /// How many bytes were there to be consumed.
    pub fn consume(&mut self, count: usize) -> usize {
        let count = count.min(self.bytes().len());
        self.consumed += count;
        if self.consumed == self.bytes.len() {
            self.bytes.clear();
            self.consumed = 0;
        }
        count
    }
}

pub(crate) struct Channel {
    pub id: ChannelId,
    kind: Kind,
    pub state: State,
    pub stdout: Received,
    pub stderr: Received,
    /// What the peer may still send, and what it may be granted again.
    pub window: u32,
    grantable: u32,
    window_max: u32,
    /// Variables for the process, asked for before the channel was open.
    env: Vec<(String, String)>,
    start: Option<Start>,
    unsent: Vec<u8>,
    /// `send` took less than it was given.
    is_starved: bool,
    eof_wanted: bool,
    eof_sent: bool,
    pub eof_received: bool,
    pub close_sent: bool,
    /// The owner is done with it: nothing is kept, nothing is told.
    pub is_released: bool,
    /// How many channels of the connection had been asked for before it.
    pub place: u32,
    /// What is to run was sent before the peer confirmed, as if its place were its number there.
    pub has_started_early: bool,
    /// A start request waits for its answer.
    pub awaits_reply: bool,
    pub has_exited: bool,
    /// It stands in the list of those that wait for the socket.
    pub is_listed: bool,
}

impl Channel {
    pub fn new(id: ChannelId, kind: Kind, window_max: u32) -> Self {
        Self {
            id,
            kind,
            state: State::Queued,
            stdout: Received::default(),
            stderr: Received::default(),
            window: window_max,
            grantable: 0,
            window_max,
            env: Vec::new(),
            start: None,
            unsent: Vec::new(),
            is_starved: false,
            eof_wanted: false,
            eof_sent: false,
            eof_received: false,
            close_sent: false,
            is_released: false,
            place: 0,
            has_started_early: false,
            awaits_reply: false,
            has_exited: false,
            is_listed: false,
        }
    }

    pub fn is_session(&self) -> bool {
        self.kind == Kind::Session
    }

    pub fn stream(&mut self, stream: Stream) -> &mut Received {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    /// Asks for the channel, once more where the peer forgot that, with all of its window.
    pub fn send_open(&mut self, place: u32, transport: &mut Transport) {
        (self.window, self.grantable) = (self.window_max, 0);
        (self.place, self.has_started_early) = (place, false);
        let (id, window) = (self.id.0, self.window_max);
        transport.send(|out| {
            out.push(number::CHANNEL_OPEN);
            out.put_string(match self.kind {
                Kind::Session => b"session",
                Kind::DirectTcpip(..) => b"direct-tcpip",
            });
            out.put_u32(id);
            out.put_u32(window);
            out.put_u32(SSH_CHANNEL_PACKET_BYTES_MAX);
            if let Kind::DirectTcpip(host, port) = &self.kind {
                out.put_string(host.as_bytes());
                out.put_u32(u32::from(*port));
                // Nobody connected to us. As OpenSSH's `-W`, for servers that want to see an address.
                out.put_string(b"127.0.0.1");
                out.put_u32(u32::from(u16::MAX));
            }
        });
        self.state = State::Opening;
    }

    /// The peer confirmed: what was asked for meanwhile follows at once. True as for [`Channel::flush`].
    pub fn opened(&mut self, remote: Remote, transport: &mut Transport) -> bool {
        self.state = State::Open(remote);
        if self.has_started_early {
            self.withdraw();
            self.awaits_reply = true;
        }
        if self.is_released {
            self.send_close(transport);
            return false;
        }
        // It may have been widened meanwhile.
        self.grant(0, transport);
        for (name, value) in std::mem::take(&mut self.env) {
            send_env(remote.number, &name, &value, transport);
        }
        if let Some(start) = self.start.take() {
            self.send_start(remote.number, &start, transport);
        }
        self.flush(transport)
    }

    /// Starts what is to run before the peer has confirmed. It is kept: the request to open may have to be sent again.
    /// False when there is nothing to start.
    pub fn start_early(&mut self, transport: &mut Transport) -> bool {
        if !matches!(self.state, State::Opening) || self.has_started_early {
            return false;
        }
        let Some(start) = self.start.take() else { return false };
        for (name, value) in &self.env {
            send_env(self.place, name, value, transport);
        }
        self.send_start(self.place, &start, transport);
        (self.start, self.awaits_reply, self.has_started_early) = (Some(start), false, true);
        true
    }

    /// Nobody waits for the answer: a variable that is refused is ignored, as OpenSSH does.
    pub fn set_env(&mut self, name: &str, value: &str, transport: &mut Transport) {
        match self.state {
            State::Open(remote) if !self.close_sent => send_env(remote.number, name, value, transport),
            State::Queued | State::Opening => self.env.push((name.to_owned(), value.to_owned())),
            _ => {}
        }
    }

    /// One per channel; another one is dropped, as the peer would refuse it (RFC 4254 §6.5).
    pub fn start(&mut self, start: Start, transport: &mut Transport) {
        match self.state {
            State::Open(remote) if !self.close_sent => self.send_start(remote.number, &start, transport),
            State::Queued | State::Opening if self.start.is_none() => self.start = Some(start),
            _ => {}
        }
    }

    fn send_start(&mut self, number: u32, start: &Start, transport: &mut Transport) {
        if self.awaits_reply {
            return;
        }
        let (name, argument) = match start {
            Start::Exec(command) => ("exec", command.as_slice()),
            Start::Subsystem(name) => ("subsystem", name.as_bytes()),
        };
        transport.send(|out| {
            put_request(out, number, name, true);
            out.put_string(argument);
        });
        self.awaits_reply = true;
    }

    pub fn signal(&mut self, name: &str, transport: &mut Transport) {
        if let State::Open(remote) = self.state
            && !self.close_sent
        {
            send_signal(remote, name, transport);
        }
    }

    /// What has not been started never will be.
    pub fn withdraw(&mut self) {
        self.start = None;
        self.env = Vec::new();
    }

    /// Takes what may be sent now or fits the buffer.
    pub fn send(&mut self, data: &[u8], transport: &mut Transport) -> usize {
        if self.eof_wanted || self.close_sent || matches!(self.state, State::Closed) {
            return 0;
        }
        let sent = if self.unsent.is_empty() { self.send_now(data, transport) } else { 0 };
        let rest = data.get(sent..).unwrap_or_default();
        let kept = rest.len().min(SSH_SEND_BUFFER_BYTES_MAX.saturating_sub(self.unsent.len()));
        self.unsent.extend_from_slice(rest.get(..kept).unwrap_or_default());
        self.is_starved |= kept < rest.len();
        sent + kept
    }

    pub fn send_eof(&mut self, transport: &mut Transport) {
        self.eof_wanted = true;
        self.flush(transport);
    }

    /// Sends what windows and the socket allow. True when the owner waits for room and there is some now.
    pub fn flush(&mut self, transport: &mut Transport) -> bool {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let sent = self.send_now(&unsent, transport);
            self.unsent = unsent;
            self.unsent.drain(..sent);
        }
        if let State::Open(remote) = self.state
            && self.eof_wanted
            && !self.eof_sent
            && !self.close_sent
            && self.unsent.is_empty()
        {
            send_short(remote, number::CHANNEL_EOF, transport);
            self.eof_sent = true;
        }
        let has_room = self.unsent.len() <= SSH_SEND_BUFFER_BYTES_MAX / 2;
        has_room && std::mem::take(&mut self.is_starved)
    }

    /// Something waits for the socket or the end of a key exchange only.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Open(remote) if remote.window > 0) && !self.unsent.is_empty()
    }

    fn send_now(&mut self, data: &[u8], transport: &mut Transport) -> usize {
        let State::Open(remote) = &mut self.state else { return 0 };
        if self.close_sent {
            return 0;
        }
        let packet = remote.packet_bytes_max.min(SSH_CHANNEL_PACKET_BYTES_MAX) as usize;
        let mut rest = data;
        while !rest.is_empty() && transport.takes_data() {
            let count = rest.len().min(packet).min(remote.window as usize);
            let Some((now, later)) = rest.split_at_checked(count).filter(|_| count > 0) else { break };
            transport.send(|out| {
                out.push(number::CHANNEL_DATA);
                out.put_u32(remote.number);
                out.put_string(now);
            });
            remote.window -= count as u32;
            rest = later;
        }
        data.len() - rest.len()
    }

    /// Makes the window larger.
    pub fn widen(&mut self, window_max: u32, transport: &mut Transport) {
        let more = window_max.saturating_sub(self.window_max);
        self.window_max += more;
        if let State::Queued = self.state {
            self.window += more;
        } else {
            self.grant(more as usize, transport);
        }
    }

    /// Gives consumed bytes back to the peer, in steps large enough to be worth a packet.
    pub fn grant(&mut self, bytes: usize, transport: &mut Transport) {
        self.grantable = self.grantable.saturating_add(bytes as u32);
        let State::Open(remote) = self.state else { return };
        if self.grantable < self.window_max / GRANTS_PER_WINDOW || self.eof_received || self.close_sent {
            return;
        }
        let grant = std::mem::take(&mut self.grantable);
        self.window = self.window.saturating_add(grant);
        transport.send(|out| {
            out.push(number::CHANNEL_WINDOW_ADJUST);
            out.put_u32(remote.number);
            out.put_u32(grant);
        });
    }

    /// Sends CLOSE once. What has not been sent is dropped.
    pub fn send_close(&mut self, transport: &mut Transport) {
        if let State::Open(remote) = self.state
            && !self.close_sent
        {
            send_short(remote, number::CHANNEL_CLOSE, transport);
            self.close_sent = true;
            self.unsent = Vec::new();
            self.is_starved = false;
        }
    }

    /// Drops what nobody will read.
    pub fn release(&mut self) {
        self.is_released = true;
        self.stdout = Received::default();
        self.stderr = Received::default();
        self.unsent = Vec::new();
        self.withdraw();
        self.is_starved = false;
    }

    /// Gives unused memory back.
    pub fn trim(&mut self) {
        self.stdout.bytes.shrink_to_fit();
        self.stderr.bytes.shrink_to_fit();
        self.unsent.shrink_to_fit();
    }
}

fn send_short(remote: Remote, message: u8, transport: &mut Transport) {
    transport.send(|out| {
        out.push(message);
        out.put_u32(remote.number);
    });
}

/// RFC 4254 §6.4.
fn send_env(number: u32, name: &str, value: &str, transport: &mut Transport) {
    transport.send(|out| {
        put_request(out, number, "env", false);
        out.put_string(name.as_bytes());
        out.put_string(value.as_bytes());
    });
}

fn send_signal(remote: Remote, name: &str, transport: &mut Transport) {
    transport.send(|out| {
        put_request(out, remote.number, "signal", false);
        out.put_string(name.as_bytes());
    });
}

fn put_request(out: &mut Vec<u8>, number: u32, name: &str, wants_reply: bool) {
    out.push(number::CHANNEL_REQUEST);
    out.put_u32(number);
    out.put_string(name.as_bytes());
    out.put_bool(wants_reply);
}
