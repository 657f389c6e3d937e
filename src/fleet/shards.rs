//! Which core owns which host, and how work gets there: at most one hop, and none to a host of this core.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use async_channel::Sender;
use futures_util::future::{LocalBoxFuture, join, join_all};
use futures_util::{FutureExt, StreamExt, stream};

use super::route::Route;
use super::{Caller, Claim, Fleet, HostStatus, Presence};
use crate::base::{Error, Kind, Result, limits};
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

/// What work on many hosts may claim.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    pub claim: Claim,
    /// How much of it one core has under way at a time.
    pub at_once: usize,
    /// How long each answer may be, in bytes.
    pub share: u64,
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

    /// Has work done on many hosts, side by side, and hands over what comes of each as soon as it is there, with its place
    /// among the errands. A core is asked once for all of its hosts; one that fails fails alone. Dropping the future stops
    /// the work everywhere.
    ///
    /// Errors, for each errand: as [`Shards::on`].
    pub async fn on_each<E, T, W, F>(
        &self,
        errands: Vec<(impl AsRef<str>, E)>,
        crowd: Crowd,
        work: W,
        hand_over: &mut dyn FnMut(usize, Result<T>),
    ) where
        E: Send + 'static,
        T: Send + 'static,
        W: Fn(Caller, E) -> F + Clone + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let mut is_due = vec![true; errands.len()];
        let mut owned: Vec<Part<E>> = (0..self.mesh.cores()).map(|_| Vec::new()).collect();
        for (place, (host, errand)) in errands.into_iter().enumerate() {
            match self.owner(host.as_ref()) {
                Ok(core) => owned[core].push((place, errand)),
                Err(error) => {
                    is_due[place] = false;
                    hand_over(place, Err(error));
                }
            }
        }
        let (done, results) = async_channel::bounded(limits::RESULTS_AHEAD_MAX);
        let parts = owned.into_iter().enumerate().filter(|(_, part)| !part.is_empty());
        let parts: Vec<_> =
            parts.map(|(core, part)| self.part(core, part, crowd, work.clone(), done.clone())).collect();
        drop(done);
        let handing_over = async {
            // Until the last core has dropped its end.
            while let Ok((place, result)) = results.recv().await {
                is_due[place] = false;
                hand_over(place, result);
            }
        };
        let (failed, ()) = join(join_all(parts), handing_over).await;
        for (place, error) in failed.into_iter().flatten() {
            if is_due[place] {
                hand_over(place, Err(error));
            }
        }
    }

    /// The errands of one core. What it has no answer to comes back with the reason.
    async fn part<E, T, W, F>(
        &self,
        core: usize,
        part: Part<E>,
        crowd: Crowd,
        work: W,
        done: Sender<(usize, Result<T>)>,
    ) -> Vec<(usize, Error)>
    where
        E: Send + 'static,
        T: Send + 'static,
        W: Fn(Caller, E) -> F + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let places: Vec<usize> = part.iter().map(|(place, _)| *place).collect();
        let asked = self.at(core, move |fleet| async move {
            let caller = Caller::new(fleet, crowd.claim).with_share(crowd.share);
            let (caller, work, done) = (&caller, &work, &done);
            let each = |(place, errand)| async move {
                let result = work(caller.clone(), errand).await;
                // Who does not listen any more has dropped this as well.
                let _ = done.send((place, result)).await;
            };
            stream::iter(part).for_each_concurrent(crowd.at_once, each).await;
        });
        match asked.await {
            Ok(()) => Vec::new(),
            Err(error) => places.into_iter().map(|place| (place, error.clone())).collect(),
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
        self.status_told(&self.names_seen_by(access), &|_, _| ()).await
    }

    /// The names of the hosts that somebody may see, sorted.
    pub fn names_seen_by(&self, access: &Access) -> Vec<Rc<str>> {
        self.own.names().iter().filter(|name| access.includes(name)).cloned().collect()
    }

    /// The same for hosts by their names. `checked` is told how many have been looked after, and how many there are to look
    /// after.
    pub async fn status_told(&self, names: &[Rc<str>], checked: &dyn Fn(usize, usize)) -> Vec<HostStatus> {
        let cores = self.mesh.cores();
        let (mark, marks) = async_channel::bounded(names.len().max(1));
        let found = self.on_all(move |core| {
            let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
            let mark = mark.clone();
            move |fleet: Rc<Fleet>| async move {
                fleet.presences(&names, |route| owner(route, cores) == core, &mark).await
            }
        });
        let is_asked = |name: &&Rc<str>| matches!(self.own.route(name), Ok(Some(_)));
        let (of, mut done) = (names.iter().filter(is_asked).count(), 0);
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
        names.iter().map(|name| self.own.status_of(name, presence(name))).collect()
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

/// Errands of one core, each with its place among all.
type Part<E> = Vec<(usize, E)>;

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
