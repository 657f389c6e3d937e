//! Bounds of the whole process: connections, requests at work, requests taken on. Each core takes from them what it
//! needs, one by one, and gives it back; a [`Bank`] holds what nobody has.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use event_listener::{Event, EventListener};
use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};

use crate::config::Settings;

/// What nobody has of a bound. Shared by all cores, so its methods never wait.
pub trait Bank {
    /// Takes one, if there is one.
    fn try_take(&self) -> bool;

    /// Brings one back: to a core that asked, where there is one, so that no other can take it before it could.
    fn give(&self);

    /// This core wants the next one that is brought back: [`Quota::handle_sent`] is called with it, or
    /// [`Quota::handle_given`] when there is one for whoever is the first, once.
    fn ask(&self);

    /// Has other cores bring one back that they hold and do not need, as soon as one of them can. Dropped, nobody need.
    fn call_in(&self) -> LocalBoxFuture<'static, ()>;
}

/// One core's access to a bound.
pub struct Quota {
    bank: Box<dyn Bank>,
    held: Cell<usize>,
    given: Event,
    listeners: Cell<usize>,
    /// What was sent for them, and no other core can take.
    sent: Cell<usize>,
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
        let zero = || Cell::new(0);
        Rc::new(Self { bank, held: zero(), given: Event::new(), listeners: zero(), sent: zero() })
    }

    /// A bound that no other core shares.
    pub fn alone(max: usize) -> Rc<Self> {
        Self::new(Box::new(Alone(Cell::new(max))))
    }

    /// One, if there is one at this moment.
    pub fn try_take(self: &Rc<Self>) -> Option<Grant> {
        let sent = self.sent.get().checked_sub(1);
        let is_taken = sent.inspect(|left| self.sent.set(*left)).is_some() || self.bank.try_take();
        is_taken.then(|| {
            self.held.set(self.held.get() + 1);
            Grant { quota: Rc::clone(self) }
        })
    }

    /// How many this core holds.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// Hears when it is worth trying again, wherever one is given back. Listen before the try that fails, and keep what
    /// has heard until the next one: with the last that listens goes what was sent for it.
    pub fn listen(self: &Rc<Self>) -> Listening {
        self.listeners.set(self.listeners.get() + 1);
        let listening = Listening { quota: Rc::clone(self), given: self.given.listen() };
        self.bank.ask();
        listening
    }

    /// Completes when another core has brought one back that it did not need, which somebody may have taken by then.
    pub fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        self.bank.call_in()
    }

    /// Another core has brought one back.
    pub fn handle_given(&self) {
        self.given.notify(usize::MAX);
    }

    /// Another core has sent one here, where it was asked for.
    pub fn handle_sent(&self) {
        if self.listeners.get() == 0 {
            return self.bank.give();
        }
        self.sent.set(self.sent.get() + 1);
        self.handle_given();
    }
}

/// See [`Quota::listen`].
#[derive(Debug)]
pub struct Listening {
    quota: Rc<Quota>,
    given: EventListener,
}

impl Future for Listening {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.given).poll(cx)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let left = self.quota.listeners.get() - 1;
        self.quota.listeners.set(left);
        if left == 0 {
            (0..self.quota.sent.take()).for_each(|_| self.quota.bank.give());
        }
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
