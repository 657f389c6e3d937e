//! Figures that may leave their core, and add up with those of others.

use std::fmt;

use super::names::{Counter, Gauge, Histogram, Unit};
use crate::base::limits;

pub(super) type Buckets = hdrhistogram::Histogram<u64>;

/// What one core has recorded, or several together.
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    counters: Vec<u64>,
    gauges: [u64; Gauge::ALL.len()],
    histograms: Vec<Buckets>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("gauges", &self.gauges).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Both in the order of their places.
    pub(super) fn new(counters: Vec<u64>, histograms: Vec<Buckets>) -> Self {
        Self { counters, gauges: [0; Gauge::ALL.len()], histograms }
    }

    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter.place()]
    }

    pub fn gauge(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge.place()]
    }

    /// Times are in microseconds.
    pub fn histogram(&self, histogram: Histogram) -> &Buckets {
        &self.histograms[histogram.place()]
    }

    /// Says how many there are on this core.
    pub fn set(&mut self, gauge: Gauge, value: usize) {
        self.gauges[gauge.place()] = value as u64;
    }

    /// Adds the figures of another core.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.counters, &other.counters);
        add(&mut self.gauges, &other.gauges);
        for (own, other) in self.histograms.iter_mut().zip(&other.histograms) {
            own.add(other).expect("histograms of one name have the same bounds");
        }
    }
}

fn add(own: &mut [u64], other: &[u64]) {
    own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
}

/// Empty, with the bounds of what it is for.
pub(super) fn buckets(histogram: Histogram) -> Buckets {
    let max = match histogram.unit() {
        Unit::Bytes => limits::HISTOGRAM_SIZE_BYTES_MAX,
        Unit::Milliseconds | Unit::Seconds => limits::HISTOGRAM_TIME_MAX.as_micros() as u64,
    };
    Buckets::new_with_bounds(1, max, limits::HISTOGRAM_DIGITS).expect("the bounds are in order")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Recorder, TargetType};
    use super::*;
    use crate::base::time::Duration;

    proptest! {
        #[test]
        fn adding_up_is_as_good_as_recording_in_one_place(values: Vec<(u8, u8, u64)>) {
            let (one, cores) = (Recorder::new(), [Recorder::new(), Recorder::new(), Recorder::new()]);
            let (counters, histograms): (Vec<_>, Vec<_>) = (Counter::all().collect(), Histogram::all().collect());
            for (core, what, value) in values {
                let core = &cores[usize::from(core) % cores.len()];
                for recorder in [core, &one] {
                    recorder.count(counters[usize::from(what) % counters.len()]);
                    recorder.time(histograms[usize::from(what) % histograms.len()], Duration::from_micros(value));
                }
            }
            let [mut all, second, third] = cores.map(|core| core.snapshot());
            all.merge(&second);
            all.merge(&third);
            prop_assert!(all == one.snapshot());
        }
    }

    #[test]
    fn gauges_add_up() {
        let recorder = Recorder::new();
        recorder.count(Counter::Requests(TargetType::Path));
        let (mut first, mut second) = (recorder.snapshot(), recorder.snapshot());
        first.set(Gauge::PoolSize, 2);
        second.set(Gauge::PoolSize, 3);
        first.merge(&second);
        assert_eq!(first.gauge(Gauge::PoolSize), 5);
        assert_eq!(first.counter(Counter::Requests(TargetType::Path)), 2);
    }

    #[test]
    fn it_may_leave_its_core() {
        fn sends(_: impl Send) {}
        sends(Recorder::new().snapshot());
    }
}
