//! What comes and what follows from it, without sockets and with time as it is told.

use std::iter;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Status, Terms};
use super::*;
use crate::base::limits::{HTTP_HEADERS_MAX, HTTP_INTAKE_BYTES_MAX, HTTP_SMALL_BODY_BYTES};
use crate::base::time;
use crate::testing::http::{Heard, Talk};

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn every_split_of_a_stream_in_two_is_heard_alike() {
    let stream = b"\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /d HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n\
        2;x=y\r\nde\r\n1\r\nf\r\n0\r\nT: u\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET";
    let mut whole = Talk::with_bodies(10);
    whole.send(stream);
    assert_eq!(whole.bodies(), [&b"abc"[..], b"", b"def"]);
    assert_eq!(whole.refusal(), Some(Refusal::Host));
    for at in 0..=stream.len() {
        let mut split = Talk::with_bodies(10);
        split.send(&stream[..at]).send(&stream[at..]);
        assert_eq!(split.heard, whole.heard, "split at {at}");
        assert_eq!(split.out, whole.out);
    }
    let mut slow = Talk::with_bodies(10);
    for byte in stream {
        slow.send(&[*byte]);
    }
    assert_eq!(slow.heard, whole.heard);
}

/// Pieces that requests, good and bad ones, are made of.
const PIECES: [&str; 28] = [
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "HEAD http://b/c HTTP/1.0\r\n",
    "OPTIONS * HTTP/1.2\r\n",
    "Host: a\r\n",
    "Host:\r\n",
    "X: y z\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 12\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "\r\n",
    "abc",
    "3\r\nabc\r\n",
    "3;x=y\r\nabc\r\n",
    "0\r\n",
    "0\r\nT: u\r\n",
    "\n",
    "\r",
    " ",
    "\0",
    "\u{e9}",
    "G",
    ":",
    "0",
];

/// One after another in any order, or in an order in which a request may come of them.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let any = vec(select(&PIECES[..]), 0..20);
    let likely =
        (select(&PIECES[..4]), vec(select(&PIECES[4..14]), 0..4), vec(select(&PIECES[14..20]), 0..5));
    let likely = likely.prop_map(|(line, headers, body)| {
        iter::once(line).chain([PIECES[4]]).chain(headers).chain([PIECES[14]]).chain(body).collect::<Vec<_>>()
    });
    vec(prop_oneof![1 => any, 4 => likely], 1..4).prop_map(|parts| parts.concat().concat().into_bytes())
}

proptest! {
    #[test]
    fn streams_are_heard_alike_however_they_are_split(
        stream in streams(),
        mut ends in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut whole = Talk::with_bodies(10);
        whole.send(&stream);
        let mut ends: Vec<_> = ends.iter_mut().map(|end| end.index(stream.len() + 1)).collect();
        ends.push(stream.len());
        ends.sort_unstable();
        let (mut split, mut begin) = (Talk::with_bodies(10), 0);
        for end in ends {
            split.send(&stream[begin..end]);
            begin = end;
        }
        prop_assert_eq!(&split.heard, &whole.heard);
        prop_assert_eq!(&split.out, &whole.out);
        let mut slow = Talk::with_bodies(10);
        for byte in &stream {
            slow.send(&[*byte]);
        }
        prop_assert_eq!(&slow.heard, &whole.heard);
    }
}

#[test]
fn bodies_are_taken_up_to_their_bound() {
    for length in [0, 1, 9, 10] {
        let mut talk = Talk::with_bodies(10);
        talk.send(post(length).as_bytes()).send(&vec![b'x'; length]);
        assert_eq!(talk.bodies(), [vec![b'x'; length]], "{length}");
    }
    let mut talk = Talk::with_bodies(10);
    talk.send(post(11).as_bytes());
    assert_eq!(talk.heard, [Heard::Refused(Refusal::Body), Heard::Shut]);
    let mut talk = Talk::with_bodies(10);
    talk.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n");
    assert_eq!(talk.refusal(), Some(Refusal::Body));
}

#[test]
fn what_is_announced_and_never_comes_takes_no_memory() {
    let mut talk = Talk::new(Terms { body_bytes_max: 1 << 30, ..Terms::default() });
    talk.send(post(1 << 30).as_bytes());
    let Phase::Body { incoming, .. } = &talk.connection.phase else { panic!("a body was to come") };
    assert!(format!("{incoming:?}").len() < 1000);
    assert_eq!(talk.connection.room(), HTTP_READ_BYTES_MAX);
}

#[test]
fn large_bodies_share_what_room_there_is() {
    let now = time::now();
    let intake = Rc::new(Intake::new(Terms { body_bytes_max: HTTP_INTAKE_BYTES_MAX, ..Terms::default() }));
    let mut large = Connection::new(Rc::clone(&intake), now);
    large.handle_input(post(HTTP_INTAKE_BYTES_MAX).as_bytes(), now);
    large.handle_input(&vec![b'x'; HTTP_INTAKE_BYTES_MAX - 1], now);
    assert_eq!(large.poll(now), Step::Wait);
    let ask = |bytes: usize| {
        let mut other = Connection::new(Rc::clone(&intake), now);
        other.handle_input(format!("{}{}", post(bytes), " ".repeat(bytes)).as_bytes(), now);
        other.poll(now)
    };
    assert_eq!(ask(HTTP_SMALL_BODY_BYTES + 1), Step::Refused(Refusal::Intake));
    assert!(matches!(ask(HTTP_SMALL_BODY_BYTES), Step::Request(_)));
    drop(large);
    assert!(matches!(ask(HTTP_SMALL_BODY_BYTES + 1), Step::Request(_)));
}

