//! The figures of a whole process as people and programs see them.

use std::collections::BTreeMap;

use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use super::names::{Counter, Gauge, Histogram, Unit};
use super::snapshot::{Buckets, Snapshot};
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};

/// Who can tell the figures of this process, those of all cores added up.
pub trait Source {
    /// Errors: the cores have too much to do.
    fn report(&self) -> LocalBoxFuture<'_, Result<Report>>;
}

/// The figures of one process, by their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub version: String,
    pub pid: u32,
    pub uptime_seconds: u64,
    /// `None` from a version that does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    pub gauges: BTreeMap<String, f64>,
    pub counters: BTreeMap<String, Count>,
    pub histograms: BTreeMap<String, Percentiles>,
}

/// All requests in four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// In milliseconds.
    pub avg_response_time: f64,
    /// In milliseconds.
    pub p95_response_time: f64,
    /// The part of the requests that failed.
    pub error_rate: f64,
    /// Requests in a second, since the start.
    pub throughput: f64,
}

/// A counter's value, or its values by its label (labels, with a space between them); those that are zero are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Count {
    One(u64),
    ByLabel(BTreeMap<String, u64>),
}

/// In the unit that ends the histogram's name, within one per cent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    #[serde(rename = "p99.9")]
    pub p99_9: f64,
    pub max: f64,
}

/// What only the process as a whole knows of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    pub pid: u32,
    /// In seconds since 1970.
    pub started: u64,
    pub uptime: Duration,
    /// Resident memory.
    pub memory_bytes: u64,
    pub descriptors: u64,
    /// Of one core, of late.
    pub cpu_percent: f64,
    /// All that was taken since the start.
    pub processor: Duration,
}

/// A gauge that follows from other figures.
pub(super) struct Reading {
    pub name: &'static str,
    pub help: &'static str,
    pub value: f64,
}

/// The gauges that no core knows by itself.
pub(super) fn readings(snapshot: &Snapshot, process: &Process) -> [Reading; 5] {
    let found = [Counter::PoolHits, Counter::PoolMisses].map(|counter| snapshot.counter(counter) as f64);
    let [hits, misses] = found.map(|count| rounded(part(count, found.iter().sum())));
    let reading = |name, help, value| Reading { name, help, value };
    [
        reading("connection_pool_hit_rate", "The part of the connections wanted that were there", hits),
        reading(
            "connection_pool_miss_rate",
            "The part of the connections wanted that had to be made",
            misses,
        ),
        reading("memory_usage_bytes", "Resident memory", process.memory_bytes as f64),
        reading("open_file_descriptors", "Open file descriptors", process.descriptors as f64),
        reading(
            "cpu_usage_percent",
            "Per cent of one core that were used since somebody last asked",
            (process.cpu_percent * 10.0).round() / 10.0,
        ),
    ]
}

impl Report {
    pub fn new(snapshot: &Snapshot, process: Process) -> Self {
        let mut gauges: BTreeMap<_, _> = Gauge::ALL
            .map(|gauge| (labelled(gauge.name(), gauge.label()), snapshot.gauge(gauge) as f64))
            .into();
        gauges.extend(readings(snapshot, &process).map(|reading| (reading.name.to_owned(), reading.value)));
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: process.pid,
            uptime_seconds: process.uptime.as_secs(),
            summary: Some(Summary::of(snapshot, process.uptime)),
            gauges,
            counters: counters(snapshot),
            histograms: Histogram::all().map(|histogram| percentiles(histogram, snapshot)).collect(),
        }
    }

    /// One line of JSON, without its end.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("names and numbers can be written")
    }

    /// Reads what [`Report::json`] wrote, perhaps in another version of this program.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let other = |error| Error::new(Kind::Local, format!("These are no figures of scout-mcp: {error}"));
        serde_json::from_slice(text).map_err(other)
    }
}

impl Summary {
    pub(super) fn of(snapshot: &Snapshot, uptime: Duration) -> Self {
        let times = snapshot.histogram(Histogram::Request);
        let failed: u64 = Counter::all()
            .filter(|counter| matches!(counter, Counter::RequestErrors(_)))
            .map(|counter| snapshot.counter(counter))
            .sum();
        let count = times.len() as f64;
        Self {
            avg_response_time: rounded(times.mean() / 1e3),
            p95_response_time: times.value_at_quantile(0.95).min(times.max()) as f64 / 1e3,
            error_rate: rounded(part(failed as f64, count)),
            throughput: rounded(part(count, uptime.as_secs_f64())),
        }
    }
}

/// None of nothing.
fn part(count: f64, all: f64) -> f64 {
    if all > 0.0 { count / all } else { 0.0 }
}

/// To three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn counters(snapshot: &Snapshot) -> BTreeMap<String, Count> {
    let mut counters = BTreeMap::new();
    for counter in Counter::all() {
        let (name, value) = (counter.name().to_owned(), snapshot.counter(counter));
        let labels: Vec<_> = counter.labels().into_iter().map(|(_, value)| value).collect();
        if labels.is_empty() {
            counters.insert(name, Count::One(value));
            continue;
        }
        let family = counters.entry(name).or_insert_with(|| Count::ByLabel(BTreeMap::new()));
        if let Count::ByLabel(values) = family
            && value > 0
        {
            values.insert(labels.join(" "), value);
        }
    }
    counters
}

fn percentiles(histogram: Histogram, snapshot: &Snapshot) -> (String, Percentiles) {
    let name = labelled(histogram.name(), histogram.labels().into_iter().flatten());
    (name, Percentiles::of(snapshot.histogram(histogram), histogram.unit()))
}

/// A name as Prometheus writes it where there are labels.
fn labelled(name: &str, labels: impl IntoIterator<Item = (&'static str, &'static str)>) -> String {
    let labels = labels.into_iter().map(|(label, value)| format!("{label}=\"{value}\""));
    match labels.collect::<Vec<_>>().as_slice() {
        [] => name.to_owned(),
        labels => format!("{name}{{{}}}", labels.join(",")),
    }
}

impl Percentiles {
    fn of(buckets: &Buckets, unit: Unit) -> Self {
        let scale = unit.recorded();
        // The top of a bucket may lie above everything that was recorded.
        let at = |quantile| buckets.value_at_quantile(quantile).min(buckets.max()) as f64 / scale;
        Self {
            count: buckets.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: buckets.max() as f64 / scale,
        }
    }
}
