//! Fields and packets on the wire (draft §3, RFC 4251 §5). Nothing is read without a bound.

use super::error::Error;
use crate::base::text::is_unruly;

/// Packet types (draft §3) that our client or our simulated server sends or understands.
pub(crate) mod kind {
    pub const INIT: u8 = 1;
    pub const VERSION: u8 = 2;
    pub const OPEN: u8 = 3;
    pub const CLOSE: u8 = 4;
    pub const READ: u8 = 5;
    pub const WRITE: u8 = 6;
    pub const LSTAT: u8 = 7;
    pub const FSTAT: u8 = 8;
    pub const FSETSTAT: u8 = 10;
    pub const OPENDIR: u8 = 11;
    pub const READDIR: u8 = 12;
    pub const REMOVE: u8 = 13;
    pub const REALPATH: u8 = 16;
    pub const STAT: u8 = 17;
    pub const RENAME: u8 = 18;
    pub const READLINK: u8 = 19;
    pub const STATUS: u8 = 101;
    pub const HANDLE: u8 = 102;
    pub const DATA: u8 = 103;
    pub const NAME: u8 = 104;
    pub const ATTRS: u8 = 105;
    pub const EXTENDED: u8 = 200;
    pub const EXTENDED_REPLY: u8 = 201;
}

/// Reads one packet's fields in order. Bytes after the last field that is asked for are ignored, as others do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(packet: &'a [u8]) -> Self {
        Self { rest: packet }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    pub fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub fn u64(&mut self, field: &'static str) -> Result<u64, Error> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// A string of at most `bytes_max` bytes.
    pub fn string(&mut self, field: &'static str, bytes_max: usize) -> Result<&'a [u8], Error> {
        let length = self.u32(field)?;
        if length as usize > bytes_max {
            return Err(Error::FieldTooLong { field, length });
        }
        let (string, rest) = self.rest.split_at_checked(length as usize).ok_or(Error::Truncated(field))?;
        self.rest = rest;
        Ok(string)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated(field))?;
        self.rest = rest;
        Ok(*bytes)
    }
}

/// Appends one packet to a buffer; its length is filled in by [`Packet::finish`].
pub(super) struct Packet<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Packet<'a> {
    pub fn new(out: &'a mut Vec<u8>, kind: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, kind]);
        Self { out, start }
    }

    pub fn u32(self, value: u32) -> Self {
        self.out.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn u64(self, value: u64) -> Self {
        self.out.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Strings are paths, names and handles of ours, all far below 4 GiB.
    pub fn string(self, value: &[u8]) -> Self {
        let this = self.u32(value.len() as u32);
        this.out.extend_from_slice(value);
        this
    }

    pub fn finish(self) {
        let length = (self.out.len() - self.start - 4) as u32;
        self.out[self.start..self.start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// Text from the server, fit to be shown: valid UTF-8, no control characters, at most `bytes_max` of the original.
pub(super) fn sanitise(text: &[u8], bytes_max: usize) -> String {
    let text = &text[..text.len().min(bytes_max)];
    String::from_utf8_lossy(text).chars().map(|c| if is_unruly(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_where_the_packet_ends() {
        let mut reader = Reader::new(&[0, 0, 0, 2, b'a', b'b', 7]);
        assert_eq!(reader.string("name", 2), Ok(&b"ab"[..]));
        assert_eq!(reader.u32("id"), Err(Error::Truncated("id")));
        assert_eq!(reader.u8("kind"), Ok(7));
        assert!(reader.is_empty());
    }

    #[test]
    fn a_string_never_exceeds_its_bound_or_its_packet() {
        let packet = [0xff, 0xff, 0xff, 0xff, 1];
        let long = Error::FieldTooLong { field: "name", length: u32::MAX };
        assert_eq!(Reader::new(&packet).string("name", 10), Err(long));
        assert_eq!(Reader::new(&packet).string("name", usize::MAX), Err(Error::Truncated("name")));
    }

    #[test]
    fn text_is_bounded_and_printable() {
        assert_eq!(sanitise(b"a\x1b[2J\nb\xff", 6), "a [2J ");
        assert_eq!(sanitise("é".as_bytes(), 1), "\u{fffd}");
    }
}
