//! Writing a whole file: an OPEN that makes it or empties it, as many WRITEs at once as the window holds, and CLOSE right
//! behind the last one: a server works off what concerns one file in order (draft §6.1).
//!
//! OPEN on a FIFO blocks the server's process, so at first it is asked for with EXCL, which touches nothing that is there;
//! if something is, the STAT in front of it tells whether that may be emptied. No handle is predicted: a WRITE must never
//! reach another file.

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
    /// There is nothing at the path, or a regular file.
    may_replace: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Stat,
    Make {
        asked: bool,
    },
    /// Something is there already.
    Replace {
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
    Closed,
}

impl Write {
    pub fn new(path: &[u8], data: Vec<u8>) -> Self {
        Self { path: path.into(), data, asked: 0, in_flight: 0, may_replace: false, stage: Stage::Stat }
    }

    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        self.close_behind_the_last();
        match &mut self.stage {
            stage @ Stage::Stat => {
                *stage = Stage::Make { asked: false };
                Next::Ask(Request::Stat { path: &self.path })
            }
            Stage::Replace { asked: false } if !self.may_replace => Next::Wait,
            Stage::Make { asked: false } | Stage::Replace { asked: false } if !room.handle => Next::Blocked,
            Stage::Make { asked } if !*asked => {
                *asked = true;
                Next::Ask(Request::Create { path: &self.path, only_new: true })
            }
            Stage::Replace { asked } if !*asked => {
                *asked = true;
                Next::Ask(Request::Create { path: &self.path, only_new: false })
            }
            Stage::Data { .. } if room.write_bytes == 0 => Next::Blocked,
            Stage::Data { handle } => {
                let rest = &self.data[self.asked..];
                let piece = &rest[..rest.len().min(room.write_bytes as usize)];
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
                FileType::Regular => self.may_replace = true,
                other => return Ok(Step::Done(Err(Failure::NotRegular(other)))),
            },
            (Asked::Stat, Reply::Status { code: StatusCode::NoSuchFile, .. }) => self.may_replace = true,
            (Asked::Open, Reply::Handle(handle)) => self.stage = Stage::Data { handle: handle.into() },
            (Asked::Open, Reply::Status { .. }) if matches!(self.stage, Stage::Make { .. }) => {
                self.stage = Stage::Replace { asked: false };
            }
            (Asked::Write { .. }, Reply::Status { code: StatusCode::Ok, .. }) => {
                self.in_flight = self.in_flight.saturating_sub(1);
            }
            (Asked::Close, Reply::Status { code: StatusCode::Ok, .. }) => self.stage = Stage::Closed,
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        // Replies may overtake each other.
        let is_written = matches!(self.stage, Stage::Closed) && self.in_flight == 0;
        Ok(if is_written { Step::Done(Ok(Outcome::Written)) } else { Step::Going })
    }

    /// The handle that nobody has asked to be closed.
    pub fn handle(&self) -> Option<&[u8]> {
        match &self.stage {
            Stage::Data { handle } | Stage::Close { handle, asked: false } => Some(handle),
            _ => None,
        }
    }

    fn close_behind_the_last(&mut self) {
        if let Stage::Data { handle } = &mut self.stage
            && self.asked == self.data.len()
        {
            self.stage = Stage::Close { handle: std::mem::take(handle), asked: false };
        }
    }
}
