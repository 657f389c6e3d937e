//! Answers as a client reads them (RFC 9112): a head, and a body as long as the head says, in chunks, or up to the end of
//! the connection. Of the rules for clients only those are here that a server can be measured with.

use httparse::{EMPTY_HEADER, Status};

use super::chunked::Chunked;
use super::headers::{Field, Headers, Span};
use crate::base::limits::{HTTP_HEAD_BYTES_MAX, HTTP_HEADERS_MAX};
use crate::base::{Error, Kind, Result};

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// Whether the connection can be asked again.
    pub keeps_open: bool,
}

/// Reads one answer after the other.
#[derive(Debug)]
pub struct Answers {
    /// What has come and is not understood yet.
    input: Vec<u8>,
    body_bytes_max: usize,
    begun: Option<Begun>,
}

/// An answer whose head is there.
#[derive(Debug)]
struct Begun {
    answer: Answer,
    rest: Rest,
}

/// What is still to come of its body.
#[derive(Debug)]
enum Rest {
    Bytes(usize),
    Chunks(Chunked),
    /// Whatever comes before the connection ends.
    All,
}

impl Answers {
    pub fn new(body_bytes_max: usize) -> Self {
        Self { input: Vec::new(), body_bytes_max, begun: None }
    }

    /// Takes what has come; the answer, once all of it is there.
    ///
    /// Errors: it is no HTTP, or too long.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Answer>> {
        self.input.extend_from_slice(bytes);
        loop {
            let Some(mut begun) = self.begun.take() else {
                match self.head()? {
                    Some(begun) => self.begun = Some(begun),
                    None => return Ok(None),
                }
                continue;
            };
            if begun.take(&mut self.input, self.body_bytes_max)? {
                return Ok(Some(begun.answer));
            }
            self.begun = Some(begun);
            return Ok(None);
        }
    }

    /// Nothing more will come: the answer, if that is how it ends.
    ///
    /// Errors: it is not.
    pub fn end(&mut self) -> Result<Answer> {
        match self.begun.take() {
            Some(Begun { answer, rest: Rest::All }) => Ok(answer),
            Some(_) => Err(lost("the connection was closed in the middle of an answer")),
            None => Err(lost("the connection was closed before an answer")),
        }
    }

    /// The head of the next answer that is not an interim one.
    fn head(&mut self) -> Result<Option<Begun>> {
        loop {
            let mut fields = [EMPTY_HEADER; HTTP_HEADERS_MAX];
            let mut head = httparse::Response::new(&mut fields);
            let length = match head.parse(&self.input) {
                Ok(Status::Complete(length)) if length <= HTTP_HEAD_BYTES_MAX => length,
                Ok(Status::Partial) if self.input.len() <= HTTP_HEAD_BYTES_MAX => return Ok(None),
                Ok(_) => return Err(odd("its head is too long")),
                Err(error) => return Err(odd(&error.to_string())),
            };
            let status = head.code.unwrap_or_default();
            let is_interim = (100..200).contains(&status);
            let text = self.input.get(..length).unwrap_or_default();
            let found = head.headers.iter().map(|field| Field {
                name: Span::of(field.name.as_bytes(), text),
                value: Span::of(field.value, text),
            });
            let headers = Headers::new(text, found.collect());
            let is_newest = head.version == Some(1);
            self.input.drain(..length);
            if !is_interim {
                return self.begin(status, headers, is_newest).map(Some);
            }
        }
    }

    fn begin(&self, status: u16, headers: Headers, is_newest: bool) -> Result<Begun> {
        let says = |name: &str, word: &str| {
            let words = headers.all(name).flat_map(|value| value.split(|byte| *byte == b','));
            words.into_iter().any(|said| said.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        };
        let rest = match headers.text("content-length") {
            _ if matches!(status, 204 | 304) => Rest::Bytes(0),
            _ if says("transfer-encoding", "chunked") => Rest::Chunks(Chunked::default()),
            Some(length) => {
                let length = length.parse().ok().filter(|length| *length <= self.body_bytes_max);
                Rest::Bytes(length.ok_or_else(|| odd("its length is none, or too large"))?)
            }
            None => Rest::All,
        };
        let keeps_open = is_newest && !says("connection", "close") && !matches!(rest, Rest::All);
        Ok(Begun { answer: Answer { status, headers, body: Vec::new(), keeps_open }, rest })
    }
}

impl Begun {
    /// Takes the body out of the input; whether that was the last of it.
    fn take(&mut self, input: &mut Vec<u8>, bytes_max: usize) -> Result<bool> {
        let body = &mut self.answer.body;
        match &mut self.rest {
            Rest::Bytes(left) => {
                let here = input.len().min(*left);
                body.extend(input.drain(..here));
                *left -= here;
                Ok(*left == 0)
            }
            Rest::Chunks(chunks) => {
                let decoded = chunks.decode(input, body, bytes_max);
                let progress = decoded.map_err(|_| odd("its chunks are none, or too large"))?;
                input.drain(..progress.consumed);
                Ok(progress.is_done)
            }
            Rest::All if body.len() + input.len() > bytes_max => Err(odd("it is too large")),
            Rest::All => {
                body.append(input);
                Ok(false)
            }
        }
    }
}

fn odd(what: &str) -> Error {
    Error::new(Kind::Protocol, format!("the answer is no HTTP that we understand: {what}"))
}

fn lost(what: &str) -> Error {
    Error::new(Kind::ConnectionLost, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a stream, whole and byte by byte.
    fn read(stream: &str) -> Result<Vec<Answer>> {
        let of = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let (mut answers, mut found) = (Answers::new(100), Vec::new());
            for piece in pieces {
                let mut next = answers.take(piece)?;
                while let Some(answer) = next {
                    found.push(answer);
                    next = answers.take(b"")?;
                }
            }
            if answers.begun.is_some() || !answers.input.is_empty() {
                found.push(answers.end()?);
            }
            Ok(found)
        };
        let whole = of(&mut std::iter::once(stream.as_bytes()));
        assert_eq!(of(&mut stream.as_bytes().chunks(1)), whole);
        whole
    }

    #[test]
    fn bodies_end_in_every_way() {
        for (stream, body, keeps_open) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nConnection: Close\r\n\r\nabc", "abc", false),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                "abc",
                true,
            ),
            ("HTTP/1.1 200 OK\r\n\r\nabc", "abc", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true),
            ("HTTP/1.1 204 No Content\r\n\r\n", "", true),
        ] {
            let answers = read(stream).unwrap();
            assert_eq!(answers.len(), 1, "{stream}");
            assert_eq!(
                (answers[0].body.as_slice(), answers[0].keeps_open),
                (body.as_bytes(), keeps_open),
                "{stream}"
            );
        }
    }

    #[test]
    fn answers_follow_each_other() {
        let one = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nMcp-Session-Id: x\r\n\r\n";
        let answers = read(&one.repeat(3)).unwrap();
        assert_eq!(answers.len(), 3);
        assert_eq!((answers[2].status, answers[2].headers.text("mcp-session-id")), (202, Some("x")));
    }

    #[test]
    fn what_is_odd_is_an_error() {
        for stream in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200",
        ] {
            assert!(read(stream).is_err(), "{stream}");
        }
        assert!(read(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(HTTP_HEAD_BYTES_MAX))).is_err());
    }
}
