//! Operations that are one request and its reply: what paths are and are called, files opened, described and closed.
//!
//! A file that is opened like this stays open in the hands of whoever asked; pieces of it are read and written by
//! `piece`. Opening blocks the server's process on a FIFO, and with it every other operation, so it is for whoever knows
//! what stands at the path: a STAT says so, and [`Opening::New`] touches nothing that is there.

use super::attrs::{Attrs, NewAttrs};
use super::error::{Error, StatusCode};
use super::operation::{Next, Outcome, Step};
use super::reply::Reply;
use super::request::{Asked, Request};
use super::requests::Room;

/// A file that is open, until it is closed or its session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle(pub(super) Box<[u8]>);

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    Read,
    /// To be written and read again, where nothing stands, not even a link; the mode it has from then on.
    New {
        mode: u32,
    },
    /// To be read and written further, as it is.
    Update,
}

#[derive(Debug)]
pub(super) struct Exchange {
    path: Box<[u8]>,
    wish: Wish,
    is_asked: bool,
}

/// What is wanted of the path, or of the file that is open.
#[derive(Debug)]
pub(super) enum Wish {
    Stat,
    /// Of a link itself.
    LinkStat,
    Open(Opening),
    Describe(Handle),
    Change(Handle, NewAttrs),
    /// On the disk by the time of the reply.
    Sync(Handle),
    Close(Handle),
    Remove,
    /// Fails where something stands.
    Rename {
        to: Box<[u8]>,
    },
    /// Takes the place of what stands there.
    Replace {
        to: Box<[u8]>,
    },
}

impl Exchange {
    pub fn new(path: &[u8], wish: Wish) -> Self {
        Self { path: path.into(), wish, is_asked: false }
    }

    /// Empty for what is about an open file.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        if self.is_asked {
            return Next::Wait;
        }
        if matches!(self.wish, Wish::Open(_)) && !room.handle {
            return Next::Blocked;
        }
        self.is_asked = true;
        let path = &self.path;
        Next::Ask(match &self.wish {
            Wish::Stat => Request::Stat { path },
            Wish::LinkStat => Request::LinkStat { path },
            Wish::Open(Opening::Read) => Request::Open { path },
            Wish::Open(Opening::New { mode }) => Request::Create { path, mode: *mode },
            Wish::Open(Opening::Update) => Request::Update { path },
            Wish::Describe(handle) => Request::HandleStat { handle: &handle.0 },
            Wish::Change(handle, attrs) => Request::SetHandleStat { handle: &handle.0, attrs: *attrs },
            Wish::Sync(handle) => Request::Sync { handle: &handle.0 },
            Wish::Close(handle) => Request::Close { handle: &handle.0, is_directory: false },
            Wish::Remove => Request::Remove { path },
            Wish::Rename { to } => Request::Rename { path, to },
            Wish::Replace { to } => Request::Replace { path, to },
        })
    }

    pub fn handle_reply(asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        Ok(Step::Done(match (asked, reply) {
            (Asked::Stat | Asked::LinkStat | Asked::HandleStat, Reply::Attrs(attrs)) => {
                Ok(Outcome::Stat(attrs))
            }
            (Asked::Open, Reply::Handle(handle)) => Ok(Outcome::Opened(Handle(handle.into()))),
            (
                Asked::SetHandleStat
                | Asked::Sync
                | Asked::Close
                | Asked::Remove
                | Asked::Rename
                | Asked::Replace,
                Reply::Status { code: StatusCode::Ok, .. },
            ) => Ok(Outcome::Done),
            (asked, reply) => Err(reply.into_failure(asked)?),
        }))
    }

    /// What it holds open, should it end before its request is sent; a CLOSE that is sent closes by itself.
    pub fn handle(&self) -> Option<&[u8]> {
        match &self.wish {
            Wish::Close(handle) if !self.is_asked => Some(&handle.0),
            _ => None,
        }
    }
}

impl Outcome {
    /// The handle in it, which nobody else knows.
    pub(super) fn opened(&self) -> Option<&Handle> {
        match self {
            Self::Opened(handle) => Some(handle),
            _ => None,
        }
    }

    /// Of whoever asked for attributes.
    pub fn attrs(self) -> Option<Attrs> {
        match self {
            Self::Stat(attrs) => Some(attrs),
            _ => None,
        }
    }
}
