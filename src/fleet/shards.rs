//! Which core owns which host, and how work gets there: at most one hop, and none to a host of this core.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join, join_all};

use super::route::Route;
use super::{Caller, Claim, Fleet, HostStatus, Presence};
use crate::base::{Error, Kind, Result};
use crate::config::{Access, Settings, SharedConfig};
use crate::metrics::Snapshot;

/// Work for another core, on the fleet that it owns.
pub type Job = Box<dyn FnOnce(Rc<Fleet>) -> LocalBoxFuture<'static, Outcome> + Send>;
/// What comes back; of the type that the job was made for.
pub type Outcome = Box<dyn Any + Send>;
/// A word to another core, which nobody waits for.
pub type Note = Box<dyn FnOnce(&Rc<Fleet>) + Send>;

/// The cores of the process and the mail between them.
pub trait Mesh {
    fn cores(&self) -> usize;

    /// The number of this core, from 0.
    fn here(&self) -> usize;

    /// Has work done by another core. Dropping the future stops the work there.
    ///
    /// Errors: `Busy` when too much is under way between cores.
    fn call(&self, core: usize, job: Job) -> LocalBoxFuture<'static, Result<Outcome>>;

    /// Leaves word with another core.
    fn tell(&self, core: usize, note: Note);
}

/// All hosts of the process, as one core sees them.
pub struct Shards {
    own: Rc<Fleet>,
    mesh: Rc<dyn Mesh>,
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("here", &self.mesh.here()).finish_non_exhaustive()
    }
}

impl Shards {
    pub fn new(own: Rc<Fleet>, mesh: Rc<dyn Mesh>) -> Rc<Self> {
        Rc::new(Self { own, mesh })
    }

    /// How many cores there are.
    pub fn cores(&self) -> usize {
        self.mesh.cores()
    }

    /// Of a process with one core.
    pub fn alone(own: Rc<Fleet>) -> Rc<Self> {
        Self::new(own, Rc::new(Alone))
    }

    /// The fleet of this core.
    pub fn own(&self) -> &Rc<Fleet> {
        &self.own
    }

    /// Has work done by the owner of a host.
    ///
    /// Errors: the host is not known or its configuration is broken; the other core has too much to do; those of the
    /// work.
    pub async fn on<T, W, F>(&self, host: &str, claim: Claim, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(Caller) -> F + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let owner = self.owner(host)?;
        self.at(owner, move |fleet| work(Caller::new(fleet, claim))).await?
    }

