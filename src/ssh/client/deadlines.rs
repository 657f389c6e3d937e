//! What a connection does because time has passed: asks a silent peer, renews keys, gives up.

use super::Client;
use crate::base::limits::SSH_REKEY_TIMEOUT;
use crate::ssh::error::Error;
use crate::ssh::number;
use crate::ssh::timer::{Timer, Verdict};
use crate::ssh::wire::Write;
use std::time::{Duration, Instant};

impl Client {
    /// The deadline of [`poll_timeout`](Self::poll_timeout) has come. Too early is harmless.
    ///
    /// # Errors
    /// The peer is gone. Terminal.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.check_end()?;
        if self.timers.expire(Timer::Exchange, now) {
            return self.fail(Error::RekeyTimeout);
        }
        if self.timers.expire(Timer::Login, now) {
            return self.fail(Error::LoginTimeout);
        }
        if self.timers.expire(Timer::Keepalive, now) {
            self.check_liveness(now)?;
        }
        if self.timers.expire(Timer::Rekey, now) {
            self.transport.start_rekey();
        }
        self.timers.expire(Timer::Now, now);
        self.settle(now);
        Ok(())
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.end.is_some() { None } else { self.timers.next() }
    }

    /// Somebody waits for the peer: silence of this length means that it is gone, be it no longer than the keepalive
    /// allows anyhow. `None`: nobody does. Nothing without a keepalive.
    pub fn press(&mut self, silence: Option<Duration>, now: Instant) {
        let Some(liveness) = &mut self.liveness else { return };
        let until = liveness.press(silence, now);
        if self.login.is_done() {
            self.timers.set(Timer::Keepalive, until);
        }
    }

    /// Asks for a sign of life now. False when it is too early for that, or keepalives are not wanted.
    pub fn ask_for_life(&mut self, now: Instant) -> bool {
        let may_ask = self.login.is_done() && self.liveness.is_some() && self.end.is_none();
        if may_ask {
            self.ask(now);
        }
        may_ask
    }

    /// How long the answer to a keepalive took, once for each that is known.
    pub fn poll_life(&mut self) -> Option<Duration> {
        self.questions.take_answered_in()
    }

    /// Starts a key exchange when what was sent or received makes one due. Data goes first: so each key carries some,
    /// however low the bound.
    pub(super) fn renew_keys(&mut self) {
        if self.login.is_done() && self.transport.wants_rekey() {
            self.transport.start_rekey();
            self.timers.set(Timer::Now, self.told);
        }
    }

    /// After input and deadlines: keeps the timers in step with the state.
    pub(super) fn settle(&mut self, now: Instant) {
        self.told = now;
        if !self.login.is_done() {
            return;
        }
        self.timers.stop(Timer::Login);
        if self.transport.is_exchanging() {
            self.timers.stop(Timer::Rekey);
            self.timers.start(Timer::Exchange, now + SSH_REKEY_TIMEOUT);
        } else {
            self.timers.stop(Timer::Exchange);
            if let Some(interval) = self.rekey_interval {
                self.timers.start(Timer::Rekey, now + interval);
            }
        }
        if let Some(liveness) = &self.liveness {
            self.timers.start(Timer::Keepalive, liveness.deadline());
        }
    }

    fn check_liveness(&mut self, now: Instant) -> Result<(), Error> {
        let Some(liveness) = &mut self.liveness else { return Ok(()) };
        match liveness.judge(now) {
            Verdict::Alive(until) => self.timers.set(Timer::Keepalive, until),
            Verdict::Gone { missed } => return self.fail(Error::KeepaliveTimeout { missed }),
            Verdict::Ask(until) => {
                self.timers.set(Timer::Keepalive, until);
                self.ask(now);
                self.trim();
            }
        }
        Ok(())
    }

    /// OpenSSH's keepalive: any answer, a refusal too, is a sign of life.
    fn ask(&mut self, now: Instant) {
        self.questions.ask(now);
        self.transport.send(|out| {
            out.push(number::GLOBAL_REQUEST);
            out.put_string(b"keepalive@openssh.com");
            out.put_bool(true);
        });
    }
}
