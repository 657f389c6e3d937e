//! What happens second by second, in bounded memory: a long step is told in longer pieces.

use serde::{Deserialize, Serialize};

use super::buckets::{self, FewTimes};
use super::unit::{approximate, rounded};
use crate::base::limits::{RIG_MOMENTS_MAX, RIG_SERIES_DIGITS};
use crate::base::time::Duration;

/// A piece of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When it begins, from the begin of its step.
    pub at_seconds: f64,
    pub seconds: f64,
    pub done: u64,
    pub failed: u64,
    pub p50_us: f64,
    pub p99_us: f64,
    pub max_us: f64,
}

/// The pieces of a step so far.
#[derive(Debug, Clone)]
pub(super) struct Series {
    piece: Duration,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Default)]
struct Piece {
    failed: u64,
    /// Of what was answered.
    times: Option<Box<FewTimes>>,
}

impl Default for Series {
    fn default() -> Self {
        Self { piece: Duration::from_secs(1), pieces: Vec::new() }
    }
}

impl Series {
    /// Counts what ended `at` after the begin: a time in nanoseconds, or a failure.
    pub(super) fn note(&mut self, at: Duration, ended: Result<u64, ()>) {
        let piece = self.at(at);
        match ended {
            Ok(time) => piece.times().saturating_record(time),
            Err(()) => piece.failed += 1,
        }
    }

    /// Adds what another core has seen of the same step.
    pub(super) fn add(&mut self, mut other: Self) {
        while self.piece < other.piece {
            self.coarsen();
        }
        while other.piece < self.piece {
            other.coarsen();
        }
        if self.pieces.len() < other.pieces.len() {
            self.pieces.resize_with(other.pieces.len(), Piece::default);
        }
        self.pieces.iter_mut().zip(other.pieces).for_each(|(own, other)| own.add(other));
    }

    /// All of it, of a step that took so many seconds: the last piece may be a part of one.
    pub(super) fn moments(&self, took: f64) -> Vec<Moment> {
        let piece_seconds = self.piece.as_secs_f64();
        let moment = |(number, piece): (usize, &Piece)| {
            let at = |quantile: f64| {
                piece.times.as_ref().map_or(0.0, |times| approximate(times.value_at_quantile(quantile)) / 1e3)
            };
            let at_seconds = approximate(number as u64) * piece_seconds;
            let left = rounded(took - at_seconds);
            Moment {
                at_seconds,
                seconds: if left > 0.0 { left.min(piece_seconds) } else { piece_seconds },
                done: piece.times.as_ref().map_or(0, |times| times.len()),
                failed: piece.failed,
                p50_us: at(0.5),
                p99_us: at(0.99),
                max_us: at(1.0),
            }
        };
        self.pieces.iter().enumerate().map(moment).collect()
    }

    fn at(&mut self, at: Duration) -> &mut Piece {
        loop {
            let number = at.as_nanos() / self.piece.as_nanos();
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            if number < RIG_MOMENTS_MAX {
                if self.pieces.len() <= number {
                    self.pieces.resize_with(number + 1, Piece::default);
                }
                return &mut self.pieces[number];
            }
            self.coarsen();
        }
    }

    /// Makes one piece of each two.
    fn coarsen(&mut self) {
        self.piece *= 2;
        let mut pieces = std::mem::take(&mut self.pieces).into_iter();
        while let Some(mut first) = pieces.next() {
            first.add(pieces.next().unwrap_or_default());
            self.pieces.push(first);
        }
    }
}

impl Piece {
    fn times(&mut self) -> &mut FewTimes {
        self.times.get_or_insert_with(|| Box::new(buckets::times(RIG_SERIES_DIGITS)))
    }

    fn add(&mut self, other: Self) {
        self.failed += other.failed;
        if let Some(times) = other.times {
            buckets::add(self.times(), &times);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_step_is_told_in_longer_pieces() {
        let mut series = Series::default();
        let second = |number: u64| Duration::from_millis(number * 1_000 + 500);
        for number in 0..RIG_MOMENTS_MAX as u64 * 3 {
            series.note(second(number), if number % 2 == 0 { Ok(2_000_000) } else { Err(()) });
        }
        let moments = series.moments(1e9);
        assert!(moments.len() <= RIG_MOMENTS_MAX && moments.len() > RIG_MOMENTS_MAX / 2);
        assert!(moments.iter().all(|moment| moment.seconds == 4.0 && moment.done == 2 && moment.failed == 2));
        assert!((moments[1].p50_us - 2_000.0).abs() < 40.0 && moments[1].at_seconds == 4.0);
    }

    #[test]
    fn cores_are_added_up_whatever_their_pieces() {
        let (mut one, mut other) = (Series::default(), Series::default());
        one.note(Duration::from_secs(1), Ok(1_000_000));
        other.note(Duration::from_secs(1), Ok(3_000_000));
        other.note(Duration::from_secs(RIG_MOMENTS_MAX as u64), Err(()));
        one.add(other);
        let took = RIG_MOMENTS_MAX as f64 + 0.5;
        let moments = one.moments(took);
        assert_eq!((moments[0].done, moments[0].seconds), (2, 2.0));
        let last = moments.last().unwrap();
        assert_eq!((last.failed, last.seconds), (1, 0.5));
    }
}
