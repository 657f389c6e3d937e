//! Reading a regular file: STAT, OPEN, then as many READs at once as the file is long.
//!
//! The STAT comes first because OPEN on a FIFO blocks the server's process, and with it every other operation.

use super::attrs::{Attrs, FileType};
use super::error::{Error, Failure, StatusCode};
use super::operation::{Next, Outcome, Step};
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;
use super::transfer::Transfer;

#[derive(Debug)]
pub(super) struct Read {
    path: Box<[u8]>,
    offset: u64,
    bytes_max: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Stat { asked: bool },
    Open { attrs: Attrs, asked: bool },
    Data { attrs: Attrs, handle: Box<[u8]>, transfer: Transfer },
}

impl Read {
    pub fn new(path: &[u8], offset: u64, bytes_max: u64) -> Self {
        Self { path: path.into(), offset, bytes_max, stage: Stage::Stat { asked: false } }
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        match &mut self.stage {
            Stage::Stat { asked: true } | Stage::Open { asked: true, .. } => Next::Wait,
            Stage::Stat { asked } => {
                *asked = true;
                Next::Ask(Request::Stat { path: &self.path })
            }
            Stage::Open { .. } if !room.handle => Next::Blocked,
            Stage::Open { asked, .. } => {
                *asked = true;
                Next::Ask(Request::Open { path: &self.path })
            }
            Stage::Data { handle, transfer, .. } => {
                if !transfer.wants_more() {
                    return Next::Wait;
                }
                match transfer.next(room.read_bytes) {
                    Some((offset, len)) => Next::Ask(Request::Read { handle, offset, len }),
                    None => Next::Blocked,
                }
            }
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (&mut self.stage, asked, reply) {
            (Stage::Stat { .. }, Asked::Stat, Reply::Attrs(attrs)) => Ok(self.open(attrs)),
            (&mut Stage::Open { attrs, .. }, Asked::Open, Reply::Handle(handle)) => {
                let transfer = Transfer::new(self.offset, self.bytes_max, attrs.size.unwrap_or(0));
                self.stage = Stage::Data { attrs, handle: handle.into(), transfer };
                Ok(Step::Going)
            }
            (Stage::Data { attrs, transfer, .. }, Asked::Read { offset, len }, reply) => {
                match reply {
                    Reply::Data(data) => transfer.handle_data(offset, len, data)?,
                    Reply::Status { code: StatusCode::Eof, .. } => transfer.handle_eof(offset),
                    other => return Ok(Step::Done(Err(other.into_failure(asked)?))),
                }
                Ok(match transfer.finish() {
                    Some((data, more)) => Step::Done(Ok(Outcome::Read { data, attrs: *attrs, more })),
                    None => Step::Going,
                })
            }
            (_, asked, reply) => Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
    }

    pub fn handle(&self) -> Option<&[u8]> {
        match &self.stage {
            Stage::Data { handle, .. } => Some(handle),
            _ => None,
        }
    }

    fn open(&mut self, attrs: Attrs) -> Step {
        match attrs.file_type() {
            FileType::Regular => {
                self.stage = Stage::Open { attrs, asked: false };
                Step::Going
            }
            other => Step::Done(Err(Failure::NotRegular(other))),
        }
    }
}
