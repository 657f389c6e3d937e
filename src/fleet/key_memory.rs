//! Which keys of the user a host took and refused: a server lets one connection try only a few.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::base::limits::SSH_REFUSED_KEYS_MAX;

/// Keys are told apart by their public halves, as on the wire.
#[derive(Debug, Default)]
pub struct KeyMemory {
    taken: RefCell<Option<Taken>>,
    /// The last one refused stands last.
    refused: RefCell<VecDeque<Vec<u8>>>,
    /// It ended a login behind which a channel was to be opened.
    dislikes_haste: Cell<bool>,
}

#[derive(Debug)]
struct Taken {
    key: Vec<u8>,
    /// Nothing else was asked for.
    is_enough: bool,
}

/// When to try a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyRank {
    /// The host took it last time.
    First,
    Unknown,
    /// The host refused it.
    Last,
}

impl KeyMemory {
    pub fn rank(&self, key: &[u8]) -> KeyRank {
        if self.taken.borrow().as_ref().is_some_and(|taken| taken.key == key) {
            KeyRank::First
        } else if self.refused.borrow().iter().any(|refused| refused == key) {
            KeyRank::Last
        } else {
            KeyRank::Unknown
        }
    }

    /// The host took `key`; `is_enough` when that was all it wanted.
    pub fn note_taken(&self, key: &[u8], is_enough: bool) {
        self.refused.borrow_mut().retain(|refused| refused != key);
        *self.taken.borrow_mut() = Some(Taken { key: key.to_vec(), is_enough });
    }

    pub fn note_refused(&self, key: &[u8]) {
        self.taken.borrow_mut().take_if(|taken| taken.key == key);
        let mut refused = self.refused.borrow_mut();
        refused.retain(|known| known != key);
        if refused.len() >= SSH_REFUSED_KEYS_MAX {
            refused.pop_front();
        }
        refused.push_back(key.to_vec());
    }

    /// The host does not take the key any more that it took before.
    pub fn note_taken_no_more(&self) {
        let taken = self.taken.borrow().as_ref().map(|taken| taken.key.clone());
        taken.into_iter().for_each(|key| self.note_refused(&key));
    }

    /// Nothing is known that speaks against a login with `key` alone.
    pub fn may_expect(&self, key: &[u8]) -> bool {
        let wants_more = self.taken.borrow().as_ref().is_some_and(|taken| !taken.is_enough);
        !self.dislikes_haste.get() && !wants_more && self.rank(key) != KeyRank::Last
    }

    /// A login with `key` is as good as done, so that what follows it may be sent at once.
    pub fn expects(&self, key: &[u8]) -> bool {
        let is_enough = |taken: &Taken| taken.is_enough && taken.key == key;
        !self.dislikes_haste.get() && self.taken.borrow().as_ref().is_some_and(is_enough)
    }

    /// What followed a login at once made the host end it.
    pub fn note_dislike_of_haste(&self) {
        self.dislikes_haste.set(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_was_taken_goes_first_and_those_refused_go_last() {
        let memory = KeyMemory::default();
        memory.note_refused(b"a");
        memory.note_taken(b"b", true);
        assert_eq!(
            [b"a", b"b", b"c"].map(|key| memory.rank(key)),
            [KeyRank::Last, KeyRank::First, KeyRank::Unknown]
        );
        memory.note_taken(b"a", true);
        memory.note_refused(b"b");
        assert_eq!([b"a", b"b"].map(|key| memory.rank(key)), [KeyRank::First, KeyRank::Last]);
        memory.note_refused(b"a");
        assert_eq!(memory.rank(b"a"), KeyRank::Last);
    }

    #[test]
    fn only_a_key_that_is_enough_is_expected_to_succeed() {
        let memory = KeyMemory::default();
        assert!(!memory.expects(b"a"));
        memory.note_taken(b"a", false);
        assert!(!memory.expects(b"a"));
        memory.note_taken(b"a", true);
        assert!(memory.expects(b"a") && !memory.expects(b"b"));
        memory.note_dislike_of_haste();
        assert!(!memory.expects(b"a"));
    }

    #[test]
    fn an_unknown_key_may_be_all_it_takes_until_something_speaks_against_it() {
        let against: [fn(&KeyMemory); 3] = [
            |memory| memory.note_refused(b"a"),
            |memory| memory.note_taken(b"b", false),
            KeyMemory::note_dislike_of_haste,
        ];
        for note in against {
            let memory = KeyMemory::default();
            memory.note_taken(b"b", true);
            assert!(memory.may_expect(b"a"));
            note(&memory);
            assert!(!memory.may_expect(b"a"));
        }
    }

    #[test]
    fn a_key_that_is_taken_no_more_goes_last() {
        let memory = KeyMemory::default();
        memory.note_taken(b"a", true);
        memory.note_taken_no_more();
        assert_eq!((memory.expects(b"a"), memory.may_expect(b"a")), (false, false));
        assert_eq!(memory.rank(b"a"), KeyRank::Last);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let memory = KeyMemory::default();
        for n in 0..1000u32 {
            memory.note_refused(&n.to_be_bytes());
        }
        assert_eq!(memory.refused.borrow().len(), SSH_REFUSED_KEYS_MAX);
        assert_eq!(memory.rank(&999u32.to_be_bytes()), KeyRank::Last);
    }
}