    /// Has work done on many hosts, side by side, and gathers what comes of it in their order. `work` is done once for
    /// each, with its place among them. A core is asked once for all of its hosts, and one that fails fails alone.
    ///
    /// Errors, for each host: as [`Shards::on`].
    pub async fn on_each<T, W, F>(&self, hosts: &[impl AsRef<str>], claim: Claim, work: W) -> Vec<Result<T>>
    where
        T: Send + 'static,
        W: Fn(Caller, usize) -> F + Clone + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let mut results: Vec<Option<Result<T>>> = hosts.iter().map(|_| None).collect();
        let mut owned = vec![Vec::new(); self.mesh.cores()];
        for (place, (host, result)) in hosts.iter().zip(&mut results).enumerate() {
            match self.owner(host.as_ref()) {
                Ok(core) => owned[core].push(place),
                Err(error) => *result = Some(Err(error)),
            }
        }
        let parts = owned.into_iter().enumerate().filter(|(_, places)| !places.is_empty());
        let parts = join_all(parts.map(|(core, places)| self.part(core, places, claim, work.clone())));
        for (place, result) in parts.await.into_iter().flatten() {
            results[place] = Some(result);
        }
        let lost = || Err(Error::new(Kind::Internal, "nobody answered for a host"));
        results.into_iter().map(|result| result.unwrap_or_else(lost)).collect()
    }

    /// The hosts of one core, by their places.
    async fn part<T, W, F>(
        &self,
        core: usize,
        places: Vec<usize>,
        claim: Claim,
        work: W,
    ) -> Vec<(usize, Result<T>)>
    where
        T: Send + 'static,
        W: Fn(Caller, usize) -> F + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let asked = places.clone();
        let done = self.at(core, move |fleet| {
            let caller = Caller::new(fleet, claim);
            join_all(asked.into_iter().map(move |place| work(caller.clone(), place)))
        });
        match done.await {
            Ok(results) => places.into_iter().zip(results).collect(),
            Err(error) => places.into_iter().map(|place| (place, Err(error.clone()))).collect(),
        }
    }

    /// Every core looks after its own hosts from now on: keeps some connected, asks others whether they are there.
    pub fn tend(&self) {
        let cores = self.mesh.cores();
        self.tell_all(|core| {
            move |fleet: &Rc<Fleet>| {
                let tend = Rc::clone(fleet).tend(core, move |route| owner(route, cores) == core);
                fleet.spawn(tend);
            }
        });
    }

    /// All cores go on with another configuration.
    pub fn reconfigure(&self, config: &SharedConfig, settings: &Settings) {
        self.tell_all(|_| {
            let (config, settings) = (SharedConfig::clone(config), settings.clone());
            move |fleet: &Rc<Fleet>| fleet.reconfigure(config, settings)
        });
    }

    /// The hosts that somebody may see, with a mark for those that are known to be there. Every core looks after its own.
    pub async fn status(&self, access: &Access) -> Vec<HostStatus> {
        self.status_told(access, &|_, _| ()).await
    }

    /// The same. `checked` is told how many hosts have been looked after, and how many there are to look after.
    pub async fn status_told(&self, access: &Access, checked: &dyn Fn(usize, usize)) -> Vec<HostStatus> {
        let cores = self.mesh.cores();
        let names = self.own.names();
        let (mark, marks) = async_channel::bounded(names.len().max(1));
        let found = self.on_all(move |core| {
            let (access, mark) = (access.clone(), mark.clone());
            move |fleet: Rc<Fleet>| async move {
                fleet.presences(&access, |route| owner(route, cores) == core, &mark).await
            }
        });
        let seen = || names.iter().filter(|name| access.includes(name));
        let is_asked = |name: &&Rc<str>| matches!(self.own.route(name), Ok(Some(_)));
        let (of, mut done) = (seen().filter(is_asked).count(), 0);
        let count = async {
            // Until the last core has dropped its end.
            while let Ok(()) = marks.recv().await {
                done += 1;
                checked(done, of.max(done));
            }
        };
        let (found, ()) = join(found, count).await;
        // By name: while the configuration changes, cores may know different hosts.
        let presences: HashMap<_, _> = found.into_iter().flatten().flatten().collect();
        let presence = |name: &str| presences.get(name).copied().unwrap_or(Presence::Unknown);
        seen().map(|name| self.own.status_of(name, presence(name))).collect()
    }

    /// What the cores have done so far, all together.
    ///
    /// Errors: a core has too much to do.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let snapshots = self.on_all(|_| |fleet: Rc<Fleet>| async move { fleet.snapshot() }).await;
        let mut snapshots = snapshots.into_iter();
        let own = snapshots.next().unwrap_or_else(|| Ok(self.own.snapshot()))?;
        snapshots.try_fold(own, |mut all, other| {
            all.merge(&other?);
            Ok(all)
        })
    }

    /// Asks every core, and gathers what they say in their order. `work` makes the question for the core of a number.
    pub async fn on_all<T, W, F>(&self, work: impl Fn(usize) -> W) -> Vec<Result<T>>
    where
        T: Send + 'static,
        W: FnOnce(Rc<Fleet>) -> F + Send + 'static,
        F: Future<Output = T> + 'static,
    {
        join_all((0..self.mesh.cores()).map(|core| self.at(core, work(core)))).await
    }

    /// Has work done by the core of a number.
    ///
    /// Errors: the other core has too much to do.
    pub async fn at<T, W, F>(&self, core: usize, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(Rc<Fleet>) -> F + Send + 'static,
        F: Future<Output = T> + 'static,
    {
        if core == self.mesh.here() {
            return Ok(work(Rc::clone(&self.own)).await);
        }
        let job: Job = Box::new(move |fleet| {
            let work = work(fleet);
            async move { Box::new(work.await) as Outcome }.boxed_local()
        });
        let outcome = self.mesh.call(core, job).await;
        self.own.recorder().count_refusal(&outcome);
        let outcome = outcome?;
        let foreign = |_| Error::new(Kind::Internal, "another core answered something else than was asked");
        outcome.downcast::<T>().map(|outcome| *outcome).map_err(foreign)
    }

    /// Leaves word with every core. `word` makes it for the core of a number.
    fn tell_all<W: FnOnce(&Rc<Fleet>) + Send + 'static>(&self, word: impl Fn(usize) -> W) {
        for core in (0..self.mesh.cores()).filter(|core| *core != self.mesh.here()) {
            self.mesh.tell(core, Box::new(word(core)));
        }
        word(self.mesh.here())(&self.own);
    }

    /// Who owns a host: a function of where the way there begins, so that everything behind a jump host is with it and
    /// shares its connection, and names of one address are together.
    fn owner(&self, host: &str) -> Result<usize> {
        Ok(match self.own.route(host)? {
            Some(route) => owner(&route, self.mesh.cores()),
            None => self.mesh.here(),
        })
    }
}

fn owner(route: &Rc<Route>, cores: usize) -> usize {
    let first = route.first_hop().unwrap_or(route);
    let mut hasher = DefaultHasher::new();
    (&first.host.hostname, first.host.port).hash(&mut hasher);
    // The remainder is less than `cores`.
    usize::try_from(hasher.finish() % cores.max(1) as u64).unwrap_or_default()
}

struct Alone;

impl Mesh for Alone {
    fn cores(&self) -> usize {
        1
    }

    fn here(&self) -> usize {
        0
    }

    fn call(&self, core: usize, _job: Job) -> LocalBoxFuture<'static, Result<Outcome>> {
        let error = Error::new(Kind::Internal, format!("there is no core {core}"));
        std::future::ready(Err(error)).boxed_local()
    }

    fn tell(&self, _core: usize, _note: Note) {}
}
