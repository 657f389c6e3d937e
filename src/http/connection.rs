//! One connection: requests in, one after the other, and an answer to each before the next is given out.
//!
//! `handle_*` says what has happened, [`Connection::poll`] what follows from it, and [`Connection::poll_timeout`] until
//! when nothing need happen. What comes behind a request waits until that is answered, and no more of it is wanted than
//! has room. After the last answer the connection is shut on our side and what still comes is thrown away for a moment:
//! were it closed with bytes unread, the peer's system would throw our answer away (RFC 9112 §9.6).

use std::mem;
use std::rc::Rc;

use super::buffer::Buffer;
use super::encoder::{Fate, put_head};
use super::head::Head;
use super::incoming::Incoming;
use super::section::{Fault, Section};
use super::{Body, Content, Date, Intake, Refusal, Request, Response, Version};
use crate::base::limits::{
    HTTP_EMPTY_LINES_MAX, HTTP_HEAD_BYTES_MAX, HTTP_LINGER, HTTP_LINGER_BYTES_MAX, HTTP_PIPELINED_BYTES_MAX,
    HTTP_READ_BYTES_MAX, HTTP_READ_BYTES_MIN, HTTP_REQUEST_LINE_BYTES_MAX,
};
use crate::base::time::{Duration, Instant};

/// What is written when [`Step::Continue`] says so (RFC 9110 §10.1.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// See the module's documentation.
#[derive(Debug)]
pub struct Connection {
    intake: Rc<Intake>,
    phase: Phase,
    /// What has come and is not used yet.
    buffer: Buffer,
    /// Requests that were given out, and empty lines before the next.
    requests: u32,
    empty_lines: u32,
    is_draining: bool,
    /// Since when the peer has taken nothing of what is being written.
    writing_since: Option<Instant>,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before something happens.
    Wait,
    /// Write [`CONTINUE`].
    Continue,
    /// Answer this.
    Request(Request),
    /// Answer this with what is wrong; it is the last answer.
    Refused(Refusal),
    /// Everything has been said: shut the connection on our side.
    Shut,
    /// Close it.
    Closed,
}

#[derive(Debug)]
enum Phase {
    /// Nothing of the next request has come.
    Idle {
        since: Instant,
    },
    Head {
        since: Instant,
        section: Section,
    },
    Body {
        since: Instant,
        last: Instant,
        incoming: Incoming,
    },
    /// Something has been found wrong.
    Wrong(Refusal),
    /// A request was given out and is being answered.
    Exchange(Exchange),
    /// The last answer has been sent.
    Said {
        since: Instant,
    },
    /// The connection is shut on our side.
    Lingering {
        since: Instant,
        bytes: usize,
    },
    Closed,
}

/// What has to be known of a request while it is answered.
#[derive(Debug, Clone, Copy)]
struct Exchange {
    version: Version,
    is_head: bool,
    keeps_alive: bool,
    /// Nothing that comes behind it will be looked at.
    is_last: bool,
}

impl Connection {
    pub fn new(intake: Rc<Intake>, now: Instant) -> Self {
        Self {
            intake,
            phase: Phase::Idle { since: now },
            buffer: Buffer::default(),
            requests: 0,
            empty_lines: 0,
            is_draining: false,
            writing_since: None,
        }
    }

