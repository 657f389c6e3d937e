//! The figures of one core, written in passing.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::http::Answered;
use super::names::{Counter, Histogram, TargetType};
use super::snapshot::{Buckets, Snapshot, buckets};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};

/// See the module's documentation.
pub struct Recorder {
    counters: [Cell<u64>; Counter::COUNT],
    histograms: RefCell<Vec<Buckets>>,
    /// Requests under way.
    requests: Cell<usize>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            counters: [const { Cell::new(0) }; Counter::COUNT],
            histograms: RefCell::new(Histogram::all().map(buckets).collect()),
            requests: Cell::new(0),
        })
    }

    /// Counts one more.
    pub fn count(&self, counter: Counter) {
        let cell = &self.counters[counter.place()];
        cell.set(cell.get() + 1);
    }

    /// Records a time, to the microsecond.
    pub fn time(&self, histogram: Histogram, time: Duration) {
        self.record(histogram, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Records a size.
    pub fn size(&self, histogram: Histogram, bytes: usize) {
        self.record(histogram, bytes as u64);
    }

    /// Records a request by HTTP that took `time` to be answered.
    pub fn answered(&self, request: Answered, time: Duration) {
        self.count(Counter::Http(request));
        self.time(Histogram::Http, time);
    }

    /// Counts a request that ends like this, if it was refused.
    pub fn count_refusal<T>(&self, result: &Result<T>) {
        if let Some(reason) = result.as_ref().err().and_then(Error::reason) {
            self.count(Counter::Rejected(reason));
        }
    }

    /// Begins to measure a request. One that is dropped before its [end](Request::end) counts as taken back.
    pub fn request(&self, target: TargetType, now: Instant) -> Request<'_> {
        self.count(Counter::Requests(target));
        self.requests.set(self.requests.get() + 1);
        Request { recorder: self, begun: now, has_ended: false }
    }

    /// What was recorded so far. Gauges are for others to add.
    pub fn snapshot(&self) -> Snapshot {
        let counters = self.counters.iter().map(Cell::get).collect();
        Snapshot::new(counters, self.histograms.borrow().clone())
    }

    fn record(&self, histogram: Histogram, value: u64) {
        self.histograms.borrow_mut()[histogram.place()].saturating_record(value);
    }
}

/// A request under way.
#[derive(Debug)]
pub struct Request<'a> {
    recorder: &'a Recorder,
    begun: Instant,
    has_ended: bool,
}

impl Request<'_> {
    /// Records how it ended, and tells how long it took.
    pub fn end<T>(mut self, result: &Result<T>, now: Instant) -> Duration {
        self.has_ended = true;
        let took = now - self.begun;
        self.recorder.time(Histogram::Request, took);
        if let Err(error) = result {
            self.recorder.count(Counter::RequestErrors(error.kind()));
            if self.recorder.requests.get() > 1 {
                self.recorder.count(Counter::ConcurrentFailures);
            }
            if matches!(error.kind(), Kind::ConnectTimeout | Kind::CommandTimeout | Kind::RequestTimeout) {
                self.recorder.count(Counter::RequestTimeouts);
            }
        }
        took
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.recorder.requests.set(self.recorder.requests.get() - 1);
        if !self.has_ended {
            self.recorder.count(Counter::RequestErrors(Kind::Cancelled));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{limits, time};

    #[test]
    fn a_request_ends_once() {
        let recorder = Recorder::new();
        let now = time::now();
        let late = now + Duration::from_millis(3);
        let failed = |kind| Err::<(), _>(Error::new(kind, "no"));
        assert_eq!(recorder.request(TargetType::Path, now).end(&Ok(()), late), Duration::from_millis(3));
        recorder.request(TargetType::Path, now).end(&failed(Kind::NotFound), late);
        recorder.request(TargetType::Command, now).end(&failed(Kind::ConnectTimeout), late);
        drop(recorder.request(TargetType::Hosts, now));
        let snapshot = recorder.snapshot();
        for (counter, count) in [
            (Counter::Requests(TargetType::Path), 2),
            (Counter::Requests(TargetType::Command), 1),
            (Counter::Requests(TargetType::Hosts), 1),
            (Counter::RequestErrors(Kind::NotFound), 1),
            (Counter::RequestErrors(Kind::ConnectTimeout), 1),
            (Counter::RequestErrors(Kind::Cancelled), 1),
            (Counter::RequestTimeouts, 1),
            (Counter::PoolHits, 0),
        ] {
            assert_eq!(snapshot.counter(counter), count, "{counter:?}");
        }
        assert_eq!(snapshot.histogram(Histogram::Request).len(), 3);
    }

    #[test]
    fn a_failure_beside_others_is_a_concurrent_one() {
        let recorder = Recorder::new();
        let now = time::now();
        let failed = || Err::<(), _>(Error::new(Kind::NotFound, "no"));
        let count = || recorder.snapshot().counter(Counter::ConcurrentFailures);
        recorder.request(TargetType::Path, now).end(&failed(), now);
        assert_eq!(count(), 0);
        let other = recorder.request(TargetType::Path, now);
        recorder.request(TargetType::Path, now).end(&failed(), now);
        assert_eq!(count(), 1);
        drop(other);
        recorder.request(TargetType::Path, now).end(&failed(), now);
        assert_eq!(count(), 1);
    }

    #[test]
    fn what_is_too_large_counts_as_the_largest() {
        let recorder = Recorder::new();
        recorder.time(Histogram::Idle, Duration::MAX);
        recorder.time(Histogram::Idle, Duration::ZERO);
        recorder.size(Histogram::OutputSize, usize::MAX);
        let snapshot = recorder.snapshot();
        let (idle, size) = (snapshot.histogram(Histogram::Idle), snapshot.histogram(Histogram::OutputSize));
        assert_eq!((idle.len(), size.len(), idle.min()), (2, 1, 0));
        assert!(u128::from(idle.max()) >= limits::HISTOGRAM_TIME_MAX.as_micros());
        assert!(size.max() >= limits::HISTOGRAM_SIZE_BYTES_MAX);
    }

    #[test]
    fn memory_is_bounded_whatever_is_recorded() {
        let recorder = Recorder::new();
        let bytes = || {
            let histograms = recorder.histograms.borrow();
            histograms.iter().map(|buckets| buckets.distinct_values() * size_of::<u64>()).sum::<usize>()
        };
        let empty = bytes();
        assert!(empty <= limits::HISTOGRAMS_BYTES_MAX, "{empty} bytes");
        for power in 0..64 {
            for histogram in Histogram::all() {
                recorder.record(histogram, 1 << power);
            }
        }
        assert_eq!(bytes(), empty);
    }

    #[test]
    fn a_request_is_recorded_in_less_than_a_microsecond() {
        let recorder = Recorder::new();
        let round = |requests: u32| {
            let begun = time::now();
            for number in 0..requests {
                let request = recorder.request(TargetType::Path, begun);
                recorder.count(Counter::PoolHits);
                recorder.size(Histogram::FileSize, number as usize);
                recorder.size(Histogram::OutputSize, number as usize);
                request.end(&Ok(()), begun + Duration::from_micros(number.into()));
            }
            begun.elapsed() / requests
        };
        // The best of many: others may be at work on this machine.
        let best = (0..100).map(|_| round(1_000)).min().unwrap();
        assert!(best < Duration::from_micros(1), "{best:?} a request, without optimisation");
        assert_eq!(recorder.snapshot().histogram(Histogram::Request).len(), 100_000);
    }
}
