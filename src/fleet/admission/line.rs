//! A line in which everybody keeps his turn and may leave from wherever he stands. Knows nothing of what is waited for.

use std::collections::BTreeMap;

/// First come, first served. Joining, leaving and being served take O(log n).
#[derive(Debug)]
pub(super) struct Line<T> {
    next: u64,
    members: BTreeMap<u64, T>,
}

/// A place in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u64);

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { next: 0, members: BTreeMap::new() }
    }
}

impl<T> Line<T> {
    /// Joins at the end.
    pub(super) fn join(&mut self, member: T) -> Number {
        let number = self.next;
        self.next += 1;
        self.members.insert(number, member);
        Number(number)
    }

    /// `None` for who has left before.
    pub(super) fn leave(&mut self, number: Number) -> Option<T> {
        self.members.remove(&number.0)
    }

    /// Who is served next.
    pub(super) fn first(&self) -> Option<&T> {
        self.members.first_key_value().map(|(_, member)| member)
    }

    pub(super) fn take_first(&mut self) -> Option<T> {
        self.members.pop_first().map(|(_, member)| member)
    }

    /// Who came last.
    pub(super) fn take_last(&mut self) -> Option<T> {
        self.members.pop_last().map(|(_, member)| member)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}
