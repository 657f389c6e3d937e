//! Processors: how many there are for us, and which thread stays on which.
//!
//! Where there is a core for every processor, its thread stays on it; threads beside it and programs we start are free to
//! go anywhere.

use std::sync::OnceLock;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// As many as have more to do than one client can ask for.
const BESIDE_A_CLIENT_MAX: usize = 4;

/// What this process was allowed before any thread was pinned.
fn allowed() -> Option<&'static CpuSet> {
    static ALLOWED: OnceLock<Option<CpuSet>> = OnceLock::new();
    ALLOWED.get_or_init(|| sched_getaffinity(None).ok()).as_ref()
}

/// How many cores are worth having: processors that we may use, or as many as our share of them amounts to (cgroups).
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The same beside one client on this machine, which waits for our answers and has work of its own: every core of ours
/// that it wakes takes a processor from it, and holds a megabyte.
pub fn count_beside_a_client() -> usize {
    beside_a_client(count())
}

fn beside_a_client(processors: usize) -> usize {
    (processors / 2).clamp(1, BESIDE_A_CLIENT_MAX)
}

/// Keeps this thread on the processor of a core, where there is a core for every processor. Elsewhere, and where the
/// kernel does not let us, it runs wherever there is room: other servers would all be on the same few.
pub(super) fn pin(core: usize, cores: usize) {
    let Some(allowed) = allowed() else { return };
    if cores != allowed.count() as usize {
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
    fn one_client_has_use_for_a_few_cores() {
        let table = [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4), (64, 4)];
        assert_eq!(table.map(|(processors, _)| beside_a_client(processors)), table.map(|(_, cores)| cores));
    }

    #[test]
    fn a_pinned_thread_starts_threads_that_are_not() {
        let before = sched_getaffinity(None).unwrap();
        let all = before.count() as usize;
        let inside = std::thread::spawn(move || {
            // With more or fewer cores than processors nothing is pinned.
            pin(0, all + 1);
            pin(0, all.saturating_sub(1));
            assert_eq!(sched_getaffinity(None).unwrap().count() as usize, all);
            pin(0, all);
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
