//! Some of a directory's entries, in an order of choice: the first of the largest, the next hundred.

use super::{LISTING_MEMORY_FACTOR, Listing};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Machine, Need, Repeat};
use crate::scout::fallback::Shown;
use crate::scout::look::{Found, look_by_command};
use crate::scout::paths::{explain, is_device, sftp_path, unexpected};
use crate::sftp::{self, Failure, LookMax, Outcome};
use crate::target::RemotePath;

/// Which entries are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub sort: Sort,
    /// Names that begin with a dot are wanted, too.
    pub hidden: bool,
    /// How many are passed over, and how many are wanted.
    pub offset: usize,
    pub limit: usize,
}

/// The order of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Name,
    /// The largest first.
    Size,
    /// The latest first.
    Time,
}

/// A page of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is on the page.
    pub listing: Listing,
    pub offset: usize,
    /// Entries of all pages.
    pub total: usize,
    /// There are more than are counted.
    pub is_cut: bool,
}

/// Lists some entries of a directory.
///
/// Errors: those of the connection; the path is missing, forbidden, or no directory.
pub async fn list(caller: &Caller, host: &str, path: &RemotePath, page: Page) -> Result<Listed> {
    let list = async |machine: &Machine| list_on(caller, machine, path, page).await;
    caller.work(host, Need::Files, Repeat::Safe, list).await
}

impl Default for Page {
    fn default() -> Self {
        Self { sort: Sort::Name, hidden: true, offset: 0, limit: limits::LIST_PAGE_DEFAULT }
    }
}

impl Listed {
    /// The page for an agent, with how it goes on.
    pub fn text(&self) -> String {
        let lines = &self.listing.lines;
        let of = format!("{}{}", if self.is_cut { "more than " } else { "" }, self.total);
        match self.next_offset() {
            Some(next) => {
                format!("{lines}\n\n[entries {} to {next} of {of}; go on at offset {next}]", self.offset + 1)
            }
            None if lines.is_empty() && self.total > 0 => format!("[there are only {of} entries]"),
            None if lines.is_empty() => "(empty directory)".to_owned(),
            None if self.is_cut => format!("{lines}\n\n[truncated: the directory has {of} entries]"),
            None => lines.clone(),
        }
    }

    /// Where the next page begins, if there is one.
    pub fn next_offset(&self) -> Option<usize> {
        let next = self.offset.saturating_add(self.listing.entries.len());
        (!self.listing.entries.is_empty() && next < self.total).then_some(next)
    }

    /// In bytes.
    pub fn size(&self) -> usize {
        self.listing.lines.len()
    }
}

impl Sort {
    /// As `ls` knows it.
    fn option(self) -> &'static str {
        match self {
            Self::Name => "",
            Self::Size => "S",
            Self::Time => "t",
        }
    }
}

impl Page {
    fn shows(self, name: &[u8]) -> bool {
        !matches!(name, b"." | b"..") && (self.hidden || !name.starts_with(b"."))
    }

    /// Of entries that are sorted by name.
    fn of_entries(self, mut entries: Vec<sftp::Entry>, is_cut: bool, bytes_max: usize) -> Listed {
        entries.retain(|entry| self.shows(&entry.name));
        match self.sort {
            Sort::Name => {}
            Sort::Size => entries.sort_by_key(|entry| std::cmp::Reverse(entry.attrs.size)),
            Sort::Time => entries.sort_by_key(|entry| std::cmp::Reverse(entry.attrs.modified)),
        }
        let total = entries.len();
        let shown = entries.into_iter().skip(self.offset).take(self.limit);
        let listing = Listing::from_sftp(shown, false, bytes_max);
        Listed { listing, offset: self.offset, total, is_cut }
    }

    /// Of a listing in the right order.
    fn of_listing(self, listing: Listing) -> Listed {
        let Listing { lines, entries, truncated: is_cut } = listing;
        let (mut total, mut page) = (0, Listing::new());
        for (line, entry) in lines.split('\n').zip(entries) {
            if !self.shows(entry.name.as_bytes()) {
                continue;
            }
            if total >= self.offset && page.entries.len() < self.limit {
                page.push(line, entry);
            }
            total += 1;
        }
        Listed { listing: page, offset: self.offset, total, is_cut }
    }
}

