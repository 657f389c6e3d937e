//! What becomes of each request.

use super::SftpServer;
use super::handles::Handle;
use super::reply::{Status, long_name, packet, put_attrs, status};
use super::tree::{Bar, Given, Node, resolved};
use crate::base::limits::SFTP_PACKET_BYTES_MAX;
use crate::sftp::wire::kind;
use crate::ssh::Error;
use crate::ssh::wire::{Reader, Write};

const WHAT: &str = "SFTP request";
const MAX: usize = SFTP_PACKET_BYTES_MAX;
/// Of a file that a client writes.
const FILE_BYTES_MAX: usize = 1 << 30;

/// Flags of OPEN (draft §6.3).
const CREATE: u32 = 0x08;
const EXCLUSIVE: u32 = 0x20;
/// Flags of attributes (draft §5).
const SIZE: u32 = 1;
const OWNER: u32 = 2;
const MODE: u32 = 4;
const TIMES: u32 = 8;

/// The number of a request, and where its answer goes.
struct Answer<'a> {
    id: u32,
    out: &'a mut Vec<u8>,
}

impl Answer<'_> {
    fn status(self, code: Status) {
        status(self.out, self.id, code);
    }

    fn packet(self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        packet(self.out, kind, Some(self.id), write);
    }
}

impl SftpServer {
    /// # Errors
    /// The request is cut short.
    pub(super) fn handle_packet(&mut self, request: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut fields = Reader::new(request);
        let kind = fields.u8(WHAT)?;
        let id = fields.u32(WHAT)?;
        if let Some(trace) = &mut self.trace {
            trace.push(kind);
        }
        if kind == kind::INIT {
            self.version(out);
            return Ok(());
        }
        let answer = Answer { id, out };
        // Of a handle or a path.
        let name = fields.string(MAX, WHAT)?;
        let whole;
        let name = match kind {
            kind::OPEN | kind::LSTAT | kind::STAT | kind::OPENDIR if self.tree.node(name).is_none() => {
                whole = resolved(name, self.knobs.home);
                &whole
            }
            _ => name,
        };
        match kind {
            kind::OPEN => self.open(answer, name, fields)?,
            kind::CLOSE => {
                let is_open = self.handles.close(name, self.knobs.numbering);
                self.expect(is_open, "a handle is closed once");
                answer.status(if is_open { Status::Ok } else { Status::Failure });
            }
            kind::READ => {
                let (offset, length) = (u64(&mut fields)?, fields.u32(WHAT)?);
                self.read(answer, name, offset, length);
            }
            kind::WRITE => {
                let (offset, data) = (u64(&mut fields)?, fields.string(MAX, WHAT)?);
                self.write(answer, name, offset, data);
            }
            kind::LSTAT => match self.tree.node(name) {
                Some(_) => self.attrs(answer, name),
                None => answer.status(Status::NoSuchFile),
            },
            kind::STAT => match self.tree.follow(name) {
                Some(path) => self.attrs(answer, &path),
                None => answer.status(Status::NoSuchFile),
            },
            kind::FSTAT => match self.file_of(name) {
                Some(path) => self.attrs(answer, &path),
                None => answer.status(Status::Failure),
            },
            kind::FSETSTAT => match self.file_of(name) {
                Some(path) => {
                    self.set(&path, &mut fields)?;
                    answer.status(Status::Ok);
                }
                None => answer.status(Status::Failure),
            },
            kind::OPENDIR => self.open_dir(answer, name),
            kind::READDIR => self.read_dir(answer, name),
            kind::READLINK => match self.tree.node(name) {
                Some(Node::Symlink(target)) => one_name(answer, target),
                _ => answer.status(Status::NoSuchFile),
            },
            kind::REALPATH => one_name(answer, &resolved(name, self.knobs.home)),
            kind::REMOVE | kind::RENAME if !self.knobs.is_writable => answer.status(Status::PermissionDenied),
            kind::REMOVE => {
                let is_gone = self.tree_mut().remove(name).is_some();
                answer.status(if is_gone { Status::Ok } else { Status::NoSuchFile });
            }
            kind::RENAME => {
                let to = fields.string(MAX, WHAT)?;
                match self.tree.node(to) {
                    Some(_) => answer.status(Status::Failure),
                    None => self.rename(answer, name, to),
                }
            }
            kind::EXTENDED => self.extended(answer, name, fields)?,
            _ => answer.status(Status::Unsupported),
        }
        Ok(())
    }

    /// Notes what the client should not have done.
    fn expect(&mut self, is_right: bool, rule: &'static str) {
        // One of a kind says enough.
        if !is_right && !self.faults.contains(&rule) {
            self.faults.push(rule);
        }
    }

