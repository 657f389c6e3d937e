//! What a scrape says, read as strictly as the format has it.

mod parser;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use proptest::prelude::*;

use super::super::{Answered, Circuit, Endpoint, Method, Reason, Recorder};
use super::*;
use crate::base::limits;
use crate::base::time::Duration;
use parser::{Family, Page as Parsed, Sample, parse};

fn told(recorder: &Recorder) -> Parsed {
    let text = exposition(&recorder.snapshot(), &Process::default());
    parse(&text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The value of a series; its labels as `name=value`, in any order.
fn value(page: &Parsed, name: &str, labels: &[&str]) -> f64 {
    let wanted: BTreeMap<_, _> = labels.iter().map(|label| label.split_once('=').unwrap()).collect();
    let matches = |sample: &&Sample| {
        let labels = sample.labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
        sample.name == name && labels.collect::<BTreeMap<_, _>>() == wanted
    };
    let mut found = page.values().flat_map(|family| &family.samples).filter(matches);
    found.next().unwrap_or_else(|| panic!("no {name} {labels:?}")).value
}

#[test]
fn figures_are_in_the_unit_of_their_name() {
    let recorder = Recorder::new();
    recorder.count(Counter::Rejected(Reason::Queue));
    recorder.time(Histogram::Request, Duration::from_millis(100));
    recorder.time(Histogram::Request, Duration::from_millis(101) + Duration::from_millis(1));
    recorder.time(Histogram::Idle, Duration::from_millis(2500));
    recorder.size(Histogram::FileSize, 1000);
    recorder.time(Histogram::Dial, Duration::from_millis(30));
    recorder.answered(Answered::new(Method::Get, Endpoint::Metrics, 200), Duration::from_micros(70));
    for (success, millis) in [(true, 10), (true, 20), (false, 3_000)] {
        let call = Histogram::Call { operation: Operation::ALL[0], success };
        recorder.time(call, Duration::from_millis(millis));
    }
    let page = told(&recorder);
    for (name, labels, expected) in [
        ("rejected_total", &["reason=queue"][..], 1.0),
        ("rejected_total", &["reason=pool"], 0.0),
        ("connection_pool_hits", &[], 0.0),
        ("request_duration_ms_bucket", &["le=50"], 0.0),
        ("request_duration_ms_bucket", &["le=100"], 1.0),
        ("request_duration_ms_bucket", &["le=250"], 2.0),
        ("request_duration_ms_bucket", &["le=+Inf"], 2.0),
        ("request_duration_ms_count", &[], 2.0),
        ("connection_idle_time_seconds_bucket", &["le=2.5"], 1.0),
        ("connection_idle_time_seconds_bucket", &["le=1"], 0.0),
        ("file_size_bytes_bucket", &["le=1000"], 1.0),
        ("circuit_breaker_response_time_seconds_bucket", &["le=0.025"], 0.0),
        ("circuit_breaker_response_time_seconds_bucket", &["le=0.05"], 1.0),
        ("circuit_breaker_health_score", &[], 1.0),
        ("http_requests_total", &["method=GET", "endpoint=/metrics", "status=200"], 1.0),
        ("http_request_duration_seconds_bucket", &["le=0.00005"], 0.0),
        ("http_request_duration_seconds_bucket", &["le=0.0001"], 1.0),
        ("mcp_operation_duration_seconds_count", &["tool=scout", "success=true"], 2.0),
        ("mcp_tool_calls_total", &["server=scout-mcp", "tool=scout", "status=error"], 1.0),
        ("mcp_tool_duration_seconds_count", &["server=scout-mcp", "tool=scout"], 3.0),
        ("mcp_tool_duration_seconds_bucket", &["server=scout-mcp", "tool=scout", "le=0.025"], 2.0),
    ] {
        assert_eq!(value(&page, name, labels), expected, "{name} {labels:?}");
    }
    let close = |name: &str, expected: f64| {
        let sum = value(&page, name, &[]);
        assert!((sum - expected).abs() <= expected / 100.0, "{name}: {sum} for {expected}");
    };
    close("request_duration_ms_sum", 202.0);
    close("connection_idle_time_seconds_sum", 2.5);
    close("file_size_bytes_sum", 1000.0);
}

#[test]
fn breakers_are_told_by_what_they_let_through_and_what_not() {
    let recorder = Recorder::new();
    recorder.count(Counter::Dials);
    recorder.count(Counter::Rejected(Reason::Circuit));
    recorder.count(Counter::Rejected(Reason::Queue));
    let mut snapshot = recorder.snapshot();
    snapshot.set(Gauge::Circuits(Circuit::Closed), 3);
    snapshot.set(Gauge::Circuits(Circuit::Open), 1);
    let page = parse(&exposition(&snapshot, &Process::default())).unwrap();
    for (name, labels, expected) in [
        ("circuit_breaker_state", &["state=open"][..], 1.0),
        ("circuit_breaker_requests_total", &[], 2.0),
        ("circuit_breaker_health_score", &[], 0.75),
    ] {
        assert_eq!(value(&page, name, labels), expected, "{name}");
    }
}

#[test]
fn the_process_is_told_as_all_programs_tell_theirs() {
    let process = Process {
        started: 1_700_000_000,
        memory_bytes: 12_582_912,
        descriptors: 23,
        processor: Duration::from_millis(1500),
        ..Process::default()
    };
    let page = parse(&exposition(&Recorder::new().snapshot(), &process)).unwrap();
    for (name, expected) in [
        ("process_resident_memory_bytes", 12_582_912.0),
        ("memory_usage_bytes", 12_582_912.0),
        ("process_open_fds", 23.0),
        ("process_cpu_seconds_total", 1.5),
        ("process_start_time_seconds", 1_700_000_000.0),
    ] {
        assert_eq!(value(&page, name, &[]), expected, "{name}");
    }
}

/// Names and labels are a contract: alerts and dashboards have them by heart. `UPDATE_GOLDEN=1` rewrites the file.
#[test]
fn names_and_labels_are_those_that_monitoring_knows() {
    let recorder = Recorder::new();
    recorder.answered(Answered::new(Method::Get, Endpoint::Mcp, 200), Duration::ZERO);
    let mut actual = String::new();
    for (name, family) in told(&recorder) {
        let labels: BTreeSet<_> = family.samples.iter().flat_map(|sample| sample.labels.keys()).collect();
        let labels = labels.into_iter().filter(|label| *label != "le").map(String::as_str);
        let labels = labels.collect::<Vec<_>>().join(",");
        writeln!(actual, "{} {name}{{{labels}}}", family.kind).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics.txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), actual, "UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn its_length_is_bounded_whatever_was_done() {
    let recorder = Recorder::new();
    for counter in Counter::all() {
        recorder.count(counter);
    }
    for power in 0..64 {
        Histogram::all().for_each(|histogram| recorder.time(histogram, Duration::from_micros(1 << power)));
    }
    let text = exposition(&recorder.snapshot(), &Process::default());
    parse(&text).unwrap();
    assert!(text.len() <= limits::EXPOSITION_BYTES_MAX, "{} bytes", text.len());
}

#[test]
fn special_characters_are_escaped() {
    let mut page = Page::default();
    page.family("a", "gauge", "one\nline, \\ and \"");
    page.sample("a", &[("x", "1\n\"\\")], 1);
    assert_eq!(page.0, "# HELP a one\\nline, \\\\ and \"\n# TYPE a gauge\na{x=\"1\\n\\\"\\\\\"} 1\n");
    assert_eq!(parse(&page.0).unwrap()["a"].samples[0].labels["x"], "1\n\"\\");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn it_can_be_read_and_counters_only_grow(steps: Vec<(u8, u64)>) {
        let recorder = Recorder::new();
        let histograms: Vec<_> = Histogram::all().collect();
        let mut pages = Vec::new();
        for half in steps.chunks(steps.len().div_ceil(2).max(1)) {
            for (what, value) in half {
                let histogram = histograms[usize::from(*what) % histograms.len()];
                recorder.time(histogram, Duration::from_micros(*value));
            }
            pages.push(told(&recorder));
        }
        let [before, after] = pages.as_slice() else { return Ok(()) };
        let only_grows = |family: &&Family| family.kind != "gauge";
        let series = |page: &Parsed| {
            page.values().filter(only_grows).flat_map(|family| family.samples.clone()).collect::<Vec<_>>()
        };
        for (before, after) in series(before).iter().zip(series(after)) {
            prop_assert!(before.labels == after.labels && before.value <= after.value, "{before:?} {after:?}");
        }
    }
}
