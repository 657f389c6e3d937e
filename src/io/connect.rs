//! TCP connections to names with several addresses: all of them are tried, the first that connects wins (RFC 8305).
//!
//! An attempt that is given up is dropped: the runtime cancels its wait, and the socket is closed with it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use monoio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use super::{runtime, socket};
use crate::base::limits::{ADDRESSES_MAX, NEXT_ADDRESS_AFTER, NEXT_ROUND_AFTER};
use crate::base::time;
use crate::base::{Error, Kind, Result};

/// How a socket is to be made.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// `BindAddress`, in each family that it has one of. Empty: the system chooses.
    pub(super) addresses: Vec<SocketAddr>,
    /// `BindInterface`.
    pub(super) interface: Option<String>,
    /// `TCPKeepAlive`.
    pub(super) keep_alive: bool,
}

/// Connects to one of the addresses, the first of which is the likeliest, in at most `rounds` rounds.
///
/// Errors: none accepts, each with its reason.
pub(super) async fn connect(addresses: &[SocketAddr], origin: &Origin, rounds: u32) -> Result<TcpStream> {
    let addresses = interleaved(addresses);
    let mut round = 1;
    loop {
        match race(&addresses, origin).await {
            Ok(connected) => return Ok(connected),
            Err(failures) if round >= rounds => {
                let failures: Vec<String> = failures.iter().map(Failure::to_string).collect();
                return Err(Error::new(Kind::Unreachable, failures.join("; ")));
            }
            Err(_) => runtime::sleep_until(time::now() + NEXT_ROUND_AFTER).await,
        }
        round += 1;
    }
}

/// Both families in turn, beginning with that of the first address (RFC 8305 §4). The resolver has sorted them.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let turns = 0..one.len().max(other.len());
    let mixed = turns.flat_map(|turn| [one.get(turn), other.get(turn)]);
    mixed.flatten().copied().take(ADDRESSES_MAX).collect()
}

struct Failure {
    address: SocketAddr,
    error: io::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.address, self.error)
    }
}

/// The next address is tried when one has failed, or beside those that take long.
async fn race(addresses: &[SocketAddr], origin: &Origin) -> Result<TcpStream, Vec<Failure>> {
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        attempts.extend(waiting.next().map(|address| attempt(*address, origin)));
        let outcome = if waiting.as_slice().is_empty() {
            attempts.next().await
        } else {
            let patience = pin!(runtime::sleep_until(time::now() + NEXT_ADDRESS_AFTER));
            match select(attempts.next(), patience).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => continue,
            }
        };
        match outcome {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(failure)) => failures.push(failure),
            None => return Err(failures),
        }
    }
}

async fn attempt(address: SocketAddr, origin: &Origin) -> Result<TcpStream, Failure> {
    let connected = async {
        let socket = begin(address, origin)?;
        let stream = TcpStream::from_std(socket.into())?;
        stream.writable(false).await?;
        socket::take_error(&stream).map(|()| stream)
    };
    connected.await.map_err(|error| Failure { address, error })
}

/// A socket on its way to an address.
fn begin(address: SocketAddr, origin: &Origin) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    socket.set_nodelay(true)?;
    socket.set_keepalive(origin.keep_alive)?;
    if let Some(interface) = &origin.interface {
        socket.bind_device(Some(interface.as_bytes()))?;
    }
    if !origin.addresses.is_empty() {
        let own = origin.addresses.iter().find(|own| own.is_ipv6() == address.is_ipv6());
        let own = own.ok_or_else(|| io::Error::other("BindAddress is of another family"))?;
        socket.bind(&(*own).into())?;
    }
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
            Ok(socket)
        }
        connected => connected.map(|()| socket),
    }
}

#[cfg(test)]
mod tests;
