//! Which part of a file is wanted, and what there is of it.

use std::num::NonZeroU64;

use super::Content;

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// As many bytes as there are, up to `length`, from `offset` on.
    Bytes { offset: u64, length: Option<u64> },
    /// The first so many lines.
    Head(u64),
    /// The last so many lines.
    Tail(u64),
    /// Lines by their numbers, the first of the file being 1; both ends belong to it.
    Lines { first: NonZeroU64, last: u64 },
}

impl Part {
    pub const WHOLE: Self = Self::Bytes { offset: 0, length: None };
}

/// A part of a file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub data: Vec<u8>,
    /// Where it begins, in bytes, where that is known.
    pub offset: Option<u64>,
    /// The size of the whole file in bytes; files that the kernel makes up have none.
    pub size: Option<u64>,
    /// The file goes on behind it.
    pub goes_on: bool,
    /// There is more of the part than the limit allows.
    pub cut: Option<Cut>,
}

/// Which end of a part was left out, and how many bytes are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    End(u64),
    Beginning(u64),
}

impl Piece {
    /// Of a file that was read from its beginning.
    pub(super) fn whole(content: Content) -> Self {
        let Content { data, truncated, limit, size } = content;
        let size = size.filter(|size| *size > 0).or((!truncated).then_some(data.len() as u64));
        Self { data, offset: Some(0), size, goes_on: truncated, cut: truncated.then_some(Cut::End(limit)) }
    }

    /// The limit that it has reached, in bytes.
    pub fn cut_at(&self) -> Option<u64> {
        self.cut.map(|(Cut::End(limit) | Cut::Beginning(limit))| limit)
    }

    /// Where the file goes on, in bytes, if it does and that is known.
    pub fn next_offset(&self) -> Option<u64> {
        let offset = self.offset.filter(|_| self.goes_on)?;
        Some(offset + self.data.len() as u64)
    }

    /// A text of it for an agent, with a mark where something was left out.
    pub fn mark(&self, text: &str) -> Option<String> {
        Some(match self.cut? {
            Cut::End(limit) => format!("{text}\n\n[truncated at {limit} bytes]"),
            Cut::Beginning(limit) => format!("[truncated: only the last {limit} bytes]\n\n{text}"),
        })
    }
}
