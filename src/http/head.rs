//! The request line and the headers: what httparse finds in them, and what must be true of that.

use std::mem::MaybeUninit;

use super::framing::{Framing, Length, is_authority};
use super::headers::{Field, Headers, Span};
use super::{Refusal, Request, Version};
use crate::base::limits::{HTTP_HEADERS_MAX, HTTP_TARGET_BYTES_MAX};

/// A request whose body has yet to come.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request,
    pub(super) length: Length,
    pub(super) expects_continue: bool,
    pub(super) keeps_alive: bool,
}

impl Head {
    /// Reads a whole head, with the empty line at its end.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = [const { MaybeUninit::uninit() }; HTTP_HEADERS_MAX];
        let mut parsed = httparse::Request::new(&mut []);
        let status = parsed.parse_with_uninit_headers(bytes, &mut fields).map_err(|error| match error {
            httparse::Error::Version => unspoken(bytes),
            httparse::Error::TooManyHeaders => Refusal::HeadLength,
            _ => Refusal::Head,
        })?;
        let (Some(method), Some(target), Some(minor)) = (parsed.method, parsed.path, parsed.version) else {
            return Err(Refusal::Head);
        };
        if status != httparse::Status::Complete(bytes.len()) {
            return Err(Refusal::Head);
        }
        let version = if minor == 0 { Version::Http10 } else { Version::Http11 };
        let target = Target::read(method, target)?;
        let mut framing = Framing::default();
        let mut spans = Vec::with_capacity(parsed.headers.len());
        for header in parsed.headers.iter() {
            framing.note(header.name, header.value)?;
            spans.push(Field {
                name: Span::of(header.name.as_bytes(), bytes),
                value: Span::of(header.value, bytes),
            });
        }
        let host = match (target.host, framing.host) {
            (_, None) if version == Version::Http11 => return Err(Refusal::Host),
            // The header is to be ignored then (RFC 9112 §3.2.2).
            (Some(host), _) => host.as_bytes(),
            (None, host) => host.unwrap_or_default(),
        };
        let length = framing.body(version, method)?;
        let request = Request {
            version,
            method: Span::of(method.as_bytes(), bytes),
            target: Span::of(target.path.as_bytes(), bytes),
            host: Span::of(host, bytes),
            headers: Headers::new(bytes, spans),
            body: Vec::new(),
        };
        let expects_continue =
            framing.expects_continue && version == Version::Http11 && length != Length::Exact(0);
        Ok(Self { request, length, expects_continue, keeps_alive: framing.keeps_alive(version) })
    }
}

/// A version that we do not speak, or none at all.
fn unspoken(head: &[u8]) -> Refusal {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let words: Vec<_> = line.split(|byte| *byte == b' ').collect();
    match words[..] {
        [_, _, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Refusal::Version
        }
        _ => Refusal::Head,
    }
}

/// A target in one of its forms (RFC 9112 §3.2).
struct Target<'a> {
    host: Option<&'a str>,
    path: &'a str,
}

impl<'a> Target<'a> {
    fn read(method: &str, target: &'a str) -> Result<Self, Refusal> {
        if target.len() > HTTP_TARGET_BYTES_MAX {
            return Err(Refusal::TargetLength);
        }
        // A fragment is not sent, and everything else is percent-encoded (RFC 3986 §2.1).
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Refusal::Target);
        }
        match target {
            _ if method == "CONNECT" => Err(Refusal::Method),
            "*" if method == "OPTIONS" => Ok(Self { host: None, path: target }),
            path if path.starts_with('/') => Ok(Self { host: None, path }),
            url => Self::of_url(url).ok_or(Refusal::Target),
        }
    }

    fn of_url(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // A query right behind the host has an empty path before it, which we need not take apart for anybody.
        let is_path = path.is_empty() || path.starts_with('/');
        (is_known && is_path && is_authority(host.as_bytes())).then_some(Self { host: Some(host), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Head, Refusal> {
        Head::read(head.as_bytes())
    }

    #[test]
    fn everything_of_a_request_is_found_in_it() {
        let head = "POST /mcp?x=1?2 HTTP/1.1\r\nHost: a.example:80\r\ncontent-LENGTH: 7\r\n\
                    X-Key:  one \r\nx-key: two\r\nx-Empty:\r\nx-raw: \u{e9}\r\n\r\n";
        let head = read(head).unwrap();
        assert_eq!((head.length, head.keeps_alive, head.expects_continue), (Length::Exact(7), true, false));
        let request = head.request;
        assert_eq!((request.method(), request.version()), ("POST", Version::Http11));
        assert_eq!((request.path(), request.query()), ("/mcp", Some("x=1?2")));
        assert_eq!(request.host(), "a.example:80");
        let headers = &request.headers;
        assert_eq!(headers.all("X-KEY").collect::<Vec<_>>(), [b"one", b"two"]);
        assert_eq!((headers.text("x-key"), headers.get("x-empty")), (Some("one"), Some(&b""[..])));
        assert_eq!((headers.text("x-raw"), headers.get("none")), (Some("\u{e9}"), None));
        assert_eq!(headers.iter().count(), 6);
        assert!(!format!("{request:?}").contains("two"), "values are not shown");
    }

    #[test]
    fn a_target_may_be_a_url_whose_host_counts() {
        for (line, host, target) in [
            ("GET http://b.example:8/p?q HTTP/1.1", "b.example:8", "/p?q"),
            ("GET HTTPS://b.example HTTP/1.1", "b.example", "/"),
            ("OPTIONS * HTTP/1.1", "a", "*"),
            ("GET //x HTTP/1.1", "a", "//x"),
        ] {
            let request = read(&format!("{line}\r\nHost: a\r\n\r\n")).unwrap().request;
            assert_eq!((request.host(), request.target()), (host, target));
        }
        for target in
            ["*", "x", "ftp://a/", "http://", "http://u@a/", "http://a?q", "/a#b", "/\u{e9}", "a.example:443"]
        {
            let refused = read(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            assert_eq!(refused.unwrap_err(), Refusal::Target, "{target}");
        }
    }

    #[test]
    fn the_longest_target_is_taken() {
        let line = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length - 1));
        assert_eq!(read(&line(HTTP_TARGET_BYTES_MAX)).unwrap().request.target().len(), HTTP_TARGET_BYTES_MAX);
        assert_eq!(read(&line(HTTP_TARGET_BYTES_MAX + 1)).unwrap_err(), Refusal::TargetLength);
    }

    #[test]
    fn connections_stay_open_as_their_version_has_it() {
        for (version, connection, keeps) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: Keep-Alive, CLOSE\r\n", false),
            ("1.1", "Connection: upgrade\r\nConnection: close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let head = read(&format!("GET / HTTP/{version}\r\nHost: a\r\n{connection}\r\n")).unwrap();
            assert_eq!(head.keeps_alive, keeps, "{version} {connection}");
        }
    }
}
