//! How many requests a second there are to be had, and how long they take at a share of that: closed loops of 1, 10 and
//! 100 users, then open loops at 50, 80 and 95 % of the best of them, for reads and commands, over HTTP, over a pipe and
//! without a protocol, against OpenSSH and against simulated hosts that fork nothing:
//!
//!     cargo bench --bench loops
//!     cargo bench --bench loops -- --hosts 10 --seconds 2 --rounds 3 --out FOLDER
//!
//! Each load is `scout-mcp bench run` in a process of its own, on the processors that the server and the hosts use, too.
//! Rows are medians of the rounds; everything that was measured goes to `loops/<hosts>/` in
//! `benches/results/<date>-<commit>/`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use scout_mcp::io::site::Site;
use scout_mcp::rig::{Results, Step, count, decimal_size, duration};
use scout_mcp::simulated::Plan;

#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use support::{HttpServer, Scout, Sshd};

/// Hosts of each world that take turns.
const HOSTS: &str = "10";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    // `cargo test --benches` runs this as a test: a little of everything, to see that it works.
    let is_full = arguments.iter().any(|argument| argument == "--bench");
    let (seconds, rounds) = if is_full { ("2", "3") } else { ("0.1", "1") };
    let folder = option("--out").map_or_else(results_folder, PathBuf::from);
    let measured = Measured {
        seconds: option("--seconds").unwrap_or_else(|| seconds.to_owned()),
        rounds: option("--rounds").unwrap_or_else(|| rounds.to_owned()),
        folder: is_full.then_some(folder),
    };
    let hosts = option("--hosts").unwrap_or_else(|| HOSTS.to_owned()).parse().expect("--hosts: a number");
    sshd(hosts, &measured);
    simulated(hosts, &measured);
}

/// OpenSSH, one server that is many hosts.
fn sshd(hosts: usize, measured: &Measured) {
    let sshd = Sshd::builder().everywhere().start();
    let file = sshd.write("file", "a line of a small file\n".repeat(60));
    let address = |n: usize| format!("127.78.0.{}", n + 1);
    let scout = (0..hosts).fold(unlimited(), |scout, n| {
        let ip = address(n).parse().unwrap();
        let port = sshd.endpoint.address.port();
        scout.host(&address(n), &sshd.endpoint.at(std::net::SocketAddrV4::new(ip, port)))
    });
    let hosts: Vec<String> = (0..hosts).map(address).collect();
    measured.world("OpenSSH", &scout, &hosts.join(","), &file);
}

/// Hosts that this process plays.
fn simulated(hosts: usize, measured: &Measured) {
    let site = Site::start(Plan { hosts, startups: None, ..Plan::default() }, None).unwrap();
    let scout = unlimited().config(&fs::read_to_string(site.ssh_config()).unwrap());
    let hosts: Vec<String> = (1..=hosts).map(|n| site.name(n)).collect();
    measured.world("simulated hosts", &scout, &hosts.join(","), "/srv/small");
}

/// Whoever asks may ask as often as he can.
fn unlimited() -> Scout {
    Scout::new().env("SCOUT_RATE_LIMIT_PER_MINUTE", 0)
}

struct Measured {
    seconds: String,
    rounds: String,
    folder: Option<PathBuf>,
}

impl Measured {
    fn world(&self, world: &str, scout: &Scout, hosts: &str, file: &str) {
        let how_many = hosts.split(',').count();
        println!("\n**{world}, hosts: {how_many}**\n");
        println!("| | load | rate | p50 | p90 | p99 | p99.9 | max | wrong | CPU each | RSS |");
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        let query = format!("cat {file}");
        let asked = [("read", ["--path", file]), ("run", ["--query", &query])];
        for (operation, what) in asked {
            let server = HttpServer::start(scout);
            let (url, pid) = (server.door.url(), server.process.pid().to_string());
            let over_a_pipe = format!("{} serve", env!("CARGO_BIN_EXE_scout-mcp"));
            let ways: [(&str, &[&str]); 3] = [
                ("HTTP", &["--url", &url, "--pid", &pid]),
                ("stdio", &["--command", &over_a_pipe]),
                ("no protocol", &[]),
            ];
            for (way, subject) in ways {
                let common = ["--hosts", hosts, "--operation", operation];
                let results = self.run(scout, &[&common[..], &what, subject].concat());
                rows(&format!("{operation}, {way}"), &results);
                let name = format!("{world}-{operation}-{way}.json").replace(' ', "-");
                self.keep(&format!("loops/{how_many}"), &name, &results);
            }
        }
    }

    fn run(&self, scout: &Scout, arguments: &[&str]) -> Results {
        let mut command: Command = scout.command();
        command.args(["bench", "run", "--json", "-c", "1,10,100", "--rate", "50%,80%,95%"]);
        command.args(["--duration", &format!("{}s", self.seconds), "--rounds", &self.rounds]).args(arguments);
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.stdout.is_empty(), "{said}");
        Results::from_json(&String::from_utf8(done.stdout).unwrap()).unwrap()
    }

    fn keep(&self, kind: &str, name: &str, results: &Results) {
        let Some(folder) = &self.folder else { return };
        let folder = folder.join(kind);
        fs::create_dir_all(&folder).unwrap();
        // Where it was built says nothing to anybody else.
        let json = results.to_json().unwrap().replace(env!("CARGO_BIN_EXE_scout-mcp"), "scout-mcp");
        let json = json.replace(env!("CARGO_TARGET_TMPDIR"), "tmp");
        fs::write(folder.join(name), json).unwrap();
    }
}

/// A row for each load: of several rounds, the medians.
fn rows(what: &str, results: &Results) {
    let mut loads = Vec::new();
    for step in &results.steps {
        if !loads.contains(&step.load) {
            loads.push(step.load);
        }
    }
    for load in loads {
        let steps: Vec<&Step> = results.steps.iter().filter(|step| step.load == load).collect();
        let time = |of: fn(&Step) -> f64| duration(median(&steps, of));
        let wrong: u64 = steps.iter().map(|step| step.wrong()).sum();
        let memory = steps.iter().map(|step| step.memory_bytes()).max().unwrap_or(0);
        let cells = [
            what.to_owned(),
            load.to_string(),
            format!("{}/s", count(median(&steps, |step| step.rate))),
            time(|step| step.latency.p50_us),
            time(|step| step.latency.p90_us),
            time(|step| step.latency.p99_us),
            time(|step| step.latency.p999_us),
            time(|step| step.latency.max_us),
            wrong.to_string(),
            time(|step| step.server.unwrap_or(step.generator).cpu_us_per_request),
            decimal_size(memory),
        ];
        println!("| {} |", cells.join(" | "));
    }
}

fn median(steps: &[&Step], of: fn(&Step) -> f64) -> f64 {
    let mut values: Vec<f64> = steps.iter().map(|step| of(step)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `benches/results/<date>-<commit>` of this repository.
fn results_folder() -> PathBuf {
    let said = |program: &str, arguments: &[&str]| {
        let told = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().to_owned()
    };
    let (date, commit) = (said("date", &["-u", "+%F"]), said("git", &["rev-parse", "--short", "HEAD"]));
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results").join(format!("{date}-{commit}"))
}
