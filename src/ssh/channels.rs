//! All channels of one connection: numbers, limits, and the messages of RFC 4254 §5 that name one.

mod early;
mod order;

use std::collections::VecDeque;

use slab::Slab;

use early::{Opening, Unanswered};
use order::Order;

use super::channel::{Channel, ChannelId, Kind, Received, Remote, State, Stream};
use super::error::Error;
use super::event::{Event, Events};
use super::number;
use super::text::sanitise_line;
use super::transport::Transport;
use super::wire::{Reader, Write};
use crate::base::limits::{
    SSH_CHANNEL_PACKET_BYTES_MAX, SSH_CHANNELS_MAX, SSH_PACKET_BYTES_MAX, SSH_TEXT_BYTES_MAX,
};

const WHAT: &str = "channel message";

/// A channel's number: its slot, and above that how many channels had been opened before it.
const SLOT_BITS: u32 = 10;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;

const _: () = assert!(SSH_CHANNELS_MAX == 1 << SLOT_BITS);

/// What happens on one channel costs the same however many others there are.
pub(crate) struct Channels {
    slots: Slab<Channel>,
    /// Channels opened so far, modulo 2^22.
    opened: u32,
    /// Those that have something to send that neither the window nor the owner holds up. First come, first served.
    waiting: VecDeque<ChannelId>,
    window_bytes: u32,
    opening: Opening,
    unanswered: Unanswered,
    order: Order,
}

impl Channels {
    pub fn new(window_bytes: u32) -> Self {
        Self {
            slots: Slab::new(),
            opened: 0,
            waiting: VecDeque::new(),
            window_bytes,
            opening: Opening::default(),
            unanswered: Unanswered::default(),
            order: Order::default(),
        }
    }

    /// # Errors
    /// [`Error::ChannelLimit`].
    pub fn open(&mut self, kind: Kind, transport: &mut Transport) -> Result<ChannelId, Error> {
        if self.slots.len() >= SSH_CHANNELS_MAX {
            return Err(Error::ChannelLimit);
        }
        let slot = self.slots.vacant_entry();
        let id = ChannelId(self.opened << SLOT_BITS | slot.key() as u32);
        self.opened = self.opened.wrapping_add(1) & (u32::MAX >> SLOT_BITS);
        let channel = slot.insert(Channel::new(id, kind, self.window_bytes));
        match self.opening {
            Opening::Later => {}
            Opening::Early => {
                self.unanswered.push_back(id);
                channel.send_open(self.order.next(), transport);
            }
            Opening::Now => channel.send_open(self.order.next(), transport),
        }
        Ok(id)
    }

    /// Login is done: opens what was asked for meanwhile.
    pub fn ready(&mut self, transport: &mut Transport) {
        self.opening = Opening::Now;
        let queued = self.slots.iter_mut().filter(|(_, channel)| matches!(channel.state, State::Queued));
        queued.for_each(|(_, channel)| channel.send_open(self.order.next(), transport));
    }

    pub fn get(&mut self, id: ChannelId) -> Option<&mut Channel> {
        let channel = self.slots.get_mut(slot(id))?;
        (channel.id == id && !channel.is_released).then_some(channel)
    }

    pub fn ids(&self) -> impl Iterator<Item = ChannelId> {
        self.slots
            .iter()
            .map(|(_, channel)| channel)
            .filter(|channel| !channel.is_released)
            .map(|channel| channel.id)
    }

    pub fn is_open(&self, id: ChannelId) -> bool {
        let channel = self.slots.get(slot(id)).filter(|channel| channel.id == id);
        channel.is_some_and(|channel| matches!(channel.state, State::Open(_)) && !channel.close_sent)
    }

    pub fn received(&self, id: ChannelId, stream: Stream) -> &[u8] {
        let channel = self.slots.get(slot(id)).filter(|channel| channel.id == id);
        channel.map_or(&[], |channel| match stream {
            Stream::Stdout => channel.stdout.bytes(),
            Stream::Stderr => channel.stderr.bytes(),
        })
    }

