//! Pieces of a file that is open in the hands of whoever asked: as many READs or WRITEs at once as a piece is long and
//! the session's window holds.

use super::error::{Error, StatusCode};
use super::exchange::Handle;
use super::operation::{Next, Outcome, Step};
use super::read::next_read;
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;
use super::transfer::Transfer;

/// A piece that is read.
#[derive(Debug)]
pub(super) struct ReadPiece {
    handle: Handle,
    transfer: Transfer,
}

impl ReadPiece {
    /// `len` bytes, one at least, from `offset` on; fewer only where the file ends.
    pub fn new(handle: Handle, offset: u64, len: u64) -> Self {
        // No file is as long as that; and there is always something to ask for.
        Self { handle, transfer: Transfer::piece(offset.min(u64::MAX / 2), len.max(1)) }
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        next_read(&mut self.transfer, &self.handle.0, false, room)
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (asked, reply) {
            (Asked::Read { offset, len, .. }, Reply::Data(data)) => {
                self.transfer.handle_data(offset, len, data)?;
            }
            (Asked::Read { offset, .. }, Reply::Status { code: StatusCode::Eof, .. }) => {
                self.transfer.handle_eof(offset);
            }
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        Ok(match self.transfer.finish() {
            Some((data, _)) => Step::Done(Ok(Outcome::Data(data))),
            None => Step::Going,
        })
    }
}

/// A piece that is written.
#[derive(Debug)]
pub(super) struct WritePiece {
    handle: Handle,
    offset: u64,
    data: Vec<u8>,
    /// Bytes asked to be written.
    asked: usize,
    /// WRITEs without an answer.
    in_flight: usize,
}

impl WritePiece {
    pub fn new(handle: Handle, offset: u64, data: Vec<u8>) -> Self {
        Self { handle, offset, data, asked: 0, in_flight: 0 }
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        // Nothing at all is one empty WRITE, which has an answer as any other.
        if self.asked == self.data.len() && (self.asked > 0 || self.in_flight > 0) {
            return Next::Wait;
        }
        if room.write_bytes == 0 {
            return Next::Blocked;
        }
        let begin = self.asked;
        self.asked = self.data.len().min(begin.saturating_add(room.write_bytes as usize));
        self.in_flight += 1;
        let offset = self.offset.saturating_add(begin as u64);
        Next::Ask(Request::Write { handle: &self.handle.0, offset, data: &self.data[begin..self.asked] })
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (asked, reply) {
            (Asked::Write { .. }, Reply::Status { code: StatusCode::Ok, .. }) => {
                self.in_flight = self.in_flight.saturating_sub(1);
            }
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        let is_written = self.in_flight == 0 && self.asked == self.data.len();
        Ok(if is_written { Step::Done(Ok(Outcome::Done)) } else { Step::Going })
    }
}
