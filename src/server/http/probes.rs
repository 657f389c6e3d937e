//! What operators and their programs ask: whether the server lives and is to be given work, and its figures.

use std::rc::Rc;

use crate::fleet::Shards;
use crate::http::{Request, Response, Status};
use crate::metrics::EXPOSITION;
use crate::server::health::{Health, Verdict};
use crate::server::{Drain, Stats};

/// See the module's documentation.
pub struct Probes {
    health: Health,
    stats: Rc<Stats>,
}

impl Probes {
    pub fn new(shards: &Rc<Shards>, drain: Drain) -> Self {
        Self { health: Health::new(Rc::clone(shards), drain), stats: Stats::new(Rc::clone(shards)) }
    }

    /// What everybody may know: load balancers have no keys. `None` for other paths.
    pub async fn public(&self, request: &Request) -> Option<Response> {
        let ask = match request.path() {
            "/health" => return Some(asked(request, Response::new(Status::OK).body("text/plain", "OK"))),
            "/health/live" => self.health.live().await,
            "/health/ready" => self.health.ready().await,
            _ => return None,
        };
        Some(asked(request, said(&ask)))
    }

    /// The figures, as Prometheus reads them.
    pub async fn metrics(&self, request: &Request) -> Response {
        let told = match self.stats.exposition().await {
            Ok(text) => Response::new(Status::OK).body(EXPOSITION, text),
            Err(error) => {
                let response = Response::new(Status::SERVICE_UNAVAILABLE).with("retry-after", "1");
                response.body("text/plain", format!("{error}\n"))
            }
        };
        asked(request, told)
    }
}

fn said(verdict: &Verdict) -> Response {
    let status = if verdict.is_good() { Status::OK } else { Status::SERVICE_UNAVAILABLE };
    Response::new(status).with("cache-control", "no-store").body("application/json", verdict.json())
}

/// The answer to GET and HEAD; nothing else can be done here.
fn asked(request: &Request, answer: Response) -> Response {
    match request.method() {
        "GET" | "HEAD" => answer,
        _ => Response::new(Status::METHOD_NOT_ALLOWED).with("allow", "GET, HEAD"),
    }
}
