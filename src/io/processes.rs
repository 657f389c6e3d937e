//! What other processes take of this machine: one, and all that it has started.

use std::collections::HashMap;
use std::fs;

use super::blocking;
use super::usage::resident;
use crate::base::Result;
use crate::base::limits::RIG_PROCESSES_MAX;
use crate::base::time::Duration;

/// What was seen of them so far. Those that have ended keep what they were last seen to have taken.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    root: u32,
    processor: HashMap<u32, Duration>,
    memory_bytes: u64,
}

impl Processes {
    /// The process of a number, with its children.
    pub fn of(root: u32) -> Self {
        Self { root, ..Self::default() }
    }

    /// Looks at them, on another thread.
    ///
    /// Errors: too many jobs wait already.
    pub async fn look(self) -> Result<Self> {
        blocking::run(move || self.looked()).await
    }

    /// Processor time of all of them, threads that have ended left out.
    pub fn processor(&self) -> Duration {
        self.processor.values().sum()
    }

    /// Resident memory of all of them when they were last looked at; what they share counts for each.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Whether there was anything to look at.
    pub fn is_there(&self) -> bool {
        self.memory_bytes > 0
    }

    fn looked(mut self) -> Self {
        self.memory_bytes = 0;
        let mut known = vec![self.root];
        let mut next = 0;
        while let Some(process) = known.get(next).copied().filter(|_| next < RIG_PROCESSES_MAX) {
            next += 1;
            let folder = format!("/proc/{process}");
            let spent = threads(&folder).filter_map(|thread| spent(&thread)).sum::<Duration>();
            let most = self.processor.entry(process).or_default();
            *most = spent.max(*most);
            self.memory_bytes +=
                fs::read_to_string(format!("{folder}/status")).map_or(0, |text| resident(&text));
            let children =
                threads(&folder).filter_map(|thread| fs::read_to_string(thread + "/children").ok());
            let children = children.collect::<Vec<_>>().join(" ");
            known.extend(children.split_whitespace().filter_map(|number| number.parse::<u32>().ok()));
        }
        self
    }
}

/// Processor time of those threads of this process whose names begin so, looked up on another thread.
///
/// Errors: too many jobs wait already.
pub async fn of_threads(name: &'static str) -> Result<Duration> {
    let is_named = move |thread: &String| {
        fs::read_to_string(format!("{thread}/comm")).is_ok_and(|comm| comm.starts_with(name))
    };
    blocking::run(move || threads("/proc/self").filter(is_named).filter_map(|thread| spent(&thread)).sum())
        .await
}

/// The folders of its threads.
fn threads(process: &str) -> impl Iterator<Item = String> + use<> {
    let list = fs::read_dir(format!("{process}/task")).into_iter().flatten();
    list.filter_map(|entry| entry.ok()?.path().to_str().map(str::to_owned))
}

/// The first number of `schedstat` are nanoseconds (Documentation/scheduler/sched-stats of the kernel).
fn spent(thread: &str) -> Option<Duration> {
    let text = fs::read_to_string(format!("{thread}/schedstat")).ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_one_that_can_be_looked_at() {
        let seen = Processes::of(std::process::id()).looked();
        assert!(seen.processor() > Duration::ZERO && seen.memory_bytes() > 1 << 20 && seen.is_there());
        assert!(seen.clone().looked().processor() >= seen.processor());
    }

    #[test]
    fn what_is_not_there_takes_nothing() {
        let seen = Processes::of(u32::MAX).looked();
        assert!(!seen.is_there() && seen.processor().is_zero());
    }
}
