//! Channels opened before the login is done, right behind a request that is expected to succeed: a server handles
//! messages in their order, so they find it logged in. RFC 4252 §6 only forbids them where it is not.

use super::{Channel, ChannelId, Channels, State, slot};
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
    /// The login request that was just sent is expected to succeed: channels are opened behind it.
    pub fn open_early(&mut self, transport: &mut Transport) {
        self.opening = Opening::Early;
        for (_, channel) in
            self.slots.iter_mut().filter(|(_, channel)| matches!(channel.state, State::Queued))
        {
            self.unanswered.push_back(channel.id);
            channel.send_open(transport);
        }
    }

    /// The login request was not enough: what was opened behind it counts as never sent.
    pub fn take_back(&mut self) {
        self.opening = Opening::Later;
        while !self.unanswered.is_empty() {
            self.take_back_first();
        }
    }

    /// The server did not understand a message. Behind a login request that can only have been a request to open a
    /// channel, and of these the first without an answer.
    pub fn unimplemented(&mut self, transport: &mut Transport) {
        let is_logged_in = matches!(self.opening, Opening::Now);
        if let Some(channel) = self.take_back_first()
            && is_logged_in
        {
            channel.send_open(transport);
        }
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
        let is_released = channel.is_released;
        if is_released {
            self.slots.remove(slot(id));
        }
        self.get(id)
    }
}
