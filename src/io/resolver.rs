//! Names to addresses, by the system's resolver, on another thread.

use std::net::{SocketAddr, ToSocketAddrs};

use super::blocking;
use crate::base::{Error, Kind, Result};

/// The addresses of a name, in the order the system's resolver prefers them.
pub(super) async fn resolve(hostname: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let name = hostname.to_owned();
    let lookup = move || (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
    blocking::run(lookup).await?.map_err(|error| {
        Error::new(Kind::Unreachable, format!("Could not resolve hostname {hostname}: {error}"))
    })
}
