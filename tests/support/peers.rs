//! Peers that are no SSH servers, or stop being one.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::thread;

use super::loopback::{Endpoint, listen, unused};
use super::sshd::Sshd;

/// A server that does whatever a test wants with each connection.
pub struct Fake {
    pub endpoint: Endpoint,
}

impl Fake {
    /// `like` lends user, identity and host keys, so that only the address differs.
    pub fn start(like: &Sshd, serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> Self {
        let (listener, address) = listen();
        each_connection(listener, serve);
        Self { endpoint: like.endpoint.at(address) }
    }

    /// Nobody listens there.
    pub fn offline(like: &Sshd) -> Self {
        Self { endpoint: like.endpoint.at(unused()) }
    }
}

/// Passes bytes on to a real server, and cuts the line after a number of bytes from it.
pub struct Relay {
    pub endpoint: Endpoint,
}

impl Relay {
    pub fn cut_after(server: &Sshd, bytes: usize) -> Self {
        let (listener, address) = listen();
        let target = server.endpoint.address;
        each_connection(listener, move |client| {
            // Either side may be gone at any moment; that is what a relay shows.
            let _ = relay(&client, target, bytes);
            let _ = client.shutdown(Shutdown::Both);
        });
        Self { endpoint: server.endpoint.at(address) }
    }
}

impl Relay {
    /// Passes one connection on to a server, to its end.
    pub fn pass(client: TcpStream, target: SocketAddrV4) {
        let _ = relay(&client, target, usize::MAX);
        let _ = client.shutdown(Shutdown::Both);
    }
}

fn each_connection(listener: TcpListener, serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) {
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            thread::spawn(move || serve(connection));
        }
    });
}

fn relay(client: &TcpStream, target: SocketAddrV4, bytes: usize) -> std::io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut to_client, mut from_server) = (client, server.try_clone()?.take(bytes as u64));
    std::io::copy(&mut from_server, &mut to_client)?;
    to_client.flush()?;
    server.shutdown(Shutdown::Both)
}
