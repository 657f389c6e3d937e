//! What happened in a world, in order: told when a seed fails, and compared when it is played twice.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::base::time::Duration;

/// Lines that are kept to be shown.
const LINES_MAX: usize = 60;

#[derive(Default)]
pub(super) struct Trace(RefCell<Lines>);

#[derive(Default)]
struct Lines {
    last: VecDeque<String>,
    hasher: DefaultHasher,
}

impl Trace {
    /// `at` is the time since the world began.
    pub fn note(&self, at: Duration, what: fmt::Arguments<'_>) {
        let line = format!("{:>10.4}s {what}", at.as_secs_f64());
        let mut lines = self.0.borrow_mut();
        line.hash(&mut lines.hasher);
        if lines.last.len() == LINES_MAX {
            lines.last.pop_front();
        }
        lines.last.push_back(line);
    }

    /// The same for the same happenings.
    pub fn hash(&self) -> u64 {
        self.0.borrow().hasher.finish()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.borrow().last.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
