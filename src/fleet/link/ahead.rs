//! Sessions opened ahead: a link keeps session channels open that nobody uses yet, so that the next command, or SFTP,
//! starts without waiting for a session to be confirmed (RFC 4254 §5.1): one round trip in place of two.
//!
//! A session is bound to nothing before its first request (§6.5), so the same ones serve commands and SFTP. Who needs
//! a session takes one of these before asking for another, hence they keep nobody from one that the server has.

use std::collections::VecDeque;

use super::Channels;
use crate::base::limits;
use crate::base::time::{Duration, Instant};
use crate::ssh::{self, ChannelId, Client, Event};

/// The unused sessions of a link, and what its servers have taught about sessions in general.
pub(super) struct Ahead {
    /// Oldest first, so that confirmed ones come before those on their way.
    idle: VecDeque<ChannelId>,
    /// Sessions not confirmed yet, whoever has them by now, and when they were asked for.
    opening: Channels<Instant>,
    /// How many sessions of all kinds the server gives.
    sessions_max: usize,
    /// Most commands at once of late, and when that was.
    busiest: usize,
    busiest_at: Instant,
    /// When a session last came to its end, whoever had it.
    pub(super) freed: Option<Instant>,
}

/// What holds sessions.
#[derive(Debug, Clone, Copy)]
pub(super) struct InUse {
    pub(super) commands: usize,
    /// Kept for commands to come.
    pub(super) shells: usize,
    pub(super) sftp: bool,
}

impl InUse {
    fn sessions(self) -> usize {
        self.commands + self.shells + usize::from(self.sftp)
    }
}

/// Asks for the sessions that a connection begins with: one for SFTP, and one to stay ahead.
pub(super) fn open_first(client: &mut Client) {
    for _ in 0..2 {
        // Only a connection that has ended opens none, and whoever logs in on it will see that.
        let _ = client.open_session();
    }
}

impl Ahead {
    /// Adopts what [`open_first`] has opened. `sessions_max` is what a server is believed to give until it refuses one.
    pub(super) fn new(client: &Client, sessions_max: usize, now: Instant) -> Self {
        Self {
            idle: client.channels().collect(),
            opening: Channels::new(),
            sessions_max,
            busiest: 1,
            busiest_at: now,
            freed: None,
        }
    }

    /// A session: one opened ahead, or a new one.
    pub(super) fn take(&mut self, client: &mut Client, now: Instant) -> Result<ChannelId, ssh::Error> {
        match self.idle.pop_front() {
            Some(channel) => Ok(channel),
            None => self.open(client, now),
        }
    }

    fn open(&mut self, client: &mut Client, now: Instant) -> Result<ChannelId, ssh::Error> {
        let channel = client.open_session()?;
        self.opening.insert(channel, now);
        Ok(channel)
    }

    /// Opens as many as are worth having: what commands used at once of late, and one for SFTP if that is to come;
    /// no more than `commands_max` together with the commands that run.
    pub(super) fn fill(&mut self, client: &mut Client, in_use: InUse, commands_max: usize, now: Instant) {
        if in_use.commands >= self.busiest {
            (self.busiest, self.busiest_at) = (in_use.commands.max(1), now);
        }
        let wanted = self.busiest.saturating_sub(in_use.shells) + usize::from(!in_use.sftp);
        let allowed = commands_max.saturating_sub(in_use.commands + in_use.shells);
        let given = self.sessions_max.saturating_sub(in_use.sessions());
        while self.idle.len() < wanted.min(allowed).min(given)
            && let Ok(channel) = self.open(client, now)
        {
            self.idle.push_back(channel);
        }
    }

    /// How many there are, those on their way included.
    pub(super) fn len(&self) -> usize {
        self.idle.len()
    }

    pub(super) fn owns(&self, channel: ChannelId) -> bool {
        self.idle.contains(&channel)
    }

    /// A session was confirmed. Returns how long that took, which is a round trip: the server has nothing else to do
    /// for it.
    pub(super) fn confirmed(&mut self, channel: ChannelId, now: Instant) -> Option<Duration> {
        self.opening.remove(&channel).map(|asked| now.duration_since(asked))
    }

    /// A session was refused. Returns whether that says nothing: it was asked for right after another had ended, and
    /// sshd frees a session some time after it has closed the channel.
    pub(super) fn refused(&mut self, channel: ChannelId, now: Instant) -> bool {
        let asked = self.opening.remove(&channel).unwrap_or(now);
        let soon = now.duration_since(asked).max(limits::SESSION_FREED_AFTER);
        self.freed.is_some_and(|freed| asked.duration_since(freed) < soon)
    }

    /// What happens to an unused session. A refusal hurts nobody and is remembered; one that the server closes is not
    /// replaced before the next command.
    pub(super) fn handle_event(&mut self, client: &mut Client, event: &Event, in_use: InUse, early: bool) {
        match event {
            Event::OpenRefused { channel, .. } => {
                self.idle.retain(|idle| idle != channel);
                if !early {
                    let open = self.idle.iter().filter(|idle| client.is_open(**idle)).count();
                    self.sessions_max = self.sessions_max.min(in_use.sessions() + open);
                }
            }
            Event::Closed(channel) => {
                self.idle.retain(|idle| idle != channel);
                client.close(*channel);
            }
            _ => {}
        }
    }

    /// Closes what only a burst of commands was worth having for.
    pub(super) fn handle_timeout(&mut self, client: &mut Client, in_use: InUse, now: Instant) {
        if self.poll_timeout(in_use).is_none_or(|at| now < at) {
            return;
        }
        (self.busiest, self.busiest_at) = (in_use.commands.max(1), now);
        let kept = self.busiest.saturating_sub(in_use.shells) + usize::from(!in_use.sftp);
        for channel in self.idle.drain(kept.min(self.idle.len())..) {
            client.close(channel);
            self.freed = Some(now);
        }
    }

    pub(super) fn poll_timeout(&self, in_use: InUse) -> Option<Instant> {
        let is_surplus = self.busiest > in_use.commands.max(1);
        is_surplus.then(|| self.busiest_at + limits::SESSIONS_AHEAD_KEPT)
    }
}
