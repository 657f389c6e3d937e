//! The session: cuts the stream into packets, gives each reply to its operation, and lets the operations take turns.

use super::attrs::NewAttrs;
use super::error::{Error, Failure, Refusal};
use super::exchange::{Exchange, Handle, Opening, Wish};
use super::known::Known;
use super::list::List;
use super::look::Look;
use super::operation::{Next, OpId, Operation, Outcome, Step};
use super::piece::{ReadPiece, WritePiece};
use super::read::Read;
use super::reply::{Extensions, Reply, ServerLimits, Version};
use super::request::{Asked, Request};
use super::requests::{Pending, Requests, VERSION};
use super::wire::sanitise;
use crate::base::limits::{
    PATH_BYTES_MAX, SFTP_OPERATIONS_MAX, SFTP_PACKET_BYTES_MAX, SFTP_SPECULATING_OPERATIONS_MAX,
    SFTP_TURN_BYTES,
};
use crate::base::time::Instant;
use std::collections::{BTreeMap, VecDeque};

/// The length field of a packet.
const LENGTH_BYTES: usize = 4;
/// What is shown of a stream that is not SFTP.
const PREAMBLE_BYTES_MAX: usize = 80;

/// An SFTP version 3 client. See the module's head for the kinds of methods.
#[derive(Debug)]
pub struct Session {
    requests: Requests,
    /// The beginning of a packet whose rest has not arrived.
    partial: Vec<u8>,
    is_ready: bool,
    extensions: Extensions,
    /// Why the session ended.
    ended: Option<Error>,
    operations: BTreeMap<OpId, Operation>,
    /// Operations that may have something to ask, in the order of their turns; each at most once.
    turns: VecDeque<OpId>,
    done: VecDeque<(OpId, Result<Outcome, Failure>)>,
    next_op: u64,
    known: Known,
    /// When the last operation began that told: the server's word after it is believed no longer than from then on.
    now: Instant,
}

/// How much of what a path leads to is wanted.
#[derive(Debug, Clone, Copy)]
pub struct LookMax {
    /// Bytes of a file.
    pub file_bytes: u64,
    /// Entries of a directory, and the memory they may take in bytes.
    pub entries: usize,
    pub entries_bytes: usize,
}

impl Session {
    /// A session with INIT queued. Operations may start at once: their first requests follow INIT without waiting
    /// for the server's version, which saves a round trip and which servers, answering in order, do not mind.
    ///
    /// `like_openssh` is whether the server calls itself OpenSSH, and so is believed to number its handles as that does.
    /// Where it does not, that costs a few requests in vain.
    pub fn new(like_openssh: bool, now: Instant) -> Self {
        Self {
            requests: Requests::new(like_openssh),
            partial: Vec::new(),
            is_ready: false,
            extensions: Extensions::default(),
            ended: None,
            operations: BTreeMap::new(),
            turns: VecDeque::new(),
            done: VecDeque::new(),
            next_op: 0,
            known: Known::default(),
            now,
        }
    }

    /// Whether the server has told its version and the session goes on.
    pub fn is_ready(&self) -> bool {
        self.is_ready && self.ended.is_none()
    }

    /// Whether a regular file stood at `path` a moment ago.
    pub fn knows(&self, path: &[u8], now: Instant) -> bool {
        self.known.contains(path, now)
    }

    /// Asks for the attributes of what `path` leads to; links are followed.
    pub fn stat(&mut self, path: &[u8]) -> Result<OpId, Refusal> {
        self.exchange(path, Wish::Stat)
    }

    /// Reads up to `bytes_max` bytes of a regular file from `offset` on.
    pub fn read(&mut self, path: &[u8], offset: u64, bytes_max: u64, now: Instant) -> Result<OpId, Refusal> {
        self.check(path)?;
        self.now = now;
        let read = Read::new(path, offset, bytes_max, self.known.size(path, now));
        Ok(self.start(Operation::Read(Box::new(read))))
    }

