//! A request whose body is coming in.

use std::rc::Rc;

use super::buffer::Buffer;
use super::chunked::Chunked;
use super::framing::Length;
use super::head::Head;
use super::intake::{Intake, Share};
use super::{Refusal, Request};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Incoming {
    request: Request,
    rest: Rest,
    share: Share,
    keeps_alive: bool,
    expects_continue: bool,
}

/// What has yet to come.
#[derive(Debug)]
enum Rest {
    Exact(usize),
    Chunked(Chunked),
}

impl Incoming {
    pub(super) fn new(head: Head, intake: &Rc<Intake>) -> Result<Self, Refusal> {
        let share = Share::new(intake);
        let Head { request, length, expects_continue, keeps_alive } = head;
        let rest = match length {
            Length::Chunked => Rest::Chunked(Chunked::default()),
            Length::Exact(length) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= share.bytes_max());
                // No memory is set aside for it: what is announced may never come.
                Rest::Exact(length.ok_or(Refusal::Body)?)
            }
        };
        Ok(Self { request, rest, share, keeps_alive, expects_continue })
    }

    /// Whether the peer wants to be told to send the body.
    pub(super) fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// How many bytes are known to be missing.
    pub(super) fn expected(&self) -> usize {
        match &self.rest {
            Rest::Exact(left) => *left,
            // As much again as there is.
            Rest::Chunked(_) => self.request.body.len(),
        }
    }

    /// Takes what there is of the body; whether that was the end of it.
    pub(super) fn take(&mut self, buffer: &mut Buffer) -> Result<bool, Refusal> {
        let body = &mut self.request.body;
        let is_done = match &mut self.rest {
            Rest::Exact(left) => {
                let here = (*left).min(buffer.len());
                body.extend_from_slice(buffer.rest().get(..here).unwrap_or_default());
                buffer.take(here);
                *left -= here;
                *left == 0
            }
            Rest::Chunked(chunked) => {
                let progress = chunked.decode(buffer.rest(), body, self.share.bytes_max())?;
                buffer.take(progress.consumed);
                progress.is_done
            }
        };
        if self.share.grow(body.len()) { Ok(is_done) } else { Err(Refusal::Intake) }
    }

    /// The request, and whether another may follow.
    pub(super) fn finish(self) -> (Request, bool) {
        (self.request, self.keeps_alive)
    }
}
