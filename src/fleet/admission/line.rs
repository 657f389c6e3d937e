//! A line in which everybody keeps his turn and may leave from wherever he stands. Knows nothing of what is waited for.

use std::collections::BTreeMap;

/// First come, first served. Joining, leaving and being served take O(log n).
#[derive(Debug)]
pub(super) struct Line<T> {
    members: BTreeMap<Number, T>,
}

/// A place in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u64);

/// Where the numbers of lines come from that take each other's place: none is given twice, so whoever had his turn in one
/// that is gone is not taken for who stands in the next.
#[derive(Debug, Default)]
pub(super) struct Numbers(u64);

impl Numbers {
    fn draw(&mut self) -> Number {
        self.0 += 1;
        Number(self.0)
    }
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { members: BTreeMap::new() }
    }
}

impl<T> Line<T> {
    /// Joins at the end.
    pub(super) fn join(&mut self, numbers: &mut Numbers, member: T) -> Number {
        let number = numbers.draw();
        self.members.insert(number, member);
        number
    }

    /// `None` for who has left before.
    pub(super) fn leave(&mut self, number: Number) -> Option<T> {
        self.members.remove(&number)
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
