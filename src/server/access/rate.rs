//! How often a client may ask: a token bucket that is kept as one moment, the one at which it is full again (GCRA, as in
//! ATM's traffic management 4.0, §4.4.2). Pure: moments are nanoseconds since the table was made.

use crate::base::time::Duration;

/// So many requests in a minute, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds in which one token comes back.
    interval: u64,
    /// How far ahead the moment may be of a request that is let through.
    tolerance: u64,
}

const MINUTE: u64 = 60_000_000_000;

impl Rate {
    /// `None` where nobody is counted.
    pub fn new(per_minute: u32, burst: u32) -> Option<Self> {
        if per_minute == 0 {
            return None;
        }
        // Rounded up, so that in no time more come back than should.
        let interval = MINUTE.div_ceil(u64::from(per_minute));
        Some(Self { interval, tolerance: interval * u64::from(burst.saturating_sub(1)) })
    }

    /// For so many requests at once; `None` when that is more than there ever may be.
    pub fn times(&self, count: usize) -> Option<Self> {
        let count = u64::try_from(count.max(1)).ok()?;
        let tolerance = self.tolerance.checked_sub(self.interval.checked_mul(count - 1)?)?;
        Some(Self { interval: self.interval * count, tolerance })
    }

    /// How many requests there may be at once.
    pub fn burst(&self) -> u64 {
        self.tolerance / self.interval + 1
    }

    /// Takes a token from a bucket that is full again at `full_at`, and tells when it then is.
    ///
    /// # Errors
    /// There is none before this has passed.
    pub fn take(&self, full_at: u64, now: u64) -> Result<u64, Duration> {
        match full_at.saturating_sub(now).checked_sub(self.tolerance) {
            None | Some(0) => Ok(full_at.max(now).saturating_add(self.interval)),
            Some(wait) => Err(Duration::from_nanos(wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_and_then_one_by_one() {
        let rate = Rate::new(60, 10).unwrap();
        let second = 1_000_000_000;
        let mut full_at = 0;
        for _ in 0..10 {
            full_at = rate.take(full_at, 5 * second).unwrap();
        }
        assert_eq!(rate.take(full_at, 5 * second), Err(Duration::from_secs(1)));
        assert_eq!(rate.take(full_at, 6 * second - 1), Err(Duration::from_nanos(1)));
        full_at = rate.take(full_at, 6 * second).unwrap();
        assert_eq!(rate.take(full_at, 6 * second), Err(Duration::from_secs(1)));
        assert_eq!(full_at, 16 * second);
        assert_eq!(Rate::new(0, 10), None);
    }

    #[test]
    fn so_many_at_once_are_as_many_one_after_the_other() {
        let (rate, now) = (Rate::new(60, 10).unwrap(), 5_000_000_000);
        assert_eq!((rate.burst(), rate.times(11)), (10, None));
        assert_eq!((rate.times(1), rate.times(0)), (Some(rate), Some(rate)));
        for count in 1..=10 {
            let mut full_at = 0;
            for _ in 0..count {
                full_at = rate.take(full_at, now).unwrap();
            }
            let many = rate.times(count).unwrap();
            assert_eq!(many.take(0, now), Ok(full_at), "{count}");
            // As long as it would take the last of them.
            let wait = (full_at - now).saturating_sub(rate.interval * (10 - count as u64));
            let waited = many.take(full_at, now).err().unwrap_or_default();
            assert_eq!(waited, Duration::from_nanos(wait), "{count}");
        }
    }

    proptest! {
        /// The definition: a bucket of `burst` tokens that fills up by one in each interval.
        #[test]
        fn it_is_a_token_bucket(
            per_minute in 1_u32..100_000,
            burst in 1_u32..20,
            gaps in prop::collection::vec(0_u64..3_000_000_000, 1..200),
        ) {
            let rate = Rate::new(per_minute, burst).unwrap();
            // Tokens are counted in nanoseconds of filling.
            let full = u128::from(rate.interval) * u128::from(burst);
            let (mut tokens, mut now, mut full_at) = (full, 0, 0);
            for gap in gaps {
                now += gap;
                tokens = full.min(tokens + u128::from(gap));
                let taken = rate.take(full_at, now);
                prop_assert_eq!(taken.is_ok(), tokens >= u128::from(rate.interval));
                match taken {
                    Ok(then) => {
                        full_at = then;
                        tokens -= u128::from(rate.interval);
                    }
                    Err(wait) => {
                        let at = now + u64::try_from(wait.as_nanos()).unwrap();
                        prop_assert!(rate.take(full_at, at).is_ok() && rate.take(full_at, at - 1).is_err());
                    }
                }
            }
        }
    }
}
