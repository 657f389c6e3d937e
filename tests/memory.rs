//! What a peer claims costs nothing: no memory is set aside for lengths before what they count is there, and no more
//! is kept than the bounds say.

#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::thread;

use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};
use scout_mcp::base::limits::{
    SFTP_FILE_WINDOW_BYTES_MAX, SSH_AGENT_MESSAGE_BYTES_MAX, SSH_PACKET_BYTES_MAX,
};
use scout_mcp::base::time::now;
use scout_mcp::http::{Connection, Peer, Request, Response, Service, Status, Step, Terms};
use scout_mcp::io::{http, runtime};
use scout_mcp::sftp::Session;
use scout_mcp::ssh::agent::Answers;
use scout_mcp::ssh::{Client, ClientConfig};

/// Counts what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends frees what it held after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: everything is left to the system's allocator; the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller promised to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promised to us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `run` held at once.
fn peak(run: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    run();
    (PEAK.get() - before) as usize
}

/// Lengths from modest to absurd.
const CLAIMS: [u32; 6] = [1 << 10, 1 << 16, 1 << 18, 1 << 24, 1 << 31, u32::MAX];
/// What machines of all kinds may take with nothing received.
const MODEST: usize = 64 * 1024;

fn client() -> Client {
    let mut client = Client::new(ClientConfig::new("me"), now());
    client.handle_input(b"SSH-2.0-hostile\r\n", now()).unwrap();
    client
}

/// A plaintext packet around a payload.
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 8 + 7 - (4 + 1 + payload.len() + 7) % 8;
    let length = (1 + payload.len() + padding) as u32;
    [&length.to_be_bytes()[..], &[padding as u8], payload, &vec![0; padding]].concat()
}

#[test]
fn a_packet_that_claims_to_be_long() {
    for claim in CLAIMS {
        let header = claim.to_be_bytes();
        let peak = peak(|| {
            let _ = client().handle_input(&header, now());
        });
        assert!(peak < MODEST, "{claim}: {peak} bytes");
    }
}

#[test]
fn a_list_that_claims_to_be_long() {
    for claim in CLAIMS {
        // KEXINIT: cookie, and the first list.
        let payload = [&[20][..], &[0; 16], &claim.to_be_bytes(), b"curve25519-sha256"].concat();
        let packet = packet(&payload);
        let peak = peak(|| assert!(client().handle_input(&packet, now()).is_err()));
        assert!(peak < MODEST, "{claim}: {peak} bytes");
    }
}

#[test]
fn a_stream_that_goes_on_is_not_kept() {
    let ignore = packet(&[&[2][..], &100_000_u32.to_be_bytes(), &[b'i'; 100_000]].concat());
    let peak = peak(|| {
        let mut client = client();
        for piece in ignore.repeat(20).chunks(10_000) {
            client.handle_input(piece, now()).unwrap();
        }
    });
    // The stream itself is held by this test.
    let own = 21 * ignore.len();
    assert!(peak < own + 3 * SSH_PACKET_BYTES_MAX, "{} bytes", peak - own);
}

#[test]
fn sftp_packets_and_strings_that_claim_to_be_long() {
    let version = [0, 0, 0, 5, 2, 0, 0, 0, 3];
    for claim in CLAIMS {
        let claimed = claim.to_be_bytes();
        // A packet; and in packets whose own length is true: a handle, data, names, extended attributes.
        let framed = |body: &[u8]| [&(body.len() as u32).to_be_bytes()[..], body].concat();
        let replies = [
            claimed.to_vec(),
            framed(&[&[102, 0, 0, 0, 0][..], &claimed].concat()),
            framed(&[&[103, 0, 0, 0, 0][..], &claimed].concat()),
            framed(&[&[104, 0, 0, 0, 0][..], &claimed].concat()),
            framed(&[&[104, 0, 0, 0, 0, 0, 0, 0, 1][..], &claimed].concat()),
            framed(&[&[105, 0, 0, 0, 0, 0x80, 0, 0, 0][..], &claimed].concat()),
        ];
        for reply in replies {
            let peak = peak(|| {
                let mut session = Session::new(false, now());
                session.handle_input(&version).unwrap();
                session.list(b"/", 100_000, 10_000_000).unwrap();
                let _ = session.handle_input(&reply);
            });
            assert!(peak < MODEST, "{claim} {reply:?}: {peak} bytes");
        }
    }
}

