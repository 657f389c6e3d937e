//! A server process of ours, and hosts for it on addresses of this machine.

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use scout_mcp::testing::tcp;
use serde_json::json;
use tempfile::TempDir;

use super::figures::Times;
use super::site::{server, small_tree};
use super::support::{Key, KeyType, McpPipe, Scout, Sshd};

/// Hosts of which this process plays the server: real sockets, real crypto, and nothing is forked.
pub struct Played {
    dir: TempDir,
    port: u16,
}

impl Played {
    pub fn start() -> Self {
        let dir = TempDir::with_prefix("fleet-bench-").unwrap();
        Key::generate(&dir.path().join("key"), KeyType::Ed25519);
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || tcp::serve(listener, server(small_tree)).unwrap());
        Self { dir, port }
    }

    /// Knows this many of them, each by its address.
    pub fn scout(&self, hosts: usize) -> Scout {
        let names: Vec<String> = (0..hosts).map(address).collect();
        Scout::new().config(&format!(
            "Host {}\n    Port {}\n    User me\n    IdentityFile {}\n    IdentitiesOnly yes\n    \
             StrictHostKeyChecking no\n    UserKnownHostsFile /dev/null\n",
            names.join(" "),
            self.port,
            self.dir.path().join("key").display(),
        ))
    }
}

/// One sshd that is many hosts.
pub fn sshd() -> Sshd {
    Sshd::builder().everywhere().start()
}

/// Knows this many addresses of it.
pub fn scout_of(sshd: &Sshd, hosts: usize) -> Scout {
    let endpoint = |n| {
        let ip = address(n).parse().unwrap();
        sshd.endpoint.at(std::net::SocketAddrV4::new(ip, sshd.endpoint.address.port()))
    };
    (0..hosts).fold(Scout::new(), |scout, n| scout.host(&address(n), &endpoint(n)))
}

/// The address of a host.
pub fn address(n: usize) -> String {
    format!("127.77.{}.{}", n / 250, n % 250 + 1)
}

/// Posts a call for each of these targets, and waits for all answers, none of which may be an error; how long each
/// took, and all of them.
pub fn read_all(client: &mut McpPipe, targets: impl IntoIterator<Item = String>) -> (Duration, Times) {
    let begun = Instant::now();
    let ids: Vec<u64> =
        targets.into_iter().map(|target| client.post_scout(json!({ "target": target }))).collect();
    let mut times = Times::new();
    for id in ids {
        client.wait(id).text();
        times.add(begun.elapsed());
    }
    (begun.elapsed(), times)
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub resident_kib: u64,
    pub descriptors: usize,
}

impl Held {
    pub fn by(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        Self {
            resident_kib: line.split_whitespace().nth(1).unwrap().parse().unwrap(),
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
        }
    }
}