    /// Lists a directory, up to `entries_max` entries that take up to `bytes_max` bytes of memory.
    pub fn list(&mut self, path: &[u8], entries_max: usize, bytes_max: usize) -> Result<OpId, Refusal> {
        self.check(path)?;
        let list = List::new(path, entries_max, bytes_max, true);
        Ok(self.start(Operation::List(Box::new(list))))
    }

    /// Reads a regular file or lists a directory, whichever `path` leads to.
    pub fn look(&mut self, path: &[u8], max: LookMax, now: Instant) -> Result<OpId, Refusal> {
        self.check(path)?;
        self.now = now;
        let known_size = self.known.size(path, now);
        let read = Read::new(path, 0, max.file_bytes, known_size);
        let list = List::new(path, max.entries, max.entries_bytes, false);
        // Under load a request more costs others more than the round trip it may save.
        let lists = known_size.is_none() && self.operations.len() < SFTP_SPECULATING_OPERATIONS_MAX;
        Ok(self.start(Operation::Look(Box::new(Look::new(read, list, lists)))))
    }

    /// Asks for the attributes of what stands at `path` itself, be it a link.
    pub fn link_stat(&mut self, path: &[u8]) -> Result<OpId, Refusal> {
        self.exchange(path, Wish::LinkStat)
    }

    /// Opens a file, which stays open until it is closed. See [`Opening`] for what may stand at `path`.
    pub fn open(&mut self, path: &[u8], opening: Opening) -> Result<OpId, Refusal> {
        self.exchange(path, Wish::Open(opening))
    }

    /// Removes a file or a link.
    pub fn remove(&mut self, path: &[u8]) -> Result<OpId, Refusal> {
        self.exchange(path, Wish::Remove)
    }

    /// Gives a file another name, under which nothing may stand.
    pub fn rename(&mut self, path: &[u8], to: &[u8]) -> Result<OpId, Refusal> {
        self.check(to)?;
        self.exchange(path, Wish::Rename { to: to.into() })
    }

    /// Gives a file another name at once, in place of what stands there, where the server [can](Extensions::replace).
    pub fn replace(&mut self, path: &[u8], to: &[u8]) -> Result<OpId, Refusal> {
        self.check(to)?;
        self.exchange(path, Wish::Replace { to: to.into() })
    }

    /// Reads up to `len` bytes of an open file.
    pub fn read_piece(&mut self, file: &Handle, offset: u64, len: u64) -> Result<OpId, Refusal> {
        self.check(b"")?;
        Ok(self.start(Operation::ReadPiece(Box::new(ReadPiece::new(file.clone(), offset, len)))))
    }

    /// Writes into an open file.
    pub fn write_piece(&mut self, file: &Handle, offset: u64, data: Vec<u8>) -> Result<OpId, Refusal> {
        self.check(b"")?;
        Ok(self.start(Operation::WritePiece(Box::new(WritePiece::new(file.clone(), offset, data)))))
    }

    /// Asks for the attributes of an open file.
    pub fn describe(&mut self, file: &Handle) -> Result<OpId, Refusal> {
        self.exchange(b"", Wish::Describe(file.clone()))
    }

    /// Changes those of an open file.
    pub fn change(&mut self, file: &Handle, attrs: NewAttrs) -> Result<OpId, Refusal> {
        self.exchange(b"", Wish::Change(file.clone(), attrs))
    }

    /// Brings an open file to the disk, where the server [can](Extensions::sync).
    pub fn sync(&mut self, file: &Handle) -> Result<OpId, Refusal> {
        self.exchange(b"", Wish::Sync(file.clone()))
    }

    /// Closes a file, and hears whether everything was written.
    pub fn close(&mut self, file: Handle) -> Result<OpId, Refusal> {
        self.exchange(b"", Wish::Close(file))
    }

    /// Closes a file that is of no interest any more.
    pub fn abandon(&mut self, file: &Handle) {
        if self.ended.is_none() {
            self.requests.send(None, &Request::Close { handle: &file.0, is_directory: false });
        }
    }

    /// What the server can do besides the draft, once it [is ready](Self::is_ready).
    pub fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// Whether the server has yet to answer something.
    pub fn is_waiting(&self) -> bool {
        self.requests.is_waiting()
    }

