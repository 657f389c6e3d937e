//! One core's event loop.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::rc::Rc;

use event_listener::Event;
use monoio::{FusionDriver, RuntimeBuilder};

use crate::base::time::Instant;

/// Entries of the submission queue: a read for every connection, and the writes of one turn.
const RING_ENTRIES: u32 = 1024;

/// Runs a future and everything it spawns on this thread, on io_uring, or on epoll where the kernel refuses it.
///
/// Errors: the kernel gives neither.
pub fn run<F: Future>(future: F) -> io::Result<F::Output> {
    let mut runtime =
        RuntimeBuilder::<FusionDriver>::new().with_entries(RING_ENTRIES).enable_timer().build()?;
    Ok(runtime.block_on(future))
}

/// Tasks that run by themselves, counted for who wants to wait for their end.
#[derive(Debug, Clone, Default)]
pub(super) struct Tasks(Rc<Count>);

#[derive(Debug, Default)]
struct Count {
    running: Cell<usize>,
    ended: Event,
}

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let running = Running::new(&self.0);
        drop(monoio::spawn(async move {
            task.await;
            drop(running);
        }));
    }

    /// Completes when none runs.
    pub(super) async fn none(&self) {
        loop {
            let ended = self.0.ended.listen();
            if self.0.running.get() == 0 {
                return;
            }
            ended.await;
        }
    }
}

struct Running(Rc<Count>);

impl Running {
    fn new(count: &Rc<Count>) -> Self {
        count.running.set(count.running.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
        self.0.ended.notify(usize::MAX);
    }
}

pub(super) async fn sleep_until(at: Instant) {
    monoio::time::sleep_until(monoio::time::Instant::from_std(at)).await;
}
