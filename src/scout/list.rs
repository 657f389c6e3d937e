//! Listing a directory: all that fits into an answer, or a page of it.

mod page;

use std::borrow::Cow;

use crate::base::text::{harmless, is_unruly};
use crate::sftp::{self, FileType};

pub use page::{Listed, Page, Sort, list};

/// A directory's entries, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The lines as `ls -la` prints them, one for each entry, without the last line break.
    pub lines: String,
    pub entries: Vec<Entry>,
    /// Whether there are more entries than the output limit allows.
    pub truncated: bool,
}

/// One entry, as far as the host tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Bytes that are no UTF-8 are replaced by U+FFFD.
    pub name: String,
    /// As the first column of `ls -l`: `d`, `-`, `l`, `c`, `b`, `p`, `s`; `?` when unknown.
    pub kind: char,
    /// In bytes.
    pub size: Option<u64>,
    /// Where a symbolic link points.
    pub link: Option<String>,
    /// The permissions, as `chmod` takes them.
    pub mode: Option<u32>,
    /// Last modification, in seconds since 1970.
    pub modified: Option<u32>,
    /// The name of the user it belongs to, or its number where the host does not tell the name.
    pub owner: Option<Box<str>>,
}

impl Listing {
    /// The listing for an agent.
    pub fn text(&self) -> Cow<'_, str> {
        match self.truncated {
            true => format!("{}\n\n[truncated: the directory has more entries]", self.lines).into(),
            false => self.lines.as_str().into(),
        }
    }

    pub(super) fn new() -> Self {
        Self { lines: String::new(), entries: Vec::new(), truncated: false }
    }

    pub(super) fn push(&mut self, line: &str, entry: Entry) {
        if !self.entries.is_empty() {
            self.lines.push('\n');
        }
        self.lines.push_str(line);
        self.entries.push(entry);
    }

    /// Reads what `ls -la` printed.
    pub(super) fn from_ls(output: &[u8], limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let truncated = output.len() > limit;
        let mut output = &output[..output.len().min(limit)];
        if truncated {
            output = &output[..memchr::memrchr(b'\n', output).unwrap_or(0)];
        }
        let mut listing = Self { truncated, ..Self::new() };
        for line in String::from_utf8_lossy(output).lines().filter(|line| !line.starts_with("total ")) {
            let line = harmless(line);
            listing.push(&line, entry_of(&line));
        }
        listing
    }

    /// `limit` counts the bytes of the lines.
    pub(super) fn from_sftp(
        entries: impl IntoIterator<Item = sftp::Entry>,
        truncated: bool,
        limit: usize,
    ) -> Self {
        let mut listing = Self { truncated, ..Self::new() };
        for (line, entry) in entries.into_iter().map(line_and_entry) {
            if listing.lines.len() + line.len() >= limit {
                listing.truncated = true;
                break;
            }
            listing.push(&line, entry);
        }
        listing
    }
}

/// What an entry takes in memory, for each byte of its line: name, line and attributes.
pub(super) const LISTING_MEMORY_FACTOR: usize = 4;