    /// Bytes have come.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) {
        match &mut self.phase {
            Phase::Lingering { bytes: thrown_away, .. } => {
                *thrown_away = thrown_away.saturating_add(bytes.len());
                if *thrown_away > HTTP_LINGER_BYTES_MAX {
                    self.phase = Phase::Closed;
                }
            }
            Phase::Exchange(Exchange { is_last: true, .. }) | Phase::Said { .. } | Phase::Closed => {}
            Phase::Body { last, .. } => {
                *last = now;
                self.buffer.put(bytes);
            }
            _ => self.buffer.put(bytes),
        }
    }

    /// Time has passed; what is overdue is refused or closed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if is_over(self.write_deadline()) {
            self.phase = Phase::Closed;
        } else if is_over(self.phase_deadline()) {
            self.phase = match self.phase {
                Phase::Head { .. } => Phase::Wrong(Refusal::HeadTime),
                Phase::Body { .. } => Phase::Wrong(Refusal::BodyTime),
                _ => Phase::Closed,
            };
        }
    }

    /// Bytes are being written; also to be called whenever the peer has taken some of them.
    pub fn handle_writing(&mut self, now: Instant) {
        self.writing_since = Some(now);
    }

    /// Everything is written that was to be.
    pub fn handle_written(&mut self) {
        self.writing_since = None;
    }

    /// No request is taken any more but those of which something has come.
    pub fn drain(&mut self) {
        self.is_draining = true;
    }

    /// What is to be done next. A request is given out once, and the next one after it has been answered.
    pub fn poll(&mut self, now: Instant) -> Step {
        loop {
            let (phase, step) = match mem::replace(&mut self.phase, Phase::Closed) {
                Phase::Idle { since } => self.begin(since, now),
                Phase::Head { since, section } => self.read_head(since, section, now),
                Phase::Body { since, last, incoming } => self.read_body(since, last, incoming),
                Phase::Wrong(refusal) => self.refuse(refusal),
                Phase::Said { since } => (Phase::Lingering { since, bytes: 0 }, Some(Step::Shut)),
                Phase::Closed => (Phase::Closed, Some(Step::Closed)),
                waits @ (Phase::Exchange(_) | Phase::Lingering { .. }) => (waits, Some(Step::Wait)),
            };
            self.phase = phase;
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.phase_deadline(), self.write_deadline()].into_iter().flatten().min()
    }

    /// How many bytes to read at most before the next [`Self::poll`]; 0 when there is no room, and then the peer's end is
    /// not seen either until there is.
    pub fn room(&self) -> usize {
        match &self.phase {
            Phase::Idle { .. } => HTTP_READ_BYTES_MIN,
            Phase::Head { .. } => HTTP_HEAD_BYTES_MAX,
            Phase::Body { incoming, .. } => {
                incoming.expected().clamp(HTTP_READ_BYTES_MIN, HTTP_READ_BYTES_MAX)
            }
            Phase::Exchange(exchange) if exchange.is_last => HTTP_HEAD_BYTES_MAX,
            Phase::Exchange(_) if self.buffer.len() >= HTTP_PIPELINED_BYTES_MAX => 0,
            Phase::Exchange(_) => HTTP_READ_BYTES_MIN,
            Phase::Lingering { .. } => HTTP_READ_BYTES_MAX,
            Phase::Wrong(_) | Phase::Said { .. } | Phase::Closed => 0,
        }
    }

    /// Bytes that have come and wait to be looked at.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Begins the answer to what was given out last, writing everything before the body to `out`. The body is to follow
    /// in the way that is returned: as it is, in pieces, or not at all.
    pub fn respond(&mut self, response: &Response, date: &Date, out: &mut Vec<u8>) -> Content {
        let Phase::Exchange(exchange) = &mut self.phase else { return Content::None };
        let content = match &response.body {
            _ if response.status.is_bodiless() => Content::None,
            Body::Empty => Content::Length(0),
            Body::Full(body) => Content::Length(body.len()),
            Body::Streamed(_) if exchange.version == Version::Http11 => Content::Chunked,
            Body::Streamed(_) => Content::UntilClose,
        };
        exchange.keeps_alive &= !self.is_draining && content != Content::UntilClose;
        let fate = match (exchange.keeps_alive, exchange.version) {
            (false, _) => Fate::Close,
            (true, Version::Http10) => Fate::KeepAlive,
            (true, Version::Http11) => Fate::AsExpected,
        };
        put_head(out, response, content, fate, date);
        if exchange.is_head { Content::None } else { content }
    }

    /// The answer has been written whole.
    pub fn handle_responded(&mut self, now: Instant) {
        if let Phase::Exchange(exchange) = &self.phase {
            self.phase = match exchange.keeps_alive {
                true => Phase::Idle { since: now },
                false => {
                    self.buffer = Buffer::default();
                    Phase::Said { since: now }
                }
            };
        }
    }

    fn begin(&mut self, since: Instant, now: Instant) -> (Phase, Option<Step>) {
        // Some send an empty line behind a body (RFC 9112 §2.2).
        while self.buffer.rest().starts_with(b"\r\n") {
            self.buffer.take(2);
            self.empty_lines += 1;
            if self.empty_lines > HTTP_EMPTY_LINES_MAX {
                return (Phase::Wrong(Refusal::Head), None);
            }
        }
        match self.buffer.rest() {
            [] if self.is_draining => (Phase::Closed, None),
            [] => (Phase::Idle { since }, Some(Step::Wait)),
            // Whoever speaks something else altogether is told at once.
            [b'\r'] => (Phase::Idle { since }, Some(Step::Wait)),
            [first, ..] if !first.is_ascii_graphic() => (Phase::Wrong(Refusal::Head), None),
            // The time of the first request runs from the connection's beginning.
            _ => {
                let since = if self.requests == 0 { since } else { now };
                (Phase::Head { since, section: Section::default() }, None)
            }
        }
    }

    fn read_head(&mut self, since: Instant, mut section: Section, now: Instant) -> (Phase, Option<Step>) {
        let bytes = self.buffer.rest();
        let end = match section.end(bytes, HTTP_REQUEST_LINE_BYTES_MAX, HTTP_HEAD_BYTES_MAX) {
            Ok(None) => return (Phase::Head { since, section }, Some(Step::Wait)),
            Ok(Some(end)) => end,
            Err(fault) => {
                let refusal = match fault {
                    Fault::BareLineEnd => Refusal::Head,
                    Fault::FirstLineTooLong => Refusal::TargetLength,
                    Fault::TooLong => Refusal::HeadLength,
                };
                return (Phase::Wrong(refusal), None);
            }
        };
        let head = Head::read(bytes.get(..end).unwrap_or_default());
        self.buffer.take(end);
        match head.and_then(|head| Incoming::new(head, &self.intake)) {
            Err(refusal) => (Phase::Wrong(refusal), None),
            Ok(incoming) => {
                let step = incoming.expects_continue().then_some(Step::Continue);
                (Phase::Body { since, last: now, incoming }, step)
            }
        }
    }

    fn read_body(&mut self, since: Instant, last: Instant, mut incoming: Incoming) -> (Phase, Option<Step>) {
        match incoming.take(&mut self.buffer) {
            Err(refusal) => (Phase::Wrong(refusal), None),
            Ok(false) => (Phase::Body { since, last, incoming }, Some(Step::Wait)),
            Ok(true) => {
                self.requests = self.requests.saturating_add(1);
                self.empty_lines = 0;
                let (request, keeps_alive) = incoming.finish();
                let exchange = Exchange {
                    version: request.version(),
                    is_head: request.method() == "HEAD",
                    keeps_alive: keeps_alive && self.requests < self.intake.terms.requests_max,
                    is_last: false,
                };
                (Phase::Exchange(exchange), Some(Step::Request(request)))
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> (Phase, Option<Step>) {
        self.buffer = Buffer::default();
        let exchange =
            Exchange { version: Version::Http11, is_head: false, keeps_alive: false, is_last: true };
        (Phase::Exchange(exchange), Some(Step::Refused(refusal)))
    }

    fn phase_deadline(&self) -> Option<Instant> {
        let terms = &self.intake.terms;
        let (since, patience): (Instant, Duration) = match &self.phase {
            Phase::Idle { since } if self.requests == 0 => (*since, terms.head_patience),
            Phase::Idle { since } => (*since, terms.idle_patience),
            Phase::Head { since, .. } => (*since, terms.head_patience.min(terms.request_patience)),
            Phase::Body { since, last, .. } => {
                return Some((*last + terms.body_gap_max).min(*since + terms.request_patience));
            }
            Phase::Lingering { since, .. } => (*since, HTTP_LINGER),
            Phase::Wrong(_) | Phase::Exchange(_) | Phase::Said { .. } | Phase::Closed => return None,
        };
        Some(since + patience)
    }

    fn write_deadline(&self) -> Option<Instant> {
        self.writing_since.map(|since| since + self.intake.terms.write_patience)
    }
}

#[cfg(test)]
mod tests;
