//! Key exchanges that the peer starts without need: each costs both sides about a millisecond, and one that does
//! nothing else would keep a core busy with itself.

use super::error::Error;
use crate::base::limits::{SSH_REKEYS_WASTED_MAX, SSH_REKEYS_WASTED_PERIOD};
use std::time::Instant;

/// The exchanges of the current period that renewed hardly used keys.
#[derive(Debug)]
pub struct Renewals {
    since: Instant,
    wasted: u32,
}

impl Renewals {
    pub fn new(now: Instant) -> Self {
        Self { since: now, wasted: 0 }
    }

    /// The peer renews keys that have hardly carried anything.
    ///
    /// # Errors
    /// It has done so too often.
    pub fn waste(&mut self, now: Instant) -> Result<(), Error> {
        if now.saturating_duration_since(self.since) >= SSH_REKEYS_WASTED_PERIOD {
            *self = Self::new(now);
        }
        self.wasted += 1;
        if self.wasted > SSH_REKEYS_WASTED_MAX { Err(Error::RekeyFlood) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_has_its_own() {
        let start = crate::base::time::now();
        let mut renewals = Renewals::new(start);
        for period in 0..3 {
            let now = start + period * SSH_REKEYS_WASTED_PERIOD;
            for _ in 0..SSH_REKEYS_WASTED_MAX {
                assert_eq!(renewals.waste(now), Ok(()));
            }
        }
        assert_eq!(renewals.waste(start + 2 * SSH_REKEYS_WASTED_PERIOD), Err(Error::RekeyFlood));
    }
}
