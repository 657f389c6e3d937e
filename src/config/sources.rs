//! The files a configuration was made from, as they were when it was read: whether it would come out differently now.
//!
//! Files are looked at again and not subscribed to: a name stays the same whatever an editor does to what is behind it
//! (write in place, rename, exchange a link), on every file system, whether it was there before or not.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// See the module's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<(PathBuf, Stamp)>,
    /// Patterns that files were found by, and what was found.
    patterns: Vec<(String, Vec<PathBuf>)>,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Missing,
    There {
        device: u64,
        inode: u64,
        size: u64,
        /// In nanoseconds: of the content, and of anything at all. A file moved into place keeps the first.
        modified: (i64, i64),
        changed: (i64, i64),
    },
}

impl Sources {
    /// A file is going to be read. To be called before it is: what is written meanwhile shows later.
    pub fn note_file(&mut self, path: &Path) {
        self.files.push((path.to_owned(), Stamp::of(path)));
    }

    /// Files are going to be read that a pattern has found.
    pub fn note_pattern(&mut self, pattern: &str, found: &[PathBuf]) {
        self.patterns.push((pattern.to_owned(), found.to_vec()));
    }

    /// The sources of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self.patterns.extend(other.patterns);
        self
    }

    /// Whether any of the files was there.
    pub fn is_any_there(&self) -> bool {
        self.files.iter().any(|(_, stamp)| *stamp != Stamp::Missing)
    }

    /// The same names as they are now.
    #[must_use]
    pub fn renewed(&self) -> Self {
        let files = self.files.iter().map(|(path, _)| (path.clone(), Stamp::of(path)));
        let patterns = self.patterns.iter().map(|(pattern, _)| (pattern.clone(), find(pattern)));
        Self { files: files.collect(), patterns: patterns.collect() }
    }
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let Ok(meta) = fs::metadata(path) else { return Self::Missing };
        Self::There {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// Errors count as nothing found: what cannot be looked at cannot be read either.
fn find(pattern: &str) -> Vec<PathBuf> {
    glob::glob(pattern).map(|found| found.filter_map(Result::ok).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_changed(sources: &Sources) -> bool {
        sources.renewed() != *sources
    }

    #[test]
    fn every_way_to_change_a_file_shows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let changes: [&dyn Fn(); 5] = [
            &|| fs::write(&path, "a").unwrap(),
            &|| fs::write(&path, "ab").unwrap(),
            &|| {
                fs::write(dir.path().join("new"), "cd").unwrap();
                fs::rename(dir.path().join("new"), &path).unwrap();
            },
            &|| fs::remove_file(&path).unwrap(),
            &|| {
                fs::write(dir.path().join("elsewhere"), "ef").unwrap();
                std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).unwrap();
            },
        ];
        for change in changes {
            let mut sources = Sources::default();
            sources.note_file(&path);
            assert!(!has_changed(&sources));
            change();
            assert!(has_changed(&sources));
        }
    }

    #[test]
    fn what_is_behind_a_link_and_what_a_pattern_finds_show() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "a").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let pattern = format!("{}/*.conf", dir.path().display());
        let mut sources = Sources::default();
        sources.note_file(&link);
        assert!(!has_changed(&sources));
        fs::write(&real, "ab").unwrap();
        assert!(has_changed(&sources));

        let mut sources = Sources::default();
        sources.note_pattern(&pattern, &[]);
        assert!(!has_changed(&sources) && !sources.is_any_there());
        fs::write(dir.path().join("x.conf"), "").unwrap();
        assert!(has_changed(&sources));
    }
}
