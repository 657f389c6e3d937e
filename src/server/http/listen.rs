//! From settings to listening sockets, and from a socket to a core that serves it.

use core::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use async_channel::{Receiver, Sender};
use futures_util::future::select;

use super::{Errand, Front, Site, lines};
use crate::base::{Error, Kind, Result};
use crate::config::{Settings, SharedKeys};
use crate::fleet::Shards;
use crate::http::Terms;
use crate::io::http::{self, Places, Socket, Tls};
use crate::io::runtime;
use crate::mcp::Provider;
use crate::server::access::{Door, Guard};
use crate::server::{Drain, Held};

/// One core's part of an HTTP server, before it is on its core.
pub struct Part {
    here: usize,
    socket: Socket,
    connections: http::Options,
    calls_max: usize,
    has_sessions: bool,
    cores: Vec<Sender<Errand>>,
    errands: Receiver<Errand>,
    drain: Drain,
    held: Held,
    /// Ends with the last request of all cores.
    requests: Drain,
    door: Arc<Door>,
}

/// A server that listens and is not served yet.
pub struct Listening {
    pub address: SocketAddr,
    /// One for each core.
    pub parts: Vec<Part>,
    /// Where those who come in have to pass.
    pub door: Arc<Door>,
}

/// Listens where the settings say, for so many cores. Without `keys` nobody is asked for one.
///
/// # Errors
/// The address is not ours or in use, or open to strangers; the certificate is no good.
pub fn listen(
    settings: &Settings,
    keys: Option<SharedKeys>,
    cores: usize,
    drain: &Drain,
) -> Result<Listening> {
    let door = Door::new(settings.http_host, settings, keys, runtime::now())?;
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
    let requests = Drain::default();
    let part = |(here, (socket, errands))| Part {
        here,
        socket,
        connections: connections.clone(),
        calls_max: settings.admitted_max(),
        has_sessions: settings.http_sessions,
        cores: senders.clone(),
        errands,
        drain: drain.clone(),
        held: drain.hold(),
        requests: requests.clone(),
        door: Arc::clone(&door),
    };
    let parts = sockets.into_iter().zip(receivers).enumerate().map(part).collect();
    Ok(Listening { address, parts, door })
}

impl Part {
    /// Serves what `provider` has on this core until the drain begins, and then until those who had asked are answered: so
    /// long it goes on to listen, so that those who look after the server see that it leaves.
    ///
    /// # Errors
    /// The runtime does not take the socket.
    pub async fn serve(self, shards: Rc<Shards>, provider: Rc<dyn Provider>) -> Result<()> {
        let fleet = Rc::clone(shards.own());
        let guard = Rc::new(Guard::new(self.door, Rc::clone(fleet.recorder())));
        let drain = self.drain.clone();
        let site =
            Site::new(self.here, shards, provider, self.calls_max, self.has_sessions, self.cores, drain);
        let front = Rc::new(Front { site: Rc::clone(&site), guard, requests: self.requests.clone() });
        let failed = |error| Error::new(Kind::Local, format!("Cannot serve HTTP: {error}"));
        let server = http::serve(self.socket, front, self.connections).map_err(failed)?;
        let leave = pin!(async {
            self.drain.begun().await;
            self.requests.begin();
            self.requests.finished().await;
            server.drain(fleet.settings().drain_timeout).await;
        });
        select(leave, pin!(site.run_errands(self.errands))).await;
        drop(self.held);
        Ok(())
    }
}