    pub fn consume(&mut self, id: ChannelId, stream: Stream, count: usize, transport: &mut Transport) {
        if let Some(channel) = self.get(id) {
            let consumed = channel.stream(stream).consume(count);
            channel.grant(consumed, transport);
        }
    }

    /// Takes what may be sent now or fits the channel's buffer.
    pub fn send(&mut self, id: ChannelId, data: &[u8], transport: &mut Transport) -> usize {
        let Some(channel) = self.get(id) else { return 0 };
        let taken = channel.send(data, transport);
        self.list(id);
        taken
    }

    /// The owner is done with the channel.
    pub fn close(&mut self, id: ChannelId, transport: &mut Transport) {
        let Some(channel) = self.get(id) else { return };
        channel.release();
        channel.send_close(transport);
        // Nothing of it is on the wire, or everything has been said.
        if matches!(channel.state, State::Queued | State::Closed) {
            self.slots.remove(slot(id));
        }
    }

    /// Sends what waits, after the socket or a key exchange gave way. Whoever got a share and has more goes to the end.
    pub fn flush(&mut self, transport: &mut Transport, events: &mut Events) {
        for _ in 0..self.waiting.len() {
            if !transport.takes_data() {
                return;
            }
            let Some(id) = self.waiting.pop_front() else { return };
            let Some(channel) = self.get(id) else { continue };
            channel.is_listed = false;
            if channel.flush(transport) {
                events.push_back(Event::Writable(id));
            }
            self.list(id);
        }
    }

    /// The owner has been told of readable bytes; it may be told again.
    pub fn told(&mut self, id: ChannelId, stream: Stream) {
        if let Some(channel) = self.get(id) {
            channel.stream(stream).is_told = false;
        }
    }

    pub fn trim(&mut self) {
        self.slots.iter_mut().for_each(|(_, channel)| channel.trim());
        self.waiting.shrink_to_fit();
    }

    /// Puts a channel on the list when it has to wait for the socket.
    fn list(&mut self, id: ChannelId) {
        if let Some(channel) = self.get(id)
            && channel.is_waiting()
            && !std::mem::replace(&mut channel.is_listed, true)
        {
            self.waiting.push_back(id);
        }
    }

    // --- messages of the peer

    /// Handles messages [`number::CHANNEL_OPEN`] to [`number::CHANNEL_FAILURE`].
    ///
    /// # Errors
    /// A violation of RFC 4254. Terminal.
    pub fn handle(
        &mut self,
        payload: &[u8],
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        let message = reader.u8(WHAT)?;
        if message == number::CHANNEL_OPEN {
            return refuse_open(reader, transport);
        }
        let id = ChannelId(reader.u32(WHAT)?);
        let channel = self.on_the_wire(id)?;
        match message {
            number::CHANNEL_OPEN_CONFIRMATION => {
                let (place, number) = (channel.place, confirmed(channel, reader, transport, events)?);
                self.order.confirmed(place, number);
                self.answered(id);
                self.list(id);
            }
            number::CHANNEL_OPEN_FAILURE => {
                refused(channel, reader, events)?;
                self.answered(id);
                self.slots.remove(slot(id));
            }
            number::CHANNEL_CLOSE => {
                closed(channel, transport, events)?;
                if channel.is_released {
                    self.slots.remove(slot(id));
                }
            }
            number::CHANNEL_WINDOW_ADJUST => {
                on_open(channel, message, reader, transport, events)?;
                self.list(id);
            }
            _ => on_open(channel, message, reader, transport, events)?,
        }
        Ok(())
    }

    /// The channel that the peer may name: opened or asked for, and not closed from both sides.
    fn on_the_wire(&mut self, id: ChannelId) -> Result<&mut Channel, Error> {
        let channel = self.slots.get_mut(slot(id)).filter(|channel| channel.id == id);
        channel
            .filter(|channel| !matches!(channel.state, State::Queued | State::Closed))
            .ok_or(Error::UnknownChannel { number: id.0 })
    }
}

