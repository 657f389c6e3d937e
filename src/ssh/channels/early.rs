//! Channels opened before the login is done, right behind a request that is expected to succeed: a server handles
//! messages in their order, so they find it logged in. RFC 4252 §6 only forbids them where it is not.

use super::{Channel, ChannelId, Channels, Order, State, slot};
use crate::ssh::error::Error;
use crate::ssh::transport::Transport;
use std::collections::VecDeque;

/// When channels are opened.
#[derive(Default)]
pub(super) enum Opening {
    /// When login is done.
    #[default]
    Later,
    /// At once, though login is not done.
    Early,
    /// At once.
    Now,
}

/// Opened early and not answered yet, in the order in which that was sent.
pub(super) type Unanswered = VecDeque<ChannelId>;

impl Channels {
    /// The login request that was just sent is expected to succeed: channels are opened behind it. The first `numbered`
    /// of the connection are believed to be given the numbers 0, 1, ….
    pub fn open_early(&mut self, numbered: u32, transport: &mut Transport) {
        self.opening = Opening::Early;
        self.order.believe(numbered);
        for (_, channel) in
            self.slots.iter_mut().filter(|(_, channel)| matches!(channel.state, State::Queued))
        {
            self.unanswered.push_back(channel.id);
            channel.send_open(self.order.next(), transport);
        }
    }

    /// Whether channels are opened behind a login of which the server has said nothing.
    pub fn are_early(&self) -> bool {
        matches!(self.opening, Opening::Early)
    }

    /// Whether something can be started in a channel that is opened now.
    pub fn starts_early(&self) -> bool {
        self.are_early() && self.order.is_believed()
    }

    /// Starts what is to run on a channel that was opened early, where its number is believed to be known.
    pub fn start_early(&mut self, id: ChannelId, transport: &mut Transport) -> bool {
        let (starts, order) = (self.starts_early(), self.order);
        self.get(id)
            .is_some_and(|channel| starts && order.believes(channel.place) && channel.start_early(transport))
    }

    /// Whether something was started in a channel that the server has not confirmed.
    pub fn has_started_early(&self) -> bool {
        let is_ahead =
            |channel: &Channel| channel.has_started_early && matches!(channel.state, State::Opening);
        self.slots.iter().any(|(_, channel)| is_ahead(channel))
    }

    /// How many channels, from the first on, were given the numbers 0, 1, ….
    pub fn numbered(&self) -> u32 {
        self.order.kept()
    }

    /// The login request was not enough: what was opened behind it, and started there, counts as never sent. Whether
    /// there was such a request.
    pub fn take_back(&mut self) -> bool {
        let was_early = self.are_early();
        self.opening = Opening::Later;
        while !self.unanswered.is_empty() {
            self.take_back_first();
        }
        self.order = Order::default();
        was_early
    }

    /// The server did not understand a message. Behind a login request that can only have been a request to open a
    /// channel, and of these the first without an answer.
    ///
    /// # Errors
    /// Or it was what has been started in one, without a word of the login's failure.
    pub fn unimplemented(&mut self, transport: &mut Transport) -> Result<(), Error> {
        if self.has_started_early() {
            let channel = self.unanswered.front().map_or(0, |id| id.0);
            return Err(Error::EarlyStart { channel });
        }
        let (is_logged_in, mut order) = (matches!(self.opening, Opening::Now), self.order);
        if let Some(channel) = self.take_back_first()
            && is_logged_in
        {
            channel.send_open(order.next(), transport);
            self.order = order;
        }
        Ok(())
    }

    /// The server has answered.
    pub(super) fn answered(&mut self, id: ChannelId) {
        self.unanswered.retain(|early| *early != id);
    }

    /// The first channel without an answer, when its owner still wants it.
    fn take_back_first(&mut self) -> Option<&mut Channel> {
        let id = self.unanswered.pop_front()?;
        let channel = self.slots.get_mut(slot(id)).filter(|channel| channel.id == id)?;
        channel.state = State::Queued;
        channel.has_started_early = false;
        let is_released = channel.is_released;
        if is_released {
            self.slots.remove(slot(id));
        }
        self.get(id)
    }
}
