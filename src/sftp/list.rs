//! Listing a directory: OPENDIR, READDIRs until the end, READLINKs for the symbolic links among the entries.
//!
//! The first READDIRs leave with the OPENDIR where its handle can be predicted and no other directory is open, from
//! which they could take entries.

use super::attrs::{Attrs, FileType};
use super::error::{Error, Failure, StatusCode};
use super::handles::Guess;
use super::operation::{Next, Outcome, Step};
use super::reply::{Name, Names, Reply};
use super::request::{Asked, Request};
use super::requests::Room;
use super::wire::sanitise;
use crate::base::limits::{
    PATH_BYTES_MAX, SFTP_READDIRS_FIRST, SFTP_READDIRS_MAX, SFTP_READLINKS_IN_FLIGHT_MAX, SFTP_READLINKS_MAX,
    SFTP_STATUS_TEXT_BYTES_MAX,
};
use std::collections::VecDeque;

/// One entry of a directory. Its strings are the server's bytes: not checked, not made printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    /// The entry as the server's `ls -l` shows it (draft §7), perhaps empty.
    pub longname: Vec<u8>,
    /// Of the entry itself: links are not followed.
    pub attrs: Attrs,
    /// What a symbolic link points to, when the server told.
    pub link: Option<Vec<u8>>,
}

impl Entry {
    /// What it counts against the limit of a listing, in bytes.
    fn cost(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.longname.len()
    }
}

#[derive(Debug)]
pub(super) struct List {
    path: Box<[u8]>,
    /// Whether there is likely a directory.
    expected: bool,
    open: Open,
    batches: Batches,
    entries: Vec<Entry>,
    entries_max: usize,
    bytes_max: usize,
    /// Bytes that further entries and link targets may take.
    bytes_left: usize,
    truncated: bool,
    links: Links,
}

#[derive(Debug)]
enum Open {
    Wanted,
    Asked { guess: Option<Guess> },
    Done { handle: Box<[u8]>, guessed_right: bool },
}

/// The READDIRs of a listing.
#[derive(Debug)]
struct Batches {
    in_flight: usize,
    /// How many may be on their way: one more for each that brought names, as a long directory goes on.
    in_flight_max: usize,
    /// No further one is worth asking.
    ended: bool,
}

impl Batches {
    fn new() -> Self {
        Self { in_flight: 0, in_flight_max: SFTP_READDIRS_FIRST, ended: false }
    }

    fn ask(&mut self) -> bool {
        let asks = !self.ended && self.in_flight < self.in_flight_max;
        self.in_flight += usize::from(asks);
        asks
    }

    /// One was answered; `ends` when no further one is worth asking.
    fn answered(&mut self, ends: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.in_flight_max = (self.in_flight_max + 1).min(SFTP_READDIRS_MAX);
        self.ended |= ends;
    }
}

/// The symbolic links whose targets are still to come.
#[derive(Debug, Default)]
struct Links {
    /// Indexes of entries not asked for.
    waiting: VecDeque<usize>,
    found: usize,
    in_flight: usize,
}

