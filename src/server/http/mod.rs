//! MCP over Streamable HTTP, and what operators ask over HTTP: which path is what.

mod errands;
mod labels;
mod listen;
mod mcp;
mod probes;
mod sessions;
mod under_way;

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
use crate::metrics::{Answered, Counter, Endpoint, Method, Reason};
use crate::rpc;
use crate::server::Drain;
use crate::server::access::Guard;
use errands::Errand;
pub use listen::{Failures, Listening, Part, listen};
use probes::Probes;
use sessions::{Kept, Sessions};
use under_way::UnderWay;

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
    under_way: Rc<UnderWay>,
}

/// The ways between cores, one for each: where it sends, and where it hears.
fn lines(cores: usize) -> (Vec<Sender<Errand>>, Vec<Receiver<Errand>>) {
    (0..cores).map(|_| async_channel::bounded(HTTP_ERRANDS_MAX)).unzip()
}

impl Site {
    /// The site of a core; where it is `None` that keeps sessions, every request is to stand for itself.
    fn new(
        sessions: Option<Sessions>,
        shards: Rc<Shards>,
        provider: Rc<dyn Provider>,
        probes: Probes,
        calls_max: usize,
        cores: Vec<Sender<Errand>>,
        drain: Drain,
    ) -> Rc<Self> {
        let under_way = Rc::default();
        Rc::new(Self { shards, provider, calls_max, sessions, cores, probes, drain, under_way })
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

    /// Keeps a session, where sessions are kept, under the id that comes back.
    fn keep(&self, session: Rc<Session>, client: Client) -> Option<String> {
        let Kept { id, in_place_of } = self.sessions.as_ref()?.keep(session, client, self.now());
        if in_place_of.is_some() {
            self.shards.own().recorder().count(Counter::Rejected(Reason::Sessions));
        }
        Some(id)
    }

    /// Tells everybody who waits that what he waits for will not come.
    fn give_up(&self) {
        self.under_way.give_up();
        self.sessions.iter().for_each(Sessions::give_up);
    }
}

/// A [`Site`] as [`crate::http`] calls it.
struct Front {
    site: Rc<Site>,
    guard: Rc<Guard>,
}

impl Service for Front {
    fn call(&self, request: Request, peer: Peer) -> LocalBoxFuture<'static, Response> {
        let (site, guard) = (Rc::clone(&self.site), Rc::clone(&self.guard));
        // Who comes later has nobody wait for him.
        let held = (!site.drain.has_begun()).then(|| site.under_way.hold());
        let begun = site.now();
        async move {
            let (method, endpoint) = (Method::named(request.method()), Endpoint::at(request.path()));
            let response = match site.probes.public(endpoint, method).await {
                Some(response) => response,
                None => {
                    let (own, door) = (Rc::clone(&site), Rc::clone(&guard));
                    let answer = async |request, client| answer(own, &door, endpoint, request, client).await;
                    let weigh = |request: &Request| rpc::requests_in(&request.body);
                    guard.serve(request, peer.address, begun, weigh, answer).await
                }
            };
            let answered = Answered::new(method, endpoint, response.status.code());
            site.shards.own().recorder().answered(answered, site.now() - begun);
            response.with_held(held)
        }
        .boxed_local()
    }

    fn handle_refusal(&self, refusal: Refusal, _: Peer) {
        let answered = Answered::new(Method::Other, Endpoint::Other, refusal.status().code());
        self.site.shards.own().recorder().answered(answered, Duration::ZERO);
    }
}

/// For somebody who may come in.
async fn answer(
    site: Rc<Site>,
    guard: &Guard,
    endpoint: Endpoint,
    request: Request,
    client: Client,
) -> Response {
    match endpoint {
        Endpoint::Mcp if site.drain.has_begun() && !mcp::helps_to_finish(&request) => {
            Response::new(Status::SERVICE_UNAVAILABLE).with("retry-after", "1")
        }
        Endpoint::Mcp => mcp::answer(site, request, client).await,
        // The same figures are a resource of MCP.
        Endpoint::Metrics => match guard.require(&client, Scope::Read) {
            Ok(()) => site.probes.metrics(Method::named(request.method())).await,
            Err(refusal) => refusal.into(),
        },
        Endpoint::Health | Endpoint::Live | Endpoint::Ready | Endpoint::Other => {
            Response::new(Status::NOT_FOUND)
        }
    }
}

#[cfg(test)]
mod tests;
