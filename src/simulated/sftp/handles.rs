//! Handles, numbered as servers number them.

use std::collections::{BTreeMap, VecDeque};

use crate::base::limits::SIMULATED_HANDLES_MAX;

/// How the server numbers its handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// From 1 on, never twice.
    Counting,
    /// What was freed last comes first.
    OpenSsh,
    /// As [`Self::OpenSsh`] until this many were given, and always one further from then on.
    OpenSshUntil(u32),
}

/// What a handle stands for.
#[derive(Debug)]
pub enum Handle {
    /// A file's path.
    File(Vec<u8>),
    /// The paths that were not told yet.
    Directory(VecDeque<Vec<u8>>),
}

#[derive(Debug, Default)]
pub struct Handles {
    open: BTreeMap<u32, Handle>,
    /// Numbers given back.
    free: Vec<u32>,
    /// How many were ever given.
    given: u32,
    peak: usize,
}

impl Handles {
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The most that were open at once.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// The number of a new one; `None` when there are too many.
    pub fn keep(&mut self, handle: Handle, max: Option<u64>, numbering: Numbering) -> Option<u32> {
        let max = max.and_then(|max| usize::try_from(max).ok()).unwrap_or(SIMULATED_HANDLES_MAX);
        if self.open.len() >= max {
            return None;
        }
        let number = self.number(numbering);
        self.open.insert(number, handle);
        self.peak = self.peak.max(self.open.len());
        Some(number)
    }

    fn number(&mut self, numbering: Numbering) -> u32 {
        self.given = self.given.wrapping_add(1);
        let next = u32::try_from(self.open.len() + self.free.len()).unwrap_or(u32::MAX);
        match numbering {
            Numbering::Counting => self.given,
            Numbering::OpenSshUntil(given) if self.given > given => self.given.wrapping_add(1000),
            Numbering::OpenSsh | Numbering::OpenSshUntil(_) => self.free.pop().unwrap_or(next),
        }
    }

    pub fn get_mut(&mut self, bytes: &[u8]) -> Option<&mut Handle> {
        self.open.get_mut(&number(bytes)?)
    }

    pub fn file(&self, bytes: &[u8]) -> Option<&[u8]> {
        match self.open.get(&number(bytes)?)? {
            Handle::File(path) => Some(path),
            Handle::Directory(_) => None,
        }
    }

    /// False when there is no such handle.
    pub fn close(&mut self, bytes: &[u8], numbering: Numbering) -> bool {
        let Some(number) = number(bytes).filter(|number| self.open.remove(number).is_some()) else {
            return false;
        };
        // Numbers that are never given again need not be kept.
        if numbering != Numbering::Counting {
            self.free.push(number);
        }
        true
    }
}

fn number(handle: &[u8]) -> Option<u32> {
    handle.try_into().ok().map(u32::from_be_bytes)
}
