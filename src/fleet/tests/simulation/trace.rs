//! What happened in a world, in order: told when a seed fails, and compared when it is played twice.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::base::time::Duration;

/// The last lines tell why a seed fails.
const LINES_SHOWN: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Trace {
    lines: RefCell<Vec<String>>,
    counts: Cell<[usize; 3]>,
}

impl Trace {
    /// `at` is the time since the world began.
    pub fn note(&self, at: Duration, what: fmt::Arguments<'_>) {
        self.lines.borrow_mut().push(format!("{:>10.4}s {what}", at.as_secs_f64()));
    }

    /// The same for connections, and for those who execute and wait, where they are not as many as before.
    pub fn note_change(&self, at: Duration, counts: [usize; 3]) {
        if self.counts.replace(counts) != counts {
            let [connections, executing, waiting] = counts;
            self.note(at, format_args!("    {connections} connections, {executing} execute, {waiting} wait"));
        }
    }

    /// The same for the same happenings.
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines.borrow().hash(&mut hasher);
        hasher.finish()
    }

    /// What it began with.
    pub fn head(&self) -> String {
        self.lines.borrow().first().cloned().unwrap_or_default()
    }

    /// Where another one goes another way.
    pub fn fork(&self, other: &Self) -> Option<(String, String)> {
        let (lines, others) = (self.lines.borrow(), other.lines.borrow());
        let mut pairs = lines.iter().zip(others.iter());
        pairs.find(|(line, other)| line != other).map(|(line, other)| (line.clone(), other.clone()))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines.borrow();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
