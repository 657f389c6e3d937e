//! The cores of a simulated process: mail that takes its time, and banks that all of them take from. What is said of
//! both in `io/mesh` is true here, but for the threads.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::{self, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::base::Result;
use crate::base::time::Duration;
use crate::config::Settings;
use crate::fleet::net::Net;
use crate::fleet::{Bank, Fleet, Job, Mesh, Note, Outcome, Quota, Quotas, Shards};
use crate::testing::world::World;

/// See the module's documentation.
pub(super) struct Cores {
    fleets: RefCell<Vec<Rc<Fleet>>>,
    net: Rc<dyn Net>,
    mail: Duration,
}

impl Cores {
    /// `mail` is how long a word is under way from one to another.
    pub fn new(world: &World, settings: &Settings, count: usize, mail: Duration) -> Rc<Self> {
        let cores = Rc::new(Self { fleets: RefCell::default(), net: world.net(), mail });
        let bounds = [settings.max_pool_size, settings.max_concurrency, settings.admitted_max()];
        let [connections, executing, admitted] =
            bounds.map(|max| Rc::new(Bound { left: Cell::new(max), asked: RefCell::default() }));
        for here in 0..count {
            let quota = |bound: &Rc<Bound>, of: Of, spares| {
                let (bound, cores) = (Rc::clone(bound), Rc::clone(&cores));
                Quota::new(Box::new(Branch { bound, of, spares, cores, here }))
            };
            let quotas = Quotas {
                connections: quota(&connections, |quotas| &quotas.connections, true),
                executing: quota(&executing, |quotas| &quotas.executing, false),
                admitted: quota(&admitted, |quotas| &quotas.admitted, false),
            };
            let fleet = world.core(settings.clone(), &quotas);
            cores.fleets.borrow_mut().push(fleet);
        }
        cores
    }

    /// All hosts, as the core of a number sees them.
    pub fn shards(self: &Rc<Self>, here: usize) -> Rc<Shards> {
        Shards::new(self.fleet(here), Rc::new(Post { cores: Rc::clone(self), here }))
    }

    pub fn fleets(&self) -> Vec<Rc<Fleet>> {
        self.fleets.borrow().clone()
    }

    /// What holds itself up comes down.
    pub fn end(&self) {
        self.fleets.take();
    }

    fn fleet(&self, core: usize) -> Rc<Fleet> {
        Rc::clone(&self.fleets.borrow()[core])
    }

    fn count(&self) -> usize {
        self.fleets.borrow().len()
    }

    fn under_way(&self) -> LocalBoxFuture<'static, ()> {
        self.net.sleep_until(self.net.now() + self.mail)
    }
}

struct Post {
    cores: Rc<Cores>,
    here: usize,
}

impl Mesh for Post {
    fn cores(&self) -> usize {
        self.cores.count()
    }

    fn here(&self) -> usize {
        self.here
    }

    fn call(&self, core: usize, job: Job) -> LocalBoxFuture<'static, Result<Outcome>> {
        let cores = Rc::clone(&self.cores);
        async move {
            cores.under_way().await;
            let outcome = job(cores.fleet(core)).await;
            cores.under_way().await;
            Ok(outcome)
        }
        .boxed_local()
    }

    fn tell(&self, core: usize, note: Note) {
        let cores = Rc::clone(&self.cores);
        let told = async move {
            cores.under_way().await;
            note(&cores.fleet(core));
        };
        self.cores.net.spawn(told.boxed_local());
    }
}

/// What nobody has of a bound, and the cores that asked for more.
struct Bound {
    left: Cell<usize>,
    asked: RefCell<Vec<usize>>,
}

type Of = fn(&Quotas) -> &Rc<Quota>;

/// A core's way to a bound.
struct Branch {
    bound: Rc<Bound>,
    of: Of,
    /// Cores hold what they do not need.
    spares: bool,
    cores: Rc<Cores>,
    here: usize,
}

impl Bank for Branch {
    fn try_take(&self) -> bool {
        let left = self.bound.left.get().checked_sub(1);
        left.inspect(|left| self.bound.left.set(*left)).is_some()
    }

    fn give(&self) {
        self.bound.left.set(self.bound.left.get() + 1);
        let (of, post) = (self.of, Post { cores: Rc::clone(&self.cores), here: self.here });
        for core in self.bound.asked.take().into_iter().filter(|core| *core != self.here) {
            post.tell(core, Box::new(move |fleet| of(fleet.quotas()).handle_given()));
        }
    }

    fn ask(&self) {
        let mut asked = self.bound.asked.borrow_mut();
        if !asked.contains(&self.here) {
            asked.push(self.here);
        }
    }

    fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        match self.spares {
            true => call_in(Post { cores: Rc::clone(&self.cores), here: self.here }).boxed_local(),
            false => future::pending().boxed_local(),
        }
    }
}

async fn call_in(post: Post) {
    let others: Vec<_> = (1..post.cores()).map(|step| (post.here + step) % post.cores()).collect();
    for other in &others {
        let now: Job =
            Box::new(|fleet| future::ready(Box::new(fleet.give_up_idle()) as Outcome).boxed_local());
        if post.call(*other, now).await.is_ok_and(|outcome| outcome.downcast_ref() == Some(&true)) {
            return;
        }
    }
    let soon = others.iter().map(|other| {
        let give_up = async |fleet: Rc<Fleet>| {
            fleet.give_up_next_idle().await;
            Box::new(()) as Outcome
        };
        post.call(*other, Box::new(move |fleet| give_up(fleet).boxed_local()))
    });
    let mut soon: FuturesUnordered<_> = soon.collect();
    if soon.next().await.is_none() {
        future::pending().await
    }
}
