//! What this process and that of a server take while something goes on.

use std::cell::{Cell, RefCell};

use futures_util::future::OptionFuture;

use crate::base::time::Duration;
use crate::io::processes::{self, Processes};
use crate::io::site;
use crate::io::usage::Usage;
use crate::rig::Spent;

/// See the module's documentation.
pub struct Sampler {
    own: Meter,
    server: Meter,
    is_played: bool,
    /// Tells the number of the server's process, as soon as it is known.
    find: Box<dyn Fn() -> Option<u32>>,
    processes: RefCell<Option<Processes>>,
}

/// What was seen since the begin of a step.
#[derive(Default)]
struct Meter {
    begin: Cell<Duration>,
    last: Cell<Duration>,
    memory_now: Cell<u64>,
    /// The most of it.
    memory_bytes: Cell<u64>,
}

impl Sampler {
    /// Where `is_played`, the threads that play hosts are not counted as ours; `find` tells the number of a server's process, as soon as it is known.
    pub fn new(is_played: bool, find: impl Fn() -> Option<u32> + 'static) -> Self {
        let (own, server) = (Meter::default(), Meter::default());
        Self { own, server, is_played, find: Box::new(find), processes: RefCell::default() }
    }

    /// A step begins.
    pub async fn begin(&self) {
        self.look().await;
        self.own.begin();
        self.server.begin();
    }

    /// Looks what there is; where that is not possible just now, what was seen before counts.
    pub async fn look(&self) {
        if let Ok(usage) = Usage::now().await {
            let hosts = if self.is_played { processes::of_threads(site::THREADS).await.ok() } else { None };
            let processor = usage.processor.saturating_sub(hosts.unwrap_or_default());
            self.own.note(processor, usage.memory_bytes);
        }
        let known = self.processes.take().or_else(|| (self.find)().map(Processes::of));
        if let Some(Ok(seen)) = OptionFuture::from(known.map(Processes::look)).await {
            self.server.note(seen.processor(), seen.memory_bytes());
            self.processes.replace(Some(seen));
        }
    }

    /// What this process has spent since the begin.
    pub fn own(&self) -> Spent {
        self.own.spent()
    }

    /// What the server has, where it could be seen.
    pub fn server(&self) -> Option<Spent> {
        let is_there = self.processes.borrow().as_ref().is_some_and(Processes::is_there);
        is_there.then(|| self.server.spent())
    }
}

impl Meter {
    fn begin(&self) {
        self.begin.set(self.last.get());
        self.memory_bytes.set(self.memory_now.get());
    }

    fn note(&self, processor: Duration, memory_bytes: u64) {
        self.last.set(processor);
        self.memory_now.set(memory_bytes);
        self.memory_bytes.set(memory_bytes.max(self.memory_bytes.get()));
    }

    fn spent(&self) -> Spent {
        let processor = self.last.get().saturating_sub(self.begin.get());
        Spent { processor, memory_bytes: self.memory_bytes.get() }
    }
}
