//! Who waits for which moment, in a thread's own time: simulated where a world has set it, real everywhere else.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::base::time::{self, Instant};

thread_local! {
    /// The time in this thread's world; `None` where there is none.
    pub(super) static CLOCK: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// This thread's time.
pub(super) fn now() -> Instant {
    CLOCK.get().unwrap_or_else(time::now)
}

/// The number tells those apart that wait for the same moment, in the order they came.
#[derive(Default)]
pub(super) struct Timers {
    waiting: RefCell<BTreeMap<(Instant, u64), Waker>>,
    next: Cell<u64>,
}

impl Timers {
    /// Completes at `at`.
    pub fn sleep_until(self: &Rc<Self>, at: Instant) -> Sleep {
        Sleep { timers: Rc::clone(self), at, number: None }
    }

    /// The next moment that somebody waits for.
    pub fn first(&self) -> Option<Instant> {
        self.waiting.borrow().keys().next().map(|(at, _)| *at)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Wakes everybody whose moment has come.
    pub fn wake(&self) {
        let now = now();
        loop {
            let mut waiting = self.waiting.borrow_mut();
            let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= now) else { return };
            let waker = first.remove();
            drop(waiting);
            waker.wake();
        }
    }

    /// Goes to the next moment that somebody waits for; false when there is none until `until`.
    pub fn jump(&self, until: Instant) -> bool {
        let Some(at) = self.first().filter(|at| *at <= until) else { return false };
        CLOCK.set(Some(at.max(now())));
        self.wake();
        true
    }
}

pub(super) struct Sleep {
    timers: Rc<Timers>,
    at: Instant,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        let number = self.number.unwrap_or_else(|| self.timers.next.replace(self.timers.next.get() + 1));
        self.number = Some(number);
        self.timers.waiting.borrow_mut().insert((self.at, number), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.timers.waiting.borrow_mut().remove(&(self.at, number));
        }
    }
}
