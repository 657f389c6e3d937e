//! What rows are made of: times, their distribution, and whether a target was met.

use std::future::Future;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub is_full: bool,
    /// Of the row that goes on for long.
    pub seconds: Option<u64>,
}

impl Scale {
    /// One number for a measurement, another to see that it works.
    pub fn of(self, full: usize, small: usize) -> usize {
        if self.is_full { full } else { small }
    }
}

/// The beginning of the table.
pub fn head() {
    println!("| row | scenario | document | target | ours | verdict |");
    println!("|---|---|---|---|---|---|");
}

/// A row of the table. `met`: whether the target is met, where there is one.
pub fn row(
    name: &str,
    scenario: &str,
    document: &str,
    target: &str,
    ours: impl AsRef<str>,
    met: impl Into<Option<bool>>,
) {
    let verdict = match met.into() {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "",
    };
    println!("| {name} | {scenario} | {document} | {target} | {} | {verdict} |", ours.as_ref());
}

/// Milliseconds, with two places.
pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// Microseconds, with two places.
pub fn us(time: Duration) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6)
}

pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The distribution of some times.
pub struct Times(Histogram<u64>);

impl Times {
    /// Up to a minute, to a thousandth.
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap())
    }

    /// Of one future after another.
    pub async fn of<F: Future>(count: usize, mut work: impl FnMut(usize) -> F) -> Self {
        let mut times = Self::new();
        for n in 0..count {
            let begun = Instant::now();
            work(n).await;
            times.add(begun.elapsed());
        }
        times
    }

    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(time.as_nanos() as u64);
    }

    pub fn at(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(quantile))
    }

    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.0.mean() as u64)
    }
}

/// How long a future takes.
pub async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begun = Instant::now();
    let result = work.await;
    (begun.elapsed(), result)
}

/// The median.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// So many per second.
pub fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
