//! What many hosts, on several cores, count together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Connections of some hosts.
#[derive(Debug, Default)]
pub struct Tally {
    dials: AtomicUsize,
    open: AtomicUsize,
    peak: AtomicUsize,
}

impl Tally {
    /// Dials begun so far.
    pub fn dials(&self) -> usize {
        self.dials.load(Ordering::SeqCst)
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// The most that were open at once.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    pub(super) fn note_dial(&self) {
        self.dials.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn note_open(&self) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(open, Ordering::SeqCst);
    }

    pub(super) fn note_closed(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
