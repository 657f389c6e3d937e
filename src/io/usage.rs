//! What this process uses of its machine.

use std::fs;

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
}

impl Usage {
    /// Looks at it on another thread: thousands of descriptors take a millisecond to count.
    ///
    /// Errors: too many jobs wait already.
    pub async fn now() -> Result<Self> {
        blocking::run(Self::read).await
    }

    fn read() -> Self {
        let processor = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            memory_bytes: resident(&fs::read_to_string("/proc/self/status").unwrap_or_default()),
            // Without the one that lists them.
            descriptors: fs::read_dir("/proc/self/fd")
                .map_or(0, |list| list.count().saturating_sub(1) as u64),
            processor: processor.try_into().unwrap_or_default(),
        }
    }
}

/// `VmRSS` of proc_pid_status(5), which is in kB.
fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let before = Usage::read();
        let file = fs::File::open("/proc/self/status").unwrap();
        assert!(before.memory_bytes > 1024 * 1024 && before.descriptors >= 3, "{before:?}");
        assert!(Usage::read().processor >= before.processor);
        drop(file);
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    1234 kB\nRssAnon:\t1 kB\n"), 1234 * 1024);
        assert_eq!(resident("VmRSS: many\n"), 0);
        assert_eq!(resident(""), 0);
    }
}
