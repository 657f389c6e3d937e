//! The end of a login: links are handed over as soon as it is as good as done, and then nobody waits for it.

use super::Link;
use crate::base::time::Instant;
use crate::metrics::{Counter, Histogram};

impl Link {
    /// The dial that brought it began at this moment. It is over when the login is, which may be yet to come.
    pub fn dialled(&self, begun: Instant) {
        self.dial_begun.set(Some(begun));
        if self.state.borrow().client.is_ready() {
            self.logged_in((self.clock)());
        }
    }

    /// The host has let us in.
    pub(super) fn logged_in(&self, now: Instant) {
        self.memory.logins.borrow_mut().forget();
        if let Some(begun) = self.dial_begun.take() {
            self.recorder.time(Histogram::Dial, now - begun);
            self.memory.note_dial_time(now - begun);
        }
    }

    /// The host has ended the connection: had it not let us in before, the dial came to nothing.
    pub(super) fn note_failed_login(&self) {
        if self.dial_begun.take().is_some() {
            self.recorder.count(Counter::DialFailures);
        }
    }
}
