//! The tree below a directory, in the form in which `tree` prints it, on hosts without it as well.

use super::fallback::Shown;
use super::look::{Found, look_by_command};
use crate::base::limits::TREE_ENTRIES_MAX;
use crate::base::text::harmless;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Machine, Need, Repeat};
use crate::target::RemotePath;

/// Several levels of a directory; what is hidden is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// As `tree --noreport` prints them.
    pub lines: String,
    /// There is more than is shown.
    pub is_cut: bool,
}

/// Shows so many levels of a directory, or reads a file, in one round trip.
///
/// Errors: as [`look`](super::look::look); `InvalidArgument` for a depth that is none.
pub async fn tree(caller: &Caller, host: &str, path: &RemotePath, depth: i64) -> Result<Found> {
    let depth = checked(depth).map_err(|error| error.context("Tree failed"))?;
    let limit = caller.settings().max_file_size;
    let shown = Shown { file_bytes: Some(limit), device_bytes: limit, depth: Some(depth), order: "" };
    let look = async |machine: &Machine| look_by_command(caller, machine, path, shown).await;
    caller.work(host, Need::Session, Repeat::Safe, look).await
}

/// A number of levels.
///
/// Errors: `InvalidArgument` for one that is none.
pub fn checked(depth: i64) -> Result<u8> {
    let known = u8::try_from(depth).ok().filter(|depth| (1..=limits::DEPTH_MAX).contains(depth));
    let text = || format!("depth must be 1-{}, got {depth}", limits::DEPTH_MAX);
    known.ok_or_else(|| Error::new(Kind::InvalidArgument, text()))
}

impl Tree {
    /// The tree for an agent.
    pub fn text(&self) -> String {
        match self.is_cut {
            true => format!("{}\n\n[truncated: the tree has more entries]", self.lines),
            false => self.lines.clone(),
        }
    }

    /// Of every name below `root` and what it points to, each with a NUL behind it. `is_cut` says that they are not all.
    pub(super) fn of(root: &RemotePath, output: &[u8], is_cut: bool) -> Self {
        let mut fields = output.split(|byte| *byte == 0);
        let mut entries = Vec::new();
        while let (Some(path), Some(link)) = (fields.next(), fields.next()) {
            let path = path.strip_prefix(b"./").unwrap_or(path);
            entries.push(Entry { names: path.split(|byte| *byte == b'/').collect(), link });
        }
        let is_cut = is_cut || entries.len() > TREE_ENTRIES_MAX;
        // Those nearest to the root stay.
        entries.sort_by_key(|entry| entry.names.len());
        entries.truncate(TREE_ENTRIES_MAX);
        entries.sort_by(|a, b| a.names.cmp(&b.names));
        Self { lines: drawn(root, &entries), is_cut }
    }
}

struct Entry<'a> {
    /// From the root on; the last is its own.
    names: Vec<&'a [u8]>,
    /// Where a symbolic link points; empty of anything else.
    link: &'a [u8],
}

/// Entries in order, each behind the one it is in.
fn drawn(root: &RemotePath, entries: &[Entry<'_>]) -> String {
    let mut text = harmless(root.as_str());
    // For each level, whether what stands there has more behind it.
    let mut goes_on = Vec::new();
    for (entry, has_next) in entries.iter().zip(have_next(entries)) {
        goes_on.truncate(entry.names.len() - 1);
        text.push('\n');
        text.extend(goes_on.iter().map(|goes_on| if *goes_on { "│   " } else { "    " }));
        text.push_str(if has_next { "├── " } else { "└── " });
        text.push_str(&shown(entry.names.last().copied().unwrap_or_default()));
        if !entry.link.is_empty() {
            text.push_str(" -> ");
            text.push_str(&shown(entry.link));
        }
        goes_on.push(has_next);
    }
    text
}

/// For each entry, whether another one follows in the same directory.
fn have_next(entries: &[Entry<'_>]) -> Vec<bool> {
    let mut follows = Vec::new();
    let mut all: Vec<bool> = entries
        .iter()
        .rev()
        .map(|entry| {
            let level = entry.names.len() - 1;
            // What is deeper belongs to another directory.
            follows.resize(level + 1, false);
            std::mem::replace(&mut follows[level], true)
        })
        .collect();
    all.reverse();
    all
}

fn shown(name: &[u8]) -> String {
    harmless(&String::from_utf8_lossy(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(output: &[u8]) -> Tree {
        Tree::of(&RemotePath::parse("/srv").unwrap(), output, false)
    }

    #[test]
    fn looks_as_the_program_prints_it() {
        let tree = tree(b"b\0\0b/x\0\0b/x/1\0\0a\0\0a/2\0\0b-c\0\0link\0/b/x\0line\nbreak\0\0\xff\0\0");
        let lines = "/srv\n├── a\n│   └── 2\n├── b\n│   └── x\n│       └── 1\n├── b-c\n├── line\\nbreak\n\
            ├── link -> /b/x\n└── \u{fffd}";
        assert_eq!((tree.text().as_str(), tree.is_cut), (lines, false));
        let other = self::tree(b"./b\0\0./b/x\0\0./a\0\0");
        assert_eq!(other.text(), "/srv\n├── a\n└── b\n    └── x");
        assert_eq!(self::tree(b"").text(), "/srv");
    }

    #[test]
    fn what_is_too_much_is_left_out_from_below() {
        let deep = (0..TREE_ENTRIES_MAX).map(|n| format!("a/{n:05}\0\0"));
        let output: String =
            ["a\0\0".to_owned()].into_iter().chain(deep).chain(["z\0\0".to_owned()]).collect();
        let tree = tree(output.as_bytes());
        assert!(tree.is_cut && tree.lines.ends_with("└── z"));
        assert_eq!(tree.lines.lines().count(), 1 + TREE_ENTRIES_MAX);
        assert!(tree.text().ends_with("\n\n[truncated: the tree has more entries]"));
    }

    #[test]
    fn a_depth_has_bounds() {
        assert_eq!((checked(1), checked(10)), (Ok(1), Ok(10)));
        for depth in [0, 11, -1, i64::MAX] {
            assert_eq!(checked(depth).unwrap_err().message(), format!("depth must be 1-10, got {depth}"));
        }
    }
}
