//! The CPU time of processes, from what the kernel counts for them.

use std::fs;
use std::time::Duration;

/// Of one process, all its threads together, from its scheduler statistics in nanoseconds.
pub fn of(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let spent = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    spent.filter_map(|line| line.split(' ').next()?.parse().ok().map(Duration::from_nanos)).sum()
}

/// Of the process whose command line holds `marker`, of all its descendants, and of those of them that have ended and
/// were waited for. In steps of 10 ms for each process.
pub fn of_tree(marker: &str) -> Duration {
    let all: Vec<Stat> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| Stat::read(entry.ok()?.file_name().to_str()?))
        .collect();
    let is_root = |stat: &&Stat| {
        fs::read(format!("/proc/{}/cmdline", stat.pid))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(marker))
    };
    let mut tree: Vec<&Stat> = all.iter().filter(is_root).collect();
    let mut next = 0;
    while let Some(parent) = tree.get(next).map(|stat| stat.pid) {
        let children = all.iter().filter(|stat| stat.parent == parent);
        let new: Vec<&Stat> =
            children.filter(|stat| tree.iter().all(|known| known.pid != stat.pid)).collect();
        tree.extend(new);
        next += 1;
    }
    tree.iter().map(|stat| Duration::from_millis(10 * stat.ticks)).sum()
}

struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// `proc_pid_stat(5)`: after the name in parentheses the state, the parent, and from the 14th field on the times.
    fn read(pid: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Some(Self { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}
