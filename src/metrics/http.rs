//! What is told apart of requests by HTTP. Closed sets: whoever connects may name any method and any path.

use super::names::labels;

labels! {
    /// What is done.
    Method {
        Get => "GET",
        Head => "HEAD",
        Post => "POST",
        Delete => "DELETE",
        Options => "OPTIONS",
        Other => "other",
    }
}

labels! {
    /// What it is done to.
    Endpoint {
        Mcp => "/mcp",
        Health => "/health",
        Live => "/health/live",
        Ready => "/health/ready",
        Metrics => "/metrics",
        Other => "other",
    }
}

impl Method {
    pub fn named(name: &str) -> Self {
        *Self::ALL.iter().find(|known| known.label() == name).unwrap_or(&Self::Other)
    }
}

impl Endpoint {
    /// What a path, without a query, leads to.
    pub fn at(path: &str) -> Self {
        *Self::ALL.iter().find(|known| known.label() == path).unwrap_or(&Self::Other)
    }
}

/// Those that our server answers with, and `other`.
const STATUSES: [(u16, &str); 24] = [
    (200, "200"),
    (202, "202"),
    (204, "204"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (406, "406"),
    (408, "408"),
    (409, "409"),
    (411, "411"),
    (413, "413"),
    (414, "414"),
    (415, "415"),
    (417, "417"),
    (429, "429"),
    (431, "431"),
    (500, "500"),
    (501, "501"),
    (503, "503"),
    (505, "505"),
    (OTHER, "other"),
];
/// No status.
const OTHER: u16 = 0;

/// A request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    method: Method,
    endpoint: Endpoint,
    /// Its place among the statuses.
    status: usize,
}

impl Answered {
    pub(super) const COUNT: usize = Method::ALL.len() * Endpoint::ALL.len() * STATUSES.len();

    pub fn new(method: Method, endpoint: Endpoint, status: u16) -> Self {
        let known = |(code, _): &(u16, &str)| *code == status;
        Self { method, endpoint, status: STATUSES.iter().position(known).unwrap_or(STATUSES.len() - 1) }
    }

    /// All there are, in the order of their places.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let endpoints = |method: &Method| Endpoint::ALL.iter().map(|endpoint| (*method, *endpoint)).collect();
        Method::ALL.iter().flat_map(endpoints as fn(&Method) -> Vec<_>).flat_map(|(method, endpoint)| {
            (0..STATUSES.len()).map(move |status| Self { method, endpoint, status })
        })
    }

    pub(super) const fn place(self) -> usize {
        (self.method as usize * Endpoint::ALL.len() + self.endpoint as usize) * STATUSES.len() + self.status
    }

    pub(super) const fn labels(self) -> [(&'static str, &'static str); 3] {
        let (_, status) = STATUSES[self.status];
        [("method", self.method.label()), ("endpoint", self.endpoint.label()), ("status", status)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_other() {
        let labels = |method, path, status| {
            let answered = Answered::new(Method::named(method), Endpoint::at(path), status);
            answered.labels().map(|(_, value)| value)
        };
        assert_eq!(labels("POST", "/mcp", 200), ["POST", "/mcp", "200"]);
        assert_eq!(labels("GET", "/health/ready", 503), ["GET", "/health/ready", "503"]);
        assert_eq!(labels("BREW", "/mcp?a=1", 418), ["other", "other", "other"]);
        assert_eq!(labels("", "", 0), ["other", "other", "other"]);
    }
}
