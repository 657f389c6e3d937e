//! What operators and their programs ask: whether the server lives and is to be given work, and its figures.

use std::rc::Rc;

use crate::fleet::Shards;
use crate::http::{Response, Status};
use crate::metrics::{EXPOSITION, Endpoint, Method};
use crate::server::health::{Health, Verdict};
use crate::server::{Drain, Stats};

/// See the module's documentation.
pub struct Probes {
    health: Health,
    stats: Rc<Stats>,
}

impl Probes {
    pub fn new(shards: Rc<Shards>, drain: Drain, stats: Rc<Stats>) -> Self {
        Self { health: Health::new(shards, drain), stats }
    }

    /// What everybody may know: load balancers have no keys. `None` for what is not of that kind.
    pub async fn public(&self, endpoint: Endpoint, method: Method) -> Option<Response> {
        let answer = match endpoint {
            Endpoint::Health => Response::new(Status::OK).body("text/plain", "OK"),
            Endpoint::Live => said(&self.health.live().await),
            Endpoint::Ready => said(&self.health.ready().await),
            Endpoint::Mcp | Endpoint::Metrics | Endpoint::Other => return None,
        };
        Some(asked(method, answer))
    }

    /// The figures, as Prometheus reads them.
    pub async fn metrics(&self, method: Method) -> Response {
        let told = match self.stats.exposition().await {
            Ok(text) => Response::new(Status::OK).body(EXPOSITION, text.as_bytes()),
            Err(error) => {
                let response = Response::new(Status::SERVICE_UNAVAILABLE).with("retry-after", "1");
                response.body("text/plain", format!("{error}\n"))
            }
        };
        asked(method, told)
    }
}

fn said(verdict: &Verdict) -> Response {
    let status = if verdict.is_good() { Status::OK } else { Status::SERVICE_UNAVAILABLE };
    Response::new(status).with("cache-control", "no-store").body("application/json", verdict.json())
}

/// The answer to GET and HEAD; nothing else can be done here.
fn asked(method: Method, answer: Response) -> Response {
    match method {
        Method::Get | Method::Head => answer,
        _ => Response::new(Status::METHOD_NOT_ALLOWED).with("allow", "GET, HEAD"),
    }
}
