//! From settings to listening sockets, and from a socket to a core that serves it, to its end.

use core::net::SocketAddr;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use async_channel::{Receiver, Sender};
use futures_util::FutureExt;
use futures_util::future::select;

use super::probes::Probes;
use super::sessions::Sessions;
use super::{Errand, Front, Site, lines};
use crate::base::limits::FAREWELL_PATIENCE;
use crate::base::{Error, Kind, Result};
use crate::config::{Settings, SharedKeys};
use crate::fleet::Shards;
use crate::http::Terms;
use crate::io::http::{self, Places, Socket, Tls};
use crate::io::runtime;
use crate::mcp::Provider;
use crate::server::access::{Door, Guard};
use crate::server::{Drain, Held, Stats, descriptors};

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
    /// Ends with the last request of all cores. Each holds it as long as it has any: a session that others ask for may
    /// live on one that has none.
    requests: Drain,
    busy: Held,
    door: Arc<Door>,
    failed: Sender<Error>,
}

/// A server that listens and is not served yet.
pub struct Listening {
    pub address: SocketAddr,
    /// One for each core.
    pub parts: Vec<Part>,
    /// Where those who come in have to pass.
    pub door: Arc<Door>,
    pub failures: Failures,
}

/// Word of the parts that cannot go on.
#[derive(Debug)]
pub struct Failures(Receiver<Error>);

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
    let places = Places::new(descriptors::connections_max(settings, cores));
    let connections = http::Options { terms: Terms::default(), places, tls };
    let (senders, receivers) = lines(cores);
    let requests = Drain::default();
    let (failed, failures) = async_channel::bounded(1);
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
        busy: requests.hold(),
        door: Arc::clone(&door),
        failed: failed.clone(),
    };
    let parts = sockets.into_iter().zip(receivers).enumerate().map(part).collect();
    Ok(Listening { address, parts, door, failures: Failures(failures) })
}

impl Failures {
    /// Why a part cannot serve; never where all of them can.
    pub async fn first(&self) -> Error {
        match self.0.recv().await {
            Ok(error) => error,
            Err(_) => pending().await,
        }
    }
}

impl Part {
    /// Serves what `provider` has on this core until the drain begins, and then until those who had asked are answered: so
    /// long it goes on to listen, so that those who look after the server see that it leaves. Whoever has no answer when
    /// the settings allow no more is told that none will come.
    ///
    /// Where it cannot, that is a word to [`Failures`].
    pub async fn serve(self, shards: Rc<Shards>, provider: Rc<dyn Provider>, stats: Rc<Stats>) {
        let Self { here, socket, connections, errands, drain, held, requests, busy, door, failed, .. } = self;
        let fleet = Rc::clone(shards.own());
        let guard = Rc::new(Guard::new(door, Rc::clone(fleet.recorder())));
        let sessions = self.has_sessions.then(|| Sessions::new(here));
        let probes = Probes::new(Rc::clone(&shards), drain.clone(), stats);
        let site = Site::new(sessions, shards, provider, probes, self.calls_max, self.cores, drain.clone());
        let front = Rc::new(Front { site: Rc::clone(&site), guard });
        let server = match http::serve(socket, front, connections) {
            Ok(server) => server,
            Err(error) => {
                // The first to fail is enough.
                let _ = failed.try_send(Error::new(Kind::Local, format!("Cannot serve HTTP: {error}")));
                return;
            }
        };
        let leave = pin!(async {
            drain.begun().await;
            let deadline = fleet.now() + fleet.settings().drain_timeout;
            site.under_way.hear_no_more();
            requests.begin();
            let finished = async {
                site.under_way.finished().await;
                drop(busy);
                requests.finished().await;
            };
            let mut finished = pin!(finished.map(|()| Ok(true)));
            if let Ok(false) = fleet.until(deadline, &mut finished, || Ok(false)).await {
                site.give_up();
                let _ = fleet.within(FAREWELL_PATIENCE, finished, || Ok(false)).await;
            }
            server.drain(deadline.saturating_duration_since(fleet.now()).max(FAREWELL_PATIENCE)).await;
        });
        select(leave, pin!(Rc::clone(&site).run_errands(errands))).await;
        drop(held);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::testing;

    #[test]
    fn a_part_that_cannot_serve_is_heard_of() {
        let settings = Settings { http_port: 0, ..testing::settings() };
        let mut listening = listen(&settings, None, 2, &Drain::default()).unwrap();
        assert!(listening.failures.first().now_or_never().is_none());
        let part = listening.parts.pop().unwrap();
        part.failed.try_send(Error::new(Kind::Local, "no")).unwrap();
        assert_eq!(listening.failures.first().now_or_never().unwrap().message(), "no");
        drop((part, listening.parts));
        assert!(listening.failures.first().now_or_never().is_none(), "there is nobody left to fail");
    }
}
