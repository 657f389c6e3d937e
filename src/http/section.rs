//! Lines up to an empty one: the head of a request, or the trailers of its body (RFC 9112 §2.1).
//!
//! A line ends with CR LF and with nothing else. A receiver may take a bare LF (§2.2); that some do and others do not is
//! what smuggling lives on.

use memchr::memchr;

/// How far a section has been looked through, so that no byte is looked at twice however slowly it comes.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Where the line begins that has not ended yet.
    line: usize,
    /// Where to go on looking.
    next: usize,
}

/// Where the end of a line stands, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is an LF without its CR.
    BareLineEnd,
    /// The section, or its first line, does not end within its bounds.
    TooLong,
    FirstLineTooLong,
}

impl Section {
    /// The length of the section with the empty line at its end, as soon as that is there. What is judged depends on the
    /// bytes alone and not on how many of them come at once.
    pub(super) fn end(
        &mut self,
        bytes: &[u8],
        first_line_max: usize,
        bytes_max: usize,
    ) -> Result<Option<usize>, Fault> {
        loop {
            let is_first = self.line == 0;
            let (max, fault) = match is_first {
                true if first_line_max < bytes_max => (first_line_max, Fault::FirstLineTooLong),
                _ => (bytes_max, Fault::TooLong),
            };
            let allowed = bytes.get(..max).unwrap_or(bytes);
            let Some(found) = memchr(b'\n', allowed.get(self.next..).unwrap_or_default()) else {
                self.next = allowed.len();
                return if bytes.len() >= max { Err(fault) } else { Ok(None) };
            };
            let at = self.next + found;
            if at == self.line || bytes[at - 1] != b'\r' {
                return Err(Fault::BareLineEnd);
            }
            let is_empty = at == self.line + 1;
            (self.line, self.next) = (at + 1, at + 1);
            if is_empty {
                return Ok(Some(at + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of the bytes when they come one by one.
    fn slowly(bytes: &[u8]) -> Result<Option<usize>, Fault> {
        let mut section = Section::default();
        for end in 0..bytes.len() {
            let found = section.end(&bytes[..end], 8, 20);
            if found != Ok(None) {
                return found;
            }
        }
        section.end(bytes, 8, 20)
    }

    #[test]
    fn the_end_is_an_empty_line() {
        for (bytes, end) in [
            (&b""[..], Ok(None)),
            (b"\r\n", Ok(Some(2))),
            (b"a\r\n\r\nb", Ok(Some(5))),
            (b"a\r\nb: c\r\n\r\n\r\n", Ok(Some(11))),
            (b"a\r\n\r", Ok(None)),
            (b"\n", Err(Fault::BareLineEnd)),
            (b"a\n\n", Err(Fault::BareLineEnd)),
            (b"a\r\n\n", Err(Fault::BareLineEnd)),
            (b"123456\r\n\r\n", Ok(Some(10))),
            (b"1234567\r\n\r\n", Err(Fault::FirstLineTooLong)),
            (b"a\r\n0123456789abc\r\n\r\n", Ok(Some(20))),
            (b"a\r\n0123456789abcd\r\n\r\n", Err(Fault::TooLong)),
            (b"a\r\n0123456789abcdefghij\n", Err(Fault::TooLong)),
        ] {
            assert_eq!(Section::default().end(bytes, 8, 20), end, "{}", bytes.escape_ascii());
            assert_eq!(slowly(bytes), end, "{}", bytes.escape_ascii());
        }
    }
}
