//! A counted gate for the tasks of one core: first come, first served, and its width may change.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Lets at most `width` holders in at once; at most `queue_max` others wait for their turn.
#[derive(Debug)]
pub struct Gate {
    width: Cell<usize>,
    held: Cell<usize>,
    queue_max: usize,
    queue: RefCell<VecDeque<Rc<Turn>>>,
}

/// A place in the queue. Granting hands the permit over, so that nobody can overtake.
#[derive(Debug, Default)]
struct Turn {
    granted: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// The right to be inside; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    gate: Rc<Gate>,
}

/// The queue was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Gate {
    pub fn new(width: usize, queue_max: usize) -> Rc<Self> {
        Rc::new(Self {
            width: Cell::new(width.max(1)),
            held: Cell::new(0),
            queue_max,
            queue: RefCell::new(VecDeque::new()),
        })
    }

    /// A permit, if one is there at once.
    pub fn try_enter(self: &Rc<Self>) -> Option<Permit> {
        let is_free = self.held.get() < self.width.get() && self.queue.borrow().is_empty();
        is_free.then(|| {
            self.held.set(self.held.get() + 1);
            Permit { gate: Rc::clone(self) }
        })
    }

    /// Waits for a permit. Dropping the future gives the place up.
    pub async fn enter(self: &Rc<Self>) -> Result<Permit, Full> {
        if let Some(permit) = self.try_enter() {
            return Ok(permit);
        }
        if self.queue.borrow().len() >= self.queue_max {
            return Err(Full);
        }
        let turn = Rc::new(Turn::default());
        self.queue.borrow_mut().push_back(Rc::clone(&turn));
        Ok(Waiting { gate: self, turn: Some(turn) }.await)
    }

    /// How many are inside.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// How many may be inside.
    pub fn width(&self) -> usize {
        self.width.get()
    }

    /// Makes the gate wider or narrower; it never closes.
    pub fn resize(&self, width: usize) {
        self.width.set(width.max(1));
        self.let_in();
    }

    fn leave(&self) {
        self.held.set(self.held.get() - 1);
        self.let_in();
    }

    fn let_in(&self) {
        while self.held.get() < self.width.get() {
            let Some(turn) = self.queue.borrow_mut().pop_front() else { return };
            self.held.set(self.held.get() + 1);
            turn.granted.set(true);
            if let Some(waker) = turn.waker.take() {
                waker.wake();
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.leave();
    }
}

struct Waiting<'a> {
    gate: &'a Rc<Gate>,
    /// `None` once the permit was handed on.
    turn: Option<Rc<Turn>>,
}

impl Future for Waiting<'_> {
    type Output = Permit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit> {
        match &self.turn {
            Some(turn) if !turn.granted.get() => {
                turn.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
            _ => {
                self.turn = None;
                Poll::Ready(Permit { gate: Rc::clone(self.gate) })
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        if turn.granted.get() {
            self.gate.leave();
        } else {
            self.gate.queue.borrow_mut().retain(|other| !Rc::ptr_eq(other, &turn));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::{LocalBoxFuture, poll_immediate};

    fn enter(gate: &Rc<Gate>) -> LocalBoxFuture<'static, Result<Permit, Full>> {
        let gate = Rc::clone(gate);
        async move { gate.enter().await }.boxed_local()
    }

    fn poll<T>(future: &mut LocalBoxFuture<'static, T>) -> Option<T> {
        poll_immediate(future).now_or_never().flatten()
    }

    #[test]
    fn turns_come_in_order_and_a_full_queue_is_named() {
        let gate = Gate::new(1, 2);
        let first = poll(&mut enter(&gate)).unwrap().unwrap();
        let (mut second, mut third) = (enter(&gate), enter(&gate));
        assert!(poll(&mut second).is_none());
        assert!(poll(&mut third).is_none());
        assert_eq!(poll(&mut enter(&gate)).unwrap().unwrap_err(), Full);
        drop(first);
        assert!(poll(&mut third).is_none(), "nobody overtakes");
        let second = poll(&mut second).unwrap().unwrap();
        drop(second);
        assert!(poll(&mut third).unwrap().is_ok());
    }

    #[test]
    fn an_abandoned_turn_is_passed_on() {
        let gate = Gate::new(1, 8);
        let first = poll(&mut enter(&gate)).unwrap().unwrap();
        let (mut second, mut third) = (enter(&gate), enter(&gate));
        assert!(poll(&mut second).is_none());
        assert!(poll(&mut third).is_none());
        drop(first);
        drop(second);
        assert!(poll(&mut third).unwrap().is_ok());
        assert_eq!(gate.held(), 0);
    }

    #[test]
    fn a_wider_gate_lets_in_who_waits() {
        let gate = Gate::new(1, 8);
        let _first = poll(&mut enter(&gate)).unwrap().unwrap();
        let (mut second, mut third) = (enter(&gate), enter(&gate));
        assert!(poll(&mut second).is_none() && poll(&mut third).is_none());
        gate.resize(2);
        let _second = poll(&mut second).unwrap().unwrap();
        assert!(poll(&mut third).is_none());
    }

    #[test]
    fn a_narrower_gate_lets_the_surplus_leave_first() {
        let gate = Gate::new(2, 8);
        let held: Vec<_> = (0..2).map(|_| poll(&mut enter(&gate)).unwrap().unwrap()).collect();
        gate.resize(1);
        let mut next = enter(&gate);
        assert!(poll(&mut next).is_none());
        let mut held = held.into_iter();
        drop(held.next());
        assert!(poll(&mut next).is_none());
        drop(held.next());
        assert!(poll(&mut next).unwrap().is_ok());
    }
}
