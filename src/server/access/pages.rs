//! What a browser wants to hear before it lets a page of another origin send requests and read answers (the Fetch
//! standard, "CORS protocol").

use crate::http::{Request, Response, Status};

/// A page that may use us, by its origin.
#[derive(Debug)]
pub struct Page(String);

/// What MCP sends, and keys.
const HEADERS: &str = "authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, \
                       mcp-session-id, x-api-key";
/// What else of an answer a client has a use for.
const EXPOSED: &str = "mcp-session-id, retry-after, www-authenticate";
/// Seconds for which the browser need not ask again.
const KEPT: &str = "600";

/// Whether a browser asks if a request may be sent. It asks without the key that the request will have.
pub fn is_preflight(request: &Request) -> bool {
    request.method() == "OPTIONS" && request.headers.get("access-control-request-method").is_some()
}

impl Page {
    /// The origin has been found to be one.
    pub fn new(origin: &str) -> Self {
        Self(origin.to_owned())
    }

    /// Any request may be sent; whether it is answered is another matter.
    pub fn preflight(&self) -> Response {
        self.named(Response::new(Status::NO_CONTENT))
            .with("access-control-allow-methods", "GET, POST, DELETE")
            .with("access-control-allow-headers", HEADERS)
            .with("access-control-max-age", KEPT)
    }

    /// Whatever the answer is.
    pub fn may_read(&self, response: Response) -> Response {
        self.named(response).with("access-control-expose-headers", EXPOSED)
    }

    /// For this page, and no other one that the browser shows.
    fn named(&self, response: Response) -> Response {
        response.with("access-control-allow-origin", self.0.clone()).with("vary", "origin")
    }
}
