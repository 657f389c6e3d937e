//! The requests of a session: their ids, the bytes still to be sent, and the room all operations share.

use super::error::{Error, StatusCode};
use super::handles::{Answer, Guess, Handles};
use super::operation::OpId;
use super::reply::{Reply, ServerLimits};
use super::request::{Asked, Request, write_init};
use crate::base::limits::{
    SFTP_HANDLES_MAX, SFTP_READ_BYTES_DEFAULT, SFTP_READ_BYTES_MAX, SFTP_REQUESTS_MAX,
    SFTP_SESSION_WINDOW_BYTES_MAX, SFTP_UNSENT_BYTES_MAX,
};
use std::collections::HashMap;

/// The version this client offers and the only one it accepts.
pub(super) const VERSION: u32 = 3;

/// A request without a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// Who asked. The operation may have ended since; CLOSE and limits belong to the session itself.
    pub op: Option<OpId>,
    pub asked: Asked,
}

/// What the next request of an operation may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Whether a file or directory may be opened.
    pub handle: bool,
    /// Longest READ; 0 when the data already on its way fills the session's window.
    pub read_bytes: u32,
    /// The same for WRITE.
    pub write_bytes: u32,
    /// The handle of what is opened next, where it can be told.
    pub guess: Option<Guess>,
    /// Directories open or being opened.
    pub directories: usize,
}

#[derive(Debug)]
pub(super) struct Requests {
    outbound: Vec<u8>,
    pending: HashMap<u32, Pending>,
    next_id: u32,
    /// Longest READ the server takes.
    read_bytes_max: u32,
    write_bytes_max: u32,
    /// Bytes asked for and not answered.
    read_bytes: u64,
    /// Bytes asked to be written and not answered.
    write_bytes: u64,
    handles_max: usize,
    /// Handles open, being opened or being closed.
    handles: usize,
    /// Directories open or being opened.
    directories: usize,
    predictions: Handles,
}

impl Requests {
    /// Starts with INIT on its way. `like_openssh` is whether handles are believed to be OpenSSH's.
    pub fn new(like_openssh: bool) -> Self {
        let mut outbound = Vec::new();
        write_init(VERSION, &mut outbound);
        Self {
            outbound,
            pending: HashMap::new(),
            next_id: 0,
            read_bytes_max: SFTP_READ_BYTES_DEFAULT,
            write_bytes_max: SFTP_READ_BYTES_DEFAULT,
            read_bytes: 0,
            write_bytes: 0,
            handles_max: SFTP_HANDLES_MAX,
            handles: 0,
            directories: 0,
            predictions: Handles::new(like_openssh),
        }
    }

    /// Adopts the server's limits where they are tighter than ours.
    pub fn adopt(&mut self, limits: &ServerLimits) {
        if limits.read_bytes > 0 {
            self.read_bytes_max = limits.read_bytes.min(u64::from(SFTP_READ_BYTES_MAX)) as u32;
        }
        if limits.write_bytes > 0 {
            self.write_bytes_max = limits.write_bytes.min(u64::from(SFTP_READ_BYTES_MAX)) as u32;
        }
        if limits.handles > 0 {
            self.handles_max = limits.handles.min(SFTP_HANDLES_MAX as u64) as usize;
        }
    }

    /// The room for one more request of an operation, if any.
    pub fn room(&self) -> Option<Room> {
        (self.pending.len() < SFTP_REQUESTS_MAX).then_some(Room {
            handle: self.handles < self.handles_max,
            read_bytes: if self.read_bytes < SFTP_SESSION_WINDOW_BYTES_MAX { self.read_bytes_max } else { 0 },
            write_bytes: if self.takes_data() { self.write_bytes_max } else { 0 },
            guess: self.predictions.predict(),
            directories: self.directories,
        })
    }

