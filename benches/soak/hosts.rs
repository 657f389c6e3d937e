//! The hosts: OpenSSH and simulated ones, some of which die and come back, and one that moves whenever the configuration is
//! written again.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::support::{Process, Sshd, process_running};

const REAL: usize = 6;
const PLAYED: usize = 40;
const MORTAL_REAL: usize = 2;
const MORTAL_PLAYED: usize = 8;
/// What the names of those begin with that die.
pub const MORTAL: &str = "mortal-";
/// A simulated host with a file of a megabyte, which stays.
pub const STEADY: &str = "played-1";
/// A real host that stays.
pub const STEADY_REAL: &str = "real-1";

const FIFO: &str = "fifo";

/// All of them.
pub struct Hosts {
    real: Sshd,
    mortal_real: Sshd,
    played: Fleet,
    mortal_played: Fleet,
    /// How many hosts of each kind there are: all, or one.
    scale: fn(usize) -> usize,
}

impl Hosts {
    pub fn start(binary: &Path, is_full: bool) -> Self {
        let scale: fn(usize) -> usize = if is_full { |all| all } else { |_| 1 };
        Self {
            real: Sshd::builder().everywhere().start(),
            mortal_real: Sshd::builder().everywhere().start(),
            // Two more, between which one moves.
            played: Fleet::start(binary, PLAYED + 2),
            mortal_played: Fleet::start(binary, MORTAL_PLAYED),
            scale,
        }
    }

    /// Of all hosts, in the order of the configuration.
    pub fn names(&self) -> Vec<String> {
        let all = |kind: &str, count| (1..=(self.scale)(count)).map(move |n| format!("{kind}-{n}")).collect();
        let groups: [Vec<String>; 5] = [
            all("real", REAL),
            all("played", PLAYED),
            all("mortal-real", MORTAL_REAL),
            all("mortal-played", MORTAL_PLAYED),
            vec!["moving".to_owned()],
        ];
        groups.concat()
    }

    /// The SSH configuration, as it was written the nth time.
    pub fn ssh_config(&self, edition: usize) -> String {
        let mut text = format!("# Edition {edition}\n");
        for (kind, sshd, count) in
            [("real", &self.real, REAL), ("mortal-real", &self.mortal_real, MORTAL_REAL)]
        {
            for n in 1..=count {
                let _ = write!(text, "Host {kind}-{n}\n  HostName 127.77.0.{n}\n");
            }
            let (endpoint, known) = (&sshd.endpoint, sshd.account.path("known_by_name"));
            let lines = (1..=count).map(|n| {
                let address = SocketAddrV4::new([127, 77, 0, n as u8].into(), endpoint.address.port());
                endpoint.at(address).known_hosts()
            });
            fs::write(&known, lines.collect::<String>()).unwrap();
            all_of(&mut text, kind, endpoint.address.port(), &endpoint.identity, &known);
        }
        for (kind, fleet, count) in
            [("played", &self.played, PLAYED), ("mortal-played", &self.mortal_played, MORTAL_PLAYED)]
        {
            for n in 1..=count {
                let _ = write!(text, "Host {kind}-{n}\n  HostName {}\n", fleet.address(n));
            }
            fleet.describe(&mut text, kind);
        }
        let home = self.played.address(PLAYED + 1 + edition % 2);
        let _ = write!(text, "Host moving\n  HostName {home}\n");
        self.played.describe(&mut text, "moving");
        text
    }

    /// Makes a pipe on the real hosts that a command waits at for ever.
    pub fn fifo(&self) -> String {
        self.real.fifo(FIFO)
    }

    /// Whether a command still waits at that pipe.
    pub fn has_commands(&self) -> bool {
        process_running(&self.real.path(FIFO))
    }

    /// Ends the simulated ones of those that die, or the real ones.
    pub fn kill(&mut self, is_real: bool) {
        match is_real {
            true => self.mortal_real.crash(),
            false => self.mortal_played.process.crash(),
        }
    }

    pub fn revive(&mut self, is_real: bool) {
        match is_real {
            true => self.mortal_real.start_again(),
            false => self.mortal_played.start_again(),
        }
    }
}

/// A process that plays hosts.
struct Fleet {
    binary: PathBuf,
    folder: TempDir,
    hosts: usize,
    port: String,
    process: Process,
}

impl Fleet {
    fn start(binary: &Path, hosts: usize) -> Self {
        let folder = TempDir::with_prefix("soak-fleet-").unwrap();
        let process = play(binary, folder.path(), hosts, "0");
        let line = process.log.wait_for("listen on port ");
        let port = line.rsplit(' ').next().unwrap().trim_end_matches(':').to_owned();
        Self { binary: binary.to_owned(), folder, hosts, port, process }
    }

    fn start_again(&mut self) {
        self.process = play(&self.binary, self.folder.path(), self.hosts, &self.port);
        self.process.log.wait_for("listen on port ");
    }

    fn address(&self, n: usize) -> String {
        let config = fs::read_to_string(self.folder.path().join("ssh_config")).unwrap();
        let mut addresses = config.lines().filter_map(|line| line.trim().strip_prefix("HostName "));
        addresses.nth(n - 1).unwrap().to_owned()
    }

    /// What all hosts have in common whose names begin so.
    fn describe(&self, text: &mut String, kind: &str) {
        let file = |name: &str| self.folder.path().join(name);
        all_of(text, kind, self.port.parse().unwrap(), &file("key"), &file("known_hosts"));
    }
}

fn play(binary: &Path, folder: &Path, hosts: usize, port: &str) -> Process {
    let mut command = Command::new(binary);
    command.args(["bench", "fleet", "--max-startups", "none", "--hosts", &hosts.to_string(), "--port", port]);
    command.arg("--folder").arg(folder);
    Process::start(command)
}

fn all_of(text: &mut String, kind: &str, port: u16, key: &Path, known_hosts: &Path) {
    let _ = write!(
        text,
        "Host {kind}*\n  Port {port}\n  User scout\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
         UserKnownHostsFile {}\n",
        key.display(),
        known_hosts.display()
    );
}
