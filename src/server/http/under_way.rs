//! Requests of one core that have no answer yet, so that its server can wait for them, and bring them to an end.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::StreamExt;
use slab::Slab;

use crate::mcp::{Flow, Session};

/// See the module's documentation.
#[derive(Default)]
pub struct UnderWay {
    count: Cell<usize>,
    /// Sessions of one request each.
    alone: RefCell<Slab<Rc<Session>>>,
    /// Who waits for the last of them.
    waiting: Cell<Option<Waker>>,
}

/// A request that is waited for, until this is dropped.
pub struct Held(Rc<UnderWay>);

/// A session in its place, until this is dropped.
struct Seat {
    under_way: Rc<UnderWay>,
    number: usize,
}

impl UnderWay {
    /// Has the server wait for a request.
    #[must_use]
    pub fn hold(self: &Rc<Self>) -> Held {
        self.count.set(self.count.get() + 1);
        Held(Rc::clone(self))
    }

    /// Passes on what comes of the one request of a session, which is known here meanwhile.
    pub fn tend(self: &Rc<Self>, session: Rc<Session>, flow: Flow) -> Flow {
        let seat = Seat { under_way: Rc::clone(self), number: self.alone.borrow_mut().insert(session) };
        let pass = move |outgoing| {
            let _held = &seat;
            outgoing
        };
        flow.map(pass).boxed_local()
    }

    /// Completes when nothing is held. One at a time may wait.
    pub async fn finished(&self) {
        poll_fn(|cx| {
            self.waiting.set(Some(cx.waker().clone()));
            if self.count.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Ends what lasts until its client takes it back.
    pub fn hear_no_more(&self) {
        self.alone.borrow().iter().for_each(|(_, session)| session.hear_no_more());
    }

    /// Has everybody told that what he waits for will not come.
    pub fn give_up(&self) {
        self.alone.borrow().iter().for_each(|(_, session)| session.give_up());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let UnderWay { count, waiting, .. } = &*self.0;
        count.set(count.get() - 1);
        if count.get() == 0
            && let Some(waiting) = waiting.take()
        {
            waiting.wake();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.under_way.alone.borrow_mut().try_remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn the_last_to_go_is_heard() {
        let under_way = Rc::<UnderWay>::default();
        assert!(under_way.finished().now_or_never().is_some());
        let (first, second) = (under_way.hold(), under_way.hold());
        let mut finished = pin!(under_way.finished());
        assert!(finished.as_mut().now_or_never().is_none());
        drop(first);
        assert!(finished.as_mut().now_or_never().is_none());
        drop(second);
        assert!(finished.now_or_never().is_some());
    }
}
