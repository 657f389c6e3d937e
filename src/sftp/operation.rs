//! What all operations have in common: they say what to ask next and take the replies, one at a time.

use super::attrs::Attrs;
use super::error::{Error, Failure};
use super::list::{Entry, List};
use super::look::Look;
use super::read::Read;
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;
use super::write::Write;

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
    Written,
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
    Stat(Stat),
    Read(Box<Read>),
    List(Box<List>),
    Look(Box<Look>),
    Write(Box<Write>),
}

impl Operation {
    pub fn path(&self) -> &[u8] {
        match self {
            Self::Stat(stat) => &stat.path,
            Self::Read(read) => read.path(),
            Self::List(list) => list.path(),
            Self::Look(look) => look.path(),
            Self::Write(write) => write.path(),
        }
    }

    /// What the server has said of the path, as far as the operation kept it.
    pub fn attrs(&self) -> Option<&Attrs> {
        match self {
            Self::Read(read) => read.attrs(),
            Self::Look(look) => look.attrs(),
            Self::Stat(_) | Self::List(_) | Self::Write(_) => None,
        }
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        match self {
            Self::Stat(stat) => stat.next(),
            Self::Read(read) => read.next(room),
            Self::List(list) => list.next(room),
            Self::Look(look) => look.next(room),
            Self::Write(write) => write.next(room),
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match self {
            Self::Stat(_) => Stat::handle_reply(asked, reply),
            Self::Read(read) => read.handle_reply(asked, reply),
            Self::List(list) => list.handle_reply(asked, reply),
            Self::Look(look) => look.handle_reply(asked, reply),
            Self::Write(write) => write.handle_reply(asked, reply),
        }
    }

    /// The handles it holds, of a file and of a directory, to be closed when it ends.
    pub fn handles(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        match self {
            Self::Stat(_) => (None, None),
            Self::Read(read) => (read.handle(), None),
            Self::List(list) => (None, list.handle()),
            Self::Look(look) => look.handles(),
            Self::Write(write) => (write.handle(), None),
        }
    }
}

/// Asks for the attributes of what a path leads to.
#[derive(Debug)]
pub(super) struct Stat {
    path: Box<[u8]>,
    asked: bool,
}

impl Stat {
    pub fn new(path: &[u8]) -> Self {
        Self { path: path.into(), asked: false }
    }

    fn next(&mut self) -> Next<'_> {
        if std::mem::replace(&mut self.asked, true) {
            return Next::Wait;
        }
        Next::Ask(Request::Stat { path: &self.path })
    }

    fn handle_reply(asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        Ok(Step::Done(match reply {
            Reply::Attrs(attrs) => Ok(Outcome::Stat(attrs)),
            other => Err(other.into_failure(asked)?),
        }))
    }
}
