//! A body in chunks (RFC 9112 §7.1): sizes, extensions that nobody uses, data, trailers.

use super::Refusal;
use super::section::{Fault, Section};
use crate::base::limits::{HTTP_CHUNK_EXTENSIONS_BYTES_MAX, HTTP_HEADERS_MAX, HTTP_TRAILER_BYTES_MAX};

/// Digits of a chunk's size: more than this are only there to be many.
const DIGITS_MAX: u8 = 16;

/// How far a body has been taken apart.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    wait: Wait,
    /// Bytes of extensions in the whole body.
    extensions: usize,
}

/// What has to come next.
#[derive(Debug)]
enum Wait {
    /// Another digit, or the end of the size.
    Size {
        digits: u8,
        size: u64,
    },
    /// The rest of a line behind a size; `named` once its `;` was there, before which only white space may stand.
    Extension {
        named: bool,
        size: u64,
    },
    /// The LF behind a size.
    SizeEnd {
        size: u64,
    },
    /// So much data.
    Data {
        left: u64,
    },
    /// CR, then LF, behind the data.
    DataCr,
    DataLf,
    Trailers(Section),
}

impl Default for Wait {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

/// What one look has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Bytes that are not needed any more.
    pub(super) consumed: usize,
    pub(super) is_done: bool,
}

impl Chunked {
    /// Takes what there is of the body, and adds its data to `body`. What was not consumed is to be there next time too.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        body: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<Progress, Refusal> {
        let mut rest = input;
        while let Some((&byte, behind)) = rest.split_first() {
            self.wait = match &mut self.wait {
                Wait::Data { left } => {
                    let here = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    let (data, behind) = rest.split_at(here);
                    body.extend_from_slice(data);
                    rest = behind;
                    match *left - here as u64 {
                        0 => Wait::DataCr,
                        left => Wait::Data { left },
                    }
                }
                Wait::Trailers(section) => {
                    let done = trailers(section, rest)?;
                    let consumed = input.len() - rest.len() + done.unwrap_or(0);
                    return Ok(Progress { consumed, is_done: done.is_some() });
                }
                _ => {
                    rest = behind;
                    self.next(byte, body.len(), bytes_max)?
                }
            };
        }
        Ok(Progress { consumed: input.len(), is_done: false })
    }

    /// What comes after one byte between the data.
    fn next(&mut self, byte: u8, received: usize, bytes_max: usize) -> Result<Wait, Refusal> {
        match (&self.wait, byte) {
            (Wait::Size { digits, size }, _) if byte.is_ascii_hexdigit() => {
                // A size that was let pass is far from the largest number.
                let size = size * 16 + u64::from(hex(byte));
                match size.saturating_add(received as u64) <= bytes_max as u64 {
                    true if *digits < DIGITS_MAX => Ok(Wait::Size { digits: digits + 1, size }),
                    true => Err(Refusal::Chunk),
                    false => Err(Refusal::Body),
                }
            }
            (Wait::Size { digits: 0, .. }, _) => Err(Refusal::Chunk),
            (Wait::Size { size, .. } | Wait::Extension { size, .. }, b'\r') => {
                Ok(Wait::SizeEnd { size: *size })
            }
            (Wait::Size { size, .. } | Wait::Extension { named: false, size }, b';') => {
                self.extension(true, *size)
            }
            (Wait::Size { size, .. } | Wait::Extension { named: false, size }, b' ' | b'\t') => {
                self.extension(false, *size)
            }
            (Wait::Extension { named: true, size }, _) if byte == b'\t' || !byte.is_ascii_control() => {
                self.extension(true, *size)
            }
            (Wait::SizeEnd { size: 0 }, b'\n') => Ok(Wait::Trailers(Section::default())),
            (Wait::SizeEnd { size }, b'\n') => Ok(Wait::Data { left: *size }),
            (Wait::DataCr, b'\r') => Ok(Wait::DataLf),
            (Wait::DataLf, b'\n') => Ok(Wait::default()),
            _ => Err(Refusal::Chunk),
        }
    }

    fn extension(&mut self, named: bool, size: u64) -> Result<Wait, Refusal> {
        self.extensions += 1;
        match self.extensions <= HTTP_CHUNK_EXTENSIONS_BYTES_MAX {
            true => Ok(Wait::Extension { named, size }),
            false => Err(Refusal::Chunk),
        }
    }
}

