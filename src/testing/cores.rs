//! The cores of a simulated process: mail that takes its time, and the banks that all of them take from.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::world::World;
use crate::base::Result;
use crate::base::time::Duration;
use crate::config::Settings;
use crate::fleet::net::Net;
use crate::fleet::{Fleet, Job, Mesh, Note, Outcome, Shards};
use crate::io::mesh::Banks;

/// See the module's documentation.
pub struct Cores {
    fleets: RefCell<Vec<Rc<Fleet>>>,
    net: Rc<dyn Net>,
    mail: Duration,
}

impl Cores {
    /// `mail` is how long a word is under way from one to another.
    pub fn new(world: &World, settings: &Settings, count: usize, mail: Duration) -> Rc<Self> {
        let cores = Rc::new(Self { fleets: RefCell::default(), net: world.net(), mail });
        let banks = Banks::new(settings, count);
        for here in 0..count {
            let quotas = banks.quotas(&cores.post(here));
            let fleet = world.core(settings.clone(), &quotas);
            cores.fleets.borrow_mut().push(fleet);
        }
        cores
    }

    /// All hosts, as the core of a number sees them.
    pub fn shards(self: &Rc<Self>, here: usize) -> Rc<Shards> {
        Shards::new(self.fleet(here), self.post(here))
    }

    /// The core's own part, in the order of their numbers.
    pub fn fleets(&self) -> Vec<Rc<Fleet>> {
        self.fleets.borrow().clone()
    }

    /// What holds itself up comes down.
    pub fn end(&self) {
        self.fleets.take();
    }

    fn post(self: &Rc<Self>, here: usize) -> Rc<dyn Mesh> {
        Rc::new(Post { cores: Rc::clone(self), here })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn what_is_sent_to_a_core_that_asked_is_for_nobody_else_until_it_has_looked() {
        let world = World::new();
        let settings = Settings { max_concurrency: 1, ..testing::settings() };
        let cores = Cores::new(&world, &settings, 3, Duration::ZERO);
        let fleets = cores.fleets();
        let [first, second, third] = [0, 1, 2].map(|core| &fleets[core].quotas().executing);
        let taken = third.try_take();
        let (heard, other) = (first.listen(), second.listen());
        drop(taken);
        world.settle();
        assert!(third.try_take().is_none() && second.try_take().is_none());
        let taken = first.try_take();
        assert!(taken.is_some());
        drop((taken, heard));
        world.settle();
        assert!(third.try_take().is_none() && first.try_take().is_none());
        // It does not want it any more.
        drop(other);
        world.settle();
        assert!(third.try_take().is_some());
        cores.end();
    }
}
