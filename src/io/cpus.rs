//! Processors: how many there are for us, and which thread stays on which.
//!
//! The thread of a core stays on its processor; threads beside it and programs we start are free to go anywhere.

use std::sync::OnceLock;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What this process was allowed before any thread was pinned.
fn allowed() -> Option<&'static CpuSet> {
    static ALLOWED: OnceLock<Option<CpuSet>> = OnceLock::new();
    ALLOWED.get_or_init(|| sched_getaffinity(None).ok()).as_ref()
}

/// How many cores are worth having: processors that we may use, or as many as our share of them amounts to (cgroups).
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Keeps this thread on the processor of a core. Where there are fewer processors than cores, or where the kernel does
/// not let us, it runs wherever there is room.
pub(super) fn pin(core: usize, cores: usize) {
    let Some(allowed) = allowed() else { return };
    if cores > allowed.count() as usize {
        return;
    }
    let Some(cpu) = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).nth(core) else { return };
    let mut one = CpuSet::new();
    one.set(cpu);
    if let Err(error) = sched_setaffinity(None, &one) {
        tracing::debug!(core, cpu, %error, "not pinned");
    }
}

/// Lets this thread, which a pinned one has started, run anywhere.
pub(super) fn unpin() {
    if let Some(allowed) = allowed() {
        let _ = sched_setaffinity(None, allowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_starts_threads_that_are_not() {
        let before = sched_getaffinity(None).unwrap();
        let inside = std::thread::spawn(|| {
            pin(0, 1);
            let pinned = sched_getaffinity(None).unwrap().count();
            let beside = std::thread::spawn(|| {
                unpin();
                sched_getaffinity(None).unwrap()
            });
            (pinned, beside.join().unwrap())
        });
        assert_eq!(inside.join().unwrap(), (1, before));
    }
}
