//! The sockets that listen for all hosts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::base::limits::SIMULATED_BACKLOG;

/// So many sockets that listen on every loopback address, among which the kernel spreads the connections.
///
/// Errors: the port is taken.
pub fn bind(port: u16, count: usize) -> io::Result<Vec<TcpListener>> {
    let first = listen(port, false)?;
    let port = first.local_addr()?.port();
    let others = (1..count.max(1)).map(|_| listen(port, true));
    std::iter::once(Ok(first)).chain(others).collect()
}

/// The port that they listen on.
pub fn port(listeners: &[TcpListener]) -> io::Result<u16> {
    let address = listeners.first().map(TcpListener::local_addr).transpose()?;
    Ok(address.map_or(0, |address| address.port()))
}

/// A port that refuses connections, and stays so.
pub fn closed() -> io::Result<(Socket, u16)> {
    let socket = socket()?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
    let address = socket.local_addr()?.as_socket();
    Ok((socket, address.map_or(0, |address| address.port())))
}

/// `is_shared`: with another of ours, which must have had the port for itself before.
fn listen(port: u16, is_shared: bool) -> io::Result<TcpListener> {
    let socket = socket()?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.set_reuse_port(true)?;
    // Connections inherit it: what a host says is whole when it is written.
    socket.set_nodelay(true)?;
    // On epoll, an accept that blocks would stop the core.
    socket.set_nonblocking(true)?;
    socket.listen(SIMULATED_BACKLOG)?;
    Ok(socket.into())
}

fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // Kernels before 5.7 let nobody but root do so; connections are looked at in any case.
    if let Err(error) = socket.bind_device(Some(b"lo")) {
        tracing::debug!(%error, "not bound to the loopback interface");
    }
    Ok(socket)
}
