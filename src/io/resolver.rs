//! Names to addresses, by the system's resolver, on another thread.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use super::blocking;
use crate::base::{Error, Kind, Result};

/// The addresses of a name, in the order the system's resolver prefers them.
pub(super) async fn resolve(hostname: &str, port: u16) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = hostname.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = hostname.to_owned();
    let lookup = move || (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
    blocking::NAMES.run(lookup).await?.map_err(|error| {
        Error::new(Kind::Unreachable, format!("Could not resolve hostname {hostname}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn an_address_is_not_looked_up() {
        for address in ["127.0.0.1", "::1"] {
            let found = resolve(address, 22).now_or_never().unwrap().unwrap();
            assert_eq!(found, [SocketAddr::new(address.parse().unwrap(), 22)]);
        }
    }
}
