//! What is worth knowing when a login fails: why keys, passwords and agents that could have served did not.

use std::cell::RefCell;

/// In the order in which it happened. Bounded by what is configured for one host.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<String>>);

impl Notes {
    /// Adds what is not there yet.
    pub(super) fn add(&self, note: String) {
        let mut notes = self.0.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(super) fn extend(&self, notes: &[String]) {
        notes.iter().for_each(|note| self.add(note.clone()));
    }

    /// ` (one; two)` to follow a message, or nothing.
    pub(super) fn in_brackets(&self) -> String {
        let notes = self.0.borrow();
        if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
    }
}
