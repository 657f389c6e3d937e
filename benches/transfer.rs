//! A large file from host to host, through us, beside `scp -3`: `cargo bench --bench transfer`.
//!
//! Both hosts are OpenSSH servers on loopback, whose CPU time counts as well: what is compared is all that it takes to
//! have the same bytes on the other host. Ours compares checksums besides and has the file on the disk; how long that
//! takes is seen from when the last byte was written. Then, how long small reads of the source's host take meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{McpPipe, Scout, Sshd, program};

/// Between two looks at how much memory we have.
const LOOK_EVERY: Duration = Duration::from_millis(10);

fn main() {
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (megabytes, times) = if is_bench { (1_000, 3) } else { (5, 1) };
    let (one, two) = (Sshd::start(), Sshd::start());
    let scout = Scout::with(&one.endpoint).host("h2", &two.endpoint);
    let source = one.path("source");
    write(&source, megabytes);
    let target = two.path("target");
    let mut client = scout.serve_with(&["--cores", "2"]);
    client.initialize("2025-11-25");
    for host in ["h1", "h2"] {
        client.read(&format!("{host}:/etc/hostname"));
    }

    let load = fs::read_to_string("/proc/loadavg").unwrap();
    println!("{megabytes} MB from host to host; load {}\n", load.trim());
    println!("| | MB/s | RSS above idle |\n|---|---|---|");
    let rate = |took: Duration| megabytes as f64 / took.as_secs_f64();
    for _ in 0..times {
        let idle = rss(client.pid());
        let peak = Peak::of(client.pid());
        let (took, written) = ours(&mut client, &source, &target);
        let above = peak.end().saturating_sub(idle) as f64 / f64::from(1 << 20);
        check(&source, &target);
        println!("| ours, checksums compared | {:.0} | {above:.1} MiB |", rate(took));
        println!("| ours, until all was written | {:.0} | |", rate(written));
        let took = theirs(&scout, &source, &target);
        check(&source, &target);
        println!("| `scp -3` | {:.0} | |", rate(took));
    }
    beside(&mut client, &source, &target, times);
}

/// Small reads of the host that a file comes from, one after the other: alone, and while it comes.
fn beside(client: &mut McpPipe, source: &str, target: &str, times: usize) {
    println!("\n| small reads of that host | p50 | p90 | slowest |\n|---|---|---|---|");
    let mut reads = Vec::new();
    (0..200).for_each(|_| reads.push(small_read(client)));
    told("alone", reads);
    for _ in 0..times {
        let arguments = json!({ "from": format!("h1:{source}"), "to": format!("h2:{target}") });
        let id = client.post("tools/call", json!({ "name": "transfer", "arguments": arguments }));
        let mut reads = Vec::new();
        while !client.has_answer(id) {
            reads.push(small_read(client));
        }
        client.wait(id).text();
        check(source, target);
        told("beside the transfer, its checksum included", reads);
    }
}

fn small_read(client: &mut McpPipe) -> Duration {
    let begun = Instant::now();
    client.read("h1:/etc/hostname");
    begun.elapsed()
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("| {what} | {:.2} ms | {:.2} ms | {:.1} ms |", at(0.5), at(0.9), at(1.0));
}

/// The whole of it, and up to the last byte that was written.
fn ours(client: &mut McpPipe, source: &str, target: &str) -> (Duration, Duration) {
    let begun = Instant::now();
    let arguments = json!({ "from": format!("h1:{source}"), "to": format!("h2:{target}") });
    let id = client.post("tools/call", json!({ "name": "transfer", "arguments": arguments }));
    let size = fs::metadata(source).unwrap().len();
    let directory = Path::new(target).parent().unwrap();
    let mut written = None;
    while !client.has_answer(id) {
        let grown = || {
            let files = fs::read_dir(directory).unwrap().filter_map(|entry| entry.ok()?.metadata().ok());
            files.map(|file| file.len()).max().unwrap_or_default()
        };
        if written.is_none() && grown() >= size {
            written = Some(begun.elapsed());
        }
        thread::sleep(LOOK_EVERY);
    }
    client.wait(id).text();
    let took = begun.elapsed();
    (took, written.unwrap_or(took))
}

fn theirs(scout: &Scout, source: &str, target: &str) -> Duration {
    let begun = Instant::now();
    let mut scp = program("scp", "openssh-client");
    let known_hosts = format!("UserKnownHostsFile={}", scout.known_hosts_file().display());
    scp.args(["-3", "-q", "-B", "-o", &known_hosts, "-F"]).arg(scout.config_file());
    scp.arg(format!("h1:{source}")).arg(format!("h2:{target}"));
    assert!(scp.stdin(Stdio::null()).status().unwrap().success());
    begun.elapsed()
}

/// The copy is the same, and goes.
fn check(source: &str, target: &str) {
    let same = program("cmp", "diffutils").args([source, target]).status().unwrap().success();
    assert!(same, "the copy is another");
    fs::remove_file(target).unwrap();
}

/// Bytes that no two pieces have in common.
fn write(path: &str, megabytes: usize) {
    let mut file = fs::File::create(path).unwrap();
    let mut state = 7u64;
    let mut block = vec![0; 1_000_000];
    for _ in 0..megabytes {
        for word in block.chunks_mut(8) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
        }
        file.write_all(&block).unwrap();
    }
}

/// In bytes.
fn rss(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Looks at how much memory a process has, again and again.
struct Peak {
    is_over: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Peak {
    fn of(pid: u32) -> Self {
        let (is_over, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (over, highest) = (Arc::clone(&is_over), Arc::clone(&peak));
        let thread = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                highest.fetch_max(rss(pid), Ordering::Relaxed);
                thread::sleep(LOOK_EVERY);
            }
        });
        Self { is_over, peak, thread }
    }

    fn end(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.peak.load(Ordering::Relaxed)
    }
}
