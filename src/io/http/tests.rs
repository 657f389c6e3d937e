//! Real sockets on 127.0.0.1: the server on the event loop of a thread, its clients in the test's.

mod drain;
mod service;
mod streams;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use service::{LONG, Site, serving};

use super::*;
use crate::http::Refusal;

/// Longer than anything here takes, and short enough that a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn post(target: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Reads one answer with a length: its head and its body.
fn answer(stream: &mut impl Read) -> (String, String) {
    let head = head(stream);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Everything up to the end of the connection.
fn rest(mut stream: impl Read) -> String {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    String::from_utf8(rest).unwrap()
}

#[test]
fn answers_to_pipelined_requests_come_in_order() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        let bodies: Vec<_> = (0..200).map(|number| format!("number {number}")).collect();
        let requests: String = bodies.iter().map(|body| post("/echo", body)).collect();
        stream.write_all(requests.as_bytes()).unwrap();
        for body in &bodies {
            assert_eq!(answer(&mut stream).1, *body);
        }
        stream
            .write_all(post("/echo", "later").replace("Host", "Connection: close\r\nHost").as_bytes())
            .unwrap();
        let (head, body) = answer(&mut stream);
        assert!(
            head.contains("connection: close") && head.starts_with("HTTP/1.1 200 OK\r\ndate: "),
            "{head}"
        );
        assert_eq!((body.as_str(), rest(stream).as_str()), ("later", ""));
    });
}

#[test]
fn a_request_in_two_writes_is_one_wherever_it_is_split() {
    serving(Site::default(), |server| {
        let request = post("/echo", "0123456789");
        let mut stream = connect(server.address);
        stream.set_nodelay(true).unwrap();
        for at in 1..request.len() {
            stream.write_all(&request.as_bytes()[..at]).unwrap();
            stream.write_all(&request.as_bytes()[at..]).unwrap();
            assert_eq!(answer(&mut stream).1, "0123456789", "split at {at}");
        }
    });
}

#[test]
fn large_bodies_go_both_ways() {
    serving(Site::default(), |server| {
        let body = "x".repeat(3_000_000);
        let mut stream = connect(server.address);
        for _ in 0..2 {
            let mut writer = stream.try_clone().unwrap();
            let request = post("/echo", &body);
            let writes = std::thread::spawn(move || writer.write_all(request.as_bytes()).unwrap());
            assert!(answer(&mut stream).1 == body);
            writes.join().unwrap();
        }
    });
}

#[test]
fn who_is_refused_is_told_even_while_he_goes_on_sending() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![b'x'; 300_000]).unwrap();
        let (head, body) = answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 413 Content Too Large\r\n"), "{head}");
        assert_eq!((body.as_str(), rest(stream).as_str()), ("The body is too large\n", ""));
        assert_eq!(server.refusals(), [Refusal::Body]);
    });
}

#[test]
fn a_client_that_waits_to_be_asked_is_asked() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        let request = post("/echo", "body").replace("Host", "Expect: 100-continue\r\nHost");
        let (before, body) = request.split_at(request.len() - 4);
        stream.write_all(before.as_bytes()).unwrap();
        assert_eq!(head(&mut stream), "HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).1, "body");
    });
}

#[test]
fn who_leaves_takes_his_request_with_him() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        stream.write_all(post("/hang", "").as_bytes()).unwrap();
        server.begun();
        // What comes behind is kept, and does not keep the end from being seen.
        stream.write_all(post("/echo", "never").as_bytes()).unwrap();
        drop(stream);
        server.dropped();

        let stream = connect(server.address);
        (&stream).write_all(post("/hang", "").as_bytes()).unwrap();
        server.begun();
        // A reset, and not an end.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        server.dropped();
    });
}

