//! Data types of RFC 4251 §5. Every length that is read carries its maximum and the name of what it measures.

use super::error::Error;

/// Reads one message from front to back.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn bytes(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Error::Truncated { what })?;
        self.rest = rest;
        Ok(head)
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        Ok(self.array::<1>(what)?[0])
    }

    pub fn bool(&mut self, what: &'static str) -> Result<bool, Error> {
        Ok(self.u8(what)? != 0)
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Error::Truncated { what })?;
        self.rest = rest;
        Ok(*head)
    }

    /// A `string` of at most `max` bytes.
    pub fn string(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let length = self.u32(what)? as usize;
        if length > max {
            return Err(Error::TooLong { what, max });
        }
        self.bytes(length, what)
    }

    /// A `string` that has to be UTF-8.
    pub fn text(&mut self, max: usize, what: &'static str) -> Result<&'a str, Error> {
        std::str::from_utf8(self.string(max, what)?).map_err(|_| Error::Malformed { what })
    }

    /// A `name-list`: ASCII without control characters (RFC 4251 §6).
    pub fn name_list(&mut self, max: usize, what: &'static str) -> Result<NameList<'a>, Error> {
        NameList::new(self.string(max, what)?, what)
    }

    /// An `mpint` that is not negative, without its leading zeros.
    pub fn unsigned(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Error> {
        magnitude(self.string(max.saturating_add(1), what)?).ok_or(Error::Malformed { what })
    }

    /// Everything that was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Fails when something follows.
    pub fn end(&self, what: &'static str) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Malformed { what }) }
    }
}

/// The number that the bytes of an `mpint` say, without leading zeros. `None` when it is negative.
pub fn magnitude(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return None;
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..)
}

/// Names separated by commas, in order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameList<'a>(pub &'a str);

impl<'a> NameList<'a> {
    /// Names that stand in something else than a `string` of their own.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Result<Self, Error> {
        let names = std::str::from_utf8(bytes).map_err(|_| Error::Malformed { what })?;
        if names.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(names))
        } else {
            Err(Error::Malformed { what })
        }
    }

    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    pub fn contains(self, name: &str) -> bool {
        self.iter().any(|n| n == name)
    }

    pub fn first(self) -> Option<&'a str> {
        self.iter().next()
    }
}

/// Appends values in wire form. Lengths are ours, so nothing here can fail.
pub trait Write {
    fn put_u32(&mut self, value: u32);
    fn put_bool(&mut self, value: bool);
    fn put_string(&mut self, bytes: &[u8]);
    /// The big-endian number `bytes` as an `mpint`.
    fn put_unsigned(&mut self, bytes: &[u8]);
    fn put_name_list<'a>(&mut self, names: impl IntoIterator<Item = &'a str>);
}

impl Write for Vec<u8> {
    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_bool(&mut self, value: bool) {
        self.push(u8::from(value));
    }

    fn put_string(&mut self, bytes: &[u8]) {
        self.put_u32(bytes.len() as u32);
        self.extend_from_slice(bytes);
    }

    fn put_unsigned(&mut self, bytes: &[u8]) {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = &bytes[zeros..];
        // A set top bit would read as a sign (RFC 4251 §5).
        let sign = bytes.first().is_some_and(|first| first & 0x80 != 0);
        self.put_u32(bytes.len() as u32 + u32::from(sign));
        if sign {
            self.push(0);
        }
        self.extend_from_slice(bytes);
    }

    fn put_name_list<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let start = self.len();
        self.put_u32(0);
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.push(b',');
            }
            self.extend_from_slice(name.as_bytes());
        }
        let length = (self.len() - start - 4) as u32;
        self[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_as_in_rfc_4251() {
        let mut out = Vec::new();
        out.put_unsigned(&[]);
        out.put_unsigned(&[0, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]);
        out.put_unsigned(&[0x80]);
        let expected: &[u8] =
            &[0, 0, 0, 0, 0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7, 0, 0, 0, 2, 0, 0x80];
        assert_eq!(out, expected);
    }

    #[test]
    fn name_lists_as_in_rfc_4251() {
        let mut out = Vec::new();
        out.put_name_list([]);
        out.put_name_list(["zlib", "none"]);
        assert_eq!(out, b"\0\0\0\0\0\0\0\x09zlib,none");
    }

    #[test]
    fn a_length_over_its_maximum_is_refused_before_its_bytes_are_there() {
        let mut reader = Reader::new(&[0xff, 0xff, 0xff, 0xff]);
        assert_eq!(reader.string(10, "x"), Err(Error::TooLong { what: "x", max: 10 }));
    }

    #[test]
    fn negative_numbers_and_unclean_names_are_refused() {
        assert!(Reader::new(&[0, 0, 0, 1, 0x80]).unsigned(8, "n").is_err());
        assert!(Reader::new(b"\0\0\0\x03a b").name_list(8, "l").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes: Vec<u8>, number: u32) {
            let mut out = Vec::new();
            out.put_string(&bytes);
            out.put_unsigned(&bytes);
            out.put_u32(number);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.string(bytes.len(), "s").unwrap(), &bytes[..]);
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            prop_assert_eq!(reader.unsigned(bytes.len(), "n").unwrap(), &bytes[zeros..]);
            prop_assert_eq!(reader.u32("u").unwrap(), number);
            prop_assert!(reader.end("end").is_ok());
        }

        #[test]
        fn garbage_is_read_without_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            let _ = reader.name_list(64, "l");
            let _ = reader.unsigned(64, "n");
            let _ = reader.string(64, "s");
            let _ = reader.array::<7>("a");
        }
    }
}