fn slot(id: ChannelId) -> usize {
    (id.0 & SLOT_MASK) as usize
}

/// Messages that need an open channel.
fn on_open(
    channel: &mut Channel,
    message: u8,
    mut reader: Reader<'_>,
    transport: &mut Transport,
    events: &mut Events,
) -> Result<(), Error> {
    if !matches!(channel.state, State::Open(_)) {
        return Err(state_error(channel, message));
    }
    match message {
        number::CHANNEL_DATA => {
            let data = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
            data_received(channel, message, Some(Stream::Stdout), data, transport, events)
        }
        number::CHANNEL_EXTENDED_DATA => {
            let kind = reader.u32(WHAT)?;
            let data = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
            let is_known = kind == number::EXTENDED_DATA_STDERR && channel.is_session();
            let stream = is_known.then_some(Stream::Stderr);
            data_received(channel, message, stream, data, transport, events)
        }
        number::CHANNEL_WINDOW_ADJUST => window_adjusted(channel, reader.u32(WHAT)?, transport, events),
        number::CHANNEL_EOF => eof(channel, events),
        number::CHANNEL_REQUEST => request(channel, reader, transport, events),
        number::CHANNEL_SUCCESS | number::CHANNEL_FAILURE => replied(channel, message, events),
        _ => Err(state_error(channel, message)),
    }
}

fn state_error(channel: &Channel, message: u8) -> Error {
    Error::ChannelState { channel: channel.id.0, message }
}

/// We ask for no forwarding, so nothing may be opened towards us.
fn refuse_open(mut reader: Reader<'_>, transport: &mut Transport) -> Result<(), Error> {
    reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
    let sender = reader.u32(WHAT)?;
    transport.send(|out| {
        out.push(number::CHANNEL_OPEN_FAILURE);
        out.put_u32(sender);
        out.put_u32(number::OPEN_ADMINISTRATIVELY_PROHIBITED);
        out.put_string(b"no channels are accepted");
        out.put_string(b"");
    });
    Ok(())
}

/// The number of the peer's end.
fn confirmed(
    channel: &mut Channel,
    mut reader: Reader<'_>,
    transport: &mut Transport,
    events: &mut Events,
) -> Result<u32, Error> {
    if !matches!(channel.state, State::Opening) {
        return Err(state_error(channel, number::CHANNEL_OPEN_CONFIRMATION));
    }
    let (number, window, packet_bytes_max) = (reader.u32(WHAT)?, reader.u32(WHAT)?, reader.u32(WHAT)?);
    if packet_bytes_max == 0 {
        return Err(Error::ChannelPacketZero { channel: channel.id.0 });
    }
    if channel.has_started_early && number != channel.place {
        return Err(Error::EarlyStart { channel: channel.id.0 });
    }
    if !channel.is_released {
        events.push_back(Event::Opened(channel.id));
    }
    if channel.opened(Remote { number, window, packet_bytes_max }, transport) {
        events.push_back(Event::Writable(channel.id));
    }
    Ok(number)
}

fn refused(channel: &Channel, mut reader: Reader<'_>, events: &mut Events) -> Result<(), Error> {
    if !matches!(channel.state, State::Opening) {
        return Err(state_error(channel, number::CHANNEL_OPEN_FAILURE));
    }
    if channel.has_started_early {
        return Err(Error::EarlyStart { channel: channel.id.0 });
    }
    let reason = reader.u32(WHAT)?;
    let text = sanitise_line(reader.string(SSH_PACKET_BYTES_MAX, WHAT)?, SSH_TEXT_BYTES_MAX);
    if !channel.is_released {
        events.push_back(Event::OpenRefused { channel: channel.id, reason, text });
    }
    Ok(())
}

