//! What is said to those whose work is not taken on. Every refusal is counted by its reason.

use std::fmt;

use super::Admission;
use crate::base::time::Duration;
use crate::base::{Error, Kind};
use crate::metrics::{Counter, Reason};

impl Admission {
    /// There is no place for it, or no more.
    pub(in crate::fleet) fn full(&self, reason: Reason) -> Error {
        let text = "Server busy: too many requests are waiting; try again later";
        self.refuse(reason, Error::new(Kind::Busy, text))
    }

    /// It would begin after its deadline.
    pub(super) fn too_late(&self, host: &str, wait: Duration, left: Duration) -> Error {
        let text = format!(
            "Server busy: {host} would get to this in {} at the earliest, and its time is up in {}; try again later",
            Seconds(wait),
            Seconds(left)
        );
        self.refuse(Reason::Deadline, Error::new(Kind::Busy, text))
    }

    /// Its deadline passed while it waited.
    pub(super) fn overdue(&self, host: &str, waited: Duration) -> Error {
        let text = format!("Request timeout after {}: {host} did not get to it", Seconds(waited));
        self.refuse(Reason::Deadline, Error::new(Kind::RequestTimeout, text))
    }

    /// Its host is left alone.
    pub(in crate::fleet) fn circuit_open(&self, host: &str, refused: impl fmt::Display) -> Error {
        self.refuse(Reason::Circuit, Error::new(Kind::CircuitOpen, format!("{host}: {refused}")))
    }

    /// Its host did not let us in a moment ago.
    pub(in crate::fleet) fn login_refused(&self, refused: Error) -> Error {
        self.refuse(Reason::Login, refused)
    }

    fn refuse(&self, reason: Reason, error: Error) -> Error {
        self.recorder.count(Counter::Rejected(reason));
        error
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
