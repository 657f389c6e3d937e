//! The only place outside `io/` that reads the clock. Machines take `now` as an argument, so that tests can jump it.

pub use std::time::{Duration, Instant};

/// The monotonic clock.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Instant {
    Instant::now()
}