    fn version(&self, out: &mut Vec<u8>) {
        let renames: &[&str] =
            if self.knobs.renames_over { &["posix-rename@openssh.com", "fsync@openssh.com"] } else { &[] };
        let limits = self.knobs.limits.map(|_| "limits@openssh.com");
        packet(out, kind::VERSION, None, |out| {
            out.put_u32(3);
            for name in renames.iter().copied().chain(limits) {
                out.put_string(name.as_bytes());
                out.put_string(b"1");
            }
        });
    }

    fn extended(&mut self, answer: Answer<'_>, name: &[u8], mut fields: Reader<'_>) -> Result<(), Error> {
        match name {
            b"limits@openssh.com" if self.knobs.limits.is_some() => self.limits(answer),
            b"posix-rename@openssh.com" if self.knobs.renames_over => {
                let (from, to) = (fields.string(MAX, WHAT)?, fields.string(MAX, WHAT)?);
                self.rename(answer, from, to);
            }
            b"fsync@openssh.com" if self.knobs.renames_over => {
                let is_open = self.file_of(fields.string(MAX, WHAT)?).is_some();
                self.synced += usize::from(is_open);
                answer.status(if is_open { Status::Ok } else { Status::Failure });
            }
            _ => answer.status(Status::Unsupported),
        }
        Ok(())
    }

    fn limits(&self, answer: Answer<'_>) {
        let (read, handles) = self.knobs.limits.unwrap_or_default();
        answer.packet(kind::EXTENDED_REPLY, |out| {
            for limit in [256 * 1024, read, read, handles] {
                out.extend_from_slice(&limit.to_be_bytes());
            }
        });
    }

    fn rename(&mut self, answer: Answer<'_>, from: &[u8], to: &[u8]) {
        if !self.knobs.is_writable {
            return answer.status(Status::PermissionDenied);
        }
        let is_there = self.tree_mut().rename(from, to);
        answer.status(if is_there { Status::Ok } else { Status::NoSuchFile });
    }

    /// The path of a file that is open.
    fn file_of(&mut self, handle: &[u8]) -> Option<Vec<u8>> {
        let path = self.handles.file(handle).map(<[u8]>::to_vec);
        self.expect(path.is_some(), "only files that were opened are used");
        path
    }

    /// Takes over attributes as far as they are kept.
    fn set(&mut self, path: &[u8], fields: &mut Reader<'_>) -> Result<(), Error> {
        let flags = fields.u32(WHAT)?;
        if flags & SIZE != 0 {
            u64(fields)?;
        }
        if flags & OWNER != 0 {
            fields.array::<8>(WHAT)?;
        }
        let mode = if flags & MODE != 0 { Some(fields.u32(WHAT)?) } else { None };
        let time = match flags & TIMES {
            0 => None,
            _ => {
                fields.u32(WHAT)?;
                Some(fields.u32(WHAT)?)
            }
        };
        if self.knobs.is_writable && (mode.is_some() || time.is_some()) {
            self.tree_mut().give(path, Given { mode, time });
        }
        Ok(())
    }

    fn open(&mut self, answer: Answer<'_>, path: &[u8], mut fields: Reader<'_>) -> Result<(), Error> {
        let flags = fields.u32(WHAT)?;
        if flags & CREATE == 0 {
            self.open_there(answer, path);
        } else if !self.knobs.is_writable {
            answer.status(Status::PermissionDenied);
        } else if flags & EXCLUSIVE != 0 && self.tree.node(path).is_some() {
            // A link counts as what it is.
            answer.status(Status::Failure);
        } else {
            self.set(path, &mut fields)?;
            self.create(answer, path);
        }
        Ok(())
    }

    fn open_there(&mut self, answer: Answer<'_>, path: &[u8]) {
        let Some(path) = self.tree.follow(path) else { return answer.status(Status::NoSuchFile) };
        match self.tree.node(&path) {
            _ if self.tree.barred(&path) == Some(Bar::Forbidden) => answer.status(Status::PermissionDenied),
            Some(Node::File { .. } | Node::Named(_)) => self.keep(answer, Handle::File(path)),
            Some(Node::Fifo) => {
                self.expect(false, "opening a FIFO blocks the server");
                answer.status(Status::Failure);
            }
            _ => answer.status(Status::Failure),
        }
    }

