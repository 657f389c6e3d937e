//! What nobody has of the bounds of the process: a number each, which any core may take from. Knows of the other cores
//! only that they can be told something.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::{self, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::config::Settings;
use crate::fleet::{Bank, Fleet, Job, Mesh, Note, Quota, Quotas};

/// See the module's documentation.
pub struct Banks {
    connections: Count,
    executing: Count,
    admitted: Count,
}

struct Count {
    left: AtomicUsize,
    /// Cores that want to know when there is more.
    asked: Box<[AtomicBool]>,
    /// How many of them there are, so that nobody looks for them who need not.
    asked_count: AtomicUsize,
    of: fn(&Quotas) -> &Rc<Quota>,
    /// Brings one back that a core holds and does not need; `None` where cores hold only what they need.
    spare: Option<Spare>,
}

/// Now or not at all, which it tells, or as soon as that is possible.
type Spare = fn(Rc<Fleet>, When) -> LocalBoxFuture<'static, bool>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    Soon,
}

fn spare_connection(fleet: Rc<Fleet>, when: When) -> LocalBoxFuture<'static, bool> {
    async move {
        match when {
            When::Now => fleet.give_up_idle(),
            When::Soon => {
                fleet.give_up_next_idle().await;
                true
            }
        }
    }
    .boxed_local()
}

impl Banks {
    pub fn new(settings: &Settings, cores: usize) -> Arc<Self> {
        let count = |max, of, spare| Count {
            left: AtomicUsize::new(max),
            asked: (0..cores).map(|_| AtomicBool::new(false)).collect(),
            asked_count: AtomicUsize::new(0),
            of,
            spare,
        };
        Arc::new(Self {
            connections: count(
                settings.max_pool_size,
                |quotas| &quotas.connections,
                Some(spare_connection as Spare),
            ),
            executing: count(settings.max_concurrency, |quotas| &quotas.executing, None),
            admitted: count(settings.admitted_max(), |quotas| &quotas.admitted, None),
        })
    }

    /// The bounds as one core sees them, from its end of the mesh.
    pub fn quotas(self: &Arc<Self>, mesh: &Rc<dyn Mesh>) -> Quotas {
        let quota = |count: fn(&Banks) -> &Count| {
            Quota::new(Box::new(Branch { banks: Arc::clone(self), count, mesh: Rc::clone(mesh) }))
        };
        Quotas {
            connections: quota(|banks| &banks.connections),
            executing: quota(|banks| &banks.executing),
            admitted: quota(|banks| &banks.admitted),
        }
    }
}

/// A core's way to one of the counts.
struct Branch {
    banks: Arc<Banks>,
    count: fn(&Banks) -> &Count,
    mesh: Rc<dyn Mesh>,
}

impl Branch {
    fn count(&self) -> &Count {
        (self.count)(&self.banks)
    }

    /// The next core round the circle that asked, and is told now.
    fn take_asker(&self) -> Option<usize> {
        let cores = self.mesh.cores();
        let others = (1..cores).map(|step| (self.mesh.here() + step) % cores);
        self.count().take_question(others)
    }

    fn tell(&self, core: usize, news: fn(&Quota)) {
        let of = self.count().of;
        let note: Note = Box::new(move |fleet| news(of(fleet.quotas())));
        self.mesh.tell(core, note);
    }
}

// Who asks and then finds nothing must be seen by whoever gives after that: both sides write one value and then read the
// other's, which only a single total order of all four makes safe.
impl Bank for Branch {
    fn try_take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.count().left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    /// Sends it to a core that asked. Were it put back for whoever is the first, that would always be a core with many
    /// waiting, and the others would never get a turn.
    fn give(&self) {
        if let Some(other) = self.take_asker() {
            return self.tell(other, Quota::handle_sent);
        }
        self.count().left.fetch_add(1, Ordering::SeqCst);
        while let Some(other) = self.take_asker() {
            self.tell(other, Quota::handle_given);
        }
    }

    fn ask(&self) {
        let count = self.count();
        if let Some(asked) = count.asked.get(self.mesh.here()) {
            // The number first: a flag that is set while it says none would be overlooked.
            count.asked_count.fetch_add(1, Ordering::SeqCst);
            if asked.swap(true, Ordering::SeqCst) {
                count.asked_count.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        match self.count().spare {
            Some(spare) => call_in(Rc::clone(&self.mesh), spare).boxed_local(),
            None => future::pending().boxed_local(),
        }
    }
}

/// Goes round the other cores, so that only one of them closes what it may want again; where none can, waits for all.
async fn call_in(mesh: Rc<dyn Mesh>, spare: Spare) {
    let cores = mesh.cores();
    let others: Vec<_> = (1..cores).map(|step| (mesh.here() + step) % cores).collect();
    let ask = |other, when| {
        let job: Job =
            Box::new(move |fleet| async move { Box::new(spare(fleet, when).await) as _ }.boxed_local());
        let answer = mesh.call(other, job);
        async move { answer.await.is_ok_and(|outcome| outcome.downcast_ref() == Some(&true)) }.boxed_local()
    };
    for other in &others {
        if ask(*other, When::Now).await {
            return;
        }
    }
    let mut soon: FuturesUnordered<_> = others.iter().map(|other| ask(*other, When::Soon)).collect();
    while let Some(is_spared) = soon.next().await {
        if is_spared {
            return;
        }
    }
    // Nobody can be asked any more.
    future::pending().await
}

impl Count {
    /// The first of some cores that asked, which is told now.
    fn take_question(&self, mut cores: impl Iterator<Item = usize>) -> Option<usize> {
        if self.asked_count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let has_asked =
            |core: &usize| self.asked.get(*core).is_some_and(|asked| asked.swap(false, Ordering::SeqCst));
        let asker = cores.find(has_asked)?;
        self.asked_count.fetch_sub(1, Ordering::SeqCst);
        Some(asker)
    }
}
