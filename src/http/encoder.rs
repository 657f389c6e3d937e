//! The bytes of an answer.

use super::{Body, Date, Refusal, Response};

/// How the peer learns where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// There is none, and everybody knows.
    None,
    Length(usize),
    Chunked,
    /// When the connection ends: for HTTP/1.0, which has no chunks.
    UntilClose,
}

/// What is said of the connection; nothing where it is what the peer expects anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    AsExpected,
    Close,
    KeepAlive,
}

/// The whole answer to whoever is not even listened to.
pub fn refuse(refusal: Refusal, date: &Date) -> Vec<u8> {
    let (mut out, response) = (Vec::new(), Response::from(refusal));
    if let Body::Full(body) = &response.body {
        put_head(&mut out, &response, Content::Length(body.len()), Fate::Close, date);
        out.extend_from_slice(body);
    }
    out
}

/// Adds everything before the body.
pub(super) fn put_head(out: &mut Vec<u8>, response: &Response, content: Content, fate: Fate, date: &Date) {
    out.extend_from_slice(b"HTTP/1.1 ");
    put_decimal(out, usize::from(response.status.code()));
    out.push(b' ');
    out.extend_from_slice(response.status.reason().as_bytes());
    out.extend_from_slice(b"\r\ndate: ");
    out.extend_from_slice(date.text());
    out.extend_from_slice(b"\r\n");
    for (name, value) in &response.headers {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend(value.bytes().map(|byte| if byte.is_ascii_control() { b'?' } else { byte }));
        out.extend_from_slice(b"\r\n");
    }
    match content {
        Content::None | Content::UntilClose => {}
        Content::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Content::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            put_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(match fate {
        Fate::AsExpected => b"\r\n",
        Fate::Close => b"connection: close\r\n\r\n",
        Fate::KeepAlive => b"connection: keep-alive\r\n\r\n",
    });
}

impl Content {
    /// Adds a piece of a body whose length was not told. An empty one says nothing: as a chunk it would be the last.
    pub fn put_piece(self, out: &mut Vec<u8>, piece: &[u8]) {
        match self {
            Self::Chunked if !piece.is_empty() => {
                put_hex(out, piece.len());
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\r\n");
            }
            Self::UntilClose => out.extend_from_slice(piece),
            Self::Chunked | Self::None | Self::Length(_) => {}
        }
    }

    /// Adds what tells the end of such a body.
    pub fn put_end(self, out: &mut Vec<u8>) {
        if self == Self::Chunked {
            out.extend_from_slice(b"0\r\n\r\n");
        }
    }
}

fn put_decimal(out: &mut Vec<u8>, number: usize) {
    put_digits::<10>(out, number);
}

fn put_hex(out: &mut Vec<u8>, number: usize) {
    put_digits::<16>(out, number);
}

/// Without the machinery of `format!`, of which a small answer would be a good part.
fn put_digits<const BASE: usize>(out: &mut Vec<u8>, mut number: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[number % BASE];
        number /= BASE;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn numbers_are_written_as_others_write_them() {
        for number in [0, 9, 10, 15, 16, 255, 1_048_576, usize::MAX] {
            let mut out = Vec::new();
            put_decimal(&mut out, number);
            out.push(b' ');
            put_hex(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{number} {number:x}"));
        }
    }

    #[test]
    fn no_value_makes_a_header_of_its_own() {
        let response = Response::new(Status::OK).with("x-a", "1\r\nx-b: 2\0\u{e9}");
        let mut out = Vec::new();
        put_head(&mut out, &response, Content::Length(0), Fate::Close, &Date::at(0));
        let expected = "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\nx-a: 1??x-b: 2?\u{e9}\r\n\
                        content-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn pieces_are_chunks_and_none_is_the_last_by_accident() {
        let mut out = Vec::new();
        for piece in [&b"0123456789abcdefg"[..], b"", b"x"] {
            Content::Chunked.put_piece(&mut out, piece);
        }
        Content::Chunked.put_end(&mut out);
        assert_eq!(out, b"11\r\n0123456789abcdefg\r\n1\r\nx\r\n0\r\n\r\n");
    }
}
