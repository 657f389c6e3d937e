//! All figures as Prometheus reads them: its text exposition format 0.0.4.
//!
//! Names stay as they are known, also where Prometheus would call them otherwise: counters without `_total`, and times in
//! milliseconds where the name says `_ms`. No label comes from outside, so that the length is bounded whatever was done.
//! A histogram's buckets and its sum are as exact as what was recorded: within one per cent.

use std::fmt::{Display, Write};

use super::names::{Circuit, Counter, Gauge, Histogram, Operation, Reason, Unit};
use super::report::{Process, Reading, Summary, readings};
use super::snapshot::{Buckets, Snapshot};

/// The media type of it.
pub const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper ends of buckets for times, in microseconds: from a fast answer on loopback to the longest wait that is told apart.
const TIMES: [u64; 21] = [
    50,
    100,
    250,
    500, // microseconds
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000, // milliseconds
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    3_600_000_000,
];
/// And for sizes, in bytes.
const SIZES: [u64; 13] = [
    100,
    500,
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    500_000,
    1_000_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
];

/// As other servers that count calls of tools name this one.
const SERVER: (&str, &str) = ("server", "scout-mcp");

/// Writes all there is.
pub fn exposition(snapshot: &Snapshot, process: &Process) -> String {
    let mut page = Page::default();
    gauges(&mut page, snapshot, process);
    counters(&mut page, snapshot);
    histograms(&mut page, snapshot);
    breakers(&mut page, snapshot);
    tools(&mut page, snapshot);
    own(&mut page, process);
    page.0
}

