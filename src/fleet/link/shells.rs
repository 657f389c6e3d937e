//! Shells of the host that are kept for the next command (see [`kept_shell`]): each holds a session of the connection.
//! Who runs a command takes the one that was used last; the others are closed when they have had no work for a while.

use std::collections::VecDeque;

use super::{Link, State};
use crate::base::limits::{KEPT_SHELL_IDLE_MAX, KEPT_SHELL_REAPS_AFTER};
use crate::base::time::Instant;
use crate::fleet::kept_shell::{self, Number};
use crate::ssh::{ChannelId, Client, Event};

impl Link {
    /// Whether a command may run in a shell that is kept.
    pub(super) fn keeps_shells(&self, state: &State) -> bool {
        self.may_keep_shells
            && self.memory.keeps_shells((self.clock)())
            && state.client.keeps_waiting_sessions()
    }

    /// The server gives too few sessions for any to be kept.
    pub(super) fn keep_no_shells(&self) {
        self.memory.note_useless_shell((self.clock)());
        let state = &mut *self.state.borrow_mut();
        state.shells.close_all(&mut state.client);
        state.ahead.freed = Some((self.clock)());
    }

    /// What is kept without work gives way to what needs a session.
    pub(super) fn make_room(&self, state: &mut State) {
        if state.execs.len() + state.shells.len() >= self.sessions.width()
            && state.shells.close_one(&mut state.client)
        {
            state.ahead.freed = Some((self.clock)());
        }
    }
}

/// The shells of a link that have nothing to do.
#[derive(Debug, Default)]
pub(super) struct Shells {
    /// The one that was used last stands last.
    idle: VecDeque<Idle>,
}

#[derive(Debug)]
struct Idle {
    channel: ChannelId,
    since: Instant,
    /// It has looked after its last command.
    has_reaped: bool,
}

impl Shells {
    /// A shell is done with its command.
    pub(super) fn put(&mut self, channel: ChannelId, now: Instant) {
        self.idle.push_back(Idle { channel, since: now, has_reaped: false });
    }

    /// Hands a command to a shell that has nothing to do, if there is one.
    pub(super) fn start(
        &mut self,
        client: &mut Client,
        number: &Number,
        command: &[u8],
    ) -> Option<ChannelId> {
        let line = kept_shell::line(number, command);
        while let Some(Idle { channel, .. }) = self.idle.pop_back() {
            if client.send(channel, &line) == line.len() {
                return Some(channel);
            }
            // It has not read what it was told before.
            client.close(channel);
        }
        None
    }

    /// How many hold a session.
    pub(super) fn len(&self) -> usize {
        self.idle.len()
    }

    pub(super) fn owns(&self, channel: ChannelId) -> bool {
        self.idle.iter().any(|idle| idle.channel == channel)
    }

    /// What happens to a shell that has nothing to do: nothing, or it is of no use any more.
    pub(super) fn handle_event(&mut self, client: &mut Client, event: &Event) {
        if let (Some(channel), false) = (event.channel(), matches!(event, Event::Writable(_))) {
            self.idle.retain(|idle| idle.channel != channel);
            client.close(channel);
        }
    }

    /// Closes the one that has had nothing to do for longest; false when there is none.
    pub(super) fn close_one(&mut self, client: &mut Client) -> bool {
        self.idle.pop_front().is_some_and(|idle| {
            idle.close(client);
            true
        })
    }

    pub(super) fn close_all(&mut self, client: &mut Client) {
        while self.close_one(client) {}
    }

    /// Whether any was closed.
    pub(super) fn handle_timeout(&mut self, client: &mut Client, now: Instant) -> bool {
        let before = self.idle.len();
        while self.idle.front().is_some_and(|idle| idle.since + KEPT_SHELL_IDLE_MAX <= now) {
            self.close_one(client);
        }
        for idle in self.idle.iter_mut().filter(|idle| idle.next_look() <= now) {
            idle.reap(client);
        }
        self.idle.len() < before
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.idle.iter().map(Idle::next_look).min()
    }
}

impl Idle {
    fn next_look(&self) -> Instant {
        self.since + if self.has_reaped { KEPT_SHELL_IDLE_MAX } else { KEPT_SHELL_REAPS_AFTER }
    }

    fn reap(&mut self, client: &mut Client) {
        if !self.has_reaped {
            client.send(self.channel, kept_shell::FAREWELL);
            self.has_reaped = true;
        }
    }

    fn close(mut self, client: &mut Client) {
        self.reap(client);
        client.close(self.channel);
    }
}
