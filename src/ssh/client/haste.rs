//! What a client says before it has been told that it may, so that nobody waits for an answer that is as good as known.
//!
//! | supposed | said | and if it was wrong |
//! |---|---|---|
//! | the key is enough | channels are opened behind its signature | they are opened after login (`channels/early.rs`) |
//! | channels are numbered 0, 1, … | what starts in them follows at once | the connection ends: [`Error::EarlyStart`] |
//!
//! A request on a wrong number may have reached another channel of ours, or nobody. Nothing is known of what it did
//! there, so only what does no harm when it happens twice may be started early.

use super::Client;
use crate::ssh::channel::ChannelId;
use crate::ssh::error::Error;
use crate::ssh::timer::Timer;
use std::time::Instant;

/// How much of it a connection dares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Haste {
    /// Nothing.
    #[default]
    None,
    /// Channels are opened where the server is OpenSSH, of which it is known that it answers a request that came too
    /// early with UNIMPLEMENTED, and goes on (`dispatch_protocol_error`).
    WhereHarmless,
    /// Channels are opened.
    Open,
    /// Channels are opened, and with OpenSSH things are started in so many of the first ones, whose numbers were in
    /// order before.
    Start { numbered: u32 },
}

impl Client {
    /// Whether the server has been sent what it may not like, and has not shown yet that it can live with it.
    pub fn is_hasty(&self) -> bool {
        (self.is_early && !self.login.is_done()) || self.channels.has_started_early()
    }

    /// Whether [`start_early`](Self::start_early) will do something for a channel that is opened now.
    pub fn starts_early(&self) -> bool {
        self.end.is_none() && self.channels.starts_early()
    }

    /// The owner answers no more questions of the login: unless it succeeds by itself, and by `until`, the connection
    /// ends with [`Error::KeyRefused`] or [`Error::LoginTimeout`].
    pub fn rely_on_login(&mut self, until: Instant) {
        if !self.login.is_done() {
            self.relies_on_login = true;
            self.timers.set(Timer::Login, until);
        }
    }

    /// Sends what is to run on `channel` though it is not confirmed, if its number can be told. Whether it could.
    /// Only for what may as well happen twice: see the module's documentation.
    pub fn start_early(&mut self, channel: ChannelId) -> bool {
        self.end.is_none() && self.channels.start_early(channel, &mut self.transport)
    }

    /// How many channels, from the first on, were given the numbers 0, 1, … by OpenSSH: for [`Haste::Start`].
    pub fn numbered(&self) -> u32 {
        if self.is_openssh() { self.channels.numbered() } else { 0 }
    }

    /// A signature was sent.
    pub(super) fn open_early(&mut self) {
        let is_openssh = self.is_openssh();
        let numbered = match self.haste {
            Haste::None => return,
            Haste::WhereHarmless if !is_openssh => return,
            Haste::Start { numbered } if is_openssh => numbered,
            Haste::WhereHarmless | Haste::Open | Haste::Start { .. } => 0,
        };
        if self.login.expects_success() {
            self.is_early = true;
            self.channels.open_early(numbered, &mut self.transport);
        }
    }

    /// The login goes on with something else than the first key.
    pub(super) fn slow_down(&mut self) {
        // A second word of it shows that it got over what had come too early.
        self.is_early = self.channels.take_back();
    }

    /// The server did not understand a message: behind a login that was not enough that is all it makes of haste.
    pub(super) fn handle_unimplemented(&mut self) -> Result<(), Error> {
        self.is_early &= self.channels.are_early();
        self.channels.unimplemented(&mut self.transport)
    }
}