#[test]
fn sizes_of_files_are_claims_too() {
    // STAT answered with a size of 2^63, then a handle.
    let attrs = [
        &[0, 0, 0, 21, 105, 0, 0, 0, 0, 0, 0, 0, 5][..],
        &(1_u64 << 63).to_be_bytes(),
        &0o100_644_u32.to_be_bytes(),
    ];
    let attrs = attrs.concat();
    let handle = [0, 0, 0, 10, 102, 0, 0, 0, 1, 0, 0, 0, 1, b'h'];
    let peak = peak(|| {
        let mut session = Session::new(false, now());
        session.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
        session.read(b"/huge", 0, u64::MAX, now()).unwrap();
        session.handle_input(&attrs).unwrap();
        let _ = session.handle_input(&handle);
    });
    // What may be on its way is set aside, once before and once after the handle is known.
    assert!(peak < 2 * SFTP_FILE_WINDOW_BYTES_MAX as usize + MODEST, "{peak} bytes");
}

#[test]
fn an_agent_that_claims_much() {
    for claim in CLAIMS {
        let header = claim.to_be_bytes();
        let keys = [&9_u32.to_be_bytes()[..], &[12], &header, &header].concat();
        for message in [header.to_vec(), keys] {
            let peak = peak(|| {
                let mut answers = Answers::default();
                answers.handle_input(&message);
                let _ = answers.poll();
            });
            assert!(peak < MODEST.min(SSH_AGENT_MESSAGE_BYTES_MAX), "{claim}: {peak} bytes");
        }
    }
}

#[test]
fn http_bodies_that_claim_to_be_long() {
    for framing in ["Content-Length: 4194304\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3fffff\r\n"] {
        let begun = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}");
        let peak = peak(|| {
            let mut connection = Connection::new(Rc::default(), now());
            connection.handle_input(begun.as_bytes(), now());
            assert_eq!(connection.poll(now()), Step::Wait);
        });
        assert!(peak <= MODEST + 2048, "{framing:?}: {peak} bytes");
    }
}

/// Tells how much its thread holds.
struct Held;

impl Service for Held {
    fn call(&self, _: Request, _: Peer) -> LocalBoxFuture<'static, Response> {
        let held = HELD.get().to_string();
        future::ready(Response::new(Status::OK).body("text/plain", held)).boxed_local()
    }
}

#[test]
fn an_idle_http_connection_holds_little() {
    const CONNECTIONS: usize = 400;
    let socket = http::bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().pop().unwrap();
    let address = socket.address().unwrap();
    // It ends with the process.
    thread::spawn(move || {
        runtime::run(async {
            let places = http::Places::new(2 * CONNECTIONS);
            let options = http::Options { terms: Terms::default(), places, tls: None };
            let _server = http::serve(socket, Rc::new(Held), options).unwrap();
            future::pending::<()>().await;
        })
    });
    let held = |stream: &mut TcpStream| -> usize {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).unwrap();
        let answer = str::from_utf8(&answer[..length]).unwrap();
        answer.rsplit("\r\n").next().unwrap().parse().unwrap()
    };
    let connect = || TcpStream::connect(address).unwrap();
    let before = held(&mut connect());
    let mut streams: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    let after = streams.iter_mut().map(held).last().unwrap();
    let each = (after - before) / CONNECTIONS;
    assert!(each <= 8 * 1024, "{each} bytes each");
}
