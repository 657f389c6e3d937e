//! Paths that were regular files when last seen, and how long they were: such a path may be opened before the server
//! has said again what it is.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::attrs::{Attrs, FileType};
use super::error::Failure;
use super::list::join;
use super::operation::Outcome;
use crate::base::limits::SFTP_KNOWN_PATHS_MAX;

/// The paths used last. Paths are kept as hashes, under a key that no server knows.
#[derive(Debug, Default)]
pub(super) struct Known {
    hasher: RandomState,
    /// Sizes by the hash of the path. Full, it takes the place of `older`, so the paths unused for longest go first.
    recent: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
}

impl Known {
    /// The size of the regular file at `path`, in bytes, when last seen.
    pub fn size(&mut self, path: &[u8]) -> Option<u64> {
        let hash = self.hasher.hash_one(path);
        if let Some(size) = self.recent.get(&hash) {
            return Some(*size);
        }
        let size = self.older.remove(&hash)?;
        self.insert(hash, size);
        Some(size)
    }

    pub fn contains(&self, path: &[u8]) -> bool {
        let hash = self.hasher.hash_one(path);
        self.recent.contains_key(&hash) || self.older.contains_key(&hash)
    }

    /// Learns from how an operation on `path` ended.
    pub fn learn(&mut self, path: &[u8], result: &Result<Outcome, Failure>) {
        match result {
            Ok(Outcome::Read { attrs, .. } | Outcome::Stat(attrs)) => self.note(path, attrs),
            Ok(Outcome::List { entries, .. }) => {
                for entry in entries.iter().take(SFTP_KNOWN_PATHS_MAX) {
                    self.note(&join(path, &entry.name), &entry.attrs);
                }
            }
            Ok(Outcome::Written) | Err(_) => self.forget(path),
        }
    }

    /// Learns from what the server says of `path`.
    pub fn note(&mut self, path: &[u8], attrs: &Attrs) {
        if attrs.file_type() == FileType::Regular {
            self.insert(self.hasher.hash_one(path), attrs.size.unwrap_or(0));
        } else {
            self.forget(path);
        }
    }

    fn forget(&mut self, path: &[u8]) {
        let hash = self.hasher.hash_one(path);
        self.recent.remove(&hash);
        self.older.remove(&hash);
    }

    fn insert(&mut self, hash: u64, size: u64) {
        if self.recent.len() >= SFTP_KNOWN_PATHS_MAX && !self.recent.contains_key(&hash) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash, size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(size: u64) -> Result<Outcome, Failure> {
        let attrs = Attrs { size: Some(size), mode: Some(0o100_644), ..Attrs::default() };
        Ok(Outcome::Read { data: Vec::new(), attrs, more: false })
    }

    #[test]
    fn what_was_read_is_known_until_it_is_something_else() {
        let mut known = Known::default();
        assert_eq!(known.size(b"/a"), None);
        known.learn(b"/a", &read(7));
        assert_eq!(known.size(b"/a"), Some(7));
        known.learn(b"/a", &Err(Failure::NotRegular(FileType::Fifo)));
        assert_eq!(known.size(b"/a"), None);
    }

    #[test]
    fn the_paths_used_last_are_kept_and_no_more_than_twice_as_many() {
        let mut known = Known::default();
        known.learn(b"often", &read(1));
        for n in 0..10 * SFTP_KNOWN_PATHS_MAX as u64 {
            known.learn(&n.to_be_bytes(), &read(n));
            assert_eq!(known.size(b"often"), Some(1));
        }
        assert_eq!(known.size(&0u64.to_be_bytes()), None);
        assert!(known.recent.len() + known.older.len() <= 2 * SFTP_KNOWN_PATHS_MAX);
    }
}
