//! 100 MB both ways through the SFTP channel, near and 25 ms away in either direction, beside OpenSSH's `sftp`; and 200 MB
//! with keys renewed after every megabyte: `cargo bench --bench throughput`.
//!
//! What connecting costs is not counted. The transfers of our own run in a process of their own, as `sftp` does; what is
//! uploaded is in memory then, as whoever calls us has it.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use scout_mcp::base::limits::SFTP_CHANNEL_WINDOW_BYTES;
use scout_mcp::config::{AlgorithmLists, Env, Overrides, Settings, SshConfig};
use scout_mcp::fleet::{Class, ClientId, Fleet, Machine, Quotas};
use scout_mcp::io::{Outside, condition, runtime};
use scout_mcp::metrics::Recorder;
use scout_mcp::scout::read;
use scout_mcp::sftp::Opening;
use scout_mcp::target::RemotePath;
use support::{Distance, Endpoint, Scout, Sshd, program};

const ONE_WAY: Duration = Duration::from_millis(25);
/// The first argument of the process that transfers.
const CHILD: &str = "transfer";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, direction, remote, local] = &arguments[..]
        && child == CHILD
    {
        return transfer(direction, remote, Path::new(local));
    }
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let (megabytes, times) = if is_bench { (100, 5) } else { (2, 1) };
    let sshd = Sshd::start();
    let far = Distance::from(&sshd, ONE_WAY).endpoint;
    println!("| MB/s | scout-mcp | `sftp` |\n|---|---|---|");
    for (place, endpoint) in [("loopback", &sshd.endpoint), ("50 ms", &far)] {
        let work = Work::new(&sshd, endpoint, megabytes);
        for direction in ["download", "upload"] {
            let ours = work.rate(times, || work.ours(direction));
            let theirs = work.rate(times, || work.sftp(direction));
            println!("| {direction}, {place} | {ours:.0} | {theirs:.0} |");
        }
    }
    let allowed = f64::from(SFTP_CHANNEL_WINDOW_BYTES) / 1e6 / (2 * ONE_WAY).as_secs_f64();
    println!("\nThe window allows {allowed:.0} MB/s down at 50 ms.");

    let renewing = Sshd::builder().config("RekeyLimit 1M").start();
    let work = Work::new(&renewing, &renewing.endpoint, 2 * megabytes);
    for direction in ["download", "upload"] {
        let rate = work.rate(1, || work.ours(direction));
        println!(
            "{direction} of {} MB with RekeyLimit 1M on both sides: {rate:.0} MB/s, identical",
            2 * megabytes
        );
    }
}

/// One file here and there, and one way to go.
struct Work {
    endpoint: Endpoint,
    scout: Scout,
    known_hosts: tempfile::NamedTempFile,
    directory: tempfile::TempDir,
    remote: String,
    megabytes: usize,
}

impl Work {
    fn new(sshd: &Sshd, endpoint: &Endpoint, megabytes: usize) -> Self {
        let known_hosts = tempfile::NamedTempFile::new().unwrap();
        fs::write(known_hosts.path(), endpoint.known_hosts()).unwrap();
        let scout =
            Scout::new().known_hosts(&endpoint.known_hosts()).unknown_host("h1", endpoint, "RekeyLimit 1M");
        let scout = if megabytes > 100 { scout } else { Scout::with(endpoint) };
        let directory = tempfile::tempdir().unwrap();
        let mut state = 7u64;
        let data = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        let data: Vec<u8> = data.take(megabytes * 1_000_000).collect();
        fs::write(directory.path().join("upload"), &data).unwrap();
        let remote = sshd.write("download", &data);
        Self { endpoint: endpoint.clone(), scout, known_hosts, directory, remote, megabytes }
    }

    /// The median in MB/s.
    fn rate(&self, times: usize, mut once: impl FnMut() -> Duration) -> f64 {
        let mut rates: Vec<f64> = (0..times).map(|_| self.megabytes as f64 / once().as_secs_f64()).collect();
        rates.sort_by(f64::total_cmp);
        rates[times / 2]
    }

