//! Who waits for which moment on one thread, whatever its clock: the real one (`io/alarm.rs`) or a simulated one
//! (`testing/timers.rs`).

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use super::time::Instant;

/// A clock that wakes those who wait.
pub trait Clock {
    fn now(&self) -> Instant;

    fn waiters(&self) -> &Waiters;

    /// Somebody waits for this moment now, and nobody did for an earlier one.
    fn first_is(&self, _at: Instant) {}
}

/// Those who wait, the first in front. The number tells those apart that wait for the same moment, in the order they came.
#[derive(Default)]
pub struct Waiters {
    queue: RefCell<BTreeMap<(Instant, u64), Waker>>,
    numbers: Cell<u64>,
}

impl Waiters {
    /// The next moment that somebody waits for.
    pub fn first(&self) -> Option<Instant> {
        self.queue.borrow().first_key_value().map(|((at, _), _)| *at)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.queue.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wakes everybody whose moment has come.
    pub fn wake(&self, now: Instant) {
        while let Some(waker) = self.take_due(now) {
            waker.wake();
        }
    }

    fn take_due(&self, now: Instant) -> Option<Waker> {
        let mut queue = self.queue.borrow_mut();
        Some(queue.first_entry().filter(|first| first.key().0 <= now)?.remove())
    }

    /// Waits on with the number that was given, or under a new one; whether that is the first in the queue now.
    fn put(&self, at: Instant, number: Option<u64>, waker: &Waker) -> (u64, bool) {
        let number = number.unwrap_or_else(|| self.numbers.replace(self.numbers.get() + 1));
        let mut queue = self.queue.borrow_mut();
        match queue.entry((at, number)) {
            Entry::Occupied(mut known) => known.get_mut().clone_from(waker),
            Entry::Vacant(place) => {
                place.insert(waker.clone());
            }
        }
        let is_first = queue.first_key_value().is_some_and(|((_, first), _)| *first == number);
        (number, is_first)
    }

    fn remove(&self, at: Instant, number: u64) {
        self.queue.borrow_mut().remove(&(at, number));
    }
}

/// Completes when its moment has come. Dropped, it waits no more.
pub struct Sleep<C: Clock> {
    clock: Rc<C>,
    at: Instant,
    number: Option<u64>,
}

impl<C: Clock> Sleep<C> {
    pub fn until(clock: &Rc<C>, at: Instant) -> Self {
        Self { clock: Rc::clone(clock), at, number: None }
    }
}

impl<C: Clock> Future for Sleep<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.at {
            return Poll::Ready(());
        }
        let (number, is_first) = self.clock.waiters().put(self.at, self.number, cx.waker());
        self.number = Some(number);
        if is_first {
            self.clock.first_is(self.at);
        }
        Poll::Pending
    }
}

impl<C: Clock> Drop for Sleep<C> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.waiters().remove(self.at, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{self, Duration};

    struct Fixed(Waiters, Cell<Instant>, Cell<usize>);

    impl Clock for Fixed {
        fn now(&self) -> Instant {
            self.1.get()
        }

        fn waiters(&self) -> &Waiters {
            &self.0
        }

        fn first_is(&self, at: Instant) {
            assert_eq!(self.0.first(), Some(at));
            self.2.set(self.2.get() + 1);
        }
    }

    #[test]
    fn who_is_due_is_woken_and_who_has_left_is_forgotten() {
        let (begun, second) = (time::now(), Duration::from_secs(1));
        let clock = Rc::new(Fixed(Waiters::default(), Cell::new(begun), Cell::new(0)));
        let mut cx = Context::from_waker(Waker::noop());
        let mut sleeps = [3, 1, 2, 2].map(|n| Sleep::until(&clock, begun + n * second));
        let mut poll = |sleep: &mut Sleep<Fixed>| Pin::new(sleep).poll(&mut cx).is_ready();
        // Asking twice is waiting once.
        for _ in 0..2 {
            assert!(!sleeps.iter_mut().any(&mut poll));
        }
        assert_eq!((clock.0.len(), clock.0.first()), (4, Some(begun + second)));
        assert_eq!(
            clock.2.get(),
            3,
            "the first and the second when they came, the second when it asked again"
        );
        clock.1.set(begun + 2 * second);
        clock.0.wake(clock.now());
        assert_eq!((clock.0.len(), clock.0.first()), (1, Some(begun + 3 * second)));
        assert_eq!(sleeps.each_mut().map(&mut poll), [false, true, true, true]);
        drop(sleeps);
        assert!(clock.0.is_empty());
    }
}
