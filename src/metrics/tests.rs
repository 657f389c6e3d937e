//! What becomes of figures: percentiles, JSON, a table.

use super::*;
use crate::base::time::{self, Duration};
use crate::base::{Error, Kind};

/// A hundred requests of 1 to 100 ms, one of them not found.
fn report() -> Report {
    let recorder = Recorder::new();
    let now = time::now();
    for number in 1..=100_u64 {
        let result = match number {
            7 => Err(Error::new(Kind::NotFound, "no such file")),
            _ => Ok(()),
        };
        let request = recorder.request(TargetType::Path, now);
        request.end(&result, now + Duration::from_millis(number));
    }
    recorder.size(Histogram::FileSize, 1000);
    let mut snapshot = recorder.snapshot();
    snapshot.set(Gauge::PoolSize, 3);
    snapshot.set(Gauge::Circuits(Circuit::Open), 2);
    let uptime = Duration::from_secs(3 * 3600 + 125);
    let process = Process {
        pid: 42,
        uptime,
        memory_bytes: 12_582_912,
        descriptors: 23,
        cpu_percent: 1.25,
        ..Process::default()
    };
    Report::new(&snapshot, process)
}

#[test]
fn percentiles_are_in_the_unit_of_their_name() {
    let report = report();
    let requests = report.histograms["request_duration_ms"];
    assert_eq!(requests.count, 100);
    for (shown, exact) in [(requests.p50, 50.0), (requests.p90, 90.0), (requests.max, 100.0_f64)] {
        assert!((shown - exact).abs() <= exact / 100.0, "{shown} for {exact}");
    }
    assert!((requests.p99 - 99.0).abs() <= 1.0 && requests.p99_9 <= requests.max);
    assert_eq!(report.histograms["lock_wait_duration_ms"].max, 0.0);
    assert!(report.histograms.contains_key(r#"mcp_operation_duration_seconds{tool="scout",success="true"}"#));
}

/// Alerts and dashboards have them by heart.
#[test]
fn every_name_that_monitoring_knows_is_told() {
    let json = report().json();
    for name in [
        "connection_pool_size",
        "connection_pool_active",
        "connection_pool_idle",
        "connection_pool_hits",
        "connection_pool_misses",
        "connection_pool_evictions",
        "connection_pool_hit_rate",
        "connection_pool_miss_rate",
        "connection_creation_total",
        "connection_creation_failures",
        "connection_creation_duration_ms",
        "connection_idle_time_seconds",
        "request_duration_ms",
        "ssh_command_duration_ms",
        "lock_wait_duration_ms",
        "file_size_bytes",
        "output_size_bytes",
        "requests_total",
        "requests_errors",
        "requests_timeout",
        "memory_usage_bytes",
        "open_file_descriptors",
        "cpu_usage_percent",
        "memory_growth_rate_bytes_per_hour",
        r#"mcp_operation_duration_seconds{tool=\"scout\",success=\"true\"}"#,
        "mcp_concurrent_failures_total",
        "avg_response_time",
        "p95_response_time",
        "error_rate",
        "throughput",
        r#"circuit_breaker_state{state=\"closed\"}"#,
        "circuit_breaker_failures_total",
        "circuit_breaker_state_transitions_total",
        "rejected_total",
        "scout_queue_depth",
    ] {
        assert!(json.contains(&format!("\"{name}\":")), "{name} in {json}");
    }
}

#[test]
fn json_comes_back() {
    let report = report();
    let json = report.json();
    assert!(!json.contains('\n'));
    for part in [
        r#""requests_total":{"path":100}"#,
        r#""requests_errors":{"not_found":1}"#,
        r#""rejected_total":{}"#,
        r#""connection_pool_hits":0"#,
        r#""p99.9":"#,
    ] {
        assert!(json.contains(part), "{part} in {json}");
    }
    assert_eq!(Report::from_json(json.as_bytes()), Ok(report));
    assert!(Report::from_json(b"{}").is_err());
}

#[test]
fn columns_stand_under_their_heads() {
    let text = report().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("scout-mcp {}, pid 42, up for 3h 2m", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("0.009 requests/s, 50."), "{}", lines[1]);
    assert!(lines[1].contains(" ms on average, 95 % within 9") && lines[1].ends_with(" ms, 1 % failed"));
    let head = lines[3];
    assert!(head.ends_with("max") && !head.starts_with('c'));
    let table: Vec<_> = lines[3..].iter().take_while(|line| !line.is_empty()).collect();
    assert!(table.len() > 10 && table.iter().all(|line| line.len() == head.len()), "{text}");
    let start_of =
        |name: &str| lines.iter().find(|line| line.starts_with(name)).map(|line| line.split_whitespace());
    let words: Vec<_> = start_of("request_duration_ms").unwrap().take(2).collect();
    assert_eq!(words, ["request_duration_ms", "100"]);
    let words: Vec<_> = start_of("ssh_command_duration_ms").unwrap().collect();
    assert_eq!(words, ["ssh_command_duration_ms", "0", "-", "-", "-", "-", "-"]);
    for (name, value) in [
        ("connection_pool_size", "3"),
        ("connection_pool_hit_rate", "0"),
        (r#"circuit_breaker_state{state="open"}"#, "2"),
        ("memory_usage_bytes", "12582912"),
        ("cpu_usage_percent", "1.300"),
        ("requests_total path", "100"),
        ("requests_errors not_found", "1"),
        ("rejected_total", "0"),
    ] {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(line.rsplit_once(' ').unwrap().1, value, "{line}");
    }
}
