//! The only place outside `io/` that reads the clocks. Machines take `now` as an argument, so that tests can jump it.

use std::time::SystemTime;
pub use std::time::{Duration, Instant};

/// The monotonic clock.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970, for what other machines have dated: certificates. Before 1970 it is 1970.
#[allow(clippy::disallowed_methods)]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
