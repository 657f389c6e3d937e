//! What a further core gives and costs a server over its pipe, against OpenSSH with stock limits:
//!
//!     cargo bench --bench cores
//!     cargo bench --bench cores -- --rounds 9 --binary OLD --binary NEW
//!
//! Every figure is the median of several rounds, in which one and two cores (and the binaries) take turns, so that what
//! else the machine does hits all alike. The client is one thread that writes and reads the pipe itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation
)]

#[allow(dead_code)]
#[path = "support/cpu.rs"]
mod cpu;
#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use hdrhistogram::Histogram;
use support::{Scout, Sshd};

const HOSTS: usize = 100;
/// How many requests are under way at once.
const AT_ONCE: [usize; 3] = [1, 10, 100];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let is_full = arguments.iter().any(|argument| argument == "--bench");
    let after = |name: &str| {
        let name = name.to_owned();
        let values = arguments.iter().zip(arguments.iter().skip(1));
        values.filter(move |(option, _)| **option == name).map(|(_, value)| value)
    };
    let rounds = after("--rounds").next().map_or(if is_full { 5 } else { 1 }, |n| n.parse().unwrap());
    let mut binaries: Vec<PathBuf> = after("--binary").map(PathBuf::from).collect();
    if binaries.is_empty() {
        binaries.push(env!("CARGO_BIN_EXE_scout-mcp").into());
    }
    let requests = if is_full { 3_000 } else { 100 };
    let hosts = if is_full { HOSTS } else { 4 };

    let sshd = Sshd::builder().everywhere().start();
    let file = sshd.write("file", "content of a small file\n");
    let scout = scout_of(&sshd, hosts);
    let targets: Vec<String> = (0..hosts).map(|n| format!("{}:{file}", address(n))).collect();

    let port = sshd.endpoint.address.port();
    let of_core = |core| {
        let n = (0..hosts).find(|n| owner(&address(*n), port) == core).unwrap_or_default();
        vec![targets[n].clone()]
    };
    let loads = [
        ("a host of the core that reads", of_core(0)),
        ("a host of the other", of_core(1)),
        ("all hosts", targets),
    ];

    let variants: Vec<(&Path, usize)> =
        binaries.iter().flat_map(|binary| [(binary.as_path(), 1), (binary.as_path(), 2)]).collect();
    let mut seen: Vec<Vec<Vec<Seen>>> = vec![Vec::new(); variants.len()];
    for _ in 0..rounds {
        for ((binary, cores), seen) in variants.iter().zip(&mut seen) {
            let mut server = Server::start(&scout, binary, *cores);
            let mut round = vec![server.load(&loads[2].1, hosts, hosts)];
            for (targets, at_once) in product(&loads) {
                server.load(targets, at_once, requests / 10);
                round.push(server.load(targets, at_once, requests));
            }
            seen.push(round);
        }
    }
    let cold = format!("{hosts} cold hosts at once, connect and read");
    let warm = loads.iter().flat_map(|(what, _)| AT_ONCE.map(|at_once| format!("{what}, {at_once} at once")));
    println!("| what | cores | p50 | p99 | rate | our CPU each | our sleeps each |");
    println!("|---|---|---|---|---|---|---|");
    for (load, what) in std::iter::once(cold).chain(warm).enumerate() {
        for ((binary, cores), seen) in variants.iter().zip(&seen) {
            let of = |value: fn(&Seen) -> f64| median(seen.iter().map(|round| value(&round[load])).collect());
            let name = if binaries.len() > 1 { format!(" {}", binary.display()) } else { String::new() };
            println!(
                "| {what} | {cores}{name} | {:.3} ms | {:.3} ms | {:.0}/s | {:.0} µs | {:.1} |",
                of(|seen| seen.p50),
                of(|seen| seen.p99),
                of(|seen| seen.rate),
                of(|seen| seen.cpu),
                of(|seen| seen.sleeps),
            );
        }
    }
}