    pub fn send(&mut self, op: Option<OpId>, request: &Request<'_>) {
        let (asked, id) = (request.asked(), self.free_id());
        match *request {
            Request::Open { .. } | Request::Create { .. } | Request::Update { .. } => {
                self.asked_open(id, true);
            }
            Request::OpenDir { expected, .. } => {
                self.asked_open(id, expected);
                self.directories += 1;
            }
            Request::Read { len, .. } => self.read_bytes += u64::from(len),
            Request::Write { data, .. } => self.write_bytes += data.len() as u64,
            Request::Close { handle, is_directory } => {
                self.predictions.asked_close(id, handle);
                self.directories -= usize::from(is_directory);
            }
            _ => {}
        }
        request.write(id, &mut self.outbound);
        self.pending.insert(id, Pending { op, asked });
    }

    /// Whether anything has no answer yet.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether everything is answered, and closed.
    pub fn is_at_rest(&self) -> bool {
        self.pending.is_empty() && self.handles == 0
    }

    /// What the server has to answer first, where it answers in order.
    pub fn oldest(&self) -> Option<&Pending> {
        let age = |id: &u32| self.next_id.wrapping_sub(*id);
        self.pending.iter().max_by_key(|(id, _)| age(id)).map(|(_, pending)| pending)
    }

    /// Takes the request that `reply` answers off the table, and what it took off the shared room.
    pub fn answer(&mut self, id: u32, reply: &Reply<'_>) -> Result<Pending, Error> {
        let pending = self.pending.remove(&id).ok_or(Error::UnknownRequest(id))?;
        let is_opened = matches!(reply, Reply::Handle(_));
        match pending.asked {
            Asked::Close => self.handles -= 1,
            Asked::Open if !is_opened => self.handles -= 1,
            Asked::OpenDir if !is_opened => {
                self.handles -= 1;
                self.directories -= 1;
            }
            Asked::Read { len, .. } => self.read_bytes -= u64::from(len),
            Asked::Write { len } => self.write_bytes -= len as u64,
            _ => {}
        }
        if let Asked::Open | Asked::OpenDir | Asked::Close = pending.asked {
            self.predictions.answered(id, answer_of(reply));
        }
        Ok(pending)
    }

    fn asked_open(&mut self, id: u32, expected: bool) {
        self.handles += 1;
        self.predictions.asked_open(id, expected);
    }

    /// Moves every byte to be sent to the end of `out`; true when there were any.
    pub fn transmit(&mut self, out: &mut Vec<u8>) -> bool {
        let any = !self.outbound.is_empty();
        if out.is_empty() {
            // The buffers change places: nothing is copied, and the caller's allocation is used next.
            std::mem::swap(out, &mut self.outbound);
        } else {
            out.append(&mut self.outbound);
        }
        any
    }

    /// Whether data may be asked to be written: what waits to be sent is memory, and saves nothing.
    fn takes_data(&self) -> bool {
        self.write_bytes < SFTP_SESSION_WINDOW_BYTES_MAX && self.outbound.len() < SFTP_UNSENT_BYTES_MAX
    }

    /// Forgets what was asked and what was to be sent.
    pub fn clear(&mut self) {
        self.pending = HashMap::new();
        self.outbound = Vec::new();
    }

    /// Gives memory back once nothing is asked or sent: a pooled session idles most of its life.
    pub fn rest(&mut self) {
        if self.pending.is_empty() && self.outbound.is_empty() {
            self.pending = HashMap::new();
            self.outbound = Vec::new();
        }
    }

    fn free_id(&mut self) -> u32 {
        // Ids wrap after four billion requests; one asked that long ago may still wait for its reply.
        while self.pending.contains_key(&self.next_id) {
            self.next_id = self.next_id.wrapping_add(1);
        }
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }
}

fn answer_of<'a>(reply: &Reply<'a>) -> Answer<'a> {
    match reply {
        Reply::Handle(handle) => Answer::Handle(handle),
        Reply::Status { code: StatusCode::Ok, .. } => Answer::Success,
        _ => Answer::Failure,
    }
}
