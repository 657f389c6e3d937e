//! Paths that were regular files a moment ago, and how long they were: such a path may be opened before the server has
//! said again what it is.
//!
//! Only what was asked about the path itself makes it known, and not for long: whoever may write to its directory may
//! put a FIFO in its place. A listing makes nothing known, or everybody's files would be opened like that.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::attrs::{Attrs, FileType};
use super::error::Failure;
use super::operation::Outcome;
use crate::base::limits::{SFTP_KNOWN_FOR, SFTP_KNOWN_PATHS_MAX};
use crate::base::time::Instant;

/// The paths used last. Paths are kept as hashes, under a key that no server knows.
#[derive(Debug, Default)]
pub(super) struct Known {
    hasher: RandomState,
    /// By the hash of the path. Full, it takes the place of `older`, so the paths unused for longest go first.
    recent: HashMap<u64, Seen>,
    older: HashMap<u64, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// In bytes.
    size: u64,
    at: Instant,
}

impl Seen {
    fn is_fresh(self, now: Instant) -> bool {
        now.duration_since(self.at) <= SFTP_KNOWN_FOR
    }
}

impl Known {
    /// The size of the regular file at `path`, in bytes, when it was seen a moment ago.
    pub fn size(&mut self, path: &[u8], now: Instant) -> Option<u64> {
        let hash = self.hasher.hash_one(path);
        if let Some(seen) = self.recent.get(&hash) {
            return seen.is_fresh(now).then_some(seen.size);
        }
        let seen = self.older.remove(&hash).filter(|seen| seen.is_fresh(now))?;
        self.insert(hash, seen);
        Some(seen.size)
    }

    pub fn contains(&self, path: &[u8], now: Instant) -> bool {
        let hash = self.hasher.hash_one(path);
        self.recent.get(&hash).or_else(|| self.older.get(&hash)).is_some_and(|seen| seen.is_fresh(now))
    }

    /// Learns from how an operation on `path` ended. `at` is no later than the server's word.
    pub fn learn(&mut self, path: &[u8], result: &Result<Outcome, Failure>, at: Instant) {
        match result {
            Ok(Outcome::Read { attrs, .. } | Outcome::Stat(attrs)) => self.note(path, attrs, at),
            Ok(_) | Err(_) => self.forget(path),
        }
    }

    /// Learns from what the server says of `path`. `at` is no later than that.
    pub fn note(&mut self, path: &[u8], attrs: &Attrs, at: Instant) {
        if attrs.file_type() == FileType::Regular {
            self.insert(self.hasher.hash_one(path), Seen { size: attrs.size.unwrap_or(0), at });
        } else {
            self.forget(path);
        }
    }

    fn forget(&mut self, path: &[u8]) {
        let hash = self.hasher.hash_one(path);
        self.recent.remove(&hash);
        self.older.remove(&hash);
    }

    fn insert(&mut self, hash: u64, seen: Seen) {
        if self.recent.len() >= SFTP_KNOWN_PATHS_MAX && !self.recent.contains_key(&hash) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::now;

    fn read(size: u64) -> Result<Outcome, Failure> {
        let attrs = Attrs { size: Some(size), mode: Some(0o100_644), ..Attrs::default() };
        Ok(Outcome::Read { data: Vec::new(), attrs, more: false })
    }

    #[test]
    fn what_was_read_is_known_until_it_is_something_else() {
        let (mut known, now) = (Known::default(), now());
        assert_eq!(known.size(b"/a", now), None);
        known.learn(b"/a", &read(7), now);
        assert_eq!(known.size(b"/a", now), Some(7));
        known.learn(b"/a", &Err(Failure::NotRegular(FileType::Fifo)), now);
        assert_eq!(known.size(b"/a", now), None);
    }

    #[test]
    fn what_was_read_is_known_for_a_while_only() {
        let (mut known, now) = (Known::default(), now());
        known.learn(b"/a", &read(7), now);
        assert_eq!(known.size(b"/a", now + SFTP_KNOWN_FOR), Some(7));
        let later = now + 2 * SFTP_KNOWN_FOR;
        assert_eq!((known.size(b"/a", later), known.contains(b"/a", later)), (None, false));
    }

    #[test]
    fn the_paths_used_last_are_kept_and_no_more_than_twice_as_many() {
        let (mut known, now) = (Known::default(), now());
        known.learn(b"often", &read(1), now);
        for n in 0..10 * SFTP_KNOWN_PATHS_MAX as u64 {
            known.learn(&n.to_be_bytes(), &read(n), now);
            assert_eq!(known.size(b"often", now), Some(1));
        }
        assert_eq!(known.size(&0u64.to_be_bytes(), now), None);
        assert!(known.recent.len() + known.older.len() <= 2 * SFTP_KNOWN_PATHS_MAX);
    }
}
