//! From settings to listening sockets, and from a socket to a core that serves it.

use core::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use futures_util::future::select;

use super::{Errand, Front, Site, lines};
use crate::base::{Error, Kind, Result};
use crate::config::Settings;
use crate::fleet::Shards;
use crate::http::Terms;
use crate::io::http::{self, Places, Socket, Tls};
use crate::mcp::{Catalog, Options};
use crate::server::{Drain, Held, Stats};

/// One core's part of an HTTP server, before it is on its core.
pub struct Part {
    here: usize,
    socket: Socket,
    connections: http::Options,
    offer: Options,
    calls_max: usize,
    has_sessions: bool,
    cores: Vec<Sender<Errand>>,
    errands: Receiver<Errand>,
    drain: Drain,
    held: Held,
}

/// Listens where the settings say, for so many cores; also says where that is.
///
/// # Errors
/// The address is not ours or in use; the certificate is no good.
pub fn listen(settings: &Settings, cores: usize, drain: &Drain) -> Result<(SocketAddr, Vec<Part>)> {
    let asked = SocketAddr::new(settings.http_host, settings.http_port);
    let failed = |error| Error::new(Kind::Local, format!("Cannot listen on {asked}: {error}"));
    let sockets = http::bind(asked, cores).map_err(failed)?;
    let address = sockets.first().map_or(Ok(asked), Socket::address).map_err(failed)?;
    let tls = match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls::load(certificates, key)?),
        (None, None) => None,
        _ => {
            let message = "tls_cert and tls_key belong together: set both, or neither";
            return Err(Error::new(Kind::InvalidArgument, message));
        }
    };
    let connections =
        http::Options { terms: Terms::default(), places: Places::new(settings.http_max_connections), tls };
    let (senders, receivers) = lines(cores);
    let part = |(here, (socket, errands))| Part {
        here,
        socket,
        connections: connections.clone(),
        offer: Options { allow_any_command: settings.allow_any_command },
        calls_max: settings.admitted_max(),
        has_sessions: settings.http_sessions,
        cores: senders.clone(),
        errands,
        drain: drain.clone(),
        held: drain.hold(),
    };
    Ok((address, sockets.into_iter().zip(receivers).enumerate().map(part).collect()))
}

impl Part {
    /// Serves on this core until the drain begins, and then until those who are connected have been answered.
    ///
    /// # Errors
    /// The runtime does not take the socket.
    pub async fn serve(self, shards: Rc<Shards>, stats: Rc<Stats>) -> Result<()> {
        let fleet = Rc::clone(shards.own());
        let catalog = Catalog::new(Rc::clone(&shards), stats, &self.offer);
        let site = Site::new(self.here, shards, catalog, self.calls_max, self.has_sessions, self.cores);
        let front = Rc::new(Front(Rc::clone(&site)));
        let failed = |error| Error::new(Kind::Local, format!("Cannot serve HTTP: {error}"));
        let server = http::serve(self.socket, front, self.connections).map_err(failed)?;
        let leave = pin!(async {
            self.drain.begun().await;
            server.drain(fleet.settings().drain_timeout).await;
        });
        select(leave, pin!(site.run_errands(self.errands))).await;
        drop(self.held);
        Ok(())
    }
}
