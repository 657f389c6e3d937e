//! A server process of ours, and hosts for it on addresses of this machine.

use std::fs;
use std::time::{Duration, Instant};

use scout_mcp::io::site::Site;
use scout_mcp::simulated::Plan;
use serde_json::json;

use super::figures::Times;
use super::support::{McpPipe, Scout, Sshd};

/// Hosts of which this process plays the server: real sockets, real crypto, and nothing is forked.
pub struct Played(Site);

impl Played {
    /// This many of them.
    pub fn start(hosts: usize) -> Self {
        let plan = Plan { hosts, startups: None, ..Plan::default() };
        Self(Site::start(plan, None).unwrap())
    }

    /// Knows the first `hosts`.
    pub fn scout(&self, hosts: usize) -> Scout {
        let text = fs::read_to_string(self.0.ssh_config()).unwrap();
        let (each, all) = text.split_once("Host host*").unwrap();
        let next = format!("Host {}\n", self.0.name(hosts + 1));
        let known = each.find(&next).map_or(each, |end| &each[..end]);
        Scout::new().config(&format!("{known}Host host*{all}"))
    }

    /// A small file of a host.
    pub fn file(&self, n: usize) -> String {
        format!("{}:/srv/small", self.0.name(n + 1))
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