async fn list_on(caller: &Caller, machine: &Machine, path: &RemotePath, page: Page) -> Result<Listed> {
    let bytes_max = usize::try_from(caller.settings().max_output_size).unwrap_or(usize::MAX);
    if let (Some(link), Some(sftp_path)) = (machine.files()?, sftp_path(path)) {
        let max = LookMax {
            file_bytes: 0,
            entries: limits::LIST_ENTRIES_MAX,
            entries_bytes: bytes_max.saturating_mul(LISTING_MEMORY_FACTOR),
        };
        return match link.look(sftp_path, max).await? {
            Ok(Outcome::List { entries, truncated }) => Ok(page.of_entries(entries, truncated, bytes_max)),
            Ok(Outcome::Read { .. }) => Err(no_directory(path)),
            Ok(_) => Err(unexpected()),
            Err(Failure::NotRegular(kind)) if is_device(kind) => Err(no_directory(path)),
            Err(failure) => Err(explain(path, &failure)),
        };
    }
    let shown = Shown { file_bytes: Some(0), device_bytes: 0, depth: None, order: page.sort.option() };
    match look_by_command(caller, machine, path, shown).await? {
        Found::Directory(listing) => Ok(page.of_listing(listing)),
        Found::File(_) | Found::Tree(_) => Err(no_directory(path)),
    }
}

fn no_directory(path: &RemotePath) -> Error {
    Error::new(Kind::WrongFileType, format!("{path} is a file; expected a directory"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sftp::Attrs;

    fn entries() -> Vec<sftp::Entry> {
        let entry = |(name, size, modified): (&str, u64, u32)| sftp::Entry {
            name: name.into(),
            longname: format!("-rw-r--r-- 1 ann ann {size} Nov 21 02:27 {name}").into(),
            attrs: Attrs { size: Some(size), modified: Some(modified), ..Attrs::default() },
            link: None,
        };
        [(".", 9, 9), ("..", 9, 9), (".b", 1, 3), ("a", 2, 1), ("c", 3, 2)].map(entry).into()
    }

    fn names(page: Page) -> (Vec<String>, usize, Option<usize>) {
        let ls: String =
            entries().iter().map(|entry| String::from_utf8_lossy(&entry.longname) + "\n").collect();
        let listed = page.of_entries(entries(), false, 1000);
        if page.sort == Sort::Name {
            let same = page.of_listing(Listing::from_ls(ls.as_bytes(), 1000));
            assert_eq!(same.listing.lines, listed.listing.lines, "{page:?}");
            assert_eq!((same.total, same.next_offset()), (listed.total, listed.next_offset()), "{page:?}");
        }
        let names = listed.listing.entries.iter().map(|entry| entry.name.clone()).collect();
        (names, listed.total, listed.next_offset())
    }

    #[test]
    fn pages_follow_each_other() {
        let page = Page { limit: 2, ..Page::default() };
        let some = |names: &[&str], next| (names.iter().map(|name| (*name).to_owned()).collect(), 3, next);
        assert_eq!(names(page), some(&[".b", "a"], Some(2)));
        assert_eq!(names(Page { offset: 2, ..page }), some(&["c"], None));
        assert_eq!(names(Page { offset: 3, ..page }), some(&[], None));
        assert_eq!(names(Page { sort: Sort::Size, ..page }), some(&["c", "a"], Some(2)));
        assert_eq!(names(Page { sort: Sort::Time, ..page }), some(&[".b", "c"], Some(2)));
        assert_eq!(names(Page { hidden: false, ..page }), (vec!["a".to_owned(), "c".to_owned()], 2, None));
    }

    #[test]
    fn a_page_tells_how_it_goes_on() {
        let text = |page: Page, is_cut| page.of_entries(entries(), is_cut, 1000).text();
        let page = Page { limit: 2, ..Page::default() };
        assert!(text(page, false).ends_with(" a\n\n[entries 1 to 2 of 3; go on at offset 2]"));
        assert!(text(page, true).ends_with("\n\n[entries 1 to 2 of more than 3; go on at offset 2]"));
        let last = Page { offset: 2, ..page };
        assert!(text(last, false).ends_with(" c"));
        assert!(text(last, true).ends_with("\n\n[truncated: the directory has more than 3 entries]"));
        assert_eq!(text(Page { offset: 3, ..page }, false), "[there are only 3 entries]");
        assert_eq!(page.of_entries(Vec::new(), false, 1000).text(), "(empty directory)");
    }
}
