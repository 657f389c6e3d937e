//! How long to wait for a host before it counts as gone, drawn from how long it has taken so far. Pure.
//!
//! A timeout is four times the 99th percentile of what was observed, but no less than a second and no more than what is
//! configured. The percentile is that of a window of the last 64: of so few it is the slowest. A window forgets
//! (a histogram does not, and takes 20 KiB where this takes 256 bytes), one slow answer makes it patient at once, and 64
//! prompt ones make it strict again. Before there are twenty, what is configured counts.

use crate::base::limits::{PATIENCE_FACTOR, PATIENCE_MIN, PATIENCE_SAMPLES_MAX, PATIENCE_SAMPLES_MIN};
use crate::base::time::Duration;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Patience {
    connects: Window,
    round_trips: Window,
    is_in_doubt: bool,
    /// Some servers never answer keepalives; of those silence says nothing.
    answers_keepalives: bool,
}

/// How to look after a connection on which work is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// As configured: too little is known.
    AsConfigured,
    /// Enough is known but for whether the host answers keepalives.
    Ask,
    /// Silence of this length means that the host is gone.
    Silence(Duration),
}

impl Patience {
    /// How long one attempt to connect and log in may take.
    ///
    /// What is cut short tells nothing of a host that has become slow, so the next attempt has all the time that is
    /// configured; and so has every other until one succeeds. For the same reason only those count for the breaker: it
    /// opens no earlier than it would without timeouts of the host's own.
    pub fn connect_timeout(&self, configured: Duration) -> Duration {
        match self.connects.timeout() {
            Some(own) if !self.is_in_doubt => own.min(configured),
            _ => configured,
        }
    }

    /// An attempt has succeeded after `took`.
    pub fn note_connect(&mut self, took: Duration) {
        self.connects.note(took);
        self.is_in_doubt = false;
    }

    /// An attempt was given up before the configured time.
    pub fn note_cut_short(&mut self) {
        self.is_in_doubt = true;
    }

    /// Whether the last attempt was given up before the configured time, and none has succeeded since.
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Something that the host answers at once was answered after `took`.
    pub fn note_round_trip(&mut self, took: Duration) {
        self.round_trips.note(took);
    }

    /// A keepalive was answered after `took`.
    pub fn note_keepalive(&mut self, took: Duration) {
        self.answers_keepalives = true;
        self.note_round_trip(took);
    }

    pub fn watch(&self) -> Watch {
        match self.round_trips.timeout() {
            None => Watch::AsConfigured,
            Some(_) if !self.answers_keepalives => Watch::Ask,
            Some(silence) => Watch::Silence(silence),
        }
    }
}

/// The last observations, in microseconds.
#[derive(Debug, Default)]
struct Window {
    samples: Vec<u32>,
    next: usize,
}

impl Window {
    fn note(&mut self, time: Duration) {
        let sample = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        match self.samples.get_mut(self.next) {
            Some(oldest) => *oldest = sample,
            None => self.samples.push(sample),
        }
        self.next = (self.next + 1) % PATIENCE_SAMPLES_MAX;
    }

    fn timeout(&self) -> Option<Duration> {
        if self.samples.len() < PATIENCE_SAMPLES_MIN {
            return None;
        }
        let slowest = self.samples.iter().max()?;
        Some((Duration::from_micros(u64::from(*slowest)) * PATIENCE_FACTOR).max(PATIENCE_MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURED: Duration = Duration::from_secs(10);

    fn connected(times: usize, took: Duration) -> Patience {
        let mut patience = Patience::default();
        (0..times).for_each(|_| patience.note_connect(took));
        patience
    }

    #[test]
    fn what_is_configured_counts_until_enough_is_known() {
        let took = Duration::from_millis(20);
        assert_eq!(connected(19, took).connect_timeout(CONFIGURED), CONFIGURED);
        assert_eq!(connected(20, took).connect_timeout(CONFIGURED), Duration::from_secs(1));
        assert_eq!(
            connected(20, took).connect_timeout(Duration::from_millis(500)),
            Duration::from_millis(500)
        );
    }

    #[test]
    fn a_slow_host_has_its_time() {
        let took = Duration::from_secs(2);
        assert_eq!(connected(20, took).connect_timeout(CONFIGURED), Duration::from_secs(8));
        assert_eq!(connected(20, took * 3).connect_timeout(CONFIGURED), CONFIGURED);
    }

    #[test]
    fn one_slow_answer_is_remembered_for_a_window() {
        let mut patience = connected(64, Duration::from_millis(20));
        patience.note_connect(Duration::from_secs(1));
        assert_eq!(patience.connect_timeout(CONFIGURED), Duration::from_secs(4));
        (0..63).for_each(|_| patience.note_connect(Duration::from_millis(20)));
        assert_eq!(patience.connect_timeout(CONFIGURED), Duration::from_secs(4));
        patience.note_connect(Duration::from_millis(20));
        assert_eq!(patience.connect_timeout(CONFIGURED), Duration::from_secs(1));
        assert_eq!(patience.connects.samples.len(), PATIENCE_SAMPLES_MAX);
    }

    #[test]
    fn what_was_cut_short_is_tried_with_all_the_time() {
        let mut patience = connected(20, Duration::from_millis(20));
        patience.note_cut_short();
        assert_eq!(patience.connect_timeout(CONFIGURED), CONFIGURED);
        patience.note_connect(Duration::from_secs(2));
        assert_eq!(patience.connect_timeout(CONFIGURED), Duration::from_secs(8), "it has become slow");
    }

    #[test]
    fn silence_means_something_from_hosts_that_are_known_to_answer() {
        let mut patience = Patience::default();
        (0..19).for_each(|_| patience.note_round_trip(Duration::from_millis(20)));
        assert_eq!(patience.watch(), Watch::AsConfigured);
        patience.note_round_trip(Duration::from_millis(500));
        assert_eq!(patience.watch(), Watch::Ask);
        patience.note_keepalive(Duration::from_millis(20));
        assert_eq!(patience.watch(), Watch::Silence(Duration::from_secs(2)));
    }
}