#[test]
fn floods_are_refused_as_soon_as_they_are_seen() {
    let line = |target: usize| format!("GET /{}", "x".repeat(target));
    let headers = |count: usize| "a: b\r\n".repeat(count);
    for (sent, refusal) in [
        (line(HTTP_REQUEST_LINE_BYTES_MAX), Refusal::TargetLength),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(HTTP_HEAD_BYTES_MAX)), Refusal::HeadLength),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}", headers(HTTP_HEAD_BYTES_MAX)), Refusal::HeadLength),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", headers(HTTP_HEADERS_MAX)), Refusal::HeadLength),
        ("\r\n".repeat(10), Refusal::Head),
        ("\x16\x03\x01".to_owned(), Refusal::Head),
    ] {
        let mut talk = Talk::new(Terms::default());
        talk.send(sent.as_bytes());
        assert_eq!(talk.heard, [Heard::Refused(refusal), Heard::Shut], "{sent:.30}");
        assert!(talk.out.ends_with(format!("{}\n", refusal.text()).as_bytes()));
    }
    let mut talk = Talk::new(Terms::default());
    talk.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", headers(HTTP_HEADERS_MAX - 1)).as_bytes());
    assert_eq!(talk.bodies().len(), 1);
}

#[test]
fn answers_come_in_order_and_nothing_is_read_ahead_without_bound() {
    let now = time::now();
    let mut connection = Connection::new(Rc::default(), now);
    connection.handle_input(post(1).as_bytes(), now);
    connection.handle_input(b"xGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", now);
    assert!(matches!(connection.poll(now), Step::Request(first) if first.method() == "POST"));
    while connection.room() > 0 {
        assert_eq!(connection.poll(now), Step::Wait, "the first is not answered yet");
        connection.handle_input(&[b'x'; HTTP_READ_BYTES_MIN], now);
    }
    assert!(connection.buffer.len() < HTTP_PIPELINED_BYTES_MAX + HTTP_READ_BYTES_MIN);
    connection.respond(&Response::new(Status::OK), &Date::at(0), &mut Vec::new());
    connection.handle_responded(now);
    assert!(matches!(connection.poll(now), Step::Request(second) if second.target() == "/2"));
}

#[test]
fn a_connection_ends_when_either_side_says_so() {
    for (sent, fate) in [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", Some("connection: close")),
        ("GET / HTTP/1.0\r\n\r\n", Some("connection: close")),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", Some("connection: keep-alive")),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ] {
        let mut talk = Talk::new(Terms::default());
        talk.send(sent.as_bytes());
        let said = String::from_utf8(talk.out.clone()).unwrap();
        assert_eq!(said.lines().find(|line| line.starts_with("connection")), fate);
        let shuts = talk.heard.contains(&Heard::Shut);
        assert_eq!(shuts, fate == Some("connection: close"), "{sent}");
        talk.send(sent.as_bytes());
        assert_eq!(talk.bodies().len(), if shuts { 1 } else { 2 });
    }
    let mut talk = Talk::new(Terms { requests_max: 2, ..Terms::default() });
    talk.send(post(0).repeat(3).as_bytes());
    assert_eq!((talk.bodies().len(), talk.heard.last()), (2, Some(&Heard::Shut)));
}

#[test]
fn who_drains_finishes_what_has_begun() {
    let mut idle = Talk::new(Terms::default());
    idle.connection.drain();
    idle.work();
    assert_eq!(idle.heard, [Heard::Closed]);

    let mut begun = Talk::new(Terms::default());
    begun.send(b"GET / HT");
    begun.connection.drain();
    begun.send(b"TP/1.1\r\nHost: a\r\n\r\n").send(&post(0).into_bytes());
    assert_eq!((begun.bodies().len(), begun.heard.last()), (1, Some(&Heard::Shut)));
    assert!(begun.out.windows(17).any(|part| part == b"connection: close"));
}

#[test]
fn to_a_head_everything_is_said_but_the_body() {
    let mut talk = Talk::new(Terms::default());
    talk.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let said = String::from_utf8(talk.out.clone()).unwrap();
    assert!(said.contains("content-length: 2\r\n") && said.ends_with("\r\n\r\n"), "{said}");
}

