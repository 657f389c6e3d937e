//! MCP over Streamable HTTP, and what operators ask over HTTP: which path is what.

mod errands;
mod labels;
mod listen;
mod mcp;
mod probes;
mod sessions;

use std::pin::pin;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, select_biased};

use crate::base::limits::HTTP_ERRANDS_MAX;
use crate::base::time::{Duration, Instant};
use crate::config::Scope;
use crate::fleet::Shards;
use crate::http::{Peer, Refusal, Request, Response, Service, Status};
use crate::mcp::{Client, Provider, Session};
use crate::metrics::Answered;
use crate::server::Drain;
use crate::server::access::Guard;
use errands::Errand;
pub use listen::{Listening, Part, listen};
use probes::Probes;
use sessions::Sessions;

/// What one core serves.
struct Site {
    shards: Rc<Shards>,
    provider: Rc<dyn Provider>,
    /// Requests of one session, or of one HTTP request, under way at once.
    calls_max: usize,
    /// `None` where every request is to stand for itself.
    sessions: Option<Sessions>,
    /// The way to each core, and so to its sessions.
    cores: Vec<Sender<Errand>>,
    probes: Probes,
    drain: Drain,
}

/// The ways between cores, one for each: where it sends, and where it hears.
fn lines(cores: usize) -> (Vec<Sender<Errand>>, Vec<Receiver<Errand>>) {
    (0..cores).map(|_| async_channel::bounded(HTTP_ERRANDS_MAX)).unzip()
}

impl Site {
    /// The site of core `here`; with sessions of its own for clients that want some if `has_sessions`.
    fn new(
        here: usize,
        shards: Rc<Shards>,
        provider: Rc<dyn Provider>,
        calls_max: usize,
        has_sessions: bool,
        cores: Vec<Sender<Errand>>,
        drain: Drain,
    ) -> Rc<Self> {
        let sessions = has_sessions.then(|| Sessions::new(here));
        let probes = Probes::new(&shards, drain.clone());
        Rc::new(Self { shards, provider, calls_max, sessions, cores, probes, drain })
    }

    /// Does what other cores ask of this one's sessions, for as long as it is polled.
    async fn run_errands(self: Rc<Self>, errands: Receiver<Errand>) {
        let mut running = FuturesUnordered::new();
        let mut errands = pin!(errands.fuse());
        loop {
            select_biased! {
                () = running.select_next_some() => {}
                errand = errands.select_next_some() => running.push(errand.run(Rc::clone(&self))),
                complete => return,
            }
        }
    }

    fn now(&self) -> Instant {
        self.shards.own().now()
    }

    fn session(&self, client: Client) -> Session {
        Session::new(Rc::clone(&self.provider), client, self.calls_max)
    }
}

/// A [`Site`] as [`crate::http`] calls it.
struct Front {
    site: Rc<Site>,
    guard: Rc<Guard>,
    /// Each is held as long as it is not answered.
    requests: Drain,
}

impl Service for Front {
    fn call(&self, request: Request, peer: Peer) -> LocalBoxFuture<'static, Response> {
        let (site, guard) = (Rc::clone(&self.site), Rc::clone(&self.guard));
        // Who comes later has nobody wait for him.
        let held = (!site.drain.has_begun()).then(|| self.requests.hold());
        let begun = site.now();
        async move {
            let (method, path) = (request.method().to_owned(), request.path().to_owned());
            let response = match site.probes.public(&request).await {
                Some(response) => response,
                None => {
                    let (own, door) = (Rc::clone(&site), Rc::clone(&guard));
                    let answer = async |request, client| answer(own, &door, request, client).await;
                    guard.serve(request, peer.address, begun, answer).await
                }
            };
            let answered = Answered::new(&method, &path, response.status.code());
            site.shards.own().recorder().answered(answered, site.now() - begun);
            response.with_held(held)
        }
        .boxed_local()
    }

    fn handle_refusal(&self, refusal: Refusal, _: Peer) {
        let answered = Answered::new("", "", refusal.status().code());
        self.site.shards.own().recorder().answered(answered, Duration::ZERO);
    }
}

/// For somebody who may come in.
async fn answer(site: Rc<Site>, guard: &Guard, request: Request, client: Client) -> Response {
    match request.path() {
        "/mcp" if site.drain.has_begun() => {
            Response::new(Status::SERVICE_UNAVAILABLE).with("retry-after", "1")
        }
        "/mcp" => mcp::answer(site, request, client).await,
        // The same figures are a resource of MCP.
        "/metrics" => match guard.require(&client, Scope::Read) {
            Ok(()) => site.probes.metrics(&request).await,
            Err(refusal) => refusal.into(),
        },
        _ => Response::new(Status::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests;