/// What a server says of an entry is most of what is told of it, and need not be copied.
fn line_and_entry(entry: sftp::Entry) -> (String, Entry) {
    let sftp::Entry { name, longname, attrs, link } = entry;
    let mut line = text(longname);
    let link = link.map(text);
    if let Some(link) = &link {
        line.push_str(" -> ");
        line.push_str(link);
    }
    if line.contains(is_unruly) {
        line = harmless(&line);
    }
    let owner = owner_in(&line).or_else(|| attrs.owner.map(|(user, _)| user.to_string().into()));
    let mode = attrs.mode.map(|mode| mode & PERMISSIONS);
    let kind = letter(attrs.file_type());
    let told =
        Entry { name: text(name), kind, size: attrs.size, link, mode, modified: attrs.modified, owner };
    (line, told)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Those of `st_mode` that `chmod` changes.
const PERMISSIONS: u32 = 0o7777;

/// The third word of a line of `ls -l`, in the form that the SFTP draft recommends for long names (§7).
fn owner_in(line: &str) -> Option<Box<str>> {
    let mut words = line.split_ascii_whitespace();
    let mode = words.next().filter(|mode| mode.len() >= MODE_CHARS && mode.is_ascii())?;
    permissions(mode)?;
    words.nth(1).map(Into::into)
}

/// What `ls -l` prints of a mode: the kind, and three letters for each of user, group and others.
const MODE_CHARS: usize = 10;

/// Reads them: `rwx`, where `s` and `t` stand for an `x` with more behind it, and `S` and `T` for that alone.
fn permissions(mode: &str) -> Option<u32> {
    let letters = mode.as_bytes().get(1..MODE_CHARS)?;
    letters.iter().enumerate().try_fold(0, |mode, (at, letter)| {
        let (bit, more) = (0o400 >> at, 0o4000 >> (at / 3));
        Some(
            mode | match (letter, at % 3) {
                (b'-', _) => 0,
                (b'r', 0) | (b'w', 1) | (b'x', 2) => bit,
                (b's' | b't', 2) => bit | more,
                (b'S' | b'T', 2) => more,
                _ => return None,
            },
        )
    })
}

/// The first column of `ls -l`.
fn letter(kind: FileType) -> char {
    match kind {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        FileType::CharDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Unknown => '?',
    }
}

/// Reads a line of `ls -la`; of one of another form it is only said what it is.
fn entry_of(line: &str) -> Entry {
    parsed(line).unwrap_or_else(|| Entry {
        name: line.rsplit(' ').next().unwrap_or_default().to_owned(),
        kind: '?',
        size: None,
        link: None,
        mode: None,
        modified: None,
        owner: None,
    })
}

/// Mode, links, owner, group, size (or major and minor), three words of time, name.
fn parsed(line: &str) -> Option<Entry> {
    let kind = line.chars().next()?;
    if !"-dlcbps".contains(kind) {
        return None;
    }
    let is_device = matches!(kind, 'c' | 'b');
    let mut rest = line;
    let mut words = Vec::with_capacity(9);
    for _ in 0..if is_device { 9 } else { 8 } {
        let (word, after) = rest.trim_start().split_once(' ')?;
        words.push(word);
        rest = after;
    }
    let (name, link) = match rest.split_once(" -> ") {
        Some((name, link)) if kind == 'l' => (name, Some(link.to_owned())),
        _ => (rest, None),
    };
    let size = if is_device { None } else { words.get(4)?.parse().ok() };
    let mode = words.first().and_then(|mode| permissions(mode));
    let owner = words.get(2).map(|owner| Box::from(*owner));
    Some(Entry { name: name.to_owned(), kind, size, link, mode, modified: None, owner })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_of_ls() {
        let output = b"total 8\n\
            drwxr-xr-x  2 root root 4096 Nov 21 02:27 .\n\
            -rw-r--r--  1 root root   12 Nov 21  2025 two words\n\
            lrwxrwxrwx  1 root root    7 Nov 21 02:27 bin -> usr/bin\n\
            crw-rw-rw-  1 root root 1, 5 Nov 21 02:27 zero\n";
        let listing = Listing::from_ls(output, 10_000);
        let seen: Vec<_> = listing
            .entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.kind, entry.size, entry.link.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (".", 'd', Some(4096), None),
                ("two words", '-', Some(12), None),
                ("bin", 'l', Some(7), Some("usr/bin")),
                ("zero", 'c', None, None),
            ]
        );
        assert_eq!(listing.lines.lines().count(), 4);
        let unknown = entry_of("?????????? ? ? ? ?            ? gone");
        assert_eq!((unknown.name.as_str(), unknown.kind), ("gone", '?'));
    }

    #[test]
    fn reads_modes_and_owners() {
        for (mode, bits) in [
            ("-rw-r--r--", Some(0o644)),
            ("drwxrwxrwt", Some(0o1777)),
            ("-rwsr-S--T", Some(0o7740)),
            ("-rwxr-xr-x+", Some(0o755)),
            ("-rw-r--r-", None),
            ("-nonsense-", None),
        ] {
            assert_eq!(permissions(mode), bits, "{mode}");
        }
        assert_eq!(owner_in("-rw-r--r--    1 ann      staff  12 Nov 21 02:27 a b").as_deref(), Some("ann"));
        assert_eq!(owner_in("a file of a server with a format of its own"), None);
        assert_eq!(owner_in(""), None);
    }

    #[test]
    fn a_cut_listing_ends_with_a_whole_line() {
        let listing = Listing::from_ls(b"total 0\n-rw-r--r-- 1 a b 1 Nov 1 00:00 name\n-rw-r", 45);
        assert!(listing.truncated);
        assert_eq!((listing.lines.lines().count(), listing.entries.len()), (1, 1));
        assert!(listing.text().ends_with("[truncated: the directory has more entries]"));
    }
}
