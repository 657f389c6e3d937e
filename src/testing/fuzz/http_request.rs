//! Bytes on a connection of the HTTP server: however they are split, the same is heard; what is given out keeps to every
//! bound, says in one way only where it ends and whom it is for, and is the same when it is written again as plainly as can
//! be; after a refusal nothing more is.

use super::check_shown;
use crate::base::limits::{
    HTTP_HEAD_BYTES_MAX, HTTP_HEADERS_MAX, HTTP_PIPELINED_BYTES_MAX, HTTP_READ_BYTES_MAX,
    HTTP_TARGET_BYTES_MAX,
};
use crate::http::Request;
use crate::testing::choices::Choices;
use crate::testing::http::{Heard, Talk};

const BODY_BYTES_MAX: usize = 1000;

/// The first two bytes say how the rest is split.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (first, step) = (usize::from(choices.u8()), usize::from(choices.u8()).max(1));
    let stream = choices.rest();

    let mut whole = Talk::with_bodies(BODY_BYTES_MAX);
    whole.send(stream);
    let mut split = Talk::with_bodies(BODY_BYTES_MAX);
    let (begin, rest) = stream.split_at(first.min(stream.len()));
    for piece in [begin].into_iter().chain(rest.chunks(step)) {
        split.send(piece);
        assert!(split.connection.room() <= HTTP_READ_BYTES_MAX);
        assert!(split.connection.held() <= HTTP_HEAD_BYTES_MAX.max(HTTP_PIPELINED_BYTES_MAX) + step);
    }
    assert_eq!(whole.heard, split.heard);
    assert_eq!(whole.out, split.out);

    let refused = whole.heard.iter().position(|heard| matches!(heard, Heard::Refused(_)));
    if let Some(at) = refused {
        assert!(matches!(whole.heard[at + 1..], [Heard::Shut] | [Heard::Shut, Heard::Closed]));
    }
    whole.requests().for_each(check);
}

fn check(request: &Request) {
    assert!(request.body.len() <= BODY_BYTES_MAX);
    assert!(request.target().len() <= HTTP_TARGET_BYTES_MAX);
    assert!(request.target().starts_with('/') || request.target() == "*");
    check_shown(request.target(), HTTP_TARGET_BYTES_MAX);
    check_shown(request.method(), HTTP_HEAD_BYTES_MAX);
    check_shown(request.host(), HTTP_HEAD_BYTES_MAX);
    assert!(request.headers.iter().count() <= HTTP_HEADERS_MAX);
    let is_framing = |name: &str| {
        let framing = ["content-length", "transfer-encoding", "connection", "expect", "host"];
        framing.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    // Two readers of one of these would differ about where the next request begins (RFC 9112 §11.2).
    let count = |name| request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
    assert!(count("content-length") + usize::from(count("transfer-encoding") > 0) <= 1);
    assert!(count("host") <= 1);
    let mut plain = format!("{} {} HTTP/1.1\r\n", request.method(), request.target()).into_bytes();
    for (name, value) in request.headers.iter() {
        assert!(!name.is_empty() && !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        if !is_framing(name) {
            plain.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
    }
    let host = if request.host().is_empty() { "none" } else { request.host() };
    plain.extend(format!("Host: {host}\r\nContent-Length: {}\r\n\r\n", request.body.len()).as_bytes());
    plain.extend(&request.body);
    let mut again = Talk::with_bodies(BODY_BYTES_MAX);
    again.send(&plain);
    // Written again it may be a little longer than it was, and then too long.
    let Some(other) = again.requests().next() else {
        assert!(plain.len() - request.body.len() >= HTTP_HEAD_BYTES_MAX || again.refusal().is_some());
        return;
    };
    assert_eq!((other.method(), other.target()), (request.method(), request.target()));
    assert_eq!((other.host(), &other.body), (host, &request.body));
    let others = |request: &Request| {
        let headers = request.headers.iter().filter(|(name, _)| !is_framing(name));
        headers.map(|(name, value)| (name.to_owned(), value.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(others(other), others(request));
}
