//! What the connections to one host share: what is known of it beyond the life of any of them, and the queue for their
//! sessions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::breaker::Breaker;
use super::key_memory::KeyMemory;
use super::link::Sessions;
use super::login_memory::LoginMemory;
use super::password_memory::PasswordMemory;
use super::patience::Patience;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Result, limits};
use crate::metrics::{Circuit, Counter, Recorder};
use crate::ssh::{Guess, Haste};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Memory {
    /// Which keys it took and refused.
    pub keys: KeyMemory,
    /// Which passwords it refused.
    pub passwords: PasswordMemory,
    /// That it did not let us in.
    pub logins: RefCell<LoginMemory>,
    /// It refuses SFTP, hangs up when asked for it, or has no room for it besides commands.
    pub(super) lacks_sftp: Cell<bool>,
    /// It has served files by SFTP: hanging up is no refusal of it any more.
    has_served_files: Cell<bool>,
    /// A connection serves one session and no other after it (TinySSH).
    pub(super) serves_one_session: Cell<bool>,
    /// So many channels of a connection, from the first on, got their numbers in order.
    numbered: Cell<u32>,
    /// It did not do as expected when something was started in a session that it had not confirmed.
    dislikes_early_starts: Cell<bool>,
    /// Until then its shells are not kept for several commands: it has too few sessions, or they do not do as expected.
    keeps_no_shell_until: Cell<Option<Instant>>,
    /// A shell of it has run a second command.
    pub(super) has_kept_shell: Cell<bool>,
    /// It hung up when sessions were opened ahead of their use.
    opens_no_sessions_ahead: Cell<bool>,
    /// What it prefers of our algorithms.
    guess: Cell<Option<Guess>>,
    /// Its commands run no script of ours, as those of accounts that are for SFTP only.
    pub(super) lacks_shell: Cell<bool>,
    /// The sessions of its connections.
    pub(super) sessions: Rc<Sessions>,
    /// The shortest round trip of late.
    round_trip: Estimate,
    /// How long it may take.
    pub patience: RefCell<Patience>,
    pub(super) breaker: RefCell<Breaker>,
    /// How long it takes to connect and log in.
    dial_time: Estimate,
    /// How long a command has its session, on average of late.
    command_time: Cell<Option<Duration>>,
    /// The host refused a further connection, and until then it is not asked again.
    crowded_until: Cell<Option<Instant>>,
}

/// The least of late: shorter than ever is believed at once, longer by and by.
#[derive(Debug, Default)]
struct Estimate(Cell<Option<Duration>>);

impl Estimate {
    fn note(&self, time: Duration) {
        let estimate = match self.0.get() {
            Some(known) if time > known => known + (time - known) / 8,
            _ => time,
        };
        self.0.set(Some(estimate));
    }
}

