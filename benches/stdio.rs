//! The built server over its pipe, against a real OpenSSH server with stock limits: `cargo bench --bench stdio`.
//!
//! Prints a Markdown table. Rates depend on the machine and on sshd, which shares its cores; the CPU time of our own
//! process for each request does so much less.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "support/cpu.rs"]
mod cpu;
#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;
use support::{McpPipe, Scout, Sshd};

fn main() {
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let scale = if std::env::args().any(|argument| argument == "--bench") { 1 } else { 50 };
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content of a small file\n"));
    let scout = Scout::with(&sshd.endpoint);

    println!("| what | n | p50 | p99 | rate | our CPU each |");
    println!("|---|---|---|---|---|---|");
    start(&scout, 40 / scale + 1);
    cold(&scout, &target, 20 / scale + 1);

    let mut client = scout.client();
    client.read(&target);
    alone("warm read, one at a time", &mut client, 5_000 / scale, |client| {
        client.read(&target);
    });
    let read = json!({ "target": target });
    at_once("200 warm reads at once", &mut client, 200, &read);
    at_once("1,000 warm reads at once", &mut client, 1_000, &read);
    at_once("1,000 warm reads at once, again", &mut client, 1_000, &read);
    alone("command, one at a time", &mut client, 200 / scale, |client| {
        client.query("h1:/", "cat /dev/null");
    });
    at_once(
        "400 commands at once",
        &mut client,
        400 / scale,
        &json!({ "target": "h1:/", "query": "cat /dev/null" }),
    );

    let pid = client.pid();
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    println!(
        "\nConnections: {}. Descriptors: {descriptors}. Resident: {} KiB.",
        sshd.connections(),
        resident(pid)
    );
}

/// From the start of the process to its first answer.
fn start(scout: &Scout, times: usize) {
    let mut taken = histogram();
    for _ in 0..times {
        let begun = Instant::now();
        let client = scout.client();
        record(&mut taken, begun.elapsed());
        drop(client);
    }
    row("start to first answer", &taken, None, None);
}

/// A new process, a new connection, a first read.
fn cold(scout: &Scout, target: &str, times: usize) {
    let mut taken = histogram();
    for _ in 0..times {
        let mut client = scout.client();
        let begun = Instant::now();
        client.read(target);
        record(&mut taken, begun.elapsed());
    }
    row("connect, log in, read", &taken, None, None);
}

fn alone(what: &str, client: &mut McpPipe, times: usize, mut once: impl FnMut(&mut McpPipe)) {
    let mut taken = histogram();
    let (begun, before) = (Instant::now(), cpu::of(client.pid()));
    for _ in 0..times {
        let begun = Instant::now();
        once(client);
        record(&mut taken, begun.elapsed());
    }
    let spent = cpu::of(client.pid()) - before;
    row(what, &taken, Some(times as f64 / begun.elapsed().as_secs_f64()), Some(spent / times as u32));
}

fn at_once(what: &str, client: &mut McpPipe, times: usize, arguments: &serde_json::Value) {
    let (begun, before) = (Instant::now(), cpu::of(client.pid()));
    let ids: Vec<u64> = (0..times).map(|_| client.post_scout(arguments.clone())).collect();
    for id in ids {
        client.wait(id).text();
    }
    let elapsed = begun.elapsed();
    let mut taken = histogram();
    record(&mut taken, elapsed);
    let spent = cpu::of(client.pid()) - before;
    row(what, &taken, Some(times as f64 / elapsed.as_secs_f64()), Some(spent / times as u32));
}

fn row(what: &str, taken: &Histogram<u64>, rate: Option<f64>, cpu: Option<Duration>) {
    let time = |quantile| format!("{:.2} ms", taken.value_at_quantile(quantile) as f64 / 1000.0);
    let rate = rate.map_or_else(String::new, |rate| format!("{rate:.0}/s"));
    let cpu = cpu.map_or_else(String::new, |cpu| format!("{} µs", cpu.as_micros()));
    println!("| {what} | {} | {} | {} | {rate} | {cpu} |", taken.len(), time(0.5), time(0.99));
}

/// Microseconds up to a minute.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).unwrap()
}

fn record(taken: &mut Histogram<u64>, time: Duration) {
    taken.saturating_record(time.as_micros() as u64);
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
