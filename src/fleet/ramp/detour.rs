//! The queue of those who were turned away: as wide as the servers bear that turn people away.
//!
//! It widens by one with everybody who is let in, and halves with everybody who is turned away again, as TCP does it
//! with what it has under way (RFC 5681 §3.1): that settles below what they bear, whatever that is.

use std::cell::Cell;
use std::rc::Rc;

use crate::base::Result;
use crate::base::limits::{QUEUED_REQUESTS_DEFAULT, STARTUPS_PER_ADDRESS_MAX};
use crate::fleet::gate::{Gate, Permit};

#[derive(Debug)]
pub(super) struct Detour {
    gate: Rc<Gate>,
    width: Cell<Width>,
}

/// How many go side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Width(usize);

impl Width {
    const MAX: usize = STARTUPS_PER_ADDRESS_MAX;

    fn after_being_let_in(self) -> Self {
        Self((self.0 + 1).min(Self::MAX))
    }

    fn after_being_turned_away(self) -> Self {
        Self((self.0 / 2).max(1))
    }
}

impl Detour {
    pub(super) fn new() -> Self {
        Self { gate: Gate::new(Width::MAX, QUEUED_REQUESTS_DEFAULT), width: Cell::new(Width(Width::MAX)) }
    }

    /// Waits for a turn to knock again.
    pub(super) async fn enter(&self) -> Result<Permit> {
        self.gate.enter().await.map_err(|_| super::crowded())
    }

    pub(super) fn handle_let_in(&self) {
        self.set(self.width.get().after_being_let_in());
    }

    pub(super) fn handle_turned_away(&self) {
        self.set(self.width.get().after_being_turned_away());
    }

    fn set(&self, width: Width) {
        self.width.set(width);
        self.gate.resize(width.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_halves_and_recovers_one_by_one_and_never_closes() {
        let mut width = Width(Width::MAX);
        let mut seen = vec![];
        for _ in 0..5 {
            width = width.after_being_turned_away();
            seen.push(width.0);
        }
        assert_eq!(seen, [4, 2, 1, 1, 1]);
        assert_eq!(width.after_being_let_in(), Width(2));
        for _ in 0..100 {
            width = width.after_being_let_in();
        }
        assert_eq!(width, Width(Width::MAX));
    }
}