impl Memory {
    /// How long a message and its answer take to the host and back: the shortest of late, without the host's work.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip.0.get()
    }

    /// What the next connection may guess. Only one may: where it fails, the guess may have been the reason.
    pub fn take_guess(&self) -> Option<Guess> {
        self.guess.take()
    }

    /// A connection was made, and the host may be met with this guess again.
    pub fn note_guess(&self, guess: Option<Guess>) {
        self.guess.set(guess);
    }

    /// A message was answered after `time`. The way may have become longer, or the host was slow.
    pub fn note_round_trip(&self, time: Duration) {
        self.round_trip.note(time);
        self.patience.borrow_mut().note_round_trip(time);
    }

    /// The host has answered, if only to say no.
    pub(super) fn note_contact(&self, recorder: &Recorder) {
        if self.breaker.borrow_mut().note_contact() {
            recorder.count(Counter::CircuitTransitions(Circuit::Closed));
        }
    }

    /// A dial, or a connection under work, has failed.
    pub(super) fn note_failure(&self, error: &Error, now: Instant, recorder: &Recorder) {
        recorder.count(Counter::CircuitFailures);
        if self.breaker.borrow_mut().note_failure(now, error.message()) {
            recorder.count(Counter::CircuitTransitions(Circuit::Open));
            tracing::warn!(reason = %error, "a host is left alone for a while");
        }
    }

    /// Whether the host may be asked to let us in. Errors: it did not, a moment ago.
    pub(super) fn check_login(&self, host: &str, now: Instant) -> Result<()> {
        let checked = self.logins.borrow().check(now);
        checked.map_err(|refused| refused.context(format_args!("Cannot connect to {host}")))
    }

    /// Whether it may be dialled. Errors: it has failed too often.
    pub(super) fn check_breaker(&self, host: &str, now: Instant) -> Result<()> {
        self.breaker.borrow().check(now).map_err(|refused| refused.at(host))
    }

    /// How long it takes to connect to the host and to log in, when it is not busy; `None` before it was done.
    pub(super) fn dial_time(&self) -> Option<Duration> {
        self.dial_time.0.get()
    }

    pub(super) fn note_dial_time(&self, time: Duration) {
        self.dial_time.note(time);
    }

    /// How long a command has its session, on average of late; `None` before one has come to its end.
    pub(super) fn command_time(&self) -> Option<Duration> {
        self.command_time.get()
    }

    pub(super) fn note_command_time(&self, time: Duration) {
        let mean = self.command_time.get().map_or(time, |mean| (mean * 7 + time) / 8);
        self.command_time.set(Some(mean));
    }

    /// Whether its shells may be kept for several commands.
    pub(super) fn keeps_shells(&self, now: Instant) -> bool {
        !self.serves_one_session.get() && self.keeps_no_shell_until.get().is_none_or(|until| until <= now)
    }

    pub(super) fn note_useless_shell(&self, now: Instant) {
        self.keeps_no_shell_until.set(Some(now + limits::KEPT_SHELL_AGAIN_AFTER));
    }

    /// Whether the host may be asked for a further connection.
    pub(super) fn takes_further_connections(&self, now: Instant) -> bool {
        !self.serves_one_session.get() && self.crowded_until.get().is_none_or(|until| until <= now)
    }

    /// The host refused a further connection.
    pub(super) fn note_crowded(&self, now: Instant) {
        self.crowded_until.set(Some(now + limits::FURTHER_CONNECTION_AFTER));
    }

    /// What is sent behind a login with `key` before the host has said what it makes of it.
    pub fn haste(&self, key: &[u8]) -> Haste {
        match self.numbered.get() {
            _ if !self.keys.expects(key) => match self.keys.may_expect(key) {
                true => Haste::WhereHarmless,
                false => Haste::None,
            },
            0 => Haste::Open,
            _ if self.dislikes_early_starts.get() => Haste::Open,
            numbered => Haste::Start { numbered },
        }
    }

    /// So many channels of a connection, from the first on, got their numbers in order.
    pub(super) fn note_numbered(&self, count: u32) {
        self.numbered.set(self.numbered.get().max(count));
    }

    pub(super) fn note_files_served(&self) {
        self.has_served_files.set(true);
    }

    /// The host hung up on a connection of which nobody had any use yet: it may dislike being asked for sessions that are
    /// not used. One that has opened some before has rather gone down.
    pub(super) fn note_useless_connection(&self) {
        if self.numbered.get() == 0 {
            self.opens_no_sessions_ahead.set(true);
        }
    }

    /// The host hung up when it was asked for SFTP.
    pub(super) fn note_hanging_up_on_sftp(&self) {
        if !self.has_served_files.get() {
            self.lacks_sftp.set(true);
        }
    }

    /// What was started early made the host end the connection, or went where it should not have gone.
    pub(super) fn note_dislike_of_early_starts(&self) {
        self.dislikes_early_starts.set(true);
    }

    pub(super) fn keeps_sessions_ahead(&self) -> bool {
        !self.serves_one_session.get() && !self.opens_no_sessions_ahead.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haste_grows_with_what_is_known_of_a_host_and_ends_where_it_did_harm() {
        let memory = Memory::default();
        assert_eq!(memory.haste(b"key"), Haste::WhereHarmless);
        memory.keys.note_taken(b"key", true);
        assert_eq!(memory.haste(b"key"), Haste::Open);
        memory.note_numbered(3);
        memory.note_numbered(1);
        assert_eq!(memory.haste(b"key"), Haste::Start { numbered: 3 });
        assert_eq!(memory.haste(b"other"), Haste::WhereHarmless);
        memory.note_dislike_of_early_starts();
        assert_eq!(memory.haste(b"key"), Haste::Open);
        memory.keys.note_dislike_of_haste();
        assert_eq!(memory.haste(b"key"), Haste::None);
    }
}
