//! Takes connections, as many as there are places for, until it is told to stop.

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;

use monoio::io::{AsyncWriteRentExt, CancelHandle, Canceller};
use monoio::net::{TcpListener, TcpStream};
use socket2::{Domain, Protocol, Type};

use super::connection::Connection;
use super::places::Place;
use super::roll::{Call, Roll};
use super::{Options, Places, Site};
use crate::base::limits::{
    HTTP_ACCEPT_COMPLAINED_EVERY, HTTP_ACCEPT_PAUSE, HTTP_BACKLOG, HTTP_ROOM_PATIENCE,
};
use crate::base::time::{self, Duration, Instant};
use crate::http::{self, Date, Intake, Outlet, Peer, Refusal, Service};
use crate::io::runtime::{self, within};

/// A socket that listens, for the core that will serve it.
#[derive(Debug)]
pub struct Socket(StdListener);

impl Socket {
    /// Where it listens: with the port that the kernel chose where 0 was asked for.
    ///
    /// Errors: the kernel does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// So many sockets that listen on one address, among which the kernel spreads the connections.
///
/// Errors: the address is not ours, or in use.
pub fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<Socket>> {
    let first = listen(address, Sharing::Later)?;
    let address = first.address()?;
    let others = (1..count.max(1)).map(|_| listen(address, Sharing::Now));
    std::iter::once(Ok(first)).chain(others).collect()
}

/// When a socket begins to share its address with others of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Now,
    /// Once it has the address, so that it is not had when another process of the same user listens there: were it
    /// shared with that, each would get some of the other's connections.
    Later,
}

fn listen(address: SocketAddr, sharing: Sharing) -> io::Result<Socket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == Sharing::Now)?;
    socket.bind(&address.into())?;
    socket.set_reuse_port(true)?;
    // Connections inherit it: an answer is written when it is whole, and is not to wait for anything.
    socket.set_nodelay(true)?;
    // On epoll, an accept that blocks would stop the core.
    socket.set_nonblocking(true)?;
    socket.listen(HTTP_BACKLOG)?;
    Ok(Socket(socket.into()))
}

/// A core's part of a server. Dropped, it takes nobody any more and all connections end.
pub struct Server {
    roll: Rc<Roll>,
    accepting: Cell<Option<Canceller>>,
}

impl Server {
    /// Connections at this moment.
    pub fn connections(&self) -> usize {
        self.roll.count()
    }

    /// Takes nobody any more, lets everybody finish what has begun, and ends what has not ended by then; whether all had.
    pub async fn drain(&self, patience: Duration) -> bool {
        self.call(Call::Finish);
        let is_empty = within(patience, self.roll.emptied()).await.is_some();
        self.call(Call::Leave);
        is_empty
    }

    fn call(&self, call: Call) {
        self.roll.call(call);
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.cancel());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.call(Call::Leave);
    }
}

/// Serves this core's connections.
///
/// Errors: the runtime does not take the socket.
pub fn serve(socket: Socket, service: Rc<dyn Service>, options: Options) -> io::Result<Server> {
    let listener = TcpListener::from_std(socket.0)?;
    let (roll, accepting) = (Rc::<Roll>::default(), Canceller::new());
    let Options { terms, places, tls } = options;
    let date = Cell::new(Date::at(time::unix_now()));
    let (pulse_every, outlet) = (terms.pulse_every, Outlet::new(terms.outlet_bytes_max));
    let site = Rc::new(Site { service, intake: Rc::new(Intake::new(terms)), outlet, tls, pulse_every, date });
    runtime::spawn(accept(listener, accepting.handle(), site, places, Rc::clone(&roll)));
    Ok(Server { roll, accepting: Cell::new(Some(accepting)) })
}

async fn accept(listener: TcpListener, cancel: CancelHandle, site: Rc<Site>, places: Places, roll: Rc<Roll>) {
    let mut complaint = Complaint::default();
    loop {
        // One that is dropped would lose a connection; cancelled, it may still bring one.
        let accepted = listener.cancelable_accept(cancel.clone()).await;
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer { address: address.ip().to_canonical(), is_encrypted: site.tls.is_some() };
                let Some(place) = room(&places, &roll).await else {
                    turn_away(stream, peer, &site).await;
                    continue;
                };
                let seat = roll.enter(time::now());
                if let Some(connection) = Connection::new(stream, peer, Rc::clone(&site), seat) {
                    runtime::spawn(async move {
                        connection.serve().await;
                        drop(place);
                    });
                }
            }
            Err(_) if roll.called() != Call::Stay => return,
            // Whoever went away before we came is no reason to wait.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if complaint.is_due(time::now()) {
                    tracing::warn!(%error, "no connections are taken for a moment");
                }
                runtime::sleep_until(time::now() + HTTP_ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place for one more, that of an idle connection where there is no other.
async fn room(places: &Places, roll: &Roll) -> Option<Place> {
    if let Some(place) = places.take() {
        return Some(place);
    }
    within(HTTP_ROOM_PATIENCE, roll.dismiss()?).await;
    places.take()
}

/// Something that would be said over and over as long as it lasts.
#[derive(Debug, Default)]
struct Complaint {
    said: Option<Instant>,
}

impl Complaint {
    /// Whether it is to be said now, and has not been a moment ago.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.said.is_none_or(|said| now.duration_since(said) >= HTTP_ACCEPT_COMPLAINED_EVERY);
        if is_due {
            self.said = Some(now);
        }
        is_due
    }
}

/// Says that there is no place, as far as that can be said without waiting for the peer.
async fn turn_away(mut stream: TcpStream, peer: Peer, site: &Site) {
    site.service.handle_refusal(Refusal::Connections, peer);
    if !peer.is_encrypted {
        // The buffer of a new socket takes it at once.
        let _ = stream.write_all(http::refuse(Refusal::Connections, &site.date())).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream as StdStream;

    use super::*;

    #[test]
    fn sockets_share_the_connections_of_their_address() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let address = sockets[0].address().unwrap();
        assert!(sockets.iter().all(|socket| socket.address().unwrap() == address));
        let connections: Vec<_> = (0..300).map(|_| StdStream::connect(address).unwrap()).collect();
        let taken = sockets.iter().map(|socket| {
            let taken = std::iter::from_fn(|| socket.0.accept().ok());
            taken.inspect(|(stream, _)| assert!(stream.nodelay().unwrap())).count()
        });
        let taken: Vec<_> = taken.collect();
        assert!(taken.iter().all(|taken| *taken > 50), "{taken:?}");
        assert_eq!(taken.iter().sum::<usize>(), connections.len());
    }

    #[test]
    fn what_lasts_is_not_said_all_the_time() {
        let (mut complaint, begun) = (Complaint::default(), time::now());
        let said = (0..1_200).filter(|tenth| complaint.is_due(begun + HTTP_ACCEPT_PAUSE * *tenth)).count();
        assert_eq!(said, 2);
    }

    #[test]
    fn an_address_is_not_shared_with_another_server() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = sockets[0].address().unwrap();
        for count in [1, 2] {
            assert_eq!(bind(address, count).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        }
        drop(sockets);
        bind(address, 2).unwrap();
    }
}
