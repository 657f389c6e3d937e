//! The figures of this process, gathered when somebody asks for them.

use std::cell::Cell;
use std::path::PathBuf;
use std::process;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, pending};
use futures_util::{FutureExt, TryFutureExt};

use super::recent::Recent;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::Shards;
use crate::io::stats::{self, Listener};
use crate::io::usage::Usage;
use crate::metrics::{self, Histogram, Process, Report, Snapshot, Source};

/// Who is asked.
#[derive(Debug)]
pub struct Stats {
    shards: Rc<Shards>,
    started: Instant,
    /// When it was last asked how busy the process is, and what processor time it had taken by then.
    looked: Cell<(Instant, Duration)>,
    exposed: Recent<Result<Rc<str>>>,
}

/// Between questions this near to each other the processor time says nothing.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Stats {
    pub fn new(shards: Rc<Shards>) -> Rc<Self> {
        let started = shards.own().now();
        let looked = Cell::new((started, Duration::ZERO));
        Rc::new(Self { shards, started, looked, exposed: Recent::default() })
    }

    /// Lets other processes of the user ask, as long as the result is kept. A server that cannot is none the worse.
    pub fn offer(self: &Rc<Self>, folders: &[PathBuf]) -> Option<Listener> {
        let this = Rc::clone(self);
        let say = move || {
            let this = Rc::clone(&this);
            async move { this.report().await.ok().map(|report| report.json()) }.boxed_local()
        };
        let listener = stats::listen(folders, Rc::new(say));
        listener
            .inspect_err(|reason| tracing::info!("`scout-mcp stats` will not see this server: {reason}"))
            .ok()
    }

    /// Records by how much the process grows, for as long as it is polled.
    ///
    /// Errors: never.
    pub async fn watch_memory(&self) -> Result<()> {
        let own = self.shards.own();
        let mut before = memory().await;
        loop {
            own.within(limits::MEMORY_LOOKED_AT_EVERY, pending(), || Ok(())).await?;
            let now = memory().await;
            if let (Some(before), Some(now)) = (before, now) {
                let growth = per_hour(now.saturating_sub(before), limits::MEMORY_LOOKED_AT_EVERY);
                own.recorder().size(Histogram::MemoryGrowth, growth);
            }
            before = now;
        }
    }

    /// Everything, as Prometheus reads it, as it is or was a moment ago.
    ///
    /// Errors: the cores have too much to do, or one of them does not answer.
    pub async fn exposition(self: &Rc<Self>) -> Result<Rc<str>> {
        let this = Rc::clone(self);
        self.exposed.get(self.shards.own().now(), || async move { this.expose().await }).await
    }

    async fn expose(&self) -> Result<Rc<str>> {
        let late = || Err(Error::new(Kind::RequestTimeout, "A core does not answer in time"));
        let gathered = self.shards.own().within(limits::STATS_PATIENCE, self.gather(), late);
        gathered.await.map(|(snapshot, process)| metrics::exposition(&snapshot, &process).into())
    }

    async fn gather(&self) -> Result<(Snapshot, Process)> {
        let snapshot = self.shards.snapshot().await?;
        let now = self.shards.own().now();
        // Too many jobs wait: what else there is to say is said.
        let usage = Usage::now().await.unwrap_or_default();
        let process = Process {
            pid: process::id(),
            started: usage.started,
            uptime: now - self.started,
            memory_bytes: usage.memory_bytes,
            descriptors: usage.descriptors,
            cpu_percent: self.busy(now, usage.processor),
            processor: usage.processor,
        };
        Ok((snapshot, process))
    }

    /// Per cent of one core since the last question; since the start for the first one.
    fn busy(&self, now: Instant, processor: Duration) -> f64 {
        let (then, before) = self.looked.get();
        let past = now.saturating_duration_since(then).max(LOOK_EVERY);
        self.looked.set((now, processor.max(before)));
        100.0 * processor.saturating_sub(before).div_duration_f64(past)
    }
}

/// `None` where it cannot be told.
async fn memory() -> Option<u64> {
    Usage::now().await.ok().map(|usage| usage.memory_bytes).filter(|bytes| *bytes > 0)
}

fn per_hour(bytes: u64, time: Duration) -> usize {
    const HOUR: Duration = Duration::from_secs(3_600);
    usize::try_from(u128::from(bytes) * HOUR.as_millis() / time.as_millis().max(1)).unwrap_or(usize::MAX)
}

impl Source for Stats {
    fn report(&self) -> LocalBoxFuture<'_, Result<Report>> {
        self.gather().map_ok(|(snapshot, process)| Report::new(&snapshot, process)).boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Fleet;
    use crate::io::cores;
    use crate::metrics::{Counter, Reason};
    use crate::testing;

    #[test]
    fn a_scrape_tells_of_all_cores_and_of_the_process() {
        let settings = testing::settings();
        let scrape = async |shards: Rc<Shards>| {
            let count = |_| async |fleet: Rc<Fleet>| fleet.recorder().count(Counter::Rejected(Reason::Queue));
            shards.on_all(count).await;
            Stats::new(shards).exposition().await
        };
        let told = cores::run(3, &settings, testing::fleet, Vec::new(), scrape).unwrap().unwrap();
        assert!(told.contains("\nrejected_total{reason=\"queue\"} 3\n"), "{told}");
        assert!(told.contains("\nprocess_open_fds ") && !told.contains("\nprocess_open_fds 0\n"), "{told}");
    }

    #[test]
    fn growth_is_told_for_an_hour() {
        assert_eq!(per_hour(1_000, Duration::from_secs(600)), 6_000);
        assert_eq!(per_hour(0, Duration::ZERO), 0);
        assert_eq!(per_hour(u64::MAX, Duration::from_millis(1)), usize::MAX);
    }
}
