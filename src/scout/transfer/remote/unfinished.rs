//! What is written of a file of a host before it has its name.

use std::cell::Cell;
use std::rc::Rc;

use crate::fleet::{Link, OpenFile};
use crate::sftp::{Attrs, FileType};

/// Permissions with those bits that are about whose a file is.
const MODE_ALL: u32 = 0o7777;
/// While a file is written nobody else reads it.
pub(super) const MODE_UNFINISHED: u32 = 0o600;

/// What is written, under its other name; removed when it is dropped, unless it is to be gone on with.
pub(super) struct Unfinished {
    pub link: Rc<Link>,
    pub path: Vec<u8>,
    /// `None` before it is opened, and once it is closed.
    pub file: Option<OpenFile>,
    /// Bytes up to the last that is there.
    pub len: Cell<u64>,
    pub is_kept: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(self.file.take());
        if !self.is_kept {
            self.link.remove_unheard(&self.path);
        }
    }
}

/// What the other name leads to can be foretold: what others may have put there, or can read, is not written to. Version 3
/// does not tell how many names a file has.
pub(super) fn is_unfinished(attrs: &Attrs) -> bool {
    attrs.file_type() == FileType::Regular
        && attrs.mode.is_some_and(|mode| mode & MODE_ALL == MODE_UNFINISHED)
}

/// As far as it can be told.
pub(super) fn is_same(one: &Attrs, other: &Attrs) -> bool {
    (one.size, one.mode, one.owner) == (other.size, other.mode, other.owner)
}
