//! Bounds of the whole process: connections, requests at work, requests taken on. Each core takes from them what it
//! needs, one by one, and gives it back; a [`Bank`] holds what nobody has.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use event_listener::{Event, EventListener};
use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};

use crate::config::Settings;

/// What nobody has of a bound. Shared by all cores, so its methods never wait.
pub trait Bank {
    /// Takes one, if there is one.
    fn try_take(&self) -> bool;

    /// Brings one back, to a core that asked where there is one, so that the others cannot take it before it could.
    fn give(&self);

    /// This core wants to know when one is brought back next: [`Quota::handle_given`] is called then, once.
    fn ask(&self);

    /// Has other cores bring one back that they hold and do not need, as soon as one of them can. Dropped, nobody need.
    fn call_in(&self) -> LocalBoxFuture<'static, ()>;
}

/// One core's access to a bound.
pub struct Quota {
    bank: Box<dyn Bank>,
    held: Cell<usize>,
    given: Event,
}

/// One of the bound; given back when dropped.
#[derive(Debug)]
pub struct Grant {
    quota: Rc<Quota>,
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quota").field("held", &self.held).finish_non_exhaustive()
    }
}

impl Quota {
    pub fn new(bank: Box<dyn Bank>) -> Rc<Self> {
        Rc::new(Self { bank, held: Cell::new(0), given: Event::new() })
    }

    /// A bound that no other core shares.
    pub fn alone(max: usize) -> Rc<Self> {
        Self::new(Box::new(Alone(Cell::new(max))))
    }

    /// One, if there is one at this moment.
    pub fn try_take(self: &Rc<Self>) -> Option<Grant> {
        self.bank.try_take().then(|| {
            self.held.set(self.held.get() + 1);
            Grant { quota: Rc::clone(self) }
        })
    }

    /// How many this core holds.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// Hears when it is worth trying again, wherever one is given back. Listen before the try that fails.
    pub fn listen(&self) -> EventListener {
        let listener = self.given.listen();
        self.bank.ask();
        listener
    }

    /// Completes when another core has brought one back that it did not need, which somebody may have taken by then.
    pub fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        self.bank.call_in()
    }

    /// Another core has brought one back.
    pub fn handle_given(&self) {
        self.given.notify(usize::MAX);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.quota.held.set(self.quota.held.get() - 1);
        self.quota.bank.give();
        self.quota.handle_given();
    }
}

struct Alone(Cell<usize>);

impl Bank for Alone {
    fn try_take(&self) -> bool {
        let left = self.0.get().checked_sub(1);
        left.inspect(|left| self.0.set(*left)).is_some()
    }

    fn give(&self) {
        self.0.set(self.0.get() + 1);
    }

    fn ask(&self) {}

    fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        future::pending().boxed_local()
    }
}

/// The bounds of the process, as one core sees them.
#[derive(Debug, Clone)]
pub struct Quotas {
    /// Connections, with those that are being dialled.
    pub connections: Rc<Quota>,
    /// Requests at work.
    pub executing: Rc<Quota>,
    /// Requests taken on: those at work, and those that wait for anything.
    pub admitted: Rc<Quota>,
}

impl Quotas {
    /// Those of a process with one core.
    pub fn alone(settings: &Settings) -> Self {
        Self {
            connections: Quota::alone(settings.max_pool_size),
            executing: Quota::alone(settings.max_concurrency),
            admitted: Quota::alone(settings.admitted_max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again_and_is_told() {
        let quota = Quota::alone(1);
        let only = quota.try_take().unwrap();
        let mut given = quota.listen();
        assert!(quota.try_take().is_none());
        assert!((&mut given).now_or_never().is_none());
        drop(only);
        assert!(given.now_or_never().is_some());
        assert_eq!(quota.held(), 0);
        assert!(quota.try_take().is_some());
    }
}
