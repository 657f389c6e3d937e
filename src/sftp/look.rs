//! Looking at a path that may be a file or a directory: the content of the one, the entries of the other.
//!
//! STAT tells which. With it leave the requests that do no harm where they do not fit: an OPEN where the path was a
//! regular file a moment ago, else an OPENDIR, which fails on everything but a directory (`O_DIRECTORY`). An OPEN of a path of
//! unknown type would block the server for good where it is a FIFO.

use super::attrs::{Attrs, FileType};
use super::error::{Error, Failure};
use super::list::List;
use super::operation::{Next, Outcome, Step};
use super::read::Read;
use super::reply::Reply;
use super::request::Asked;
use super::requests::Room;

#[derive(Debug)]
pub(super) struct Look {
    read: Read,
    list: List,
    found: Found,
}

#[derive(Debug)]
enum Found {
    /// STAT has not been answered.
    Unknown {
        /// The listing begins before it is known that there is something to list.
        lists: bool,
        /// How the listing ended meanwhile.
        listed: Option<Result<Outcome, Failure>>,
    },
    File,
    Directory,
}

impl Look {
    /// `lists` is whether the listing begins at once.
    pub fn new(read: Read, list: List, lists: bool) -> Self {
        Self { read, list, found: Found::Unknown { lists, listed: None } }
    }

    pub fn path(&self) -> &[u8] {
        self.read.path()
    }

    pub fn attrs(&self) -> Option<&Attrs> {
        self.read.attrs()
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        match self.found {
            Found::File => self.read.next(room),
            Found::Directory => self.list.next(room),
            Found::Unknown { lists, .. } => match self.read.next(room) {
                Next::Wait if lists => self.list.next(room),
                next => next,
            },
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        let is_listing = matches!(asked, Asked::OpenDir | Asked::ReadDir { .. } | Asked::ReadLink { .. });
        let step = match is_listing {
            true => self.list.handle_reply(asked, reply)?,
            false => self.read.handle_reply(asked, reply)?,
        };
        Ok(match (&mut self.found, step) {
            (Found::Unknown { listed, .. }, Step::Done(Err(Failure::NotRegular(FileType::Directory)))) => {
                let step = listed.take().map_or(Step::Going, Step::Done);
                self.found = Found::Directory;
                step
            }
            (Found::Unknown { listed, .. }, Step::Done(result)) if is_listing => {
                *listed = Some(result);
                Step::Going
            }
            (Found::Unknown { .. }, step) => {
                if self.read.attrs().is_some() {
                    self.found = Found::File;
                }
                step
            }
            // The other one's answers are late, and of no interest any more.
            (Found::File, _) if is_listing => Step::Going,
            (Found::Directory, _) if !is_listing => Step::Going,
            (_, step) => step,
        })
    }

    /// Of the file, and of the directory.
    pub fn handles(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        (self.read.handle(), self.list.handle())
    }
}
