//! The right to execute, and waiting for it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::Admission;
use super::queue::{Flow, Ticket};
use super::refusal::too_late;
use crate::base::Result;
use crate::base::time::{Duration, Instant};
use crate::fleet::Grant;
use crate::fleet::quota;
use crate::metrics::Histogram;

/// The right to execute, for one kind of work on one host. Given back when dropped.
pub(in crate::fleet) struct Turn {
    admission: Rc<Admission>,
    flow: Flow,
    begun: Instant,
    right: Option<Grant>,
}

/// Somebody who waits for his turn.
#[derive(Default)]
pub(super) struct Waiter {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    turn: Option<Turn>,
    waker: Option<Waker>,
}

/// The one who hears for all of this core that another core has given a right back.
pub(super) struct Listening {
    waiter: Rc<Waiter>,
    given: quota::Listening,
}

impl Admission {
    /// The right to execute, if it is to be had at once.
    pub(in crate::fleet) fn try_turn(self: &Rc<Self>, flow: Flow) -> Option<Turn> {
        let now = self.net.now();
        let is_free = self.queue.borrow_mut().is_free(flow, now);
        let right = is_free.then(|| self.quotas.executing.try_take()).flatten()?;
        self.queue.borrow_mut().begin(flow, now);
        self.recorder.time(Histogram::QueueWait, Duration::ZERO);
        Some(Turn::new(self, flow, now, right))
    }

    /// Waits for the right to execute.
    ///
    /// Errors: `Busy` when the turn would come after the deadline.
    pub(in crate::fleet) async fn turn(
        self: &Rc<Self>,
        flow: Flow,
        host: &str,
        deadline: Instant,
    ) -> Result<Turn> {
        if let Some(turn) = self.try_turn(flow) {
            return Ok(turn);
        }
        let asked = self.net.now();
        let left = deadline.saturating_duration_since(asked);
        let wait = self.queue.borrow().expected_wait(flow).filter(|wait| *wait > left);
        if let Some(wait) = wait {
            return Err(too_late(host, wait, left));
        }
        let waiter = Rc::new(Waiter::default());
        let ticket = self.queue.borrow_mut().join(flow, Rc::clone(&waiter));
        let turn = Waiting { admission: self, waiter, ticket }.await;
        self.recorder.time(Histogram::QueueWait, turn.begun - asked);
        Ok(turn)
    }

    /// The host has room for so many of this kind by now.
    pub(in crate::fleet) fn set_width(self: &Rc<Self>, flow: Flow, width: usize) {
        self.queue.borrow_mut().set_width(flow.lane, width);
        self.serve_and_listen();
    }

    /// Gives rights to those whose turn it is, as long as there are any. Returns who lacks one.
    fn serve(self: &Rc<Self>) -> Option<Rc<Waiter>> {
        let now = self.net.now();
        loop {
            let flow = self.queue.borrow_mut().next(now)?;
            let Some(right) = self.quotas.executing.try_take() else {
                return self.queue.borrow().first(flow).cloned();
            };
            // Whoever is next takes his turn: nothing has happened since he was named.
            let waiter = self.queue.borrow_mut().take(flow, now)?;
            waiter.give(Turn::new(self, flow, now, right));
        }
    }

    /// Serves, and sees to it that somebody hears of rights that other cores give back.
    fn serve_and_listen(self: &Rc<Self>) {
        if let Some(waiter) = self.serve()
            && self.listening.borrow().is_none()
        {
            waiter.wake();
        }
    }

    /// Hears of rights that other cores give back, for all who wait here, unless another one does.
    fn listen(self: &Rc<Self>, waiter: &Rc<Waiter>, cx: &mut Context<'_>) {
        // A right that was sent here is kept until somebody had the chance to take it.
        let mut heard = None;
        loop {
            let mut listening = self.listening.borrow_mut();
            match &mut *listening {
                Some(other) if !Rc::ptr_eq(&other.waiter, waiter) => return,
                Some(own) => {
                    if Pin::new(&mut own.given).poll(cx).is_pending() {
                        return;
                    }
                    heard = listening.take();
                }
                None => {
                    // Listening comes before the try that fails, so that nothing is given unheard between the two.
                    let given = self.quotas.executing.listen();
                    *listening = Some(Listening { waiter: Rc::clone(waiter), given });
                    drop(listening);
                    let lacks = self.serve();
                    drop(heard.take());
                    if lacks.is_none() {
                        self.listening.take();
                        return;
                    }
                }
            }
        }
    }
}

impl Turn {
    fn new(admission: &Rc<Admission>, flow: Flow, begun: Instant, right: Grant) -> Self {
        Self { admission: Rc::clone(admission), flow, begun, right: Some(right) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.admission.net.now();
        self.admission.queue.borrow_mut().end(self.flow, now, now - self.begun);
        self.right = None;
        self.admission.serve_and_listen();
    }
}

impl Waiter {
    fn give(&self, turn: Turn) {
        self.state.borrow_mut().turn = Some(turn);
        self.wake();
    }

    fn wake(&self) {
        let waker = self.state.borrow_mut().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn has_turn(&self) -> bool {
        self.state.borrow().turn.is_some()
    }

    fn take_turn(&self) -> Option<Turn> {
        self.state.borrow_mut().turn.take()
    }
}

struct Waiting<'a> {
    admission: &'a Rc<Admission>,
    waiter: Rc<Waiter>,
    ticket: Ticket,
}

impl Future for Waiting<'_> {
    type Output = Turn;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        if !self.waiter.has_turn() {
            self.waiter.state.borrow_mut().waker = Some(cx.waker().clone());
            self.admission.listen(&self.waiter, cx);
        }
        self.waiter.take_turn().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.admission.queue.borrow_mut().leave(self.ticket);
        // A turn that came and was not taken goes to the next one.
        drop(self.waiter.take_turn());
        let own = |listening: &mut Listening| Rc::ptr_eq(&listening.waiter, &self.waiter);
        let listened = self.admission.listening.borrow_mut().take_if(own);
        self.admission.serve_and_listen();
        drop(listened);
    }
}
