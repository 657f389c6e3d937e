//! A link over a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream as StdTcpStream};

use monoio::net::TcpStream;

use super::*;
use crate::base::time::Duration;
use crate::fleet::{Collected, Exit, LinkOptions};
use crate::metrics::Recorder;
use crate::testing::ssh_server::{Server, ServerConfig};
use crate::testing::world::log_in;

/// Connects a link to what `serve` makes of the other end on a thread of its own; returns when both are over.
fn with<T: Send + 'static>(
    serve: impl FnOnce(Server, StdTcpStream) -> T + Send + 'static,
    work: impl AsyncFnOnce(Rc<Link>),
) -> T {
    with_env(&[], serve, work)
}

/// The same, with variables for every command.
fn with_env<T: Send + 'static>(
    env: &[(String, String)],
    serve: impl FnOnce(Server, StdTcpStream) -> T + Send + 'static,
    work: impl AsyncFnOnce(Rc<Link>),
) -> T {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = log_in(ServerConfig::default(), time::now());
    let peer = std::thread::spawn(move || serve(server, listener.accept().unwrap().0));
    runtime::run(async {
        let stream = TcpStream::connect_addr(address).await.unwrap();
        let options = LinkOptions {
            keeps_shells: false,
            host: "peer".into(),
            sessions: 8,
            idle_timeout: Duration::from_secs(60),
            clock: time::now,
            memory: Rc::default(),
            recorder: Recorder::new(),
            env: env.into(),
        };
        let link = Link::new(client, options);
        drive(stream.into(), &link);
        work(Rc::clone(&link)).await;
        link.closed().await;
    })
    .unwrap();
    peer.join().unwrap()
}

/// Serves until the client closes; whether it said goodbye before.
fn serve(mut server: Server, mut stream: StdTcpStream) -> bool {
    let mut buffer = vec![0; 4096];
    loop {
        let mut out = Vec::new();
        server.poll_transmit(&mut out);
        stream.write_all(&out).unwrap();
        match stream.read(&mut buffer).unwrap() {
            0 => return server.is_closed(),
            read => server.handle_input(&buffer[..read]).unwrap(),
        }
    }
}

#[test]
fn work_is_carried_and_the_goodbye_is_sent() {
    let said_goodbye = with(serve, async |link| {
        let mut output = Collected::up_to(1_000_000);
        assert_eq!(link.run(b"bytes 300000", &mut output).await.unwrap(), Exit::Code(0));
        assert_eq!(output.stdout.len(), 300_000);
        link.close();
    });
    assert!(said_goodbye);
}

#[test]
fn a_peer_that_closes_ends_the_link() {
    with(
        |_, stream| drop(stream),
        async |link| {
            assert!(link.run(b"hang", &mut Collected::up_to(1)).await.is_err());
            assert!(link.has_ended());
        },
    );
}

#[test]
fn a_peer_that_never_reads_does_not_hold_up_the_end() {
    // More than the buffers of both sockets take.
    let env = vec![("X".to_owned(), "x".repeat(32 * 1024)); 512];
    with_env(
        &env,
        |_, stream| stream,
        async |link| {
            let mut output = Collected::up_to(1);
            assert!(within(Duration::from_millis(100), link.run(b"hang", &mut output)).await.is_none());
            link.close();
        },
    );
}

#[test]
fn the_buffer_of_a_read_follows_what_comes() {
    let next = |read, capacity, is_idle| {
        let mut filled = Vec::with_capacity(capacity);
        filled.resize(read, 0);
        let buffer = next_buffer(filled, is_idle);
        assert!(buffer.is_empty());
        buffer.capacity()
    };
    let (idle, usual, max) = (BUFFER_BYTES_IDLE, BUFFER_BYTES_USUAL, BUFFER_BYTES_MAX);
    for is_idle in [false, true] {
        assert_eq!(next(idle, idle, is_idle), usual);
        assert_eq!(next(usual, usual, is_idle), max);
        assert_eq!(next(max, max, is_idle), max);
        assert_eq!(next(1, idle, is_idle), idle);
    }
    assert_eq!([next(1, usual, false), next(1, max, false), next(max - 1, max, false)], [usual, usual, max]);
    assert_eq!([next(1, usual, true), next(1, max, true), next(max - 1, max, true)], [idle; 3]);
}
