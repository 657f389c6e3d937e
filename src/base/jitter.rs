//! Chance for pauses, so that many who wait for the same thing do not come at the same moment. A seed sets it going:
//! the same seed gives the same pauses.

use std::cell::Cell;

use super::time::Duration;

/// A small generator (SplitMix64): no secret is made of it.
#[derive(Debug)]
pub struct Jitter(Cell<u64>);

impl Jitter {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// Half to one and a half of what is due, each as likely.
    pub fn around(&self, due: Duration) -> Duration {
        let draw = u32::try_from(self.next() >> 48).unwrap_or_default();
        due / 2 + due.saturating_mul(draw) / u32::from(u16::MAX)
    }

    /// From 0 to 1, and not 1 itself.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }

    /// A seed for another one.
    pub fn seed(&self) -> u64 {
        self.next()
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread_around_what_is_due_and_repeat_with_their_seed() {
        const DUE: Duration = Duration::from_millis(100);
        let draw = |seed| -> Vec<Duration> {
            let jitter = Jitter::new(seed);
            (0..1000).map(|_| jitter.around(DUE)).collect()
        };
        let pauses = draw(1);
        assert!(pauses.iter().all(|pause| (DUE / 2..=DUE * 3 / 2).contains(pause)));
        assert!(pauses.iter().filter(|pause| **pause < DUE).count().abs_diff(500) < 60);
        assert_eq!(draw(1), pauses);
        assert_ne!(draw(2), pauses);
    }
}
