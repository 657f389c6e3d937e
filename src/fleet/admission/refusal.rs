//! What is said to those whose work is not taken on.

use std::fmt;

use crate::base::refusal::Reason;
use crate::base::time::Duration;
use crate::base::{Error, Kind};

/// There is no place for it, or no more.
pub(in crate::fleet) fn full(reason: Reason) -> Error {
    Error::refused(reason, Kind::Busy, "Server busy: too many requests are waiting; try again later")
}

/// It would begin after its deadline.
pub(super) fn too_late(host: &str, wait: Duration, left: Duration) -> Error {
    let text = format!(
        "Server busy: {host} would get to this in {} at the earliest, and its time is up in {}; try again later",
        Seconds(wait),
        Seconds(left)
    );
    Error::refused(Reason::Deadline, Kind::Busy, text)
}

/// Its deadline passed while it waited.
pub(super) fn overdue(host: &str, waited: Duration) -> Error {
    let text = format!("Request timeout after {}: {host} did not get to it", Seconds(waited));
    Error::refused(Reason::Deadline, Kind::RequestTimeout, text)
}

/// To a tenth.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_secs_f64() * 10.0).round() / 10.0;
        write!(f, "{tenths}s")
    }
}
