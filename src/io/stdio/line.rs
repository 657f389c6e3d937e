//! Lines out of bytes that come in pieces. Knows no stream.

/// A line from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Text(Vec<u8>),
    /// Longer than a message may be; nothing of it was kept.
    TooLong,
}

/// The line that is being read.
#[derive(Debug)]
pub(in crate::io) struct Splitter {
    begun: Vec<u8>,
    is_too_long: bool,
    bytes_max: usize,
}

impl Splitter {
    pub(in crate::io) fn new(bytes_max: usize) -> Self {
        Self { begun: Vec::new(), is_too_long: false, bytes_max }
    }

    /// Takes the next line off `bytes`. `None` once all of them are taken: what ends no line is kept for the next call.
    pub(in crate::io) fn next(&mut self, bytes: &mut &[u8]) -> Option<Line> {
        match memchr::memchr(b'\n', bytes) {
            Some(end) => {
                let (line, rest) = bytes.split_at(end);
                *bytes = &rest[1..];
                self.keep(line);
                Some(self.take())
            }
            None => {
                self.keep(std::mem::take(bytes));
                None
            }
        }
    }

    /// The last line, where the input ended without one more line end.
    pub(in crate::io) fn end(&mut self) -> Option<Line> {
        (self.is_too_long || !self.begun.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, piece: &[u8]) {
        self.is_too_long |= piece.len() > self.bytes_max - self.begun.len();
        if self.is_too_long {
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }

    fn take(&mut self) -> Line {
        if std::mem::take(&mut self.is_too_long) {
            return Line::TooLong;
        }
        let mut line = std::mem::take(&mut self.begun);
        line.pop_if(|last| *last == b'\r');
        Line::Text(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, bytes_max: usize) -> Vec<Line> {
        let mut splitter = Splitter::new(bytes_max);
        let mut lines = Vec::new();
        for mut piece in pieces {
            lines.extend(std::iter::from_fn(|| splitter.next(&mut piece)));
        }
        lines.extend(splitter.end());
        lines
    }

    fn text(line: &str) -> Line {
        Line::Text(line.into())
    }

    #[test]
    fn lines_end_with_a_newline_or_the_input() {
        assert_eq!(split([&b"one\r\n\ntwo"[..]], 8), [text("one"), text(""), text("two")]);
        assert_eq!(split([&b"one\n"[..]], 8), [text("one")]);
        assert_eq!(split([&b""[..]], 8), []);
    }

    #[test]
    fn what_is_too_long_is_skipped() {
        let lines = [text("12345678"), Line::TooLong, text("next")];
        assert_eq!(split([&b"12345678\n123456789\nnext\n"[..]], 8), lines);
        assert_eq!(split([&b"123456789"[..]], 8), [Line::TooLong]);
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_lines_as_the_whole(
            input in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'x')], 0..60),
            bytes in 1_usize..10,
            bytes_max in 1_usize..8,
        ) {
            prop_assert_eq!(split(input.chunks(bytes), bytes_max), split([&input[..]], bytes_max));
        }
    }
}
