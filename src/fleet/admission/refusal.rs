//! Why work is not taken on: every refusal has a reason with a name, and is counted.

use std::cell::Cell;
use std::fmt;

use crate::base::time::Duration;
use crate::base::{Error, Kind};

/// Why a request was refused before its work began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There was no place among those that wait.
    QueueFull,
    /// It gave its place to somebody whose client asks less of the same host.
    Displaced,
    /// It would have begun after its deadline.
    TooLate,
    /// Its deadline passed while it waited.
    Deadline,
    /// Its host fails too often.
    BreakerOpen,
}

impl Reason {
    pub const ALL: [Self; 5] =
        [Self::QueueFull, Self::Displaced, Self::TooLate, Self::Deadline, Self::BreakerOpen];

    /// The name in metrics: stable.
    pub const fn label(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Displaced => "displaced",
            Self::TooLate => "too_late",
            Self::Deadline => "deadline",
            Self::BreakerOpen => "breaker_open",
        }
    }
}

/// How often work was refused on this core.
#[derive(Debug, Default)]
pub struct Refusals([Cell<u64>; Reason::ALL.len()]);

impl Refusals {
    pub fn count(&self, reason: Reason) -> u64 {
        self.0[reason as usize].get()
    }

    /// A refusal, counted.
    pub(in crate::fleet) fn refuse(&self, reason: Reason, error: Error) -> Error {
        self.0[reason as usize].set(self.count(reason) + 1);
        tracing::debug!(reason = reason.label(), "refused: {error}");
        error
    }

    pub(super) fn full(&self, reason: Reason) -> Error {
        let text = "Server busy: too many requests are waiting; try again later";
        self.refuse(reason, Error::new(Kind::Busy, text))
    }

    pub(super) fn too_late(&self, host: &str, wait: Duration, left: Duration) -> Error {
        let text = format!(
            "Server busy: {host} would get to this in {} at the earliest, and its time is up in {}; try again later",
            Seconds(wait),
            Seconds(left)
        );
        self.refuse(Reason::TooLate, Error::new(Kind::Busy, text))
    }

    pub(super) fn deadline(&self, host: &str, waited: Duration) -> Error {
        let text = format!("Request timeout after {}: {host} did not get to it", Seconds(waited));
        self.refuse(Reason::Deadline, Error::new(Kind::RequestTimeout, text))
    }
}

/// To a tenth.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_secs_f64() * 10.0).round() / 10.0;
        write!(f, "{tenths}s")
    }
}