#[test]
fn bodies_without_a_length_end_as_the_version_has_it() {
    let stream = || Response::new(Status::OK).events(futures_util::stream::empty());
    for (version, content) in [("1.1", Content::Chunked), ("1.0", Content::UntilClose)] {
        let now = time::now();
        let mut connection = Connection::new(Rc::default(), now);
        let request = format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
        connection.handle_input(request.as_bytes(), now);
        assert!(matches!(connection.poll(now), Step::Request(_)));
        assert_eq!(connection.respond(&stream(), &Date::at(0), &mut Vec::new()), content);
        connection.handle_responded(now);
        assert_eq!(connection.poll(now) == Step::Shut, content == Content::UntilClose);
    }
    let now = time::now();
    let mut connection = Connection::new(Rc::default(), now);
    connection.handle_input(post(0).as_bytes(), now);
    connection.poll(now);
    let mut out = Vec::new();
    assert_eq!(connection.respond(&Response::new(Status::NO_CONTENT), &Date::at(0), &mut out), Content::None);
    assert!(!String::from_utf8(out).unwrap().contains("content-length"));
}

mod patience {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn heads_that_drip_are_cut_off_however_they_drip() {
        let mut talk = Talk::new(Terms::default());
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ".iter().cycle() {
            talk.send(&[*byte]).pass(SECOND);
            if talk.refusal().is_some() {
                break;
            }
        }
        assert_eq!(talk.heard, [Heard::Refused(Refusal::HeadTime), Heard::Shut]);
        assert_eq!(talk.out.len(), talk.out.iter().rposition(|byte| *byte == b'\n').unwrap() + 1);
        talk.pass(HTTP_LINGER);
        assert_eq!(talk.heard.last(), Some(&Heard::Closed));
    }

    #[test]
    fn who_never_says_anything_is_let_go_without_a_word() {
        let mut talk = Talk::new(Terms::default());
        let begun = talk.now;
        talk.pass(crate::base::limits::HTTP_HEAD_PATIENCE - SECOND);
        assert_eq!(talk.heard, []);
        talk.pass(SECOND);
        assert_eq!((talk.heard, talk.out), (vec![Heard::Closed], vec![]));
        assert!(talk.now - begun <= 10 * SECOND);
    }

    #[test]
    fn bodies_may_neither_pause_nor_take_for_ever() {
        let terms = Terms::default();
        let mut pauses = Talk::new(terms.clone());
        pauses.send(post(100).as_bytes()).pass(9 * SECOND).send(b"x").pass(9 * SECOND);
        assert_eq!(pauses.heard, []);
        pauses.pass(SECOND);
        assert_eq!(pauses.heard, [Heard::Refused(Refusal::BodyTime), Heard::Shut]);

        let mut drips = Talk::new(terms);
        drips.send(post(100).as_bytes());
        let mut seconds = 0;
        while drips.refusal().is_none() {
            drips.send(b"x").pass(SECOND);
            seconds += 1;
        }
        assert_eq!(seconds, 60);
    }

    #[test]
    fn idle_connections_are_kept_for_a_while() {
        let mut talk = Talk::new(Terms::default());
        let requested = post(0);
        talk.send(requested.as_bytes()).pass(89 * SECOND).send(requested.as_bytes()).pass(89 * SECOND);
        assert_eq!(talk.heard.len(), 2);
        // The time of a head runs from its own beginning, not from that of the idling.
        talk.send(b"GET").pass(9 * SECOND).send(b" / HTTP/1.1\r\nHost: a\r\n\r\n").pass(90 * SECOND);
        assert_eq!((talk.bodies().len(), talk.heard.last()), (3, Some(&Heard::Closed)));
    }

    #[test]
    fn who_takes_no_answer_is_left() {
        let now = time::now();
        let mut connection = Connection::new(Rc::default(), now);
        connection.handle_input(post(0).as_bytes(), now);
        connection.poll(now);
        assert_eq!(connection.poll_timeout(), None, "an answer may take as long as it takes");
        connection.handle_writing(now);
        connection.handle_writing(now + SECOND);
        connection.handle_timeout(now + 30 * SECOND);
        assert_eq!(connection.poll(now), Step::Wait);
        assert_eq!(connection.poll_timeout(), Some(now + 31 * SECOND));
        connection.handle_timeout(now + 31 * SECOND);
        assert_eq!(connection.poll(now), Step::Closed);
    }

    #[test]
    fn what_comes_after_the_last_answer_is_thrown_away_but_not_for_ever() {
        let mut talk = Talk::new(Terms::default());
        talk.send(b"\n");
        let mut thrown_away = 0;
        while talk.heard.last() != Some(&Heard::Closed) {
            talk.send(&[b'x'; 10_000]);
            thrown_away += 10_000;
        }
        assert!(thrown_away <= HTTP_LINGER_BYTES_MAX + 10_000);
        assert_eq!(talk.connection.buffer.len(), 0);
    }

    /// A thousand who drip hold no more than what they have sent, and nobody's answer waits for them.
    #[test]
    fn many_slow_peers_cost_little_and_end() {
        let mut slow: Vec<_> = (0..1000).map(|_| Talk::new(Terms::default())).collect();
        for second in 0..12 {
            for talk in &mut slow {
                talk.send(b"x").pass(SECOND);
                assert!(talk.connection.buffer.len() <= second + 1);
            }
        }
        assert!(slow.iter().all(|talk| talk.heard.last() == Some(&Heard::Closed)));
    }
}
