//! What the headers say about the message itself: where its body ends, and whether another request may follow.

use super::{Refusal, Version};

/// Where the body ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// After so many bytes.
    Exact(u64),
    /// After the chunk that says so.
    Chunked,
}

/// What has been found in the headers so far.
#[derive(Debug, Default)]
pub(super) struct Framing<'a> {
    pub(super) host: Option<&'a [u8]>,
    length: Option<u64>,
    codings: Codings,
    connection: Tokens,
    pub(super) expects_continue: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Codings {
    #[default]
    None,
    Chunked,
    /// One that we do not know, and not `chunked` behind it.
    Unknown,
    /// One that we do not know, and `chunked` behind it.
    UnknownThenChunked,
}

/// What stood in `Connection`.
#[derive(Debug, Default)]
struct Tokens {
    close: bool,
    keep_alive: bool,
}

impl<'a> Framing<'a> {
    /// Takes in one header.
    pub(super) fn note(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
        // Most names have another length than all of these.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => self.note_host(value),
            6 if name.eq_ignore_ascii_case("expect") => self.note_expectation(value),
            10 if name.eq_ignore_ascii_case("connection") => {
                self.connection.note(value);
                Ok(())
            }
            14 if name.eq_ignore_ascii_case("content-length") => self.note_length(value),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => self.codings.note(value),
            _ => Ok(()),
        }
    }

    fn note_host(&mut self, value: &'a [u8]) -> Result<(), Refusal> {
        match self.host.replace(value) {
            None if is_authority(value) => Ok(()),
            _ => Err(Refusal::Host),
        }
    }

    fn note_expectation(&mut self, value: &[u8]) -> Result<(), Refusal> {
        self.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
        if self.expects_continue { Ok(()) } else { Err(Refusal::Expectation) }
    }

    /// Two equal lengths could be taken (RFC 9110 §8.6); nobody honest sends them.
    fn note_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let digits = value.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(value).unwrap_or_default());
        let digits = digits.filter(|digits| !digits.is_empty()).ok_or(Refusal::Length)?;
        // More than fits is more than anybody takes.
        let length = digits.parse().unwrap_or(u64::MAX);
        self.length.replace(length).map_or(Ok(()), |_| Err(Refusal::Length))
    }

    /// Where the body ends, now that all headers are known.
    pub(super) fn body(&self, version: Version, method: &str) -> Result<Length, Refusal> {
        match (self.codings, self.length) {
            (Codings::None, Some(length)) => Ok(Length::Exact(length)),
            (Codings::None, None) if has_body(method) => Err(Refusal::LengthMissing),
            (Codings::None, None) => Ok(Length::Exact(0)),
            (_, Some(_)) => Err(Refusal::Framing),
            // Who speaks HTTP/1.0 does not know of chunks, so somebody in between has made a mistake (RFC 9112 §6.1).
            (_, None) if version == Version::Http10 => Err(Refusal::Framing),
            (Codings::Chunked, None) => Ok(Length::Chunked),
            (Codings::UnknownThenChunked, None) => Err(Refusal::UnknownCoding),
            (Codings::Unknown, None) => Err(Refusal::Coding),
        }
    }

    /// Whether the connection stays open for another request (RFC 9112 §9.3).
    pub(super) fn keeps_alive(&self, version: Version) -> bool {
        match version {
            Version::Http11 => !self.connection.close,
            Version::Http10 => self.connection.keep_alive && !self.connection.close,
        }
    }
}

impl Codings {
    fn note(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for coding in list(value) {
            *self = match (*self, coding.eq_ignore_ascii_case(b"chunked")) {
                (Self::Chunked | Self::UnknownThenChunked, _) => return Err(Refusal::Coding),
                (Self::None, true) => Self::Chunked,
                (Self::Unknown, true) => Self::UnknownThenChunked,
                (_, false) if coding.is_empty() => return Err(Refusal::Coding),
                (_, false) => Self::Unknown,
            };
        }
        Ok(())
    }
}

impl Tokens {
    fn note(&mut self, value: &[u8]) {
        for token in list(value) {
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }
}

/// Whether requests of this method come with a body even when it is empty (RFC 9110 §8.6).
fn has_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

/// What stands between commas.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Whether this may be a host with or without a port (RFC 3986 §3.2.2); no user before it.
pub(super) fn is_authority(bytes: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_part)
}
