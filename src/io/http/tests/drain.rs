//! The end of a server.

use std::io::Write;
use std::net::TcpStream;

use super::service::{Site, serving};
use super::{PATIENCE, answer, connect, post, rest};
use crate::base::time::Duration;

#[test]
fn what_runs_is_finished_and_what_idles_is_closed() {
    serving(Site::default(), |server| {
        let (mut idle, mut busy) = (connect(server.address), connect(server.address));
        idle.write_all(post("/echo", "").as_bytes()).unwrap();
        answer(&mut idle);
        busy.write_all(post("/slow", "").as_bytes()).unwrap();
        server.begun();
        server.drain(PATIENCE);
        assert_eq!(rest(idle), "");
        let (head, _) = answer(&mut busy);
        assert!(head.contains("connection: close"), "{head}");
        drop(busy);
        assert!(server.drained());
        assert!(TcpStream::connect(server.address).is_err(), "nobody listens any more");
    });
}

#[test]
fn what_does_not_end_is_ended() {
    serving(Site::default(), |server| {
        let mut stream = connect(server.address);
        stream.write_all(post("/hang", "").as_bytes()).unwrap();
        server.begun();
        server.drain(Duration::from_millis(100));
        assert!(!server.drained());
        server.dropped();
        assert_eq!(rest(stream), "");
    });
}
