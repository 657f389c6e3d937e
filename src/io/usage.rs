//! What this process uses of its machine.

use std::fs;

use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

use super::blocking;
use crate::base::Result;
use crate::base::time::Duration;

/// At one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory; 0 where `/proc` does not tell.
    pub memory_bytes: u64,
    /// Open file descriptors; 0 where `/proc` does not tell.
    pub descriptors: u64,
    /// Processor time of all threads since the start.
    pub processor: Duration,
    /// When the process was started, in seconds since 1970; 0 where `/proc` does not tell.
    pub started: u64,
}

/// Of all threads since the start.
pub(super) fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

impl Usage {
    /// Looks at it on another thread: thousands of descriptors take a millisecond to count.
    ///
    /// Errors: too many jobs wait already.
    pub async fn now() -> Result<Self> {
        blocking::run(Self::read).await
    }

    fn read() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        Self {
            memory_bytes: resident(&text("/proc/self/status")),
            // Without the one that lists them.
            descriptors: fs::read_dir("/proc/self/fd")
                .map_or(0, |list| list.count().saturating_sub(1) as u64),
            processor: processor_time(),
            started: started(&text("/proc/self/stat"), &text("/proc/stat"), clock_ticks_per_second()),
        }
    }
}

/// `VmRSS` of proc_pid_status(5), which is in kB.
pub(super) fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// `starttime` of proc_pid_stat(5), in ticks since `btime` of proc_stat(5).
fn started(process: &str, machine: &str, ticks_per_second: u64) -> u64 {
    // The second field is a name in parentheses and may hold anything; the third follows the last of them.
    let fields = process.rsplit_once(") ").map(|(_, fields)| fields.split(' '));
    let ticks: Option<u64> = fields.and_then(|mut fields| fields.nth(19)?.parse().ok());
    let booted: Option<u64> =
        machine.lines().find_map(|line| line.strip_prefix("btime ")).and_then(|seconds| seconds.parse().ok());
    match (ticks, booted) {
        (Some(ticks), Some(booted)) => booted + ticks / ticks_per_second.max(1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time;

    #[test]
    fn this_process_uses_something() {
        let before = Usage::read();
        let file = fs::File::open("/proc/self/status").unwrap();
        assert!(before.memory_bytes > 1024 * 1024 && before.descriptors >= 3, "{before:?}");
        assert!(Usage::read().processor >= before.processor);
        assert!((1..=time::unix_now()).contains(&before.started), "{before:?}");
        drop(file);
    }

    #[test]
    fn the_start_is_told_from_that_of_the_machine() {
        let fields = format!("7 (a) b (c) S {} 250 1 2", "0 ".repeat(18).trim_end());
        assert_eq!(started(&fields, "cpu 1\nbtime 1000\n", 100), 1002);
        for (process, machine) in [("", "btime 1000\n"), (&*fields, "cpu 1\n"), ("7 (a) S 1", "btime 1000\n")]
        {
            assert_eq!(started(process, machine, 100), 0);
        }
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    1234 kB\nRssAnon:\t1 kB\n"), 1234 * 1024);
        assert_eq!(resident("VmRSS: many\n"), 0);
        assert_eq!(resident(""), 0);
    }
}