    /// Whether the server has answered everything, and nothing is open.
    pub fn is_at_rest(&self) -> bool {
        self.requests.is_at_rest()
    }

    /// The operations that a silent server hangs at, if it works on one request after the other, as OpenSSH's: the one that
    /// asked what it has to answer first, and those on the same path, which would hang at it as well. None where that one
    /// was given up.
    pub fn at_work(&self) -> Vec<OpId> {
        let Some(first) = self.requests.oldest().and_then(|oldest| oldest.op) else { return Vec::new() };
        let path = self.operations.get(&first).map(Operation::path);
        let is_at_work = |(op, operation): &(&OpId, &Operation)| {
            **op == first || (!operation.path().is_empty() && Some(operation.path()) == path)
        };
        self.operations.iter().filter(is_at_work).map(|(op, _)| *op).collect()
    }

    fn exchange(&mut self, path: &[u8], wish: Wish) -> Result<OpId, Refusal> {
        self.check(path)?;
        Ok(self.start(Operation::Exchange(Box::new(Exchange::new(path, wish)))))
    }

    /// Gives up an operation: its result is forgotten, its handle closed. Does nothing when it is unknown.
    pub fn cancel(&mut self, op: OpId) {
        if let Some(operation) = self.operations.get(&op)
            && let Some(attrs) = operation.attrs()
        {
            self.known.note(operation.path(), attrs, self.now);
        }
        self.end(op);
        if let Some(at) = self.done.iter().position(|(done, _)| *done == op)
            && let Some((_, Ok(outcome))) = self.done.remove(at)
            && let Some(file) = outcome.opened()
        {
            self.abandon(file);
        }
        self.pump();
    }

