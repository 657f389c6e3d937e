//! What the server holds and spends, from what the kernel tells of it.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::cpu;
use super::served::Served;

/// How often it is looked at.
pub const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// At one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Vitals {
    /// Since the begin of the open loop.
    pub at_seconds: f64,
    pub resident_kib: u64,
    /// What it shares with others divided among them.
    pub proportional_kib: u64,
    pub descriptors: usize,
    pub threads: usize,
    /// Processors at work since the moment before.
    pub processors: f64,
    /// Requests of all clients that failed since the moment before, by the kind that the server counts them as.
    pub errors: BTreeMap<String, u64>,
}

/// Looks again and again.
pub struct Monitor<'a> {
    served: &'a Served,
    begun: Instant,
    last: Instant,
    spent: Duration,
    errors: BTreeMap<String, u64>,
    pub series: Vec<Vitals>,
}

impl<'a> Monitor<'a> {
    pub fn new(served: &'a Served) -> Self {
        let now = Instant::now();
        let spent = cpu::of(served.pid());
        Self { served, begun: now, last: now, spent, errors: served.errors(), series: Vec::new() }
    }

    pub fn look(&mut self) {
        let pid = self.served.pid();
        let (now, spent, errors) = (Instant::now(), cpu::of(pid), self.served.errors());
        let since = |kind: &String, count: u64| count - self.errors.get(kind).copied().unwrap_or_default();
        let new = errors.iter().map(|(kind, count)| (kind.clone(), since(kind, *count)));
        self.series.push(Vitals {
            at_seconds: (now - self.begun).as_secs_f64(),
            resident_kib: kib(pid, "smaps_rollup", "Rss:"),
            proportional_kib: kib(pid, "smaps_rollup", "Pss:"),
            descriptors: entries(pid, "fd"),
            threads: entries(pid, "task"),
            processors: (spent.saturating_sub(self.spent)).as_secs_f64() / (now - self.last).as_secs_f64(),
            errors: new.filter(|(_, count)| *count > 0).collect(),
        });
        (self.last, self.spent, self.errors) = (now, spent, errors);
    }
}

/// A line of a table of `/proc/PID/`.
fn kib(pid: u32, table: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{table}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn entries(pid: u32, folder: &str) -> usize {
    fs::read_dir(format!("/proc/{pid}/{folder}")).unwrap().count()
}
