//! What operations cost in round trips, 25 ms away in either direction from a real OpenSSH server:
//! `cargo bench --bench round_trips`. Beside the built server: `ssh`, `ssh` over a ControlMaster, and asyncssh.
//!
//! A figure is time divided by the round trip of 50 ms, so what the host and the client do is in it: a command of sshd
//! takes a tenth of a round trip.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

#[path = "support/cpu.rs"]
mod cpu;
#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Distance, Endpoint, McpPipe, Scout, Sshd, program, venv_python};

const ONE_WAY: Duration = Duration::from_millis(25);
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// A connection that has nothing to do is closed after a second; this is a little more.
const FORGOTTEN: Duration = Duration::from_millis(1_500);
const SMALL: usize = 1024;
const LARGE: usize = 256 * 1024;
const AT_ONCE: usize = 10;

/// The rows, in order.
const ROWS: [&str; 11] = [
    "cold command, host never seen",
    "cold command, host seen before",
    "cold read, host never seen",
    "cold read, host seen before",
    "warm command",
    "warm list",
    "warm read of 1 KiB, path new",
    "warm read of 1 KiB, path known",
    "warm read of 256 KiB, path new",
    "warm read of 256 KiB, path known",
    "10 warm reads at once, paths new",
];

fn main() {
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let times = if std::env::args().any(|argument| argument == "--bench") { 7 } else { 1 };
    let sshd = Sshd::start();
    for n in 0..times {
        for (kind, bytes) in [("s", SMALL), ("l", LARGE), ("c", SMALL), ("d", SMALL)] {
            sshd.write(&format!("{kind}{n}"), vec![b'x'; bytes]);
        }
        for at in 0..AT_ONCE {
            sshd.write(&format!("many{n}-{at}"), vec![b'x'; SMALL]);
        }
    }
    sshd.write("list/inside", "x");
    let far = Distance::from(&sshd, ONE_WAY).endpoint;
    let home = sshd.account.home().to_str().unwrap().to_owned();

    let columns = [
        ("scout-mcp", scout(&far, &home, times)),
        ("`ssh`", openssh(&far, &home, times)),
        ("`ssh`, ControlMaster", control_master(&far, &home, times)),
        ("asyncssh", asyncssh(&far, &home, times)),
    ];
    println!("| round trips |{}", columns.iter().map(|(name, _)| format!(" {name} |")).collect::<String>());
    println!("|---|{}", "---|".repeat(columns.len()));
    for (at, row) in ROWS.iter().enumerate() {
        let cells = columns.iter().map(|(_, figures)| match figures.get(at).copied().flatten() {
            Some(figure) => format!(" {figure:.1} |"),
            None => " |".to_owned(),
        });
        println!("| {row} |{}", cells.collect::<String>());
    }
    costs(&sshd, &far, &home, times);
}

/// What a read costs in CPU time, here and on the host, each way.
fn costs(sshd: &Sshd, far: &Endpoint, home: &str, times: usize) {
    println!("\n| a read of 1 KiB | n | our CPU each | the host's CPU each |\n|---|---|---|---|");
    for n in 0..100 * times {
        sshd.write(&format!("cost{n}"), vec![b'x'; SMALL]);
    }
    let cost = |what: &str, client: &mut McpPipe, reads: usize, read: &dyn Fn(&mut McpPipe, usize)| {
        let host = || cpu::of_tree(&sshd.account.path("sshd_config").display().to_string());
        let (here, there) = (cpu::of(client.pid()), host());
        (0..reads).for_each(|n| read(client, n));
        let (here, there) = (cpu::of(client.pid()) - here, host() - there);
        let each = |time: Duration| time.as_micros() / reads as u128;
        println!("| {what} | {reads} | {} µs | {} µs |", each(here), each(there));
    };
    let read = |client: &mut McpPipe, name: String| {
        assert!(client.read(&format!("h1:{home}/{name}")).starts_with('x'))
    };
    let mut near = Scout::with(&sshd.endpoint).client();
    read(&mut near, "s0".into());
    cost("SFTP, path known, loopback", &mut near, 500 * times, &|client, _| read(client, "s0".into()));
    cost("SFTP, path new, loopback", &mut near, 100 * times, &|client, n| read(client, format!("cost{n}")));
    cost("a command, loopback", &mut near, 30 * times, &|client, _| {
        drop(client.query("h1:/", &format!("cat {home}/s0")));
    });
    let mut distant = Scout::with(far).client();
    read(&mut distant, "s0".into());
    cost("SFTP, path known, 50 ms", &mut distant, 20 * times, &|client, _| read(client, "s0".into()));
    cost("SFTP and a command, path new, 50 ms", &mut distant, 20 * times, &|client, n| {
        read(client, format!("cost{n}"))
    });
}

/// A column: a figure for each row, where there is one.
type Figures = Vec<Option<f64>>;

fn timed(times: usize, mut once: impl FnMut(usize)) -> Option<f64> {
    timed_after(times, |_| {}, |(), n| once(n))
}

