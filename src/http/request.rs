//! One request, whole.

use std::fmt;

use super::Headers;
use super::headers::Span;

/// What a peer asks for. Its text is what came, so everything in it is to be mistrusted.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub(super) version: Version,
    pub(super) method: Span,
    pub(super) target: Span,
    pub(super) host: Span,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// What the peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
}

impl Request {
    /// A token, in the case in which it came: methods are case-sensitive.
    pub fn method(&self) -> &str {
        self.text(self.method)
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// Path and query as they came, still percent-encoded: printable ASCII that begins with `/`, or `*`. Of a target that
    /// is a whole URL, what stands behind the host.
    pub fn target(&self) -> &str {
        match self.text(self.target) {
            "" => "/",
            target => target,
        }
    }

    /// The target before its `?`.
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// The target behind its first `?`.
    pub fn query(&self) -> Option<&str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// The host and port that the peer believes it talks to, from a target that is a URL or the header `Host`. Empty only
    /// in HTTP/1.0.
    pub fn host(&self) -> &str {
        self.text(self.host)
    }

    fn text(&self, span: Span) -> &str {
        str::from_utf8(self.headers.part(span)).unwrap_or_default()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target())
            .field("version", &self.version)
            .field("host", &self.host())
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .finish()
    }
}