    fn ours(&self, direction: &str) -> Duration {
        let (remote, local) = self.paths(direction);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([CHILD, direction, &remote, &local]).envs(self.scout.environment());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.check(direction);
        Duration::from_secs_f64(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap())
    }

    /// Without what it takes for nothing.
    fn sftp(&self, direction: &str) -> Duration {
        let (remote, local) = self.paths(direction);
        let verb = if direction == "download" { "get" } else { "put" };
        let (from, to) = if verb == "get" { (&remote, &local) } else { (&local, &remote) };
        let whole = self.batch(&format!("{verb} {from} {to}"));
        self.check(direction);
        whole.saturating_sub(self.batch("pwd"))
    }

    fn batch(&self, line: &str) -> Duration {
        let begun = Instant::now();
        let mut sftp = program("sftp", "openssh-client");
        sftp.args(["-q", "-F", "none", "-o", "IdentitiesOnly=yes", "-b", "-", "-P"]);
        sftp.arg(self.endpoint.address.port().to_string()).arg("-i").arg(&self.endpoint.identity);
        sftp.arg("-o").arg(format!("UserKnownHostsFile={}", self.known_hosts.path().display()));
        sftp.arg(format!("{}@{}", self.endpoint.user, self.endpoint.address.ip()));
        let mut child = sftp.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        assert!(child.wait().unwrap().success(), "sftp {line}");
        begun.elapsed()
    }

    fn paths(&self, direction: &str) -> (String, String) {
        let local = self.directory.path().join(direction).to_str().unwrap().to_owned();
        let remote = Path::new(&self.remote).with_file_name(direction).to_str().unwrap().to_owned();
        (remote, local)
    }

    /// Both sides hold the same, and the copy goes.
    fn check(&self, direction: &str) {
        let (remote, local) = self.paths(direction);
        assert!(fs::read(&remote).unwrap() == fs::read(&local).unwrap(), "{direction}: another content");
        fs::remove_file(if direction == "download" { local } else { remote }).unwrap();
    }
}

/// The process of its own: prints the seconds that the transfer took.
fn transfer(direction: &str, remote: &str, local: &Path) {
    let env = Env::current();
    let settings = Settings::load(&Overrides::default(), &env).unwrap();
    let config = SshConfig::load_for(&settings, &env, AlgorithmLists::spoken(), condition::exec()).unwrap();
    let recorder = Recorder::new();
    let net = Outside::new(settings.clone(), env.home, Rc::clone(&recorder));
    let quotas = Quotas::alone(&settings);
    let fleet = Fleet::new(config.into(), settings, net, &quotas, recorder);
    let taken = runtime::run(async {
        let Machine::Remote(link) =
            fleet.machine("h1", fleet.now() + fleet.settings().request_timeout).await.unwrap()
        else {
            panic!("a host")
        };
        assert!(link.serves_files().unwrap());
        link.read(b"/dev/null", 0, 1).await.unwrap().unwrap_err();
        let is_upload = direction == "upload";
        let data = if is_upload { fs::read(local).unwrap() } else { Vec::new() };
        let begun = Instant::now();
        if is_upload {
            // What an earlier round has left.
            let _ = link.remove(remote.as_bytes()).await.unwrap();
            let file = link.open(remote.as_bytes(), Opening::New { mode: 0o600 }).await.unwrap().unwrap();
            file.write(0, data).await.unwrap().unwrap();
            file.close().await.unwrap().unwrap();
        } else {
            let mut file = fs::File::create(local).unwrap();
            let path = RemotePath::parse(remote).unwrap();
            let caller = fleet.caller(Class::Interactive, ClientId::OURSELVES);
            read::copy(&caller, "h1", &path, &mut |bytes| {
                file.write_all(bytes).unwrap();
                Ok(())
            })
            .await
            .unwrap();
        }
        let taken = begun.elapsed();
        fleet.close().await;
        taken
    });
    println!("{}", taken.unwrap().as_secs_f64());
}
