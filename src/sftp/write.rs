//! Writing a whole file: STAT, an OPEN that creates or empties it, as many WRITEs at once as the window holds, CLOSE.
//!
//! The STAT stands in front because OPEN on a FIFO blocks the server's process. No handle is predicted: a WRITE must
//! never reach another file.

use super::attrs::FileType;
use super::error::{Error, Failure, StatusCode};
use super::operation::{Next, Outcome, Step};
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;

#[derive(Debug)]
pub(super) struct Write {
    path: Box<[u8]>,
    data: Vec<u8>,
    /// Bytes asked to be written.
    asked: usize,
    /// WRITEs without an answer.
    in_flight: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Stat {
        asked: bool,
    },
    Open {
        asked: bool,
    },
    Data {
        handle: Box<[u8]>,
    },
    /// The server may complain as late as now about what it could not write.
    Close {
        handle: Box<[u8]>,
        asked: bool,
    },
}

impl Write {
    pub fn new(path: &[u8], data: Vec<u8>) -> Self {
        Self { path: path.into(), data, asked: 0, in_flight: 0, stage: Stage::Stat { asked: false } }
    }

    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        match &mut self.stage {
            Stage::Stat { asked } if !*asked => {
                *asked = true;
                Next::Ask(Request::Stat { path: &self.path })
            }
            Stage::Open { asked: false } if !room.handle => Next::Blocked,
            Stage::Open { asked } if !*asked => {
                *asked = true;
                Next::Ask(Request::Create { path: &self.path })
            }
            Stage::Data { handle } => {
                let rest = &self.data[self.asked..];
                let piece = &rest[..rest.len().min(room.write_bytes as usize)];
                if piece.is_empty() {
                    return if rest.is_empty() { Next::Wait } else { Next::Blocked };
                }
                let offset = self.asked as u64;
                self.asked += piece.len();
                self.in_flight += 1;
                Next::Ask(Request::Write { handle, offset, data: piece })
            }
            Stage::Close { handle, asked } if !*asked => {
                *asked = true;
                Next::Ask(Request::Close { handle, is_directory: false })
            }
            _ => Next::Wait,
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (asked, reply) {
            (Asked::Stat, Reply::Attrs(attrs)) => match attrs.file_type() {
                FileType::Regular => self.stage = Stage::Open { asked: false },
                other => return Ok(Step::Done(Err(Failure::NotRegular(other)))),
            },
            (Asked::Stat, Reply::Status { code: StatusCode::NoSuchFile, .. }) => {
                self.stage = Stage::Open { asked: false };
            }
            (Asked::Open, Reply::Handle(handle)) => {
                self.stage = Stage::Data { handle: handle.into() };
                self.close_when_written();
            }
            (Asked::Write { .. }, Reply::Status { code: StatusCode::Ok, .. }) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                self.close_when_written();
            }
            (Asked::Close, Reply::Status { code: StatusCode::Ok, .. }) => {
                return Ok(Step::Done(Ok(Outcome::Written)));
            }
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        Ok(Step::Going)
    }

    /// The handle that nobody has asked to be closed.
    pub fn handle(&self) -> Option<&[u8]> {
        match &self.stage {
            Stage::Data { handle } | Stage::Close { handle, asked: false } => Some(handle),
            _ => None,
        }
    }

    fn close_when_written(&mut self) {
        if let Stage::Data { handle } = &mut self.stage
            && self.asked == self.data.len()
            && self.in_flight == 0
        {
            self.stage = Stage::Close { handle: std::mem::take(handle), asked: false };
        }
    }
}
