//! Answers that come piece by piece.

use std::io::{Read, Write};

use super::service::{Site, serving};
use super::{connect, head, post, rest};
use crate::base::time::Duration;
use crate::http::Terms;

#[test]
fn events_come_as_chunks_and_the_connection_lives_on() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        for _ in 0..2 {
            stream.write_all(post("/events", "").as_bytes()).unwrap();
            let said = head(&mut stream);
            for header in
                ["transfer-encoding: chunked", "content-type: text/event-stream", "cache-control: no-cache"]
            {
                assert!(said.contains(header), "{said}");
            }
            let chunks = "b\r\ndata: one\n\n\r\n17\r\ndata: two\ndata: lines\n\n\r\n0\r\n\r\n";
            let mut body = vec![0; chunks.len()];
            stream.read_exact(&mut body).unwrap();
            assert_eq!(String::from_utf8(body).unwrap(), chunks);
        }
        // In HTTP/1.0 there are no chunks.
        stream.write_all(b"GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
        let said = rest(stream);
        assert!(
            said.contains("connection: close")
                && said.ends_with("\r\n\r\ndata: one\n\ndata: two\ndata: lines\n\n")
        );
    });
}

#[test]
fn an_event_comes_when_it_is_there_and_a_stream_ends_with_its_reader() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        stream.write_all(post("/one-event", "").as_bytes()).unwrap();
        server.begun();
        head(&mut stream);
        let mut chunk = [0; 14];
        stream.read_exact(&mut chunk).unwrap();
        assert_eq!(&chunk, b"9\r\ndata: 1\n\n\r\n");
        drop(stream);
        server.dropped();
    });
}

#[test]
fn a_stream_with_nothing_to_say_shows_that_it_lives() {
    let terms = Terms { pulse_every: Duration::from_millis(20), ..Terms::default() };
    serving(Site { terms, ..Site::default() }, |server| {
        let mut stream = connect(server.address);
        stream.write_all(post("/one-event", "").as_bytes()).unwrap();
        head(&mut stream);
        let chunks = b"9\r\ndata: 1\n\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n";
        let mut said = vec![0; chunks.len()];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(said, chunks);
    });
}

#[test]
fn to_a_head_no_stream_is_begun() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        stream.write_all(b"HEAD /one-event HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        server.begun();
        server.dropped();
        assert!(rest(stream).ends_with("connection: close\r\n\r\n"));
    });
}