impl List {
    /// `expected` is whether there is likely a directory.
    pub fn new(path: &[u8], entries_max: usize, bytes_max: usize, expected: bool) -> Self {
        Self {
            path: path.into(),
            expected,
            open: Open::Wanted,
            batches: Batches::new(),
            entries: Vec::new(),
            entries_max,
            bytes_max,
            bytes_left: bytes_max,
            truncated: false,
            links: Links::default(),
        }
    }

    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn next(&mut self, room: Room) -> Next<'_> {
        if let Open::Wanted = self.open {
            if !room.handle {
                return Next::Blocked;
            }
            self.open = Open::Asked { guess: room.guess.filter(|_| room.directories == 0) };
            return Next::Ask(Request::OpenDir { path: &self.path, expected: self.expected });
        }
        match &self.open {
            // The one directory that is or may be open is this one.
            Open::Asked { guess: Some(guess) } if room.directories == 1 && self.batches.ask() => {
                Next::Ask(Request::ReadDir { handle: guess, guessed: true })
            }
            Open::Wanted | Open::Asked { .. } => Next::Wait,
            Open::Done { handle, .. } if self.batches.ask() => {
                Next::Ask(Request::ReadDir { handle, guessed: false })
            }
            Open::Done { .. } => self.links.next(&self.path, &self.entries),
        }
    }

    pub fn handle_reply(&mut self, asked: Asked, reply: Reply<'_>) -> Result<Step, Error> {
        match (asked, reply) {
            (Asked::OpenDir, Reply::Handle(handle)) => self.opened(handle),
            (Asked::ReadDir { guessed: true }, _) if !self.may_have_guessed_right() => {}
            (Asked::ReadDir { .. }, Reply::Names(names)) => {
                let is_last = names.is_empty();
                match self.add(names)? {
                    Ok(more) => self.batches.answered(is_last || !more),
                    Err(failure) => return Ok(Step::Done(Err(failure))),
                }
            }
            (Asked::ReadDir { .. }, Reply::Status { code: StatusCode::Eof, .. }) => {
                self.batches.answered(true)
            }
            // Said of a handle that is not ours, perhaps.
            (Asked::ReadDir { .. }, Reply::Status { .. }) if matches!(self.open, Open::Asked { .. }) => {
                self.open = Open::Asked { guess: None };
            }
            (Asked::ReadLink { entry }, Reply::Names(mut names)) => {
                let target = names.next()?;
                self.handle_link(entry, target);
            }
            // A link that cannot be read is shown without its target.
            (Asked::ReadLink { entry }, Reply::Status { .. }) => self.handle_link(entry, None),
            (asked, reply) => return Ok(Step::Done(Err(reply.into_failure(asked)?))),
        }
        Ok(if self.is_complete() { self.finish() } else { Step::Going })
    }

    pub fn handle(&self) -> Option<&[u8]> {
        match &self.open {
            Open::Done { handle, .. } => Some(handle),
            _ => None,
        }
    }

    /// What was read from another handle is forgotten.
    fn opened(&mut self, handle: &[u8]) {
        let guessed_right = matches!(&self.open, Open::Asked { guess: Some(guess) } if guess == handle);
        if !guessed_right {
            *self = Self::new(&self.path, self.entries_max, self.bytes_max, self.expected);
        }
        self.open = Open::Done { handle: handle.into(), guessed_right };
    }

    fn may_have_guessed_right(&self) -> bool {
        match &self.open {
            Open::Asked { guess } => guess.is_some(),
            Open::Done { guessed_right, .. } => *guessed_right,
            Open::Wanted => false,
        }
    }

    /// Takes in one batch of names; false when a limit was met.
    fn add(&mut self, mut names: Names<'_>) -> Result<Result<bool, Failure>, Error> {
        while !self.truncated
            && let Some(Name { name, longname, attrs }) = names.next()?
        {
            if !is_name(name) {
                return Ok(Err(Failure::Name(sanitise(name, SFTP_STATUS_TEXT_BYTES_MAX))));
            }
            let entry = Entry { name: name.to_vec(), longname: longname.to_vec(), attrs, link: None };
            match self.bytes_left.checked_sub(entry.cost()) {
                Some(bytes_left) if self.entries.len() < self.entries_max => {
                    self.bytes_left = bytes_left;
                    self.links.note(&entry, self.entries.len());
                    self.entries.push(entry);
                }
                _ => self.truncated = true,
            }
        }
        Ok(Ok(!self.truncated))
    }

    fn handle_link(&mut self, index: usize, target: Option<Name<'_>>) {
        self.links.in_flight = self.links.in_flight.saturating_sub(1);
        let (Some(entry), Some(Name { name, .. })) = (self.entries.get_mut(index), target) else { return };
        if name.len() <= PATH_BYTES_MAX
            && let Some(bytes_left) = self.bytes_left.checked_sub(name.len())
        {
            self.bytes_left = bytes_left;
            entry.link = Some(name.to_vec());
        }
    }

    fn is_complete(&self) -> bool {
        // Once truncated, answers still on their way change nothing.
        let all_read = self.truncated || (self.batches.ended && self.batches.in_flight == 0);
        all_read && self.handle().is_some() && self.links.in_flight == 0 && self.links.waiting.is_empty()
    }

    fn finish(&mut self) -> Step {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Step::Done(Ok(Outcome::List { entries, truncated: self.truncated }))
    }
}

/// What may be the name of an entry. A path in its place is made for those who put it behind the directory's and open it.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}

impl Links {
    /// Remembers the entry at `index` if it is a link that can be asked for.
    fn note(&mut self, entry: &Entry, index: usize) {
        let is_link = match entry.attrs.file_type() {
            FileType::Symlink => true,
            FileType::Unknown => entry.longname.starts_with(b"l"),
            _ => false,
        };
        if is_link && self.found < SFTP_READLINKS_MAX {
            self.found += 1;
            self.waiting.push_back(index);
        }
    }

    fn next(&mut self, directory: &[u8], entries: &[Entry]) -> Next<'static> {
        if self.in_flight >= SFTP_READLINKS_IN_FLIGHT_MAX {
            return Next::Wait;
        }
        let Some(index) = self.waiting.pop_front() else { return Next::Wait };
        let Some(entry) = entries.get(index) else { return Next::Wait };
        self.in_flight += 1;
        Next::Ask(Request::ReadLink { path: join(directory, &entry.name), entry: index })
    }
}

/// The path of an entry; those of the login directory are relative to it.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory == b"." {
        return name.to_vec();
    }
    let slash: &[u8] = if directory.is_empty() || directory.ends_with(b"/") { b"" } else { b"/" };
    [directory, slash, name].concat()
}
