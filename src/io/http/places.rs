//! How many connections the process may have, counted over all cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module's documentation. Clones count together.
#[derive(Debug, Clone)]
pub struct Places {
    left: Arc<AtomicUsize>,
}

/// One of them; given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Places {
    pub fn new(max: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(max)) }
    }

    /// One, if there is one.
    pub(super) fn take(&self) -> Option<Place> {
        let less = |left: usize| left.checked_sub(1);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.ok().map(|_| Place(Arc::clone(&self.left)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
