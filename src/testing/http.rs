//! A connection of the HTTP server without its socket: what is sent on it, what was heard there, and what was answered.

use std::rc::Rc;

use crate::base::time::{self, Duration, Instant};
use crate::http::{Body, Connection, Content, Date, Intake, Refusal, Request, Response, Status, Step, Terms};

/// Every request is answered at once, with a short text.
pub struct Talk {
    pub connection: Connection,
    pub now: Instant,
    /// Everything that was answered.
    pub out: Vec<u8>,
    pub heard: Vec<Heard>,
}

/// What followed from what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Request(Request),
    Refused(Refusal),
    Continue,
    Shut,
    Closed,
}

impl Talk {
    pub fn new(terms: Terms) -> Self {
        let now = time::now();
        let connection = Connection::new(Rc::new(Intake::new(terms)), now);
        Self { connection, now, out: Vec::new(), heard: Vec::new() }
    }

    pub fn with_bodies(body_bytes_max: usize) -> Self {
        Self::new(Terms { body_bytes_max, ..Terms::default() })
    }

    /// The peer sends this, and everything that can be is answered.
    pub fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.connection.handle_input(bytes, self.now);
        self.work();
        self
    }

    /// Time passes, with all timers on the way.
    pub fn pass(&mut self, duration: Duration) -> &mut Self {
        let end = self.now + duration;
        while let Some(deadline) = self.connection.poll_timeout().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.connection.handle_timeout(self.now);
            self.work();
        }
        self.now = end;
        self
    }

    /// Does what is to be done.
    pub fn work(&mut self) {
        loop {
            let heard = match self.connection.poll(self.now) {
                Step::Wait => return,
                Step::Request(request) => {
                    self.answer(Response::new(Status::OK).body("text/plain", "hi"));
                    Heard::Request(request)
                }
                Step::Refused(refusal) => {
                    self.answer(refusal.into());
                    Heard::Refused(refusal)
                }
                Step::Continue => Heard::Continue,
                Step::Shut => Heard::Shut,
                Step::Closed if self.heard.last() == Some(&Heard::Closed) => return,
                Step::Closed => Heard::Closed,
            };
            self.heard.push(heard);
        }
    }

    fn answer(&mut self, response: Response) {
        let content = self.connection.respond(&response, &Date::at(0), &mut self.out);
        if let (Body::Full(body), Content::Length(_)) = (response.body, content) {
            self.out.extend(body);
        }
        self.connection.handle_responded(self.now);
    }

    pub fn refusal(&self) -> Option<Refusal> {
        self.heard.iter().find_map(|heard| match heard {
            Heard::Refused(refusal) => Some(*refusal),
            _ => None,
        })
    }

    /// The requests that were given out.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.heard.iter().filter_map(|heard| match heard {
            Heard::Request(request) => Some(request),
            _ => None,
        })
    }

    /// Their bodies.
    pub fn bodies(&self) -> Vec<&[u8]> {
        self.requests().map(|request| &request.body[..]).collect()
    }
}
