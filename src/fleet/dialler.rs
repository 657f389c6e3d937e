//! Every dial of a core: past what is remembered of refused logins, and past the host's breaker, which learns from how it
//! ends, as do those who only want to know whether somebody is there.
//!
//! It stands between the pool and the world outside, so that a dial counts once, however many wait for it, and so does
//! each leg of a way with jump hosts: for its own host.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::breaker::Policy;
use super::link::Link;
use super::machine::Shell;
use super::memory::Memory;
use super::net::{Hop, Net};
use super::presence::Presences;
use crate::base::error::Contact;
use crate::base::time::Instant;
use crate::base::{Error, Result};
use crate::config::ssh::Proxy;
use crate::config::{HostConfig, Settings};
use crate::metrics::{Circuit, Counter, Recorder};

/// See the module's documentation.
pub(super) struct Dialler {
    net: Rc<dyn Net>,
    policy: Cell<Policy>,
    recorder: Rc<Recorder>,
    presences: Rc<Presences>,
}

impl Dialler {
    pub(super) fn new(
        net: Rc<dyn Net>,
        settings: &Settings,
        recorder: &Rc<Recorder>,
        presences: &Rc<Presences>,
    ) -> Rc<Self> {
        let policy = Cell::new(Policy::of(settings));
        Rc::new(Self { net, policy, recorder: Rc::clone(recorder), presences: Rc::clone(presences) })
    }

    /// Past what the host has taught. A remembered refusal says nothing of the way there, so the breaker is not asked.
    fn pass(&self, host: &str, memory: &Rc<Memory>) -> Result<Pass> {
        memory.check_login(host, self.net.now())?;
        let mut breaker = memory.breaker.borrow_mut();
        breaker.set_policy(self.policy.get());
        let is_probe = breaker.pass(self.net.now()).map_err(|refused| refused.at(host))?;
        if is_probe {
            self.recorder.count(Counter::CircuitTransitions(Circuit::HalfOpen));
        }
        Ok(Pass {
            net: Rc::clone(&self.net),
            recorder: Rc::clone(&self.recorder),
            memory: Rc::clone(memory),
            is_probe,
            was_in_doubt: memory.patience.borrow().is_in_doubt(),
        })
    }
}

impl Net for Dialler {
    fn dial(
        &self,
        host: Rc<HostConfig>,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>> {
        let pass = match self.pass(&host.alias, &memory) {
            Ok(pass) => pass,
            Err(refused) => return std::future::ready(Err(refused)).boxed_local(),
        };
        let (net, presences) = (Rc::clone(&self.net), Rc::clone(&self.presences));
        async move {
            let is_direct = hop.is_none() && matches!(host.proxy, Proxy::None);
            let before = Before::of(hop.as_ref());
            let hop = hop.map(|hop| before.watched(hop));
            let dialled = net.dial(Rc::clone(&host), memory, hop).await;
            if is_direct {
                presences.learn(&host, &dialled, net.now());
            }
            if let Err(error) = &dialled
                && before.is_there()
            {
                pass.failed(error);
            }
            dialled
        }
        .boxed_local()
    }

    fn probe(&self, host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool> {
        self.net.probe(host)
    }

    fn now(&self) -> Instant {
        self.net.now()
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.net.sleep_until(at)
    }

    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        self.net.spawn(task);
    }

    fn shell(&self) -> Rc<dyn Shell> {
        self.net.shell()
    }

    fn offload(&self, job: Box<dyn FnOnce() + Send>) -> LocalBoxFuture<'static, Result<()>> {
        self.net.offload(job)
    }

    fn reconfigure(&self, settings: &Rc<Settings>) {
        self.policy.set(Policy::of(settings));
        self.net.reconfigure(settings);
    }
}

/// The hop before a host, once its link is there.
#[derive(Clone)]
enum Before {
    Nothing,
    Hop(Rc<RefCell<Option<Rc<Link>>>>),
}

impl Before {
    fn of(hop: Option<&Hop>) -> Self {
        hop.map_or(Self::Nothing, |_| Self::Hop(Rc::default()))
    }

    fn watched(&self, hop: Hop) -> Hop {
        let before = self.clone();
        let link = async move {
            let link = hop.link.await?;
            if let Self::Hop(found) = before {
                found.replace(Some(Rc::clone(&link)));
            }
            Ok(link)
        };
        Hop { name: hop.name, link: link.boxed_local() }
    }

    /// Whether everything before the host works.
    fn is_there(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Hop(found) => found.borrow().as_ref().is_some_and(|link| !link.has_ended()),
        }
    }
}

/// A dial that the breaker has let through. Dropped, it says nothing of the host: what it brought has yet to be of use.
struct Pass {
    net: Rc<dyn Net>,
    recorder: Rc<Recorder>,
    memory: Rc<Memory>,
    is_probe: bool,
    was_in_doubt: bool,
}

impl Pass {
    fn failed(self, error: &Error) {
        let was_cut_short = !self.was_in_doubt && self.memory.patience.borrow().is_in_doubt();
        match error.kind().contact() {
            Contact::Made => self.memory.note_contact(&self.recorder),
            Contact::Failed if !was_cut_short => {
                self.memory.note_failure(error, self.net.now(), &self.recorder);
            }
            Contact::Failed | Contact::Unknown => {}
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe {
            self.memory.breaker.borrow_mut().note_nothing(self.net.now());
        }
    }
}