    /// Takes bytes of the server's stream, cut anywhere.
    ///
    /// An error is terminal: operations that have not ended by then never will, and each further call repeats it.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        let result = self.handle_stream(bytes);
        match &result {
            Ok(()) => self.pump(),
            Err(error) => self.fail(error.clone()),
        }
        result
    }

    /// Appends every byte that is ready to be sent; true when there were any. There may be more once they are gone: of what
    /// is to be written, little is made ready at once.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        let any = self.requests.transmit(out);
        if any {
            self.pump();
        }
        any
    }

    /// The next operation that has ended.
    pub fn poll_done(&mut self) -> Option<(OpId, Result<Outcome, Failure>)> {
        self.done.pop_front()
    }

    /// Whether an operation on `path` may start.
    fn check(&self, path: &[u8]) -> Result<(), Refusal> {
        if self.ended.is_some() {
            return Err(Refusal::Ended);
        }
        if self.operations.len() + self.done.len() >= SFTP_OPERATIONS_MAX {
            return Err(Refusal::TooManyOperations);
        }
        if path.len() > PATH_BYTES_MAX {
            return Err(Refusal::PathTooLong);
        }
        if path.contains(&0) {
            return Err(Refusal::PathHasNul);
        }
        Ok(())
    }

    fn start(&mut self, operation: Operation) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        self.operations.insert(op, operation);
        self.turns.push_back(op);
        self.pump();
        op
    }

    fn fail(&mut self, error: Error) {
        self.ended = Some(error);
        self.operations.clear();
        self.turns.clear();
        self.partial = Vec::new();
        self.requests.clear();
    }

    fn handle_stream(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.partial.is_empty()
                && let Some(length) = self.packet_length(bytes)?
                && let Some((packet, rest)) = bytes.split_at_checked(LENGTH_BYTES + length)
            {
                self.handle_packet(&packet[LENGTH_BYTES..])?;
                bytes = rest;
            } else {
                bytes = self.complete(bytes)?;
            }
        }
        Ok(())
    }

    /// Adds to the packet that has begun; handles it when that completes it. Returns what is left of `bytes`.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        let missing = match self.packet_length(&self.partial)? {
            None => LENGTH_BYTES - self.partial.len(),
            Some(length) => LENGTH_BYTES + length - self.partial.len(),
        };
        let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
        self.partial.extend_from_slice(taken);
        if let Some(length) = self.packet_length(&self.partial)?
            && self.partial.len() == LENGTH_BYTES + length
        {
            let packet = std::mem::take(&mut self.partial);
            self.handle_packet(&packet[LENGTH_BYTES..])?;
            self.partial = packet;
            self.partial.clear();
        }
        Ok(rest)
    }

    /// The length of the packet that `bytes` begins with, when they tell; checked before anything is kept.
    fn packet_length(&self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        let Some(length) = bytes.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        if length == 0 {
            return Err(Error::EmptyPacket);
        }
        if length as usize > SFTP_PACKET_BYTES_MAX {
            return Err(if self.is_ready {
                Error::PacketTooLong(length)
            } else {
                Error::Preamble(sanitise(bytes, PREAMBLE_BYTES_MAX))
            });
        }
        Ok(Some(length as usize))
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        if !self.is_ready {
            return self.handle_version(packet);
        }
        let (id, reply) = Reply::read(packet)?;
        let Pending { op, asked } = self.requests.answer(id, &reply)?;
        match op.and_then(|op| Some((op, self.operations.get_mut(&op)?))) {
            Some((op, operation)) => match operation.handle_reply(asked, reply)? {
                Step::Going => self.take_turn(op),
                Step::Done(result) => {
                    self.known.learn(operation.path(), &result, self.now);
                    self.end(op);
                    self.done.push_back((op, result));
                }
            },
            None => self.handle_orphan(asked, reply)?,
        }
        Ok(())
    }

    fn handle_version(&mut self, packet: &[u8]) -> Result<(), Error> {
        let Version { version, extensions } = Version::read(packet)?;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        self.is_ready = true;
        self.extensions = extensions;
        if extensions.limits {
            self.requests.send(None, &Request::Limits);
        }
        Ok(())
    }

    /// A reply nobody waits for: to a request of the session itself, or of an operation that has ended.
    fn handle_orphan(&mut self, asked: Asked, reply: Reply<'_>) -> Result<(), Error> {
        match (asked, reply) {
            (Asked::Limits, Reply::Extended(limits)) => self.requests.adopt(&ServerLimits::read(limits)?),
            (Asked::Open | Asked::OpenDir, Reply::Handle(handle)) => {
                self.requests.send(None, &Request::Close { handle, is_directory: asked == Asked::OpenDir });
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes an operation off the table and closes what it holds open. Nobody waits for that.
    fn end(&mut self, op: OpId) {
        let Some(operation) = self.operations.remove(&op) else { return };
        let (file, directory) = operation.handles();
        for (handle, is_directory) in [(file, false), (directory, true)] {
            if let Some(handle) = handle {
                self.requests.send(None, &Request::Close { handle, is_directory });
            }
        }
    }

    fn take_turn(&mut self, op: OpId) {
        if !self.turns.contains(&op) {
            self.turns.push_back(op);
        }
    }

    /// Lets each operation ask one thing at a time, or for data one piece, until all wait for replies or for room. What
    /// is asked of one file piece by piece comes in that order, then, and not all at once in the end.
    fn pump(&mut self) {
        let mut blocked = VecDeque::new();
        let mut turn_bytes = 0;
        while let Some(room) = self.requests.room()
            && let Some(op) = self.turns.pop_front()
        {
            let Some(operation) = self.operations.get_mut(&op) else { continue };
            match operation.next(room) {
                Next::Wait => turn_bytes = 0,
                Next::Blocked => {
                    turn_bytes = 0;
                    blocked.push_back(op);
                }
                Next::Ask(request) => {
                    let bytes = request.data_bytes();
                    self.requests.send(Some(op), &request);
                    turn_bytes += bytes;
                    if bytes > 0 && turn_bytes < SFTP_TURN_BYTES {
                        self.turns.push_front(op);
                    } else {
                        turn_bytes = 0;
                        self.turns.push_back(op);
                    }
                }
            }
        }
        if !blocked.is_empty() {
            blocked.append(&mut self.turns);
            self.turns = blocked;
        }
        if self.operations.is_empty() && self.partial.is_empty() {
            self.partial = Vec::new();
            self.requests.rest();
        }
    }
}