#[test]
fn who_comes_when_there_is_no_place_is_told_so() {
    serving(Site { places: 2, ..Site::default() }, |server| {
        let mut kept = [connect(server.address), connect(server.address)];
        for stream in &mut kept {
            stream.write_all(post("/hang", "").as_bytes()).unwrap();
            server.begun();
        }
        let mut turned_away = connect(server.address);
        let (head, _) = answer(&mut turned_away);
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 1\r\n"), "{head}");
        assert_eq!(server.refusals(), [Refusal::Connections]);
        drop(kept);
        server.until_connections(0);
        let mut stream = connect(server.address);
        stream.write_all(post("/echo", "again").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).1, "again");
    });
}

#[test]
fn who_does_nothing_makes_room() {
    serving(Site { places: 2, ..Site::default() }, |server| {
        let echo = |stream: &mut TcpStream| {
            stream.write_all(post("/echo", "here").as_bytes()).unwrap();
            assert_eq!(answer(stream).1, "here");
        };
        let mut busy = connect(server.address);
        busy.write_all(post("/hang", "").as_bytes()).unwrap();
        server.begun();
        let mut idle = connect(server.address);
        echo(&mut idle);
        let mut newcomer = connect(server.address);
        echo(&mut newcomer);
        assert_eq!(rest(idle), "");
        echo(&mut newcomer);
        // Whoever has not said anything yet does nothing either.
        let silent = connect(server.address);
        assert_eq!(rest(newcomer), "");
        let mut last = connect(server.address);
        echo(&mut last);
        assert_eq!(rest(silent), "");
        assert_eq!(server.refusals(), []);
    });
}

#[test]
fn slow_and_idle_peers_are_let_go() {
    let terms = Terms {
        head_patience: Duration::from_millis(300),
        idle_patience: Duration::from_millis(200),
        ..Terms::default()
    };
    serving(Site { terms, ..Site::default() }, |server| {
        assert_eq!(rest(connect(server.address)), "", "who says nothing hears nothing");
        let mut slow = connect(server.address);
        slow.write_all(b"POST / HT").unwrap();
        assert!(rest(slow).starts_with("HTTP/1.1 408 Request Timeout\r\n"));
        let mut idle = connect(server.address);
        for _ in 0..2 {
            idle.write_all(post("/echo", "busy").as_bytes()).unwrap();
            assert_eq!(answer(&mut idle).1, "busy");
        }
        assert_eq!(rest(idle), "");
        assert_eq!(server.refusals(), [Refusal::HeadTime]);
    });
}

#[test]
fn who_reads_nothing_does_not_take_all_the_room() {
    let terms = Terms { outlet_bytes_max: 2 * LONG, ..Terms::default() };
    serving(Site { terms, ..Site::default() }, |server| {
        let mut asking = [connect(server.address), connect(server.address)];
        asking[0].write_all(post("/long", "").as_bytes()).unwrap();
        // It is on its way.
        let mut first = [0; 12];
        asking[0].read_exact(&mut first).unwrap();
        asking[1].write_all(post("/long", "").as_bytes()).unwrap();
        let (refused, _) = answer(&mut asking[1]);
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1\r\n"), "{refused}");
        assert_eq!(server.refusals(), [Refusal::Outlet]);
        // Who asks for little is answered, and so is he once what he had asked for is read.
        asking[1].write_all(post("/echo", "here").as_bytes()).unwrap();
        assert_eq!(answer(&mut asking[1]).1, "here");
        assert_eq!(answer(&mut asking[0]).1.len(), LONG);
        asking[1].write_all(post("/long", "").as_bytes()).unwrap();
        assert_eq!(answer(&mut asking[1]).1.len(), LONG);
    });
}

#[test]
fn who_reads_nothing_is_left_and_his_answer_dropped() {
    let terms = Terms { write_patience: Duration::from_millis(300), ..Terms::default() };
    serving(Site { terms, ..Site::default() }, |server| {
        let mut stream = connect(server.address);
        stream.write_all(post("/endless", "").as_bytes()).unwrap();
        server.begun();
        server.dropped();
        server.until_connections(0);
        drop(stream);
    });
}
