//! What was done to the server and what came of it, counted by those who do it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How soon somebody who sleeps notices that it is over.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Shared by all who disturb.
#[derive(Clone, Default)]
pub struct Deeds(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Deeds {
    pub fn note(&self, what: &str) {
        *self.0.counts.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.0.counts.lock().unwrap().clone()
    }

    pub fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }

    /// Waits, unless it is over before. Whether it goes on.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.is_over() && Instant::now() < until {
            thread::sleep(LOOK_EVERY.min(until.saturating_duration_since(Instant::now())));
        }
        !self.is_over()
    }
}
