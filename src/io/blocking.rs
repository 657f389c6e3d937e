//! Threads for what cannot be awaited: names, small files, the end of processes.
//!
//! Each kind has threads of its own, and a job waits for another of its kind only where there are very many: a name
//! server that does not answer, or a program that does not end, must keep nobody from connecting to another host.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use async_channel::{Receiver, Sender};

use super::cpus;
use crate::base::refusal::Reason;
use crate::base::{Error, Kind, Result};

/// Of each kind. They wait, they do not compute; more dials than this are under way only while a whole fleet is down.
const THREADS_MAX: usize = 128;
/// Jobs of each kind that may wait for a thread.
const JOBS_MAX: usize = 4096;

type Job = Box<dyn FnOnce() + Send>;

/// Name lookups: a resolver waits for its servers for up to half a minute.
pub(super) static NAMES: Threads = Threads::new();
/// Programs that are about to end, or made to.
pub(super) static ENDS: Threads = Threads::new();
/// Everything that is done in a moment.
static QUICK: Threads = Threads::new();

/// Does `job` on another thread, for what is done in a moment. When the future is dropped the job still finishes; nobody
/// hears of it.
///
/// Errors: too many jobs wait already.
pub(super) async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    QUICK.run(job).await
}

/// As [`Threads::start`], for what is done in a moment.
pub(super) fn start(job: impl FnOnce() + Send + 'static) {
    let _ = QUICK.start(job);
}

/// The threads for one kind of job, made when there is something to do for them.
pub(super) struct Threads {
    queue: OnceLock<(Sender<Job>, Receiver<Job>)>,
    count: AtomicUsize,
    /// Jobs that wait or are being done.
    jobs: AtomicUsize,
}

impl Threads {
    pub(super) const fn new() -> Self {
        Self { queue: OnceLock::new(), count: AtomicUsize::new(0), jobs: AtomicUsize::new(0) }
    }

    /// As [`run`].
    pub(super) async fn run<T: Send + 'static>(
        &'static self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = async_channel::bounded(1);
        let is_queued = self.start(move || {
            let _ = sender.try_send(job());
        });
        if !is_queued {
            let text = "Too many name lookups and file reads are waiting; try again later";
            return Err(Error::refused(Reason::Local, Kind::Busy, text));
        }
        let lost = |_| Error::new(Kind::Internal, "a background job ended without a result");
        receiver.recv().await.map_err(lost)
    }

    /// Does `job` some time, for nobody; false, and it is left out, when too many wait already.
    pub(super) fn start(&'static self, job: impl FnOnce() + Send + 'static) -> bool {
        let (sender, receiver) = self.queue.get_or_init(|| async_channel::bounded(JOBS_MAX));
        let jobs = self.jobs.fetch_add(1, Ordering::SeqCst) + 1;
        if sender.try_send(Box::new(job)).is_err() {
            self.jobs.fetch_sub(1, Ordering::SeqCst);
            return false;
        }
        let one_more = |count: usize| (count < jobs.min(THREADS_MAX)).then_some(count + 1);
        if self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok() {
            self.grow(receiver.clone());
        }
        true
    }

    fn grow(&'static self, receiver: Receiver<Job>) {
        let thread = thread::Builder::new().name("blocking".into()).spawn(move || {
            cpus::unpin();
            while let Ok(job) = receiver.recv_blocking() {
                // Whoever waits hears that there is no result; the thread is there for the next job.
                let _ = catch_unwind(AssertUnwindSafe(job));
                self.jobs.fetch_sub(1, Ordering::SeqCst);
            }
        });
        if thread.is_err() {
            // Its jobs are left to the others, and to the next attempt.
            self.count.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::super::runtime;
    use super::*;
    use crate::base::time::Duration;

    #[test]
    fn a_job_that_panics_is_an_error_and_costs_no_thread() {
        static THREADS: Threads = Threads::new();
        runtime::run(async {
            for _ in 0..3 {
                let failed = THREADS.run(|| panic!("a defect of ours")).await.map(|(): ()| ());
                assert_eq!(failed.unwrap_err().kind(), Kind::Internal);
            }
            assert_eq!(THREADS.run(|| 1).await, Ok(1));
        })
        .unwrap();
        // A job counts until a moment after its end.
        while THREADS.jobs.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        assert!((1..=4).contains(&THREADS.count.load(Ordering::SeqCst)));
    }

    #[test]
    fn what_takes_long_keeps_nothing_else_from_being_done() {
        const PATIENCE: Duration = Duration::from_secs(10);
        runtime::run(async {
            let (end, until_ended) = async_channel::bounded::<()>(1);
            let mut slow: Vec<_> = (0..THREADS_MAX - 1)
                .map(|_| {
                    let until_ended = until_ended.clone();
                    NAMES.run(move || until_ended.recv_blocking()).boxed_local()
                })
                .collect();
            assert!(slow.iter_mut().all(|slow| slow.now_or_never().is_none()));
            assert_eq!(runtime::within(PATIENCE, NAMES.run(|| 1)).await, Some(Ok(1)));
            assert_eq!(runtime::within(PATIENCE, run(|| 2)).await, Some(Ok(2)));
            drop(end);
            assert!(join_all(slow).await.iter().all(Result::is_ok));
        })
        .unwrap();
    }
}