fn gauges(page: &mut Page, snapshot: &Snapshot, process: &Process) {
    for gauge in Gauge::ALL {
        page.family(gauge.name(), "gauge", gauge.help());
        let label: Vec<_> = gauge.label().into_iter().collect();
        page.sample(gauge.name(), &label, snapshot.gauge(gauge));
    }
    let Summary { avg_response_time, p95_response_time, error_rate, throughput } =
        Summary::of(snapshot, process.uptime);
    let summary = [
        (
            "avg_response_time",
            "Milliseconds that a request took on average since the start",
            avg_response_time,
        ),
        (
            "p95_response_time",
            "Milliseconds within which 95 % of the requests were answered",
            p95_response_time,
        ),
        ("error_rate", "The part of the requests that failed", error_rate),
        ("throughput", "Requests in a second since the start", throughput),
    ];
    let summary = summary.map(|(name, help, value)| Reading { name, help, value });
    for Reading { name, help, value } in readings(snapshot, process).into_iter().chain(summary) {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
}

fn counters(page: &mut Page, snapshot: &Snapshot) {
    for counter in Counter::all() {
        page.family(counter.name(), "counter", counter.help());
        let (labels, count) = (counter.labels(), snapshot.counter(counter));
        // Of the many that several labels make, only those that there were.
        if labels.len() < 2 || count > 0 {
            page.sample(counter.name(), &labels, count);
        }
    }
}

fn histograms(page: &mut Page, snapshot: &Snapshot) {
    for histogram in Histogram::all() {
        page.family(histogram.name(), "histogram", histogram.help());
        let labels: Vec<_> = histogram.labels().into_iter().flatten().collect();
        page.histogram(histogram.unit(), histogram.name(), &labels, snapshot.histogram(histogram));
    }
}

/// What follows for circuit breakers from other figures.
fn breakers(page: &mut Page, snapshot: &Snapshot) {
    const TIMES: &str = "circuit_breaker_response_time_seconds";
    let asked = snapshot.counter(Counter::Dials) + snapshot.counter(Counter::Rejected(Reason::Circuit));
    page.family(
        "circuit_breaker_requests_total",
        "counter",
        "Connections wanted, those included that breakers refused",
    );
    page.sample("circuit_breaker_requests_total", &[], asked);
    let hosts = |state: &Circuit| snapshot.gauge(Gauge::Circuits(*state));
    let (closed, all) = (hosts(&Circuit::Closed), Circuit::ALL.iter().map(hosts).sum::<u64>());
    page.family(
        "circuit_breaker_health_score",
        "gauge",
        "The part of the hosts whose breakers are closed; 1 without hosts",
    );
    page.sample("circuit_breaker_health_score", &[], if all == 0 { 1.0 } else { closed as f64 / all as f64 });
    page.family(TIMES, "histogram", "Seconds that a connection took that a breaker let through");
    page.histogram(Unit::Seconds, TIMES, &[], snapshot.histogram(Histogram::Dial));
}

/// Calls of tools once more, by the names that other servers have for them.
fn tools(page: &mut Page, snapshot: &Snapshot) {
    const CALLS: &str = "mcp_tool_calls_total";
    const TIMES: &str = "mcp_tool_duration_seconds";
    let call = |operation, success| Histogram::Call { operation, success };
    for operation in Operation::ALL {
        page.family(CALLS, "counter", "Calls of tools, by how they ended");
        for (success, status) in [(true, "success"), (false, "error")] {
            let labels = [SERVER, ("tool", operation.label()), ("status", status)];
            page.sample(CALLS, &labels, snapshot.histogram(call(*operation, success)).len());
        }
    }
    for operation in Operation::ALL {
        page.family(TIMES, "histogram", "Seconds that a call of a tool took, however it ended");
        let [failed, done] = [false, true].map(|success| snapshot.histogram(call(*operation, success)));
        let mut all = failed.clone();
        all.add(done).expect("histograms of one name have the same bounds");
        page.histogram(Unit::Seconds, TIMES, &[SERVER, ("tool", operation.label())], &all);
    }
}

/// The process, by the names that all programs have for theirs.
fn own(page: &mut Page, process: &Process) {
    let seconds = process.processor.as_secs_f64();
    page.family("process_cpu_seconds_total", "counter", "Processor time taken, in seconds");
    page.sample("process_cpu_seconds_total", &[], seconds);
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Resident memory", process.memory_bytes),
        ("process_open_fds", "Open file descriptors", process.descriptors),
        (
            "process_start_time_seconds",
            "When the process was started, in seconds since 1970",
            process.started,
        ),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
    page.family("scout_build_info", "gauge", "1, with what this program is");
    page.sample("scout_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
}

/// What is written so far, and the family that it belongs to.
#[derive(Default)]
struct Page(String, &'static str);

// Writing to a String cannot fail.
impl Page {
    /// What follows is of this family; nothing where it is the same as before.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        if std::mem::replace(&mut self.1, name) != name {
            let _ = writeln!(self.0, "# HELP {name} {}\n# TYPE {name} {kind}", escaped(help, &['\\', '\n']));
        }
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (number, (label, value)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(value, &['\\', '\n', '"']));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    /// The samples of a histogram.
    fn histogram(&mut self, unit: Unit, name: &str, labels: &[(&str, &str)], buckets: &Buckets) {
        let (bounds, unit) = (bounds(unit), unit.recorded());
        let bucket = format!("{name}_bucket");
        let up_to = |page: &mut Self, bound: &str, count: u64| {
            page.sample(&bucket, &[labels, &[("le", bound)]].concat(), count);
        };
        for (bound, count) in bounds.iter().zip(cumulative(buckets, bounds)) {
            up_to(self, &(*bound as f64 / unit).to_string(), count);
        }
        up_to(self, "+Inf", buckets.len());
        self.sample(&format!("{name}_sum"), labels, sum(buckets) as f64 / unit);
        self.sample(&format!("{name}_count"), labels, buckets.len());
    }
}

fn bounds(unit: Unit) -> &'static [u64] {
    match unit {
        Unit::Bytes => &SIZES,
        Unit::Milliseconds | Unit::Seconds => &TIMES,
    }
}

/// How many values are not above each bound. A value that is exactly as large as one is counted there, together with those
/// that were recorded as the same.
fn cumulative(buckets: &Buckets, bounds: &[u64]) -> Vec<u64> {
    let mut counts = vec![0; bounds.len()];
    for recorded in buckets.iter_recorded() {
        let least = buckets.lowest_equivalent(recorded.value_iterated_to());
        if let Some(count) = counts.get_mut(bounds.partition_point(|bound| *bound < least)) {
            *count += recorded.count_at_value();
        }
    }
    let mut below = 0;
    for count in &mut counts {
        below += *count;
        *count = below;
    }
    counts
}

/// Grows with every value, as a counter must.
fn sum(buckets: &Buckets) -> u128 {
    let parts = buckets.iter_recorded().map(|recorded| {
        let value = buckets.median_equivalent(recorded.value_iterated_to());
        u128::from(value) * u128::from(recorded.count_at_value())
    });
    parts.sum()
}

fn escaped(text: &str, special: &[char]) -> String {
    let escape = |char| match char {
        '\n' => "\\n".to_owned(),
        char if special.contains(&char) => format!("\\{char}"),
        char => char.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests;