fn product<'a>(loads: &'a [(&str, Vec<String>)]) -> impl Iterator<Item = (&'a [String], usize)> {
    loads.iter().flat_map(|(_, targets)| AT_ONCE.map(|at_once| (targets.as_slice(), at_once)))
}

/// Which of two cores owns a host, as `fleet::shards` has it.
fn owner(hostname: &str, port: u16) -> u64 {
    let mut hasher = DefaultHasher::new();
    (hostname, port).hash(&mut hasher);
    hasher.finish() % 2
}

/// What one load was answered like: milliseconds, requests a second, microseconds and sleeps of a thread each.
#[derive(Debug, Clone, Copy)]
struct Seen {
    p50: f64,
    p99: f64,
    rate: f64,
    cpu: f64,
    sleeps: f64,
}

/// The server, and its pipe.
struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: String,
}

impl Server {
    fn start(scout: &Scout, binary: &Path, cores: usize) -> Self {
        let mut child = Command::new(binary)
            .arg("serve")
            .env_clear()
            .envs(scout.environment())
            .env("SCOUT_CORES", cores.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, stdin, stdout, line: String::new() };
        server.say(
            r#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"0"}}}"#,
        );
        server.hear();
        server.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        server
    }

    fn say(&mut self, message: &str) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    /// The next answer. What the server says unasked, that a host is slow for one, is left out.
    fn hear(&mut self) -> &str {
        loop {
            self.line.clear();
            assert!(self.stdout.read_line(&mut self.line).unwrap() > 0, "the server is gone");
            if !self.line.starts_with(r#"{"jsonrpc":"2.0","method":"#) {
                return &self.line;
            }
        }
    }

    /// `count` reads of these in turn, so many of them under way at any moment.
    fn load(&mut self, targets: &[String], at_once: usize, count: usize) -> Seen {
        let count = count.max(at_once);
        let (cpu, sleeps) = (cpu::of(self.child.id()), sleeps(self.child.id()));
        let begun = Instant::now();
        let mut posted = Vec::with_capacity(count);
        let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for _ in 0..at_once {
            self.post(targets, &mut posted);
        }
        for _ in 0..count {
            let answer = self.hear();
            assert!(answer.contains("content of a small file"), "{answer}");
            let (_, id) = answer.split_once("\"id\":").unwrap();
            let id: usize = id.split([',', '}']).next().unwrap().parse().unwrap();
            times.saturating_record(posted[id].elapsed().as_nanos() as u64);
            if posted.len() < count {
                self.post(targets, &mut posted);
            }
        }
        let elapsed = begun.elapsed();
        let each = |value: f64| value / count as f64;
        Seen {
            p50: times.value_at_quantile(0.5) as f64 / 1e6,
            p99: times.value_at_quantile(0.99) as f64 / 1e6,
            rate: count as f64 / elapsed.as_secs_f64(),
            cpu: each((cpu::of(self.child.id()) - cpu).as_secs_f64() * 1e6),
            sleeps: each((self::sleeps(self.child.id()) - sleeps) as f64),
        }
    }

    fn post(&mut self, targets: &[String], posted: &mut Vec<Instant>) {
        let id = posted.len();
        let target = &targets[id % targets.len()];
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"scout","arguments":{{"target":"{target}"}}}}}}"#
        );
        posted.push(Instant::now());
        self.say(&message);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often the threads of a process have gone to sleep (`proc_pid_status(5)`).
fn sleeps(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let status = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?.trim();
        line.parse::<u64>().ok()
    };
    status.filter_map(count).sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Knows this many addresses of one sshd.
fn scout_of(sshd: &Sshd, hosts: usize) -> Scout {
    let endpoint = |n| {
        let ip = address(n).parse().unwrap();
        sshd.endpoint.at(SocketAddrV4::new(ip, sshd.endpoint.address.port()))
    };
    (0..hosts).fold(Scout::new(), |scout, n| scout.host(&address(n), &endpoint(n)))
}

fn address(n: usize) -> String {
    format!("127.77.{}.{}", n / 250, n % 250 + 1)
}