/// The length of the trailers, once they are all there. They must be headers; nobody looks at them.
fn trailers(section: &mut Section, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    let end = section.end(bytes, HTTP_TRAILER_BYTES_MAX, HTTP_TRAILER_BYTES_MAX);
    let end = end.map_err(|fault| match fault {
        Fault::BareLineEnd => Refusal::Chunk,
        Fault::TooLong | Fault::FirstLineTooLong => Refusal::HeadLength,
    })?;
    let Some(length) = end else { return Ok(None) };
    let mut fields = [httparse::EMPTY_HEADER; HTTP_HEADERS_MAX];
    match httparse::parse_headers(bytes.get(..length).unwrap_or_default(), &mut fields) {
        Ok(httparse::Status::Complete(_)) => Ok(Some(length)),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HeadLength),
        _ => Err(Refusal::Chunk),
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body and how much of the input it took, with the input whole or byte by byte.
    fn decode(input: &[u8], step: usize) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
        let (mut chunked, mut body, mut taken, mut end) = (Chunked::default(), Vec::new(), 0, 0);
        while end < input.len() {
            end = (end + step).min(input.len());
            let progress = chunked.decode(&input[taken..end], &mut body, 20)?;
            taken += progress.consumed;
            if progress.is_done {
                return Ok(Some((body, taken)));
            }
        }
        Ok(None)
    }

    #[test]
    fn chunks_are_put_together() {
        let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(HTTP_CHUNK_EXTENSIONS_BYTES_MAX));
        let many = format!("0\r\n{}\r\n", "a: b\r\n".repeat(HTTP_HEADERS_MAX + 1));
        let large = format!("0\r\na: {}\r\n\r\n", "b".repeat(HTTP_TRAILER_BYTES_MAX));
        for (input, body) in [
            ("0\r\n\r\n", Ok(Some(""))),
            ("3\r\nabc\r\n0\r\n\r\nGET", Ok(Some("abc"))),
            ("0a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", Ok(Some("01234567890123456789"))),
            ("1;a=b;c=\"d;e\"\r\nx\r\n0;z\r\n\r\n", Ok(Some("x"))),
            ("1 \t;a\r\nx\r\n0 \r\n\r\n", Ok(Some("x"))),
            ("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", Ok(Some("x"))),
            ("0000000000000001\r\nx\r\n0\r\n\r\n", Ok(Some("x"))),
            ("1\r\nx\r\n0\r\nA: b\r\n", Ok(None)),
            ("", Ok(None)),
            ("00000000000000001\r\nx\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("15\r\n", Err(Refusal::Body)),
            ("14\r\n01234567890123456789\r\n1\r\n", Err(Refusal::Body)),
            ("fffffffffffffffff\r\n", Err(Refusal::Body)),
            ("\r\n", Err(Refusal::Chunk)),
            (";a\r\n", Err(Refusal::Chunk)),
            ("-1\r\n", Err(Refusal::Chunk)),
            ("0x1\r\n", Err(Refusal::Chunk)),
            ("1 1\r\n", Err(Refusal::Chunk)),
            ("1\nx\r\n", Err(Refusal::Chunk)),
            ("1\r\r\n", Err(Refusal::Chunk)),
            ("1;a\nb\r\n", Err(Refusal::Chunk)),
            ("1;a\0\r\n", Err(Refusal::Chunk)),
            ("1\r\nxy\r\n", Err(Refusal::Chunk)),
            ("1\r\nx\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("0\r\nA : b\r\n\r\n", Err(Refusal::Chunk)),
            ("0\r\nA: b\r\n folded\r\n\r\n", Err(Refusal::Chunk)),
            ("0\r\nA: b\n\r\n", Err(Refusal::Chunk)),
            (&long, Err(Refusal::Chunk)),
            (&many, Err(Refusal::HeadLength)),
            (&large, Err(Refusal::HeadLength)),
        ] {
            for step in [1, input.len().max(1)] {
                let decoded = decode(input.as_bytes(), step);
                let text = decoded.map(|done| done.map(|(body, _)| String::from_utf8(body).unwrap()));
                assert_eq!(text, body.map(|body| body.map(str::to_owned)), "{input:?}");
            }
        }
        assert_eq!(decode(b"1\r\nx\r\n0\r\na: b\r\n\r\nGET", 4).unwrap().unwrap().1, 17);
    }
}
