//! Reading a regular file: STAT, OPEN, then as many READs at once as the file is long.
//!
//! The STAT stands in front because OPEN on a FIFO blocks the server's process, and with it every other operation; where
//! the path was a regular file a moment ago, the OPEN leaves with it. READs leave with the OPEN where its handle can be
//! predicted: on another handle they read what nobody looks at.

use super::attrs::{Attrs, FileType};
use super::error::{Error, Failure, StatusCode};
use super::handles::Guess;
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
    /// The size of the regular file that was there before.
    known_size: Option<u64>,
    stat: Stat,
    open: Open,
    transfer: Transfer,
}

#[derive(Debug)]
enum Stat {
    Wanted,
    Asked,
    /// It is a regular file.
    Known(Attrs),
}

#[derive(Debug)]
enum Open {
    Wanted,
    Asked { guess: Option<Guess> },
    Done { handle: Box<[u8]>, guessed_right: bool },
    Failed(Failure),
}

impl Read {
    /// `known_size` is that of the regular file that stood at `path` before.
    pub fn new(path: &[u8], offset: u64, bytes_max: u64, known_size: Option<u64>) -> Self {
        Self {
            path: path.into(),
            offset,
            bytes_max,
            known_size,
            stat: Stat::Wanted,
            open: Open::Wanted,
            transfer: Transfer::new(offset, bytes_max, 0),
        }
    }

    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        if let Stat::Wanted = self.stat {
            self.stat = Stat::Asked;
            return Next::Ask(Request::Stat { path: &self.path });
        }
        if let Open::Wanted = self.open {
            return self.next_open(room);
        }
        match &self.open {
            Open::Wanted | Open::Asked { guess: None } | Open::Failed(_) => Next::Wait,
            Open::Asked { guess: Some(guess) } => next_read(&mut self.transfer, guess, true, room),
            Open::Done { handle, .. } => next_read(&mut self.transfer, handle, false, room),
        }
    }

    fn next_open(&mut self, room: Room) -> Next<'_> {
        let Some(size) = self.size() else { return Next::Wait };
        if !room.handle {
            return Next::Blocked;
        }
        self.transfer = Transfer::new(self.offset, self.bytes_max, size);
        self.open = Open::Asked { guess: room.guess };
        Next::Ask(Request::Open { path: &self.path })
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (asked, reply) {
            (Asked::Stat, Reply::Attrs(attrs)) => match attrs.file_type() {
                FileType::Regular => {
                    self.transfer.handle_size(attrs.size.unwrap_or(0));
                    self.stat = Stat::Known(attrs);
                }
                other => return Ok(Step::Done(Err(Failure::NotRegular(other)))),
            },
            (Asked::Open, Reply::Handle(handle)) => self.opened(handle),
            (Asked::Open, reply) => self.open = Open::Failed(reply.into_failure(asked)?),
            (Asked::Read { guessed: true, .. }, _) if !self.may_have_guessed_right() => {}
            (Asked::Read { offset, len, .. }, Reply::Data(data)) => {
                self.transfer.handle_data(offset, len, data)?
            }
            (Asked::Read { offset, .. }, Reply::Status { code: StatusCode::Eof, .. }) => {
                self.transfer.handle_eof(offset);
            }
            // Where no file system can seek, OpenSSH's server finds the message bad; there is nothing, either.
            (
                Asked::Read { offset, .. },
                Reply::Status { code: StatusCode::BadMessage | StatusCode::Failure, .. },
            ) if self.is_behind_the_end(offset) => self.transfer.handle_eof(offset),
            // Said of a handle that is not ours, perhaps.
            (Asked::Read { .. }, Reply::Status { .. }) if matches!(self.open, Open::Asked { .. }) => {
                self.open = Open::Asked { guess: None };
            }
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        Ok(self.finish())
    }

    /// Of the regular file, once the server has said that it is one.
    pub fn attrs(&self) -> Option<&Attrs> {
        match &self.stat {
            Stat::Known(attrs) => Some(attrs),
            _ => None,
        }
    }

    pub fn handle(&self) -> Option<&[u8]> {
        match &self.open {
            Open::Done { handle, .. } => Some(handle),
            _ => None,
        }
    }

    fn opened(&mut self, handle: &[u8]) {
        let guessed_right = matches!(&self.open, Open::Asked { guess: Some(guess) } if guess == handle);
        if !guessed_right {
            self.transfer = Transfer::new(self.offset, self.bytes_max, self.size().unwrap_or(0));
        }
        self.open = Open::Done { handle: handle.into(), guessed_right };
    }

    /// Of what is a regular file, or was one before.
    fn size(&self) -> Option<u64> {
        match &self.stat {
            Stat::Known(attrs) => Some(attrs.size.unwrap_or(0)),
            _ => self.known_size,
        }
    }

    /// Whether a place lies behind the end that the server names, which is that of a file that the kernel makes up as well.
    fn is_behind_the_end(&self, offset: u64) -> bool {
        offset > 0 && self.size().is_some_and(|size| offset >= size)
    }

    fn may_have_guessed_right(&self) -> bool {
        match &self.open {
            Open::Asked { guess } => guess.is_some(),
            Open::Done { guessed_right, .. } => *guessed_right,
            _ => false,
        }
    }

    fn finish(&mut self) -> Step {
        let (Stat::Known(attrs), open) = (&self.stat, &self.open) else { return Step::Going };
        match open {
            Open::Done { .. } => match self.transfer.finish() {
                Some((data, more)) => Step::Done(Ok(Outcome::Read { data, attrs: *attrs, more })),
                None => Step::Going,
            },
            Open::Failed(failure) => Step::Done(Err(failure.clone())),
            _ => Step::Going,
        }
    }
}

/// The next READ of a transfer.
pub(super) fn next_read<'a>(
    transfer: &mut Transfer,
    handle: &'a [u8],
    guessed: bool,
    room: Room,
) -> Next<'a> {
    if !transfer.wants_more() {
        return Next::Wait;
    }
    match transfer.next(room.read_bytes) {
        Some((offset, len)) => Next::Ask(Request::Read { handle, offset, len, guessed }),
        None => Next::Blocked,
    }
}
