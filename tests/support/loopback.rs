//! Addresses for servers: all of 127.0.0.0/8 is this machine, so every server can have a "host" of its own.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server as a client sees it.
#[derive(Clone)]
pub struct Endpoint {
    pub address: SocketAddrV4,
    pub user: String,
    /// A private key that the server accepts.
    pub identity: PathBuf,
    /// Its host keys as in known_hosts: `ssh-ed25519 AAAA…`.
    pub host_keys: Vec<String>,
}

impl Endpoint {
    /// The name in known_hosts.
    pub fn known_name(&self) -> String {
        format!("[{}]:{}", self.address.ip(), self.address.port())
    }

    /// One line of known_hosts for each host key.
    pub fn known_hosts(&self) -> String {
        self.host_keys.iter().map(|key| format!("{} {key}\n", self.known_name())).collect()
    }

    /// The same server reached through another address, as through a relay.
    pub fn at(&self, address: SocketAddrV4) -> Self {
        Self { address, ..self.clone() }
    }
}

/// A listener on an address that no other test uses.
pub fn listen() -> (TcpListener, SocketAddrV4) {
    let listener = TcpListener::bind((next_ip(), 0)).expect("a free port");
    let address = match listener.local_addr() {
        Ok(std::net::SocketAddr::V4(address)) => address,
        other => panic!("not an IPv4 address: {other:?}"),
    };
    (listener, address)
}

/// An address and port where nobody listens: for a server to be started, or for an offline host.
pub fn unused() -> SocketAddrV4 {
    listen().1
}

/// A port where nobody listens at any address of this machine, for a server that is to have them all.
pub fn unused_everywhere() -> SocketAddrV4 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
    match listener.local_addr() {
        Ok(std::net::SocketAddr::V4(address)) => address,
        other => panic!("not an IPv4 address: {other:?}"),
    }
}

/// Whether somebody on this machine has a connection to this address.
pub fn is_connected(address: SocketAddrV4) -> bool {
    const ESTABLISHED: &str = "01";
    let remote = format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
    table.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(2);
        fields.next() == Some(&remote) && fields.next() == Some(ESTABLISHED)
    })
}

/// Different for every call and, as far as the process number reaches, every process: the port is free with certainty.
fn next_ip() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let [.., n] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Ipv4Addr::new(127, 1 | high, low, n.clamp(1, 254))
}
