//! The circuit breaker of a host: after so many failures in a row it is left alone for a while, then tried by one. Pure.
//!
//! closed -> open after `failures` in a row -> half-open after `open_for` -> closed when a probe succeeds, open again when
//! it fails. Failures are those of dials and of connections under work, each once, however many waited for it; what
//! counts as one is a column of the table in `base/error.rs`. A connection that is there is always used.

use std::fmt;

use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, limits};
use crate::config::Settings;
use crate::metrics::{Circuit, Reason};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Failures in a row.
    pub failures: u32,
    pub open_for: Duration,
}

impl Policy {
    pub fn of(settings: &Settings) -> Self {
        Self { failures: settings.breaker_failures, open_for: settings.breaker_open }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { failures: limits::BREAKER_FAILURES_DEFAULT, open_for: limits::BREAKER_OPEN_DEFAULT }
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Breaker {
    policy: Policy,
    phase: Phase,
    /// In a row.
    failures: u32,
    last: Box<str>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Phase {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    Probing,
}

/// Why a dial is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    failures: u32,
    last: Box<str>,
    /// `None` while a probe is under way.
    retry_in: Option<Duration>,
}

impl Breaker {
    /// The settings may have changed.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    pub fn state(&self, now: Instant) -> Circuit {
        match self.phase {
            Phase::Closed => Circuit::Closed,
            Phase::Open { until } if now < until => Circuit::Open,
            Phase::Open { .. } | Phase::Probing => Circuit::HalfOpen,
        }
    }

    /// Whether a dial would be let through.
    pub fn check(&self, now: Instant) -> Result<(), Refused> {
        let retry_in = match self.phase {
            Phase::Open { until } if now < until => Some(until - now),
            Phase::Probing => None,
            Phase::Closed | Phase::Open { .. } => return Ok(()),
        };
        Err(Refused { failures: self.failures, last: self.last.clone(), retry_in })
    }

    /// Lets a dial through, whose end is to be told; whether it is the probe.
    pub fn pass(&mut self, now: Instant) -> Result<bool, Refused> {
        self.check(now)?;
        let is_probe = matches!(self.phase, Phase::Open { .. });
        if is_probe {
            self.phase = Phase::Probing;
        }
        Ok(is_probe)
    }

    /// The host has answered, if only to say no. That it lets somebody in is no answer yet: it may drop him at once.
    /// Returns whether that closed it.
    pub fn note_contact(&mut self) -> bool {
        self.failures = 0;
        !matches!(std::mem::take(&mut self.phase), Phase::Closed)
    }

    /// The probe ended without telling anything yet: it brought a connection, which is used before others are dialled; or
    /// nobody waited for it any more; or it did not come as far as this host.
    pub fn note_nothing(&mut self, now: Instant) {
        if let Phase::Probing = self.phase {
            self.phase = Phase::Open { until: now };
        }
    }

    /// A dial, or a connection under work, has failed. Returns whether that opened it.
    pub fn note_failure(&mut self, now: Instant, why: &str) -> bool {
        // News of what was begun before it opened.
        if self.state(now) == Circuit::Open {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = why.chars().take(limits::BREAKER_TEXT_CHARS_MAX).collect();
        let opens = self.failures >= self.policy.failures;
        if opens {
            self.phase = Phase::Open { until: now + self.policy.open_for };
        }
        opens
    }
}

impl Refused {
    /// As who asks for the host is told.
    pub fn at(&self, host: &str) -> Error {
        Error::refused(Reason::Circuit, Kind::CircuitOpen, format!("{host}: {self}"))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit open after {} failures (last: {}), ", self.failures, self.last)?;
        match self.retry_in {
            Some(left) => write!(f, "retry in {}s", left.as_millis().div_ceil(1_000)),
            None => f.write_str("it is being tried again just now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn open(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for failure in 1..=5 {
            assert_eq!(breaker.pass(now), Ok(false));
            assert_eq!(breaker.note_failure(now, "no route"), failure == 5);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_probe_closes_it() {
        let now = crate::base::time::now();
        let mut breaker = open(now);
        assert_eq!(breaker.state(now), Circuit::Open);
        let refused = breaker.check(now + SECOND / 2).unwrap_err();
        assert_eq!(refused.to_string(), "circuit open after 5 failures (last: no route), retry in 60s");
        let later = now + 60 * SECOND;
        assert_eq!((breaker.state(later), breaker.pass(later)), (Circuit::HalfOpen, Ok(true)));
        let refused = breaker.pass(later).unwrap_err();
        assert!(
            refused.to_string().ends_with("(last: no route), it is being tried again just now"),
            "{refused}"
        );
        breaker.note_nothing(later);
        assert!(breaker.note_contact());
        assert_eq!(breaker.state(later), Circuit::Closed);
        assert!(!breaker.note_failure(later, "gone"), "it begins anew");
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_as_long_again() {
        let now = crate::base::time::now();
        let mut breaker = open(now);
        let later = now + 61 * SECOND;
        breaker.pass(later).unwrap();
        assert!(breaker.note_failure(later, "still no route"));
        assert_eq!(breaker.state(later + 59 * SECOND), Circuit::Open);
        let refused = breaker.check(later + 59 * SECOND).unwrap_err();
        assert_eq!(refused.to_string(), "circuit open after 6 failures (last: still no route), retry in 1s");
        assert_eq!(breaker.state(later + 60 * SECOND), Circuit::HalfOpen);
    }

    #[test]
    fn a_probe_that_nobody_waits_for_lets_another_try() {
        let now = crate::base::time::now();
        let mut breaker = open(now);
        let later = now + 60 * SECOND;
        breaker.pass(later).unwrap();
        breaker.note_nothing(later);
        assert_eq!(breaker.pass(later), Ok(true));
    }

    #[test]
    fn an_answer_ends_the_row() {
        let now = crate::base::time::now();
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert!(!breaker.note_failure(now, "lost"));
        }
        assert!(!breaker.note_contact(), "it was not open");
        for _ in 0..4 {
            assert!(!breaker.note_failure(now, "lost"));
        }
        assert_eq!(breaker.state(now), Circuit::Closed);
    }

    #[test]
    fn a_probe_that_is_let_in_and_dropped_has_failed() {
        let now = crate::base::time::now();
        let mut breaker = open(now);
        let later = now + 60 * SECOND;
        breaker.pass(later).unwrap();
        breaker.note_nothing(later);
        assert!(breaker.note_failure(later + SECOND, "dropped"));
        assert_eq!(breaker.state(later + SECOND), Circuit::Open);
    }

    proptest! {
        /// Whatever happens, it is never closed for good to a host, and at most one probe is out.
        #[test]
        fn nobody_is_locked_out_for_ever(steps in prop::collection::vec((0..6u8, 0..40u32), 1..200)) {
            let mut now = crate::base::time::now();
            let mut breaker = Breaker::default();
            let mut dials = 0;
            for (step, seconds) in steps {
                now += seconds * SECOND;
                let was_half_open = breaker.state(now) == Circuit::HalfOpen;
                match step {
                    0 | 1 => {
                        let passes = breaker.pass(now).is_ok();
                        prop_assert!(!(passes && was_half_open && breaker.pass(now).is_ok()));
                        dials += usize::from(passes);
                    }
                    _ if dials == 0 => {}
                    2 | 3 => { breaker.note_nothing(now); dials -= 1; }
                    4 => { breaker.note_failure(now, "lost"); dials -= 1; }
                    _ => { breaker.note_contact(); }
                }
            }
            breaker.note_nothing(now);
            prop_assert_eq!(breaker.check(now + 60 * SECOND), Ok(()));
        }
    }
}
