//! One core's event loop.

use std::future::Future;
use std::io;

use futures_util::FutureExt;
use io_uring::IoUring;
use monoio::{FusionDriver, RuntimeBuilder};

use crate::base::time::{self, Duration, Instant};

/// Entries of the submission queue: a read for every connection, and the writes of one turn.
const RING_ENTRIES: u32 = 1024;

/// Runs a future and everything it spawns on this thread, on io_uring, or on epoll where the kernel refuses it.
///
/// Errors: the kernel gives neither.
pub fn run<F: Future>(future: F) -> io::Result<F::Output> {
    let build = |ring: io_uring::Builder| {
        let builder = RuntimeBuilder::<FusionDriver>::new().with_entries(RING_ENTRIES);
        builder.uring_builder(ring).enable_timer().build()
    };
    // Kernels before 5.19 do not know the first.
    let mut runtime = build(cooperative()).or_else(|_| build(IoUring::builder()))?;
    Ok(runtime.block_on(future))
}

/// A ring that does not interrupt the loop for what has come: the loop asks for it each time it goes round. Otherwise
/// whatever comes to a core at work costs an interrupt of its processor, which halves how fast two cores talk.
fn cooperative() -> io_uring::Builder {
    let mut ring = IoUring::builder();
    ring.setup_coop_taskrun();
    ring
}

/// Whether the event loops of this process are on io_uring.
pub(super) fn has_ring() -> bool {
    monoio::utils::detect_uring()
}

/// The same on epoll even where io_uring is offered.
#[cfg(test)]
pub(super) fn run_on_epoll<F: Future>(future: F) -> io::Result<F::Output> {
    let mut runtime = RuntimeBuilder::<monoio::LegacyDriver>::new().enable_timer().build()?;
    Ok(runtime.block_on(future))
}

/// The time by the clock of the event loops, before there is one.
pub fn now() -> Instant {
    time::now()
}

pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
    drop(monoio::spawn(future));
}

pub(crate) fn sleep_until(at: Instant) -> impl Future<Output = ()> {
    monoio::time::sleep_until(monoio::time::Instant::from_std(at))
}

/// The result of `work`, or `None` when it takes longer than `limit`. Unfinished work is dropped, its socket with it.
///
/// No `async fn`, which would have room for the work twice: as its argument, and as what it awaits.
pub(crate) fn within<T>(limit: Duration, work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
    monoio::time::timeout(limit, work).map(Result::ok)
}
