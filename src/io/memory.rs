//! Memory that work has left behind goes back to the system when the work is over.
//!
//! What is freed between things that stay is kept by the allocator for what comes next. After a hundred dials at once, or
//! a directory of a hundred thousand files, a process would be several times as large as what it holds, for as long as it
//! runs. Nobody looks, and nothing wakes up, where there was no work.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{blocking, runtime, usage};
use crate::base::time::{self, Duration};

/// How often a look is taken whether the work is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// One that is never at rest gives back all the same after so many looks.
const LOOKS_MAX: usize = 60;
/// A process that took less of a processor since the last look is at rest.
const REST_MAX: Duration = Duration::from_millis(10);
/// Less work than this leaves nothing behind that is worth a search, which takes a hundredth of it.
const WORK_MIN: Duration = Duration::from_millis(30);

/// The processor time that the process had taken, in microseconds, when memory was last given back.
static GIVEN_BACK_AT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this core is looking.
    static LOOKS: Cell<bool> = const { Cell::new(false) };
}

/// Has the allocator work for a process that runs for long and now and then needs much. For the first thread, before there
/// are others.
pub fn prepare() {
    glibc::prepare();
}

/// Something that this core was at is over, and more may be.
pub(super) fn note_rest() {
    if cfg!(target_env = "gnu") && !LOOKS.replace(true) {
        runtime::spawn(give_back_at_rest());
    }
}

async fn give_back_at_rest() {
    let mut before = usage::processor_time();
    for _ in 0..LOOKS_MAX {
        runtime::sleep_until(time::now() + LOOK_EVERY).await;
        let now = usage::processor_time();
        let is_at_rest = now.saturating_sub(before) < REST_MAX;
        before = now;
        if is_at_rest {
            break;
        }
    }
    LOOKS.set(false);
    give_back_after(before);
}

/// Gives memory back if the process has taken enough processor time since it last did, and no other core is about to.
fn give_back_after(processor: Duration) {
    let now = u64::try_from(processor.as_micros()).unwrap_or(u64::MAX);
    let last = GIVEN_BACK_AT.load(Ordering::Relaxed);
    let is_worth_it = u128::from(now.saturating_sub(last)) >= WORK_MIN.as_micros();
    let exchange = || GIVEN_BACK_AT.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
    if is_worth_it && exchange().is_ok() {
        // Where too many jobs wait, this was no rest.
        blocking::start(glibc::give_back);
    }
}

/// What the allocator of glibc is told, and asked for. Other allocators are not known to keep so much.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
mod glibc {
    use libc::{M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, c_int};

    /// Below this, what is freed may be used again; from there on, the system has to clear every page of it each time. It
    /// is the most that mallopt(3) allows.
    const REUSED_BELOW: c_int = if cfg!(target_pointer_width = "64") { 32 * 1024 * 1024 } else { 512 * 1024 };
    /// What may stay at the end of a heap, which malloc_trim(3) does not look at in any arena but the first.
    const KEPT_AT_END: c_int = 4 * 1024 * 1024;

    pub fn prepare() {
        // SAFETY: both change how the next calls of the allocator go about it, and there is no other thread yet.
        unsafe {
            libc::mallopt(M_MMAP_THRESHOLD, REUSED_BELOW);
            libc::mallopt(M_TRIM_THRESHOLD, KEPT_AT_END);
        }
    }

    /// Takes 2 to 3 ms where 50 MB are given back, and holds up whoever asks for memory meanwhile.
    pub fn give_back() {
        // SAFETY: any thread may call it at any time.
        let _ = unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(target_env = "gnu"))]
mod glibc {
    pub fn prepare() {}

    pub fn give_back() {}
}
