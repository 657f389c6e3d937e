//! The files of a simulated host. What many hosts have in common they share.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

/// Symbolic links that are followed one after the other, as on Linux.
const LINKS_MAX: usize = 40;

/// What a path of the server is.
#[derive(Debug, Clone)]
pub enum Node {
    File {
        data: Vec<u8>,
        /// The size STAT tells, when it is not the truth: 0 under `/proc`.
        claimed: Option<u64>,
    },
    /// A file in which `%h` stands for the host's name.
    Named(String),
    Directory,
    Symlink(Vec<u8>),
    Fifo,
}

/// Permissions and times that were set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    pub mode: Option<u32>,
    /// Of the last change, in seconds since 1970.
    pub time: Option<u32>,
}

/// What a path does not let anybody do, whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// It cannot be opened.
    Forbidden,
    /// Nothing can be written there: the disk is full.
    Full,
    /// Reading from it never ends.
    Hangs,
}

/// Absolute paths without a trailing slash; the parent of each is expected to be there.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
    given: BTreeMap<Vec<u8>, Given>,
    bars: BTreeMap<Vec<u8>, Bar>,
}

impl Default for Tree {
    /// `/` only.
    fn default() -> Self {
        let nodes = BTreeMap::from([(b"/".to_vec(), Node::Directory)]);
        Self { nodes, given: BTreeMap::new(), bars: BTreeMap::new() }
    }
}

impl Tree {
    pub fn put(&mut self, path: &[u8], node: Node) {
        self.nodes.insert(path.to_vec(), node);
    }

    pub fn put_file(&mut self, path: &str, data: impl Into<Vec<u8>>) {
        self.put(path.as_bytes(), Node::File { data: data.into(), claimed: None });
    }

    pub fn remove(&mut self, path: &[u8]) -> Option<Node> {
        self.nodes.remove(path)
    }

    /// Puts what is there elsewhere; false when nothing is there.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> bool {
        let Some(node) = self.nodes.remove(from) else { return false };
        self.nodes.insert(to.to_vec(), node);
        if let Some(given) = self.given.remove(from) {
            self.given.insert(to.to_vec(), given);
        }
        true
    }

    pub fn bar(&mut self, path: &[u8], bar: Bar) {
        self.bars.insert(path.to_vec(), bar);
    }

    pub fn barred(&self, path: &[u8]) -> Option<Bar> {
        self.bars.get(path).copied()
    }

    pub fn give(&mut self, path: &[u8], given: Given) {
        let known = self.given.entry(path.to_vec()).or_default();
        *known = Given { mode: given.mode.or(known.mode), time: given.time.or(known.time) };
    }

    pub fn given(&self, path: &[u8]) -> Given {
        self.given.get(path).copied().unwrap_or_default()
    }

    pub fn node(&self, path: &[u8]) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub fn node_mut(&mut self, path: &[u8]) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.nodes.keys().map(Vec::as_slice)
    }

    /// What a file holds on a host.
    pub fn content(&self, path: &[u8], host: &str) -> Option<Cow<'_, [u8]>> {
        match self.nodes.get(path)? {
            Node::File { data, .. } => Some(Cow::Borrowed(data)),
            Node::Named(text) => Some(Cow::Owned(text.replace("%h", host).into_bytes())),
            Node::Directory | Node::Symlink(_) | Node::Fifo => None,
        }
    }

    /// Size and mode, with what kind of thing it is.
    pub fn attrs(&self, path: &[u8], host: &str) -> (u64, u32) {
        let (size, mode) = match self.nodes.get(path) {
            Some(Node::File { data, claimed }) => (claimed.unwrap_or(data.len() as u64), 0o100_644),
            Some(Node::Named(text)) => {
                let names = text.matches("%h").count();
                ((text.len() - names * "%h".len() + names * host.len()) as u64, 0o100_644)
            }
            Some(Node::Symlink(target)) => (target.len() as u64, 0o120_777),
            Some(Node::Fifo) => (0, 0o010_644),
            Some(Node::Directory) | None => (4096, 0o040_755),
        };
        (size, self.given(path).mode.map_or(mode, |given| mode & 0o170_000 | given & 0o7_777))
    }

    /// The paths of what is in a directory, the last name first, then `..` and `.`.
    pub fn children(&self, path: &[u8]) -> VecDeque<Vec<u8>> {
        let prefix = if path == b"/" { path.to_vec() } else { [path, b"/"].concat() };
        let below = self.nodes.range::<[u8], _>((Bound::Excluded(&prefix[..]), Bound::Unbounded));
        let below = below.take_while(|(key, _)| key.starts_with(&prefix));
        let direct = below.filter(|(key, _)| !key[prefix.len()..].contains(&b'/'));
        let mut names: VecDeque<_> = direct.map(|(key, _)| key.clone()).collect();
        names.make_contiguous().reverse();
        names.extend([[&prefix[..], b".."].concat(), [&prefix[..], b"."].concat()]);
        names
    }

    /// Where absolute symbolic links lead; `None` when nowhere.
    pub fn follow(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut path = path.to_vec();
        for _ in 0..LINKS_MAX {
            match self.nodes.get(&path)? {
                Node::Symlink(target) => path.clone_from(target),
                _ => return Some(path),
            }
        }
        None
    }
}

/// An absolute path without `.`, `..` and double slashes; a relative one begins in `directory`.
pub fn resolved(path: &[u8], directory: &str) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let before = if path.starts_with(b"/") { "" } else { directory };
    for part in before.as_bytes().split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    [b"/", &parts.join(&b'/')[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_holds_what_is_directly_in_it() {
        let mut tree = Tree::default();
        for path in ["/a/1", "/a/2", "/a/2/3", "/ab", "/a!"] {
            tree.put_file(path, "");
        }
        tree.put(b"/a", Node::Directory);
        assert_eq!(tree.children(b"/a"), [&b"/a/2"[..], b"/a/1", b"/a/..", b"/a/."]);
        assert_eq!(tree.children(b"/"), [&b"/ab"[..], b"/a!", b"/a", b"/..", b"/."]);
    }

    #[test]
    fn links_are_followed_and_circles_lead_nowhere() {
        let mut tree = Tree::default();
        tree.put(b"/link", Node::Symlink(b"/file".to_vec()));
        tree.put(b"/circle", Node::Symlink(b"/circle".to_vec()));
        tree.put_file("/file", "x");
        assert_eq!(tree.follow(b"/link").as_deref(), Some(&b"/file"[..]));
        assert_eq!((tree.follow(b"/circle"), tree.follow(b"/none")), (None, None));
    }

    #[test]
    fn content_names_the_host() {
        let mut tree = Tree::default();
        tree.put(b"/name", Node::Named("%h!\n".into()));
        assert_eq!(tree.content(b"/name", "host0001").as_deref(), Some(&b"host0001!\n"[..]));
        assert_eq!(tree.attrs(b"/name", "host0001"), (10, 0o100_644));
    }

    #[test]
    fn paths_are_made_absolute() {
        for (path, whole) in
            [(&b"."[..], &b"/home"[..]), (b"/a//b/./../c/", b"/a/c"), (b"x/y", b"/home/x/y"), (b"/..", b"/")]
        {
            assert_eq!(resolved(path, "/home"), whole);
        }
    }
}