    fn create(&mut self, answer: Answer<'_>, path: &[u8]) {
        let there = self.tree.follow(path).and_then(|path| self.tree.node(&path));
        match there {
            _ if self.tree.barred(path) == Some(Bar::Forbidden) => answer.status(Status::PermissionDenied),
            Some(Node::Fifo) => {
                self.expect(false, "opening a FIFO blocks the server");
                answer.status(Status::Failure);
            }
            Some(Node::File { .. }) | None => {
                self.tree_mut().put(path, Node::File { data: Vec::new(), claimed: None });
                self.keep(answer, Handle::File(path.to_vec()));
            }
            Some(_) => answer.status(Status::PermissionDenied),
        }
    }

    fn open_dir(&mut self, answer: Answer<'_>, path: &[u8]) {
        let Some(path) = self.tree.follow(path) else { return answer.status(Status::NoSuchFile) };
        match self.tree.node(&path) {
            Some(Node::Directory) => {
                let children = self.tree.children(&path);
                self.keep(answer, Handle::Directory(children));
            }
            _ => answer.status(Status::Failure),
        }
    }

    fn keep(&mut self, answer: Answer<'_>, handle: Handle) {
        let max = self.knobs.limits.map(|(_, handles)| handles);
        match self.handles.keep(handle, max, self.knobs.numbering) {
            Some(number) => answer.packet(kind::HANDLE, |out| out.put_string(&number.to_be_bytes())),
            None => answer.status(Status::Failure),
        }
    }

    fn read(&mut self, answer: Answer<'_>, handle: &[u8], offset: u64, length: u32) {
        if self.handles.file(handle).is_some_and(|path| self.tree.barred(path) == Some(Bar::Hangs)) {
            self.is_hung = true;
            return;
        }
        // As the kernel takes it that OpenSSH's server asks to seek there.
        if offset >= 1 << 62 {
            return answer.status(Status::BadMessage);
        }
        let content = self.handles.file(handle).and_then(|path| self.tree.content(path, &self.host));
        let Some(content) = content else { return answer.status(Status::Failure) };
        let rest = usize::try_from(offset).ok().and_then(|offset| content.get(offset..)).unwrap_or_default();
        let read_max =
            self.knobs.limits.map_or(256 * 1024, |(read, _)| usize::try_from(read).unwrap_or(usize::MAX));
        let length = rest.len().min(length as usize).min(self.knobs.data_bytes_max).min(read_max);
        match rest.get(..length).filter(|data| !data.is_empty()) {
            Some(data) => answer.packet(kind::DATA, |out| out.put_string(data)),
            None => answer.status(Status::Eof),
        }
    }

    fn write(&mut self, answer: Answer<'_>, handle: &[u8], offset: u64, bytes: &[u8]) {
        let Some(path) = self.file_of(handle) else { return answer.status(Status::Failure) };
        let end =
            usize::try_from(offset).ok().and_then(|offset| Some(offset..offset.checked_add(bytes.len())?));
        let is_full = self.tree.barred(&path) == Some(Bar::Full);
        let place = end.filter(|place| !is_full && self.knobs.is_writable && place.end <= FILE_BYTES_MAX);
        let (Some(place), Some(Node::File { data, .. })) = (place, self.tree_mut().node_mut(&path)) else {
            return answer.status(Status::Failure);
        };
        data.resize(data.len().max(place.end), 0);
        data[place].copy_from_slice(bytes);
        answer.status(Status::Ok);
    }

    fn read_dir(&mut self, answer: Answer<'_>, handle: &[u8]) {
        let Some(Handle::Directory(names)) = self.handles.get_mut(handle) else {
            return answer.status(Status::Failure);
        };
        let batch: Vec<_> = names.drain(..names.len().min(self.knobs.names_max)).collect();
        if batch.is_empty() {
            return answer.status(Status::Eof);
        }
        answer.packet(kind::NAME, |out| {
            out.put_u32(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            for path in batch {
                let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                let attrs = self.tree.attrs(&path, &self.host);
                out.put_string(name);
                out.put_string(&long_name(name, attrs));
                put_attrs(out, attrs, self.tree.given(&path).time);
            }
        });
    }

    fn attrs(&self, answer: Answer<'_>, path: &[u8]) {
        let attrs = self.tree.attrs(path, &self.host);
        answer.packet(kind::ATTRS, |out| put_attrs(out, attrs, self.tree.given(path).time));
    }
}

/// A NAME packet of one, without attributes.
fn one_name(answer: Answer<'_>, name: &[u8]) {
    answer.packet(kind::NAME, |out| {
        out.put_u32(1);
        out.put_string(name);
        out.put_string(b"");
        out.put_u32(0);
    });
}

fn u64(fields: &mut Reader<'_>) -> Result<u64, Error> {
    fields.array(WHAT).map(u64::from_be_bytes)
}
