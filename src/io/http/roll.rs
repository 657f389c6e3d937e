//! Who is connected to this core, so that all can be told to leave, or one of them that does nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use event_listener::{Event, EventListener};
use slab::Slab;

use crate::base::time::Instant;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Roll {
    call: Cell<Call>,
    seats: RefCell<Slab<Entry>>,
    left: Event,
}

/// What is known of a connection.
#[derive(Default)]
struct Entry {
    waker: Option<Waker>,
    /// Since when it has had no whole request to answer; `None` while it has one.
    idle_since: Option<Instant>,
    /// It is to make room.
    is_dismissed: bool,
}

/// What connections are asked to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    #[default]
    Stay,
    /// To end when what has begun is finished.
    Finish,
    /// To end at once.
    Leave,
}

/// A connection on the roll, until it is dropped.
pub(super) struct Seat {
    roll: Rc<Roll>,
    number: usize,
}

impl Roll {
    pub(super) fn enter(self: &Rc<Self>, now: Instant) -> Seat {
        let entry = Entry { idle_since: Some(now), ..Entry::default() };
        Seat { roll: Rc::clone(self), number: self.seats.borrow_mut().insert(entry) }
    }

    /// Tells the connection to leave that has been idle the longest; when one has left, if there is such a one.
    pub(super) fn dismiss(&self) -> Option<EventListener> {
        let left = self.left.listen();
        let mut seats = self.seats.borrow_mut();
        let idle = seats.iter_mut().map(|(_, entry)| entry).filter(|entry| !entry.is_dismissed);
        // All are looked at, which is done faster than a connection is made, and only where there is no room.
        let longest = idle.filter(|entry| entry.idle_since.is_some()).min_by_key(|entry| entry.idle_since)?;
        longest.is_dismissed = true;
        let waker = longest.waker.take();
        drop(seats);
        waker.into_iter().for_each(Waker::wake);
        Some(left)
    }

    pub(super) fn count(&self) -> usize {
        self.seats.borrow().len()
    }

    pub(super) fn called(&self) -> Call {
        self.call.get()
    }

    /// Asks all of them, and those that come yet.
    pub(super) fn call(&self, call: Call) {
        self.call.set(call.max(self.call.get()));
        let wakers: Vec<_> = self.seats.borrow().iter().filter_map(|(_, seat)| seat.waker.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until nobody is there.
    pub(super) async fn emptied(&self) {
        loop {
            let left = self.left.listen();
            if self.count() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Seat {
    /// What the connection is asked to do. Its task is woken when that changes.
    pub(super) fn called(&self, waker: &Waker) -> Call {
        let mut seats = self.roll.seats.borrow_mut();
        let Some(entry) = seats.get_mut(self.number) else { return self.roll.call.get() };
        if entry.is_dismissed {
            return Call::Leave;
        }
        if !entry.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            entry.waker = Some(waker.clone());
        }
        self.roll.call.get()
    }

    /// It has nothing to do from now on, or something.
    pub(super) fn rest(&self, idle_since: Option<Instant>) {
        if let Some(entry) = self.roll.seats.borrow_mut().get_mut(self.number) {
            entry.idle_since = idle_since;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roll.seats.borrow_mut().try_remove(self.number);
        self.roll.left.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::base::time::{self, Duration};

    #[test]
    fn the_longest_idle_makes_room() {
        let (roll, begun) = (Rc::<Roll>::default(), time::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        let seats = [1, 2, 3].map(|seconds| roll.enter(at(seconds)));
        let called = |seat: &Seat| seat.called(Waker::noop());
        seats[0].rest(None);
        seats[1].rest(Some(at(4)));
        let left = roll.dismiss().unwrap();
        assert_eq!(seats.each_ref().map(called), [Call::Stay, Call::Stay, Call::Leave]);
        roll.dismiss().unwrap();
        assert_eq!(seats.each_ref().map(called), [Call::Stay, Call::Leave, Call::Leave]);
        assert!(roll.dismiss().is_none(), "who is at work stays");
        let [first, _, third] = seats;
        drop(third);
        assert!(left.now_or_never().is_some());
        first.rest(Some(at(5)));
        assert!(roll.dismiss().is_some());
    }
}
