//! The sessions that the connections to one host give to commands, and the one queue for all of them.
//!
//! A link brings as many sessions as its server is believed to give; who waits gets the first that comes free on any of
//! them, so that a connection made while many wait is of use to all of them at once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::{Hold, Link};
use crate::base::limits;

/// The sessions of a host.
#[derive(Debug, Default)]
pub struct Sessions {
    lanes: RefCell<Vec<Weak<Lane>>>,
    queue: RefCell<VecDeque<Rc<Turn>>>,
    /// Requests that would use a session if there were one more, in this queue or in front of it.
    wanted: Cell<usize>,
}

/// Those of one connection.
#[derive(Debug)]
pub(super) struct Lane {
    sessions: Rc<Sessions>,
    link: Weak<Link>,
    width: Cell<usize>,
    held: Cell<usize>,
    is_closed: Cell<bool>,
    /// Its sessions are given only where there are no others.
    is_retired: Cell<bool>,
}

/// The right to a session; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    lane: Rc<Lane>,
}

/// A session of a connection, which is kept at least until it is begun.
pub(super) type Granted = (Hold, Permit);

/// Why nobody may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Too many wait already.
    Full,
    /// There is no connection any more.
    Over,
}

/// A place in the queue. What is granted is handed over in it, so that nobody can overtake.
#[derive(Default)]
struct Turn {
    outcome: RefCell<Option<Result<Granted, Denied>>>,
    waker: RefCell<Option<Waker>>,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

impl Sessions {
    /// The sessions of one more connection. Those who wait hear of them with [`Sessions::hand_out`].
    pub(super) fn join(self: &Rc<Self>, link: Weak<Link>, width: usize) -> Rc<Lane> {
        let lane = Rc::new(Lane {
            sessions: Rc::clone(self),
            link,
            width: Cell::new(width.max(1)),
            held: Cell::new(0),
            is_closed: Cell::new(false),
            is_retired: Cell::new(false),
        });
        self.lanes.borrow_mut().push(Rc::downgrade(&lane));
        lane
    }

    /// A session, if one is free and nobody waits.
    pub(super) fn try_enter(&self) -> Option<Granted> {
        if !self.queue.borrow().is_empty() {
            return None;
        }
        self.freest()?.grant()
    }

    /// Waits for a session. Dropping the future gives the place up.
    pub(super) async fn enter(self: &Rc<Self>) -> Result<Granted, Denied> {
        if let Some(granted) = self.try_enter() {
            return Ok(granted);
        }
        if self.open_lanes().next().is_none() {
            return Err(Denied::Over);
        }
        if self.queue.borrow().len() >= limits::QUEUED_REQUESTS_DEFAULT {
            return Err(Denied::Full);
        }
        let turn = Rc::new(Turn::default());
        self.queue.borrow_mut().push_back(Rc::clone(&turn));
        Waiting { sessions: self, turn }.await
    }

    /// How many wait, here or elsewhere.
    pub fn wanted(&self) -> usize {
        self.wanted.get()
    }

    /// Counts one who waits as long as the guard lives.
    pub(super) fn want(&self) -> Want<'_> {
        self.wanted.set(self.wanted.get() + 1);
        Want(self)
    }

    /// How many sessions the connections give that there are.
    pub fn width(&self) -> usize {
        self.open_lanes().map(|lane| lane.width.get()).sum()
    }

    /// Gives what is free to those who wait.
    pub(super) fn hand_out(&self) {
        while !self.queue.borrow().is_empty()
            && let Some(granted) = self.freest().and_then(|lane| lane.grant())
        {
            let turn = self.queue.borrow_mut().pop_front();
            turn.inspect(|turn| turn.end(Ok(granted)));
        }
    }

    /// The connection with the most free sessions, the oldest of several.
    fn freest(&self) -> Option<Rc<Lane>> {
        let free = self.open_lanes().filter(|lane| lane.free() > 0);
        free.reduce(|best, lane| if lane.free() > best.free() { lane } else { best })
    }

    fn open_lanes(&self) -> impl Iterator<Item = Rc<Lane>> {
        let lanes = self.lanes.borrow();
        let open = lanes.iter().filter_map(Weak::upgrade).filter(|lane| !lane.is_closed.get());
        let (retired, mut open): (Vec<_>, Vec<_>) = open.partition(|lane| lane.is_retired.get());
        if open.is_empty() {
            open = retired;
        }
        open.into_iter()
    }
}

impl Lane {
    /// A session of this connection, if one is free and nobody waits.
    pub(super) fn try_enter(self: &Rc<Self>) -> Option<Permit> {
        let is_free = self.free() > 0 && self.sessions.queue.borrow().is_empty();
        is_free.then(|| self.permit())
    }

    /// How many commands have a session.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.get()
    }

    /// How many may have one.
    pub(super) fn width(&self) -> usize {
        self.width.get()
    }

    /// The server gives fewer than was thought, for good; it is not left without any.
    pub(super) fn narrow(&self, width: usize) {
        self.width.set(self.width.get().min(width.max(1)));
    }

    /// The connection is to take nothing new.
    pub(super) fn retire(&self) {
        self.is_retired.set(true);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.is_retired.get()
    }

    /// The connection is over. When it was the last one, nobody waits any longer.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        self.sessions.lanes.borrow_mut().retain(|lane| !std::ptr::eq(lane.as_ptr(), self));
        if self.sessions.open_lanes().next().is_none() {
            let turns = self.sessions.queue.take();
            turns.iter().for_each(|turn| turn.end(Err(Denied::Over)));
        }
    }

    fn free(&self) -> usize {
        self.width.get().saturating_sub(self.held.get())
    }

    fn permit(self: &Rc<Self>) -> Permit {
        self.held.set(self.held.get() + 1);
        Permit { lane: Rc::clone(self) }
    }

    fn grant(self: &Rc<Self>) -> Option<Granted> {
        Some((self.link.upgrade()?.hold(), self.permit()))
    }
}

pub(super) struct Want<'a>(&'a Sessions);

impl Drop for Want<'_> {
    fn drop(&mut self) {
        self.0.wanted.set(self.0.wanted.get() - 1);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lane.held.set(self.lane.held.get() - 1);
        self.lane.sessions.hand_out();
    }
}

impl Turn {
    fn end(&self, outcome: Result<Granted, Denied>) {
        self.outcome.replace(Some(outcome));
        self.waker.take().into_iter().for_each(Waker::wake);
    }
}

struct Waiting<'a> {
    sessions: &'a Sessions,
    turn: Rc<Turn>,
}

impl Future for Waiting<'_> {
    type Output = Result<Granted, Denied>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.turn.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.turn.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiting<'_> {
    /// What was granted and not taken goes back with the turn.
    fn drop(&mut self) {
        self.sessions.queue.borrow_mut().retain(|turn| !Rc::ptr_eq(turn, &self.turn));
        drop(self.turn.outcome.take());
    }
}
