//! A request whose body is coming in.

use super::buffer::Buffer;
use super::chunked::Chunked;
use super::framing::Length;
use super::head::Head;
use super::{Refusal, Request};
use crate::base::limits::HTTP_READ_BYTES_MAX;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Incoming {
    request: Request,
    rest: Rest,
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
    pub(super) fn new(head: Head, bytes_max: usize) -> Result<Self, Refusal> {
        let Head { mut request, length, expects_continue, keeps_alive } = head;
        let rest = match length {
            Length::Chunked => Rest::Chunked(Chunked::default()),
            Length::Exact(length) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= bytes_max);
                let length = length.ok_or(Refusal::Body)?;
                // What is announced may never come.
                request.body.reserve_exact(length.min(HTTP_READ_BYTES_MAX));
                Rest::Exact(length)
            }
        };
        Ok(Self { request, rest, keeps_alive, expects_continue })
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
    pub(super) fn take(&mut self, buffer: &mut Buffer, bytes_max: usize) -> Result<bool, Refusal> {
        let body = &mut self.request.body;
        match &mut self.rest {
            Rest::Exact(left) => {
                let here = (*left).min(buffer.len());
                body.extend_from_slice(buffer.rest().get(..here).unwrap_or_default());
                buffer.take(here);
                *left -= here;
                Ok(*left == 0)
            }
            Rest::Chunked(chunked) => {
                let progress = chunked.decode(buffer.rest(), body, bytes_max)?;
                buffer.take(progress.consumed);
                Ok(progress.is_done)
            }
        }
    }

    /// The request, and whether another may follow.
    pub(super) fn finish(self) -> (Request, bool) {
        (self.request, self.keeps_alive)
    }
}
