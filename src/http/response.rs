//! What a request is answered with.

use std::borrow::Cow;
use std::fmt;

use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream, Stream};

use super::{Refusal, Status};

/// An answer. The headers about the message itself (`Content-Length`, `Transfer-Encoding`, `Connection`, `Date`) are added
/// when it is sent.
#[derive(Debug)]
pub struct Response {
    pub status: Status,
    pub(super) headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Body,
}

/// What follows the headers. To a HEAD nothing does, but its length is told.
#[derive(Debug)]
pub enum Body {
    Empty,
    Full(Vec<u8>),
    /// Sent as it comes; nothing more is asked of it before the peer has taken what came before.
    Streamed(Streamed),
}

/// A body whose length nobody knows yet.
pub struct Streamed {
    pub pieces: LocalBoxStream<'static, Vec<u8>>,
    /// What is sent when nothing else has been for a while, so that a peer that is gone is noticed, and who stands in
    /// between does not think that we are.
    pub pulse: Option<&'static [u8]>,
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("pulse", &self.pulse).finish_non_exhaustive()
    }
}

impl Response {
    pub fn new(status: Status) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// Adds a header. What is no text of one line is made one: control characters become `?`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a header that was added.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// With this body, and the header that says what it is.
    #[must_use]
    pub fn body(self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Full(body.into()), ..self.with("content-type", content_type) }
    }

    /// Keeps something until the last of the body has been asked for.
    #[must_use]
    pub fn with_held(mut self, held: impl Sized + 'static) -> Self {
        if let Body::Streamed(streamed) = &mut self.body {
            let pieces = std::mem::replace(&mut streamed.pieces, stream::empty().boxed_local());
            let kept = stream::once(async move { drop(held) }).filter_map(async |()| None);
            streamed.pieces = pieces.chain(kept).boxed_local();
        }
        self
    }

    /// With events that nobody in between may hold back: `pieces` are whole ones (see [`super::sse`]).
    #[must_use]
    pub fn events(self, pieces: impl Stream<Item = Vec<u8>> + 'static) -> Self {
        let body = Streamed { pieces: pieces.boxed_local(), pulse: Some(super::sse::PULSE) };
        let response = self
            .with("content-type", "text/event-stream")
            .with("cache-control", "no-cache")
            .with("x-accel-buffering", "no");
        Self { body: Body::Streamed(body), ..response }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let response = Self::new(refusal.status()).body("text/plain", format!("{}\n", refusal.text()));
        match refusal {
            Refusal::Connections | Refusal::Intake | Refusal::Outlet => response.with("retry-after", "1"),
            _ => response,
        }
    }
}
