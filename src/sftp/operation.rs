//! What all operations have in common: they say what to ask next and take the replies, one at a time.

use super::attrs::Attrs;
use super::error::{Error, Failure};
use super::exchange::{Exchange, Handle};
use super::list::{Entry, List};
use super::look::Look;
use super::piece::{ReadPiece, WritePiece};
use super::read::Read;
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;

/// Names an operation within its session; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub(super) u64);

/// The result of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Stat(Attrs),
    Read {
        data: Vec<u8>,
        /// From before the file was opened.
        attrs: Attrs,
        /// The file goes on after the limit.
        more: bool,
    },
    List {
        /// Sorted by the bytes of their names; `.` and `..` included where the server sends them.
        entries: Vec<Entry>,
        /// There are entries beyond the limits.
        truncated: bool,
    },
    Opened(Handle),
    /// Of an open file; shorter than asked for where the file ends.
    Data(Vec<u8>),
    /// It was done, and there is nothing to tell.
    Done,
}

/// What an operation does next.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// Wait for replies.
    Wait,
    /// Wait for room.
    Blocked,
    Ask(Request<'a>),
}

/// Where a reply leaves an operation.
#[derive(Debug)]
pub(super) enum Step {
    Going,
    Done(Result<Outcome, Failure>),
}

#[derive(Debug)]
pub(super) enum Operation {
    Exchange(Box<Exchange>),
    Read(Box<Read>),
    List(Box<List>),
    Look(Box<Look>),
    ReadPiece(Box<ReadPiece>),
    WritePiece(Box<WritePiece>),
}

impl Operation {
    /// Empty for what is about an open file.
    pub fn path(&self) -> &[u8] {
        match self {
            Self::Exchange(exchange) => exchange.path(),
            Self::Read(read) => read.path(),
            Self::List(list) => list.path(),
            Self::Look(look) => look.path(),
            Self::ReadPiece(_) | Self::WritePiece(_) => b"",
        }
    }

    /// What the server has said of the path, as far as the operation kept it.
    pub fn attrs(&self) -> Option<&Attrs> {
        match self {
            Self::Read(read) => read.attrs(),
            Self::Look(look) => look.attrs(),
            Self::Exchange(_) | Self::List(_) | Self::ReadPiece(_) | Self::WritePiece(_) => None,
        }
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        match self {
            Self::Exchange(exchange) => exchange.next(room),
            Self::Read(read) => read.next(room),
            Self::List(list) => list.next(room),
            Self::Look(look) => look.next(room),
            Self::ReadPiece(piece) => piece.next(room),
            Self::WritePiece(piece) => piece.next(room),
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match self {
            Self::Exchange(_) => Exchange::handle_reply(asked, reply),
            Self::Read(read) => read.handle_reply(asked, reply),
            Self::List(list) => list.handle_reply(asked, reply),
            Self::Look(look) => look.handle_reply(asked, reply),
            Self::ReadPiece(piece) => piece.handle_reply(asked, reply),
            Self::WritePiece(piece) => piece.handle_reply(asked, reply),
        }
    }

    /// The handles it holds, of a file and of a directory, to be closed when it ends.
    pub fn handles(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        match self {
            Self::Exchange(exchange) => (exchange.handle(), None),
            Self::Read(read) => (read.handle(), None),
            Self::List(list) => (None, list.handle()),
            Self::Look(look) => look.handles(),
            // The file stays in the hands of whoever opened it.
            Self::ReadPiece(_) | Self::WritePiece(_) => (None, None),
        }
    }
}
