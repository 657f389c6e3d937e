//! When to knock again at a server that turned us away: the pauses double, and no two clients keep the same ones.

use crate::base::limits::{TURNED_AWAY_PAUSE, TURNED_AWAY_RETRIES_MAX};
use crate::base::time::Duration;
use crate::crypto::random;

/// The pauses still left.
pub(super) struct Retries {
    left: u32,
    pause: Duration,
}

impl Retries {
    pub(super) fn new() -> Self {
        Self { left: TURNED_AWAY_RETRIES_MAX, pause: TURNED_AWAY_PAUSE }
    }
}

impl Iterator for Retries {
    type Item = Duration;

    /// Half to one and a half of what is due.
    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let due = self.pause;
        self.pause *= 2;
        let mut draw = [0];
        random::fill(&mut draw);
        Some(due / 2 + due * u32::from(draw[0]) / u32::from(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_come_to_an_end() {
        let pauses: Vec<_> = Retries::new().collect();
        assert_eq!(pauses.len(), TURNED_AWAY_RETRIES_MAX as usize);
        for (pause, doublings) in pauses.iter().zip(0..) {
            let due = TURNED_AWAY_PAUSE * 2u32.pow(doublings);
            assert!(*pause >= due / 2 && *pause <= due * 3 / 2, "{pause:?} for {due:?}");
        }
    }
}
