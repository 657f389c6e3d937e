//! Which part of a file is wanted, and what there is of it.

use std::borrow::Cow;
use std::num::NonZeroU64;

use super::{Content, without_half_character};
use crate::scout::decode::Encoding;
use crate::scout::kind;
use crate::target::RemotePath;

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

    /// A text of it for an agent, with a mark where something was left out.
    fn marked<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        match self.cut {
            None => text,
            Some(Cut::End(limit)) => format!("{text}\n\n[truncated at {limit} bytes]").into(),
            Some(Cut::Beginning(limit)) => {
                format!("[truncated: only the last {limit} bytes]\n\n{text}").into()
            }
        }
    }
}

/// A part of a file as somebody wants to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub path: RemotePath,
    pub piece: Piece,
    pub reading: Reading,
}

/// As what bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// As what they look like.
    #[default]
    Guess,
    Text(Encoding),
    Bytes,
}

/// What an excerpt holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    Text(Encoding),
    /// A whole picture of a MIME type that clients show.
    Image(&'static str),
    /// Anything else, by its MIME type.
    Bytes(&'static str),
}

impl Excerpt {
    pub fn holds(&self) -> Holds {
        let Piece { data, offset, goes_on, .. } = &self.piece;
        let path = self.path.as_str();
        let encoding = match self.reading {
            Reading::Guess => Encoding::guess(self.whole()),
            Reading::Text(encoding) => Some(encoding),
            Reading::Bytes => return Holds::Bytes(kind::of_bytes(path)),
        };
        match encoding {
            Some(encoding) => Holds::Text(encoding),
            None => match kind::of_image(data).filter(|_| *offset == Some(0) && !goes_on) {
                Some(image) => Holds::Image(image),
                None => Holds::Bytes(kind::of_bytes(path)),
            },
        }
    }

    /// What an agent sees: the text, or what it is instead.
    pub fn text(&self) -> Cow<'_, str> {
        match self.holds() {
            Holds::Text(encoding) => self.piece.marked(encoding.decode(self.whole())),
            Holds::Image(kind) | Holds::Bytes(kind) => {
                format!("[{kind}, {} bytes; no text]", self.piece.data.len()).into()
            }
        }
    }

    /// Where the file goes on, in bytes, if it does and that is known.
    pub fn next_offset(&self) -> Option<u64> {
        let offset = self.piece.offset.filter(|_| self.piece.goes_on)?;
        let bytes = match self.holds() {
            Holds::Text(_) => self.whole(),
            Holds::Image(_) | Holds::Bytes(_) => &self.piece.data,
        };
        Some(offset + bytes.len() as u64)
    }

    /// The bytes, without the half of a character that the end of the part has left.
    fn whole(&self) -> &[u8] {
        let data = self.piece.data.as_slice();
        match without_half_character(data) {
            whole if self.piece.goes_on && !whole.is_empty() => whole,
            _ => data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(data: &[u8], goes_on: bool) -> Excerpt {
        let piece = Piece { data: data.into(), offset: Some(0), size: None, goes_on, cut: None };
        Excerpt { path: RemotePath::parse("/a.pdf").unwrap(), piece, reading: Reading::Guess }
    }

    #[test]
    fn the_next_part_begins_with_a_whole_character() {
        let cut = excerpt("a\u{fc}".as_bytes(), false);
        assert_eq!((cut.text().as_ref(), cut.next_offset()), ("a\u{fc}", None));
        let cut = excerpt(b"a\xc3", true);
        assert_eq!((cut.text().as_ref(), cut.next_offset()), ("a", Some(1)));
        let cut = excerpt(b"\xc3", true);
        assert_eq!((cut.text().as_ref(), cut.next_offset()), ("\u{c3}", Some(1)));
        let cut = excerpt(b"\0\xc3", true);
        assert_eq!((cut.holds(), cut.next_offset()), (Holds::Bytes("application/pdf"), Some(2)));
        assert_eq!(cut.text(), "[application/pdf, 2 bytes; no text]");
    }

    #[test]
    fn pictures_are_whole() {
        let png = b"\x89PNG\r\n\x1a\n\0";
        assert_eq!(excerpt(png, false).holds(), Holds::Image("image/png"));
        assert_eq!(excerpt(png, true).holds(), Holds::Bytes("application/pdf"));
        let text = Excerpt { reading: Reading::Text(Encoding::Latin1), ..excerpt(b"\xfc", false) };
        assert_eq!((text.holds(), text.text().as_ref()), (Holds::Text(Encoding::Latin1), "\u{fc}"));
    }
}
