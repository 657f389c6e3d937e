//! Distance: a relay that holds every byte back for a fixed time, and lets any number of them travel at once.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpStream};
use std::num::NonZeroU64;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use rustix::thread::set_current_timer_slack;

use super::loopback::{Endpoint, listen};
use super::sshd::Sshd;
use scout_mcp::base::time::{Instant, now};

/// Bytes that travel together.
const PIECE_BYTES: usize = 256 * 1024;

/// A server seen from afar.
pub struct Distance {
    pub endpoint: Endpoint,
}

type Travelling = (Instant, Vec<u8>);

impl Distance {
    /// `one_way` is the time a byte takes in either direction.
    pub fn from(server: &Sshd, one_way: Duration) -> Self {
        let (listener, address) = listen();
        let target = server.endpoint.address;
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || carry(client, target, one_way));
            }
        });
        Self { endpoint: server.endpoint.at(address) }
    }
}

/// TCP's own handshake takes a round trip as well: the relay, which answers it at once, makes up for that. The server
/// sees the connection after three trips, and what the client has sent meanwhile along with it.
fn carry(client: TcpStream, target: SocketAddrV4, one_way: Duration) {
    let accepted = now() + 3 * one_way;
    let (to_server, from_client) = mpsc::channel();
    let (Ok(reader), Ok(())) = (client.try_clone(), client.set_nodelay(true)) else { return };
    thread::spawn(move || listen_to(reader, to_server, |read| (read + one_way).max(accepted)));
    sleep_until(accepted);
    let Ok(server) = TcpStream::connect(target) else { return };
    let (Ok(reader), Ok(())) = (server.try_clone(), server.set_nodelay(true)) else { return };
    let (to_client, from_server) = mpsc::channel();
    thread::spawn(move || listen_to(reader, to_client, |read| read + one_way));
    thread::spawn(move || say_to(server, from_client));
    say_to(client, from_server);
}

fn listen_to(from: TcpStream, to: Sender<Travelling>, arrival: impl Fn(Instant) -> Instant) {
    let mut buffer = vec![0; PIECE_BYTES];
    // The relay is no end of the way: it must not hold an acknowledgement back that sshd waits for.
    let mut read = || {
        let _ = rustix::net::sockopt::set_tcp_quickack(&from, true);
        (&from).read(&mut buffer).map(|count| buffer[..count].to_vec())
    };
    while let Ok(bytes) = read() {
        if bytes.is_empty() || to.send((arrival(now()), bytes)).is_err() {
            return;
        }
    }
}

fn say_to(mut to: TcpStream, from: Receiver<Travelling>) {
    // Whoever sleeps oversleeps by so many nanoseconds, twice in each round trip: 50,000 if nothing is said.
    let _ = set_current_timer_slack(NonZeroU64::new(1));
    for (arrival, bytes) in from {
        sleep_until(arrival);
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn sleep_until(at: Instant) {
    thread::sleep(at.saturating_duration_since(now()));
}
