//! The line of those for whom the pool has no room: first come, first served, and one turn for each host however many
//! wait for it, so that it is never longer than the configuration.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use event_listener::{Event, EventListener};

use crate::fleet::Grant;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Line {
    turns: RefCell<Turns>,
}

#[derive(Default)]
struct Turns {
    by_number: BTreeMap<u64, Rc<Turn>>,
    by_host: HashMap<Rc<str>, Rc<Turn>>,
    given: u64,
}

struct Turn {
    host: Rc<str>,
    number: u64,
    /// Who shares it.
    waiting: Cell<usize>,
    /// The room that there is already for the first one, whoever of those that share it goes on.
    grants: RefCell<Vec<Grant>>,
    called: Event,
}

/// A place in the line; given up when dropped.
pub(super) struct Ticket {
    line: Rc<Line>,
    turn: Rc<Turn>,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.borrow().by_number.is_empty()
    }

    /// Stands at the end, or with those who wait for the same host already.
    pub(super) fn join(self: &Rc<Self>, host: &Rc<str>) -> Ticket {
        let mut turns = self.turns.borrow_mut();
        let Turns { by_number, by_host, given } = &mut *turns;
        let turn = by_host.entry(Rc::clone(host)).or_insert_with(|| {
            *given += 1;
            let turn = Rc::new(Turn {
                host: Rc::clone(host),
                number: *given,
                waiting: Cell::new(0),
                grants: RefCell::default(),
                called: Event::new(),
            });
            by_number.insert(*given, Rc::clone(&turn));
            turn
        });
        turn.waiting.set(turn.waiting.get() + 1);
        Ticket { line: Rc::clone(self), turn: Rc::clone(turn) }
    }

    /// There is news for those who wait for this host, wherever they stand.
    pub(super) fn call(&self, host: &str) {
        if let Some(turn) = self.turns.borrow().by_host.get(host) {
            turn.called.notify(usize::MAX);
        }
    }

    /// There is news for everybody.
    pub(super) fn call_all(&self) {
        for turn in self.turns.borrow().by_number.values() {
            turn.called.notify(usize::MAX);
        }
    }
}

impl Ticket {
    pub(super) fn is_first(&self) -> bool {
        self.line.turns.borrow().by_number.keys().next() == Some(&self.turn.number)
    }

    /// Adds to the room that there is for its host, or uses it.
    pub(super) fn with_grants<T>(&self, use_them: impl FnOnce(&mut Vec<Grant>) -> T) -> T {
        let mut grants = self.turn.grants.take();
        let result = use_them(&mut grants);
        self.turn.grants.replace(grants);
        result
    }

    /// Hears when it becomes the first one, and of [`Line::call`].
    pub(super) fn listen(&self) -> EventListener {
        self.turn.called.listen()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let left = self.turn.waiting.get() - 1;
        self.turn.waiting.set(left);
        if left > 0 {
            return;
        }
        let mut turns = self.line.turns.borrow_mut();
        turns.by_host.remove(&self.turn.host);
        turns.by_number.remove(&self.turn.number);
        if let Some(first) = turns.by_number.values().next() {
            first.called.notify(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn those_of_one_host_stand_together_and_leave_together() {
        let line = Rc::new(Line::default());
        let (alpha, bravo): (Rc<str>, Rc<str>) = ("alpha".into(), "bravo".into());
        let (first, second) = (line.join(&alpha), line.join(&bravo));
        let third = line.join(&alpha);
        assert!(first.is_first() && third.is_first() && !second.is_first());
        let mut called = second.listen();
        drop(first);
        assert!((&mut called).now_or_never().is_none());
        drop(third);
        assert!(called.now_or_never().is_some() && second.is_first());
        // Whoever comes back stands at the end.
        assert!(!line.join(&alpha).is_first());
        drop(second);
        assert!(line.is_empty() && line.turns.borrow().by_host.is_empty());
    }

    #[test]
    fn news_of_a_host_reach_those_who_wait_for_it() {
        let line = Rc::new(Line::default());
        let (alpha, bravo): (Rc<str>, Rc<str>) = ("alpha".into(), "bravo".into());
        let (first, second) = (line.join(&alpha), line.join(&bravo));
        let (mut unmoved, called) = (first.listen(), second.listen());
        line.call("bravo");
        assert!((&mut unmoved).now_or_never().is_none() && called.now_or_never().is_some());
    }
}
