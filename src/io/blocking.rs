//! Threads for what cannot be awaited: names, small files, the end of processes.

use std::sync::OnceLock;
use std::thread;

use async_channel::{Receiver, Sender};

use super::cpus;
use crate::base::{Error, Kind, Result};

/// Enough for a few slow name servers; the jobs wait, they do not compute.
const THREADS: usize = 8;
/// Jobs that may wait for a thread.
const JOBS_MAX: usize = 4096;

type Job = Box<dyn FnOnce() + Send>;

/// Does `job` on another thread. When the future is dropped the job still finishes; nobody hears of it.
///
/// Errors: too many jobs wait already.
pub(super) async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (sender, receiver) = async_channel::bounded(1);
    let job: Job = Box::new(move || {
        let _ = sender.try_send(job());
    });
    let busy =
        |_| Error::new(Kind::Busy, "Too many name lookups and file reads are waiting; try again later");
    queue().try_send(job).map_err(busy)?;
    let lost = |_| Error::new(Kind::Internal, "a background job ended without a result");
    receiver.recv().await.map_err(lost)
}

/// Does `job` on another thread some time, for nobody. It is left out when too many jobs wait already.
pub(super) fn start(job: impl FnOnce() + Send + 'static) {
    let _ = queue().try_send(Box::new(job));
}

fn queue() -> &'static Sender<Job> {
    static QUEUE: OnceLock<Sender<Job>> = OnceLock::new();
    QUEUE.get_or_init(|| {
        let (sender, receiver) = async_channel::bounded(JOBS_MAX);
        for _ in 0..THREADS {
            let receiver: Receiver<Job> = receiver.clone();
            // A thread that does not start leaves its jobs to the others.
            let _ = thread::Builder::new().name("blocking".into()).spawn(move || {
                cpus::unpin();
                while let Ok(job) = receiver.recv_blocking() {
                    job();
                }
            });
        }
        sender
    })
}
