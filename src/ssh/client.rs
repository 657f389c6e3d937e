//! The client: transport, login, channels and timers composed into one machine. Knows no sockets and no clock.

mod answers;
mod config;
mod deadlines;
mod haste;
#[cfg(any(test, feature = "testing"))]
mod keyed;

pub use config::ClientConfig;
pub use haste::Haste;

use super::auth::Tried;
use super::channel::{ChannelId, Kind, Start, Stream};
use super::channels::Channels;
use super::error::{Error, Phase};
use super::event::{Event, Events};
use super::ident;
use super::inbox::Inbox;
use super::login::Login;
use super::number;
use super::offer::Guess;
use super::renewal::Renewals;
use super::text::sanitise_line;
use super::timer::{Liveness, Questions, Timers};
use super::transport::Transport;
use super::wire::{Reader, Write};
use crate::base::limits::{SSH_IDLE_MESSAGES_MAX, SSH_PACKET_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use std::time::{Duration, Instant};

/// Why nothing more happens.
enum End {
    /// [`Client::disconnect`] was called.
    Disconnected,
    Failed(Error),
}

/// One SSH connection, seen from the client.
///
/// Kinds of methods: `handle_*` take what happened, `poll_*` give what to do, the rest are commands and getters.
/// After any `handle_*` or command, poll until nothing comes: events first (their answers may add to the same
/// write), then [`poll_transmit`](Self::poll_transmit), which may cause further events, then
/// [`poll_timeout`](Self::poll_timeout). Commands on channels that are gone do nothing.
pub struct Client {
    transport: Transport,
    login: Login,
    channels: Channels,
    haste: Haste,
    /// Channels were opened before login, and the server has not shown that it got over that.
    is_early: bool,
    /// Nobody is left to answer what the login asks.
    relies_on_login: bool,
    events: Events,
    timers: Timers,
    liveness: Option<Liveness>,
    rekey_interval: Option<Duration>,
    /// The latest time we were told.
    told: Instant,
    inbox: Inbox,
    idle_messages: u32,
    questions: Questions,
    renewals: Renewals,
    end: Option<End>,
}

impl Client {
    /// Version string and KEXINIT are ready to be sent at once.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        Self {
            transport: Transport::new(config.offer, config.rekey.bytes, config.guess),
            login: Login::new(config.user, config.methods, config.identities, config.password_prompts),
            channels: Channels::new(config.window_bytes),
            haste: config.haste,
            is_early: false,
            relies_on_login: false,
            events: Events::new(),
            timers: Timers::default(),
            liveness: config.keepalive.map(|keepalive| Liveness::new(keepalive, now)),
            rekey_interval: config.rekey.interval,
            told: now,
            inbox: Inbox::default(),
            idle_messages: 0,
            questions: Questions::default(),
            renewals: Renewals::new(now),
            end: None,
        }
    }

    // --- getters

    /// Logged in.
    pub fn is_ready(&self) -> bool {
        self.login.is_done()
    }

    /// What the login has tried so far, and, once it is done, what was accepted.
    pub fn tried(&self) -> &Tried {
        self.login.tried()
    }

    /// How far the connection has come.
    pub fn phase(&self) -> Phase {
        let after = if self.login.is_done() { Phase::Connected } else { Phase::Authentication };
        self.transport.phase().unwrap_or(after)
    }

    /// Whether the server calls itself OpenSSH.
    pub fn is_openssh(&self) -> bool {
        self.transport.server_ident().starts_with(b"SSH-2.0-OpenSSH")
    }

    /// Whether a session may wait for its first request while others come to their end.
    pub fn keeps_waiting_sessions(&self) -> bool {
        ident::keeps_waiting_sessions(self.transport.server_ident())
    }

    /// What the server listed first, when that is worth to be remembered for [`ClientConfig::guess`]. Known once the
    /// host key is.
    pub fn preferences(&self) -> Option<&Guess> {
        self.transport.preferences()
    }

    /// The channels whose owner has not closed them, in the order they were asked for.
    pub fn channels(&self) -> impl Iterator<Item = ChannelId> {
        self.channels.ids()
    }

    /// Whether the server has confirmed the channel and neither side has closed it.
    pub fn is_open(&self, channel: ChannelId) -> bool {
        self.channels.is_open(channel)
    }

    /// What `stream` of `channel` has received and nobody has consumed.
    pub fn received(&self, channel: ChannelId, stream: Stream) -> &[u8] {
        self.channels.received(channel, stream)
    }

    // --- network and time

    /// Bytes from the peer, in any segmentation.
    ///
    /// # Errors
    /// Terminal. [`poll_transmit`](Self::poll_transmit) may still hold a DISCONNECT for the peer.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) -> Result<(), Error> {
        self.check_end()?;
        if matches!(self.end, Some(End::Disconnected)) {
            return Ok(());
        }
        self.told = now;
        if let Some(liveness) = &mut self.liveness {
            liveness.heard(now);
        }
        let mut inbox = std::mem::take(&mut self.inbox);
        inbox.push(bytes);
        let result = self.drain(&mut inbox);
        self.inbox = inbox;
        result.or_else(|error| self.fail(error))?;
        self.settle(now);
        Ok(())
    }

    /// The peer closed the stream. `Ok` after [`disconnect`](Self::disconnect).
    ///
    /// # Errors
    /// Otherwise; names how far the connection had come, or what answered that is no SSH server.
    pub fn handle_eof(&mut self) -> Result<(), Error> {
        match &self.end {
            Some(End::Disconnected) => return Ok(()),
            Some(End::Failed(error)) => return Err(error.clone()),
            None => {}
        }
        let error =
            self.transport.ident_eof(self.inbox.bytes()).unwrap_or(Error::Closed { phase: self.phase() });
        self.fail(error)
    }

    /// Appends everything that is ready to be sent. True when something was appended; then there may be more.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        if self.end.is_none() {
            self.channels.flush(&mut self.transport, &mut self.events);
            self.renew_keys();
        }
        self.transport.transmit(out)
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        if let Event::Readable(channel, stream) = event {
            self.channels.told(channel, stream);
        }
        Some(event)
    }

    // --- channels

    /// A new session channel. Before login it is opened as soon as login is done.
    ///
    /// # Errors
    /// [`Error::ChannelLimit`], [`Error::AlreadyClosed`].
    pub fn open_session(&mut self) -> Result<ChannelId, Error> {
        self.open(Kind::Session)
    }

    /// A TCP connection from the server to `host` and `port`, which the server resolves (RFC 4254 §7.2). Its bytes
    /// are read and sent like a session's; opened like [`open_session`](Self::open_session).
    ///
    /// # Errors
    /// [`Error::ChannelLimit`], [`Error::AlreadyClosed`].
    pub fn open_direct_tcpip(&mut self, host: &str, port: u16) -> Result<ChannelId, Error> {
        self.open(Kind::DirectTcpip(host.into(), port))
    }

    fn open(&mut self, kind: Kind) -> Result<ChannelId, Error> {
        if self.end.is_some() {
            return Err(Error::AlreadyClosed);
        }
        self.channels.open(kind, &mut self.transport)
    }

    /// Sets a variable of the process that will run on the channel. Servers ignore those they do not allow.
    pub fn set_env(&mut self, channel: ChannelId, name: &str, value: &str) {
        if let (None, Some(channel)) = (&self.end, self.channels.get(channel)) {
            channel.set_env(name, value, &mut self.transport);
        }
    }

    /// Runs a command; one start per channel. Before the channel is open it is sent right after the confirmation.
    pub fn exec(&mut self, channel: ChannelId, command: &[u8]) {
        self.start(channel, Start::Exec(command.to_vec()));
    }

    /// Starts a subsystem, like [`exec`](Self::exec).
    pub fn subsystem(&mut self, channel: ChannelId, name: &str) {
        self.start(channel, Start::Subsystem(name.to_owned()));
    }

    fn start(&mut self, channel: ChannelId, start: Start) {
        if let (None, Some(channel)) = (&self.end, self.channels.get(channel)) {
            channel.start(start, &mut self.transport);
        }
    }

    /// Takes back what was to run on a channel that is not open yet: nothing will.
    pub fn withdraw(&mut self, channel: ChannelId) {
        if let Some(channel) = self.channels.get(channel) {
            channel.withdraw();
        }
    }

    /// Sends a signal by its name without `SIG` (RFC 4254 §6.9). Servers may ignore it. Before the channel is
    /// open there is nobody to get it.
    pub fn signal(&mut self, channel: ChannelId, name: &str) {
        if let (None, Some(channel)) = (&self.end, self.channels.get(channel)) {
            channel.signal(name, &mut self.transport);
        }
    }

    /// Sends data and returns how many bytes were taken; the rest is wanted after [`Event::Writable`].
    pub fn send(&mut self, channel: ChannelId, data: &[u8]) -> usize {
        if self.end.is_some() { 0 } else { self.channels.send(channel, data, &mut self.transport) }
    }

    /// Lets the peer send up to `bytes` before it has to wait for [`consume`](Self::consume). Never less than before.
    pub fn widen(&mut self, channel: ChannelId, bytes: u32) {
        if let (None, Some(channel)) = (&self.end, self.channels.get(channel)) {
            channel.widen(bytes, &mut self.transport);
        }
    }

    /// Nothing more will be sent; goes out behind what `send` has taken.
    pub fn send_eof(&mut self, channel: ChannelId) {
        if let (None, Some(channel)) = (&self.end, self.channels.get(channel)) {
            channel.send_eof(&mut self.transport);
        }
    }

    /// `count` bytes of [`received`](Self::received) are done with; the peer may send as many again.
    pub fn consume(&mut self, channel: ChannelId, stream: Stream, count: usize) {
        self.channels.consume(channel, stream, count, &mut self.transport);
    }

    /// The owner is done with the channel: it is closed if it was not, and forgotten. Every channel needs this once,
    /// those the server closed too; only refused ones are gone by themselves.
    pub fn close(&mut self, channel: ChannelId) {
        self.channels.close(channel, &mut self.transport);
    }

    /// Gives back what past traffic took: for a connection that nobody needs now.
    pub fn trim(&mut self) {
        self.inbox.trim();
        self.transport.trim();
        self.channels.trim();
        self.events.shrink_to_fit();
    }

    /// Ends the connection in good order.
    pub fn disconnect(&mut self) {
        if self.end.is_none() {
            self.transport.disconnect(number::REASON_BY_APPLICATION, "done");
            self.end = Some(End::Disconnected);
        }
    }

    // --- the inside

    fn drain(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        while self.transport.phase() == Some(Phase::Ident) {
            let consumed = self.transport.handle_ident(inbox.bytes())?;
            inbox.consume(consumed);
            if consumed == 0 {
                return Ok(());
            }
        }
        while let Some(opened) = self.transport.open(inbox.bytes_mut())? {
            let payload = inbox.bytes().get(opened.payload).unwrap_or_default();
            self.handle_message(payload, opened.sequence)?;
            inbox.consume(opened.bytes);
        }
        Ok(())
    }

    fn handle_message(&mut self, payload: &[u8], sequence: u32) -> Result<(), Error> {
        let message = payload.first().copied().unwrap_or_default();
        self.transport.check(message)?;
        match message {
            number::DISCONNECT => Err(self.disconnected(payload)),
            number::UNIMPLEMENTED => {
                self.handle_unimplemented()?;
                self.handle_idle()
            }
            number::IGNORE | number::DEBUG => self.handle_idle(),
            number::EXT_INFO => {
                self.handle_idle()?;
                self.login.handle_extensions(payload)
            }
            number::KEXINIT..=number::KEX_LAST => {
                if message == number::KEXINIT && !self.transport.is_exchanging() && self.transport.is_fresh()
                {
                    self.renewals.waste(self.told)?;
                }
                let host_key = self.transport.handle_kex(payload, sequence)?;
                self.events.extend(host_key.map(Event::HostKey));
                Ok(())
            }
            _ if !self.login.is_done() => self.handle_login(payload),
            number::GLOBAL_REQUEST => self.handle_global_request(payload),
            number::REQUEST_SUCCESS | number::REQUEST_FAILURE => self.handle_answer(),
            number::CHANNEL_OPEN..=number::CHANNEL_FAILURE => {
                self.channels.handle(payload, &mut self.transport, &mut self.events)
            }
            number::SERVICE_REQUEST..number::EXT_INFO | number::USERAUTH_REQUEST..number::GLOBAL_REQUEST => {
                Err(Error::UnexpectedMessage { number: message, phase: Phase::Connected })
            }
            _ => {
                self.send_unimplemented(sequence);
                Ok(())
            }
        }?;
        self.transport.check_owed()
    }

    /// Messages that carry nothing cost nothing after login; before, a peer could keep us busy with them.
    fn handle_idle(&mut self) -> Result<(), Error> {
        if self.login.is_done() {
            return Ok(());
        }
        self.idle_messages += 1;
        if self.idle_messages > SSH_IDLE_MESSAGES_MAX { Err(Error::IdleMessages) } else { Ok(()) }
    }

    /// We know none of them; who asks for an answer gets one (RFC 4254 §4).
    fn handle_global_request(&mut self, payload: &[u8]) -> Result<(), Error> {
        const WHAT: &str = "GLOBAL_REQUEST";
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
        if reader.bool(WHAT)? {
            self.transport.send(|out| out.push(number::REQUEST_FAILURE));
        }
        Ok(())
    }

    /// Only keepalives are answered to us.
    fn handle_answer(&mut self) -> Result<(), Error> {
        if self.questions.answer(self.told) { Ok(()) } else { Err(Error::UnexpectedReply) }
    }

    fn send_unimplemented(&mut self, sequence: u32) {
        self.transport.send(|out| {
            out.push(number::UNIMPLEMENTED);
            out.put_u32(sequence);
        });
    }

    fn disconnected(&self, payload: &[u8]) -> Error {
        let mut reader = Reader::new(payload);
        let (_, reason) = (reader.u8("DISCONNECT"), reader.u32("DISCONNECT"));
        let text = reader.string(SSH_PACKET_BYTES_MAX, "DISCONNECT").unwrap_or_default();
        let text = sanitise_line(text, SSH_TEXT_BYTES_MAX);
        Error::Disconnected { phase: self.phase(), reason: reason.unwrap_or_default(), text }
    }

    fn check_end(&self) -> Result<(), Error> {
        match &self.end {
            Some(End::Failed(error)) => Err(error.clone()),
            Some(End::Disconnected) | None => Ok(()),
        }
    }

    /// Ends the connection, telling the peer why where that helps it.
    fn fail(&mut self, error: Error) -> Result<(), Error> {
        if let Some(reason) = error.disconnect_reason() {
            self.transport.disconnect(reason, "protocol error or refusal by the client");
        }
        self.end = Some(End::Failed(error.clone()));
        Err(error)
    }
}