/// The median; what `prepare` does is not timed.
fn timed_after<T>(
    times: usize,
    mut prepare: impl FnMut(usize) -> T,
    mut once: impl FnMut(T, usize),
) -> Option<f64> {
    let mut taken: Vec<_> = (0..times)
        .map(|n| {
            let prepared = prepare(n);
            let begun = Instant::now();
            once(prepared, n);
            begun.elapsed().div_duration_f64(ROUND_TRIP)
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken.get(times / 2).copied()
}

fn scout(far: &Endpoint, home: &str, times: usize) -> Figures {
    let scout = Scout::with(far);
    let read = |client: &mut McpPipe, name: String| {
        assert!(client.read(&format!("h1:{home}/{name}")).starts_with('x'), "{name}");
    };
    let forgetful = Scout::with(far).env("SCOUT_IDLE_TIMEOUT", 1);
    let mut seen = forgetful.client();
    read(&mut seen, "s0".into());
    let mut warm = scout.client();
    warm.query("h1:/", "cat /dev/null");
    let forget = || std::thread::sleep(FORGOTTEN);
    let rest = || std::thread::sleep(4 * ROUND_TRIP);
    rest();
    vec![
        timed_after(times, |_| scout.client(), |mut client, _| drop(client.query("h1:/", "cat /dev/null"))),
        timed_after(times, |_| forget(), |(), _| drop(seen.query("h1:/", "cat /dev/null"))),
        timed_after(times, |_| scout.client(), |mut client, n| read(&mut client, format!("c{n}"))),
        timed_after(times, |_| forget(), |(), n| read(&mut seen, format!("d{n}"))),
        timed_after(times, |_| rest(), |(), _| drop(warm.query("h1:/", "cat /dev/null"))),
        timed_after(times, |_| rest(), |(), _| drop(warm.read(&format!("h1:{home}/list")))),
        timed_after(times, |_| rest(), |(), n| read(&mut warm, format!("s{n}"))),
        timed_after(times, |_| rest(), |(), n| read(&mut warm, format!("s{n}"))),
        timed_after(times, |_| rest(), |(), n| read(&mut warm, format!("l{n}"))),
        timed_after(times, |_| rest(), |(), n| read(&mut warm, format!("l{n}"))),
        timed_after(
            times,
            |_| rest(),
            |(), n| {
                let targets = (0..AT_ONCE).map(|at| json!({ "target": format!("h1:{home}/many{n}-{at}") }));
                let ids: Vec<u64> = targets.map(|target| warm.post_scout(target)).collect();
                ids.into_iter().for_each(|id| assert!(warm.wait(id).text().starts_with('x')));
            },
        ),
    ]
}

/// A client process for each operation.
fn openssh(far: &Endpoint, home: &str, times: usize) -> Figures {
    let known_hosts = known_hosts(far);
    let run = |command: &str| run(ssh(far, known_hosts.path()).arg(command));
    let command = timed(times, |_| run("cat /dev/null"));
    let read = timed(times, |n| run(&format!("cat {home}/s{n}")));
    vec![command, command, read, read, None, None, None, None, None, None, None]
}

/// A client process for each operation, over one connection.
fn control_master(far: &Endpoint, home: &str, times: usize) -> Figures {
    let known_hosts = known_hosts(far);
    let directory = tempfile::tempdir().unwrap();
    let socket = format!("ControlPath={}", directory.path().join("control").display());
    let client = || {
        let mut ssh = ssh(far, known_hosts.path());
        ssh.args(["-o", &socket]);
        ssh
    };
    let mut start = client();
    run(start.args(["-M", "-N", "-f"]).stdout(Stdio::null()).stderr(Stdio::null()));
    let run_one = |command: String| run(client().arg(command));
    let command = timed(times, |_| run_one("cat /dev/null".into()));
    let list = timed(times, |_| run_one(format!("ls -la {home}/list")));
    let small = timed(times, |n| run_one(format!("cat {home}/s{n}")));
    let large = timed(times, |n| run_one(format!("cat {home}/l{n}")));
    let many = timed(times, |n| {
        let reads = (0..AT_ONCE).map(|at| client().arg(format!("cat {home}/many{n}-{at}")).output_later());
        reads.collect::<Vec<_>>().into_iter().for_each(|mut read| assert!(read.wait().unwrap().success()));
    });
    run(client().args(["-O", "exit"]));
    vec![None, None, None, None, command, list, small, small, large, large, many]
}

trait OutputLater {
    fn output_later(&mut self) -> std::process::Child;
}

impl OutputLater for Command {
    fn output_later(&mut self) -> std::process::Child {
        self.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().unwrap()
    }
}

fn known_hosts(far: &Endpoint) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), far.known_hosts()).unwrap();
    file
}

fn ssh(far: &Endpoint, known_hosts: &Path) -> Command {
    let mut ssh = program("ssh", "openssh-client");
    ssh.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p"]);
    ssh.arg(far.address.port().to_string()).arg("-i").arg(&far.identity);
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display()));
    ssh.arg(format!("{}@{}", far.user, far.address.ip()));
    ssh
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}

/// One process for everything; the script prints a row on a line.
fn asyncssh(far: &Endpoint, home: &str, times: usize) -> Figures {
    let known_hosts = known_hosts(far);
    let mut python = venv_python("ssh-servers");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/round_trips.py"));
    python.arg(far.address.ip().to_string()).arg(far.address.port().to_string()).arg(&far.user);
    python.arg(&far.identity).arg(known_hosts.path()).arg(home).arg(times.to_string());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seconds = |line: &str| line.parse::<f64>().ok().map(|taken| taken / ROUND_TRIP.as_secs_f64());
    String::from_utf8_lossy(&output.stdout).lines().map(seconds).collect()
}
