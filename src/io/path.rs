//! The way to a host: found once, opened as often as a login has to be begun anew.

use std::net::SocketAddr;
use std::rc::Rc;

use monoio::net::TcpStream;

use super::connect::{self, Origin};
use super::resolver::resolve;
use super::stream::Stream;
use super::{dial::Stage, proxy_command};
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use crate::config::ssh::{AddressFamily, Proxy};
use crate::fleet::Link;
use crate::fleet::net::Hop;

pub(super) enum Path<'a> {
    Tcp(Tcp),
    /// The hop resolves the host's name.
    Tunnel {
        hop: Rc<Link>,
        host: &'a HostConfig,
    },
    Command {
        command: &'a str,
        host: &'a str,
    },
}

impl<'a> Path<'a> {
    /// Looks up the host's addresses, or waits for the hop in front of it.
    pub(super) async fn find(host: &'a HostConfig, hop: Option<Hop>, stage: &Stage) -> Result<Self> {
        if let Some(hop) = hop {
            stage.set("waiting for its jump host");
            return Ok(Self::Tunnel { hop: hop.link.await?, host });
        }
        match &host.proxy {
            Proxy::Command(_) if host.proxy_use_fdpass => {
                let text = "its SSH configuration asks for ProxyUseFdpass, which is not supported";
                Err(Error::new(Kind::HostConfig, text))
            }
            Proxy::Command(command) => Ok(Self::Command { command, host: &host.alias }),
            Proxy::Jump(_) => Err(Error::new(Kind::Internal, "a jump host was left out")),
            Proxy::None => {
                stage.set("looking up its name");
                Tcp::find(host).await.map(Self::Tcp)
            }
        }
    }

    /// Opens it, which takes a round trip to the host.
    pub(super) async fn open(&self, stage: &Stage) -> Result<Stream> {
        stage.set("connecting");
        match self {
            Self::Tcp(tcp) => tcp.connect().await.map(Stream::from),
            Self::Tunnel { hop, host } => hop.tunnel(&host.hostname, host.port).await.map(Stream::from),
            Self::Command { command, host } => proxy_command::start(command, host).await.map(Stream::from),
        }
    }

    /// A server that hangs up at once may have been too busy. A program that ends says what is wrong.
    pub(super) fn may_be_opened_again(&self) -> bool {
        !matches!(self, Self::Command { .. })
    }
}

/// Connects to the host's address and port, whatever answers there.
pub(super) async fn probe(host: &HostConfig) -> Result<()> {
    Tcp::find(host).await?.connect().await.map(drop)
}

/// The host's addresses, and how to connect to them.
pub(super) struct Tcp {
    addresses: Vec<SocketAddr>,
    origin: Origin,
    rounds: u32,
}

impl Tcp {
    async fn find(host: &HostConfig) -> Result<Self> {
        let (addresses, own) = futures_util::try_join!(addresses(host), own_addresses(host))?;
        let interface = host.bind_interface.clone();
        let origin = Origin { addresses: own, interface, keep_alive: host.tcp_keep_alive };
        Ok(Self { addresses, origin, rounds: host.connection_attempts })
    }

    async fn connect(&self) -> Result<TcpStream> {
        connect::connect(&self.addresses, &self.origin, self.rounds).await
    }
}

/// The addresses of the host's name that `AddressFamily` allows.
async fn addresses(host: &HostConfig) -> Result<Vec<SocketAddr>> {
    let mut addresses = resolve(&host.hostname, host.port).await?;
    addresses.retain(|address| match host.address_family {
        AddressFamily::Any => true,
        AddressFamily::Inet => address.is_ipv4(),
        AddressFamily::Inet6 => address.is_ipv6(),
    });
    if addresses.is_empty() {
        let text = format!("{} has no address of the family that AddressFamily asks for", host.hostname);
        return Err(Error::new(Kind::Unreachable, text));
    }
    Ok(addresses)
}

/// `BindAddress` may be a name.
async fn own_addresses(host: &HostConfig) -> Result<Vec<SocketAddr>> {
    match &host.bind_address {
        None => Ok(Vec::new()),
        Some(name) => resolve(name, 0).await.map_err(|error| error.context("BindAddress")),
    }
}
