//! Who is connected to this core, so that all can be told to leave.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use event_listener::Event;
use slab::Slab;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Roll {
    call: Cell<Call>,
    seats: RefCell<Slab<Option<Waker>>>,
    left: Event,
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
    pub(super) fn enter(self: &Rc<Self>) -> Seat {
        Seat { roll: Rc::clone(self), number: self.seats.borrow_mut().insert(None) }
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
        let wakers: Vec<_> = self.seats.borrow().iter().filter_map(|(_, waker)| waker.clone()).collect();
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
        if let Some(seat) = seats.get_mut(self.number)
            && !seat.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            *seat = Some(waker.clone());
        }
        self.roll.call.get()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roll.seats.borrow_mut().try_remove(self.number);
        if self.roll.count() == 0 {
            self.roll.left.notify(usize::MAX);
        }
    }
}
