//! What the connections of one core share: the terms, and how much they hold of bodies that are still coming in.
//!
//! One peer may send a large body, and many may come; many that announce large bodies and never finish them would
//! otherwise hold as much memory as they like.

use std::cell::Cell;
use std::rc::Rc;

use super::Terms;
use crate::base::limits::{HTTP_INTAKE_BYTES_MAX, HTTP_SMALL_BODY_BYTES};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Intake {
    pub(super) terms: Terms,
    held: Cell<usize>,
}

impl Intake {
    pub fn new(terms: Terms) -> Self {
        Self { terms, held: Cell::new(0) }
    }
}

/// One body's part of what is held; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    intake: Rc<Intake>,
    bytes: usize,
}

impl Share {
    pub(super) fn new(intake: &Rc<Intake>) -> Self {
        Self { intake: Rc::clone(intake), bytes: 0 }
    }

    /// How large the body may become.
    pub(super) fn bytes_max(&self) -> usize {
        self.intake.terms.body_bytes_max
    }

    /// The body has this size now; whether there is room for that. For a small one there always is.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let others = self.intake.held.get().saturating_sub(self.bytes);
        let held = others.saturating_add(bytes);
        if held > HTTP_INTAKE_BYTES_MAX && bytes > HTTP_SMALL_BODY_BYTES {
            return false;
        }
        self.intake.held.set(held);
        self.bytes = bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.intake.held.set(self.intake.held.get().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_gives_back_another_may_have() {
        let intake = Rc::<Intake>::default();
        let (mut one, mut other) = (Share::new(&intake), Share::new(&intake));
        let large = HTTP_SMALL_BODY_BYTES + 1;
        assert!(one.grow(1) && one.grow(HTTP_INTAKE_BYTES_MAX - large));
        assert!(other.grow(large) && !other.grow(large + 1) && !one.grow(HTTP_INTAKE_BYTES_MAX));
        drop(one);
        assert!(other.grow(HTTP_INTAKE_BYTES_MAX));
        drop(other);
        assert_eq!(intake.held.get(), 0);
    }

    #[test]
    fn a_small_body_finds_room_where_there_is_none() {
        let intake = Rc::<Intake>::default();
        let (mut large, mut small) = (Share::new(&intake), Share::new(&intake));
        assert!(large.grow(HTTP_INTAKE_BYTES_MAX) && small.grow(HTTP_SMALL_BODY_BYTES));
        assert!(!small.grow(HTTP_SMALL_BODY_BYTES + 1));
        drop((large, small));
        assert_eq!(intake.held.get(), 0);
    }
}
