//! MCP over Streamable HTTP, and what operators ask over HTTP: which path is what.

mod errands;
mod labels;
mod listen;
mod mcp;
mod sessions;

use std::pin::pin;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, select_biased};

use crate::base::limits::HTTP_ERRANDS_MAX;
use crate::base::time::Instant;
use crate::fleet::Shards;
use crate::http::{Peer, Request, Response, Service, Status};
use crate::mcp::{Client, Provider, Session};
use crate::server::Drain;
use crate::server::access::Guard;
use errands::Errand;
pub use listen::{Listening, Part, listen};
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
        Rc::new(Self { shards, provider, calls_max, sessions, cores, drain })
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
}

impl Service for Front {
    fn call(&self, request: Request, peer: Peer) -> LocalBoxFuture<'static, Response> {
        let (site, guard) = (Rc::clone(&self.site), Rc::clone(&self.guard));
        let now = site.now();
        let answer = async move |request, client| answer(site, request, client).await;
        async move { guard.serve(request, peer.address, now, answer).await }.boxed_local()
    }
}

/// For somebody who may come in.
async fn answer(site: Rc<Site>, request: Request, client: Client) -> Response {
    match request.path() {
        "/mcp" => mcp::answer(site, request, client).await,
        _ => Response::new(Status::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests;
