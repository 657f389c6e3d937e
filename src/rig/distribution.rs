//! How times are spread, as it is kept and shown.

use hdrhistogram::{Counter, Histogram};
use serde::{Deserialize, Serialize};

use super::buckets;
use super::unit::{approximate, rounded};

/// Steps of a curve for each halving of what is left up to 100 %, as HdrHistogram's own tools have it.
const STEPS_PER_HALVING: u32 = 5;

/// Times in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    pub count: u64,
    pub min_us: f64,
    pub mean_us: f64,
    pub stdev_us: f64,
    pub p50_us: f64,
    pub p90_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    pub max_us: f64,
    /// From the smallest to the largest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<Point>,
    /// All of it, in nanoseconds, as HdrHistogram (version 2, not compressed) in Base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hdr: String,
}

/// A point of a curve: so much of all took at most so long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From 0 to 1.
    pub quantile: f64,
    pub us: f64,
    /// How many those are.
    pub count: u64,
}

impl Distribution {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Without curve and histogram.
    pub(super) fn brief<C: Counter>(times: &Histogram<C>) -> Self {
        if times.is_empty() {
            return Self::default();
        }
        let at = |quantile: f64| microseconds(times.value_at_quantile(quantile).min(times.max()));
        Self {
            count: times.len(),
            min_us: microseconds(times.min()),
            mean_us: rounded(times.mean() / 1e3),
            stdev_us: rounded(times.stdev() / 1e3),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: microseconds(times.max()),
            curve: Vec::new(),
            hdr: String::new(),
        }
    }

    /// The same with its histogram.
    pub(super) fn with_histogram<C: Counter>(times: &Histogram<C>) -> Self {
        let hdr = if times.is_empty() { String::new() } else { buckets::encoded(times) };
        Self { hdr, ..Self::brief(times) }
    }

    /// With all there is to say.
    pub(super) fn full<C: Counter>(times: &Histogram<C>) -> Self {
        let mut count = 0;
        let points = times.iter_quantiles(STEPS_PER_HALVING).map(|step| {
            count += step.count_since_last_iteration();
            Point {
                quantile: (step.quantile_iterated_to() * 1e9).round() / 1e9,
                us: microseconds(step.value_iterated_to()),
                count,
            }
        });
        Self { curve: points.collect(), ..Self::with_histogram(times) }
    }
}

fn microseconds(nanoseconds: u64) -> f64 {
    approximate(nanoseconds) / 1e3
}

#[cfg(test)]
mod tests {
    use super::super::buckets::Times;
    use super::*;

    #[test]
    fn times_are_told_by_their_percentiles() {
        let mut times: Times = buckets::times(3);
        (1..=1_000_u64).for_each(|number| times.record(number * 100_000).unwrap());
        let told = Distribution::full(&times);
        let about = |us: f64, expected: f64| (us / expected - 1.0).abs() < 0.002;
        assert!(about(told.p50_us, 50_000.0) && about(told.p99_us, 99_000.0), "{told:?}");
        assert!(about(told.max_us, 100_000.0) && about(told.min_us, 100.0));
        assert_eq!(told.curve.last().map(|point| (point.quantile, point.count)), Some((1.0, 1_000)));
        assert!(told.curve.windows(2).all(|pair| pair[0].us <= pair[1].us));
        assert_eq!(Distribution::full::<u64>(&buckets::times(3)), Distribution::default());
    }
}
