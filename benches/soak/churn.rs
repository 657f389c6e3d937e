//! All that goes wrong in a day, in minutes: hosts die and come back, the configuration changes, and clients are as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::clients::Client;
use super::deeds::Deeds;
use super::hosts::Hosts;
use super::served::Served;

const DEAD_FOR: Duration = Duration::from_secs(4);
const ALIVE_FOR: Duration = Duration::from_secs(8);
const WRITTEN_EVERY: Duration = Duration::from_secs(10);
/// Threads of a kind.
const SLOW: usize = 4;
const DRIPPING: usize = 8;

/// What one of them does, to its end.
type Work = fn(&Client);

/// Until it is told to end.
pub struct Churn<'a> {
    deeds: Deeds,
    clients: Vec<JoinHandle<()>>,
    hosts: &'a mut Hosts,
    config: PathBuf,
    pid: u32,
}

impl<'a> Churn<'a> {
    pub fn start(served: &Served, hosts: &'a mut Hosts) -> Self {
        let deeds = Deeds::default();
        let client =
            Client { address: served.address().parse().unwrap(), deeds: deeds.clone(), fifo: hosts.fifo() };
        let kinds: [(Work, usize); 4] = [
            (Client::cancels, 1),
            (Client::vanishes, 1),
            (Client::reads_slowly, SLOW),
            (Client::drips, DRIPPING),
        ];
        let clients = kinds.into_iter().flat_map(|(work, count)| {
            let client = client.clone();
            (0..count).map(move |_| {
                let client = client.clone();
                thread::spawn(move || work(&client))
            })
        });
        Self { deeds, clients: clients.collect(), hosts, config: served.config_file(), pid: served.pid() }
    }

    pub fn deeds(&self) -> Deeds {
        self.deeds.clone()
    }

    /// What is done to hosts and configuration, until all is over; everybody lives then, and nobody disturbs any more.
    pub fn work(self) {
        let Self { deeds, clients, hosts, config, pid } = self;
        let texts: Vec<String> = (0..2).map(|edition| hosts.ssh_config(edition)).collect();
        thread::scope(|scope| {
            scope.spawn(|| writes(&deeds, &texts, &config, pid));
            dies(&deeds, hosts);
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
    }
}

fn dies(deeds: &Deeds, hosts: &mut Hosts) {
    let mut is_real = false;
    while deeds.wait(ALIVE_FOR) {
        hosts.kill(is_real);
        deeds.wait(DEAD_FOR);
        hosts.revive(is_real);
        deeds.note(if is_real { "sshd died and came back" } else { "simulated hosts died and came back" });
        is_real = !is_real;
    }
}

/// Every third time the server is told so; otherwise it has to notice.
fn writes(deeds: &Deeds, texts: &[String], config: &Path, pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    for edition in 1.. {
        if !deeds.wait(WRITTEN_EVERY) {
            return;
        }
        let new = config.with_extension("new");
        fs::write(&new, &texts[edition % texts.len()]).unwrap();
        fs::rename(&new, config).unwrap();
        if edition % 3 == 0 {
            kill_process(pid, Signal::HUP).unwrap();
        }
        deeds.note("the configuration was written again");
    }
}