/// `stream` is `None` for kinds of extended data that nobody knows: they are counted and dropped.
fn data_received(
    channel: &mut Channel,
    message: u8,
    stream: Option<Stream>,
    data: &[u8],
    transport: &mut Transport,
    events: &mut Events,
) -> Result<(), Error> {
    let (id, received, window) = (channel.id, data.len(), channel.window);
    if channel.eof_received {
        return Err(state_error(channel, message));
    }
    if received > SSH_CHANNEL_PACKET_BYTES_MAX as usize {
        return Err(Error::ChannelPacket { channel: id.0, received, max: SSH_CHANNEL_PACKET_BYTES_MAX });
    }
    channel.window = window.checked_sub(received as u32).ok_or(Error::WindowExceeded {
        channel: id.0,
        received,
        window,
    })?;
    match stream {
        Some(stream) if !channel.is_released => {
            let buffer: &mut Received = channel.stream(stream);
            buffer.push(data);
            if !std::mem::replace(&mut buffer.is_told, true) {
                events.push_back(Event::Readable(id, stream));
            }
        }
        _ => channel.grant(received, transport),
    }
    Ok(())
}

fn window_adjusted(
    channel: &mut Channel,
    grant: u32,
    transport: &mut Transport,
    events: &mut Events,
) -> Result<(), Error> {
    let overflow = Error::WindowOverflow { channel: channel.id.0 };
    let State::Open(remote) = &mut channel.state else { return Ok(()) };
    remote.window = remote.window.checked_add(grant).ok_or(overflow)?;
    if channel.flush(transport) {
        events.push_back(Event::Writable(channel.id));
    }
    Ok(())
}

fn eof(channel: &mut Channel, events: &mut Events) -> Result<(), Error> {
    if std::mem::replace(&mut channel.eof_received, true) {
        return Err(state_error(channel, number::CHANNEL_EOF));
    }
    if !channel.is_released {
        events.push_back(Event::Eof(channel.id));
    }
    Ok(())
}

/// The peer closes; its CLOSE is answered with ours (RFC 4254 §5.3).
fn closed(channel: &mut Channel, transport: &mut Transport, events: &mut Events) -> Result<(), Error> {
    if !matches!(channel.state, State::Open(_)) {
        return Err(state_error(channel, number::CHANNEL_CLOSE));
    }
    channel.send_close(transport);
    channel.state = State::Closed;
    if !channel.is_released {
        events.push_back(Event::Closed(channel.id));
    }
    Ok(())
}

fn replied(channel: &mut Channel, message: u8, events: &mut Events) -> Result<(), Error> {
    if !std::mem::take(&mut channel.awaits_reply) {
        return Err(Error::UnexpectedReply);
    }
    if !channel.is_released {
        let is_started = message == number::CHANNEL_SUCCESS;
        events.push_back(if is_started {
            Event::Started(channel.id)
        } else {
            Event::RequestFailed(channel.id)
        });
    }
    Ok(())
}

fn request(
    channel: &mut Channel,
    mut reader: Reader<'_>,
    transport: &mut Transport,
    events: &mut Events,
) -> Result<(), Error> {
    let kind = reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
    let wants_reply = reader.bool(WHAT)?;
    let exit = match kind {
        b"exit-status" => Some(Event::ExitStatus { channel: channel.id, status: reader.u32(WHAT)? }),
        b"exit-signal" => {
            let signal = sanitise_line(reader.string(SSH_TEXT_BYTES_MAX, WHAT)?, SSH_TEXT_BYTES_MAX);
            Some(Event::ExitSignal { channel: channel.id, signal, core_dumped: reader.bool(WHAT)? })
        }
        _ => None,
    };
    let is_known = exit.is_some();
    // A process ends once; later claims are dropped.
    if let Some(exit) = exit
        && !std::mem::replace(&mut channel.has_exited, true)
        && !channel.is_released
    {
        events.push_back(exit);
    }
    if let State::Open(remote) = channel.state
        && wants_reply
        && !channel.close_sent
    {
        transport.send(|out| {
            out.push(if is_known { number::CHANNEL_SUCCESS } else { number::CHANNEL_FAILURE });
            out.put_u32(remote.number);
        });
    }
    Ok(())
}
