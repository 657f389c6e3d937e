//! A thread's own time: simulated where a world has set it, real everywhere else.

use std::cell::Cell;
use std::rc::Rc;

use crate::base::time::{self, Instant};
use crate::base::waiters::{self, Clock, Waiters};

thread_local! {
    /// The time in this thread's world; `None` where there is none.
    pub(super) static CLOCK: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// This thread's time.
pub(super) fn now() -> Instant {
    CLOCK.get().unwrap_or_else(time::now)
}

/// Who waits in a world.
#[derive(Default)]
pub(super) struct Timers(Waiters);

impl Clock for Timers {
    fn now(&self) -> Instant {
        now()
    }

    fn waiters(&self) -> &Waiters {
        &self.0
    }
}

impl Timers {
    /// Completes at `at`.
    pub fn sleep_until(self: &Rc<Self>, at: Instant) -> waiters::Sleep<Self> {
        waiters::Sleep::until(self, at)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Wakes everybody whose moment has come.
    pub fn wake(&self) {
        self.0.wake(now());
    }

    /// Goes to the next moment that somebody waits for; false when there is none until `until`.
    pub fn jump(&self, until: Instant) -> bool {
        let Some(at) = self.0.first().filter(|at| *at <= until) else { return false };
        CLOCK.set(Some(at.max(now())));
        self.wake();
        true
    }
}
