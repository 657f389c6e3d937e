//! An SFTP version 3 server in memory: obedient by default, with knobs for what real servers do badly.

use std::collections::{BTreeMap, VecDeque};

/// What a path of the server is.
#[derive(Debug, Clone)]
pub enum Node {
    File {
        data: Vec<u8>,
        /// The size STAT tells, when it is not the truth.
        claimed: Option<u64>,
    },
    Directory,
    Symlink(Vec<u8>),
    Fifo,
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Knobs {
    /// Longest READ and most handles, told by `limits@openssh.com`; `None` offers no such extension.
    pub limits: Option<(u64, u64)>,
    /// Longest DATA: longer READs are answered short.
    pub data_bytes_max: usize,
    /// Names in one NAME packet.
    pub names_max: usize,
    /// Replies leave in an order drawn from this seed.
    pub shuffle: Option<u64>,
    pub numbering: Numbering,
    /// Offers `posix-rename@openssh.com` and `fsync@openssh.com`.
    pub renames_over: bool,
}

/// How the server numbers its handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// From 1 on, never twice.
    Counting,
    /// What was freed last comes first.
    OpenSsh,
    /// As [`Self::OpenSsh`] until this many were given, and always one further from then on.
    OpenSshUntil(u32),
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            limits: Some((255 * 1024, 1000)),
            data_bytes_max: usize::MAX,
            names_max: 100,
            shuffle: None,
            numbering: Numbering::Counting,
            renames_over: true,
        }
    }
}

/// The server's end of the stream.
#[derive(Debug, Default)]
pub struct SftpServer {
    pub knobs: Knobs,
    nodes: BTreeMap<Vec<u8>, Node>,
    /// Permissions and times of modification that were set.
    modes: BTreeMap<Vec<u8>, u32>,
    times: BTreeMap<Vec<u8>, u32>,
    synced: usize,
    inbound: Vec<u8>,
    replies: VecDeque<Vec<u8>>,
    handles: BTreeMap<u32, Handle>,
    /// Numbers given back, and how many handles were ever given.
    free: Vec<u32>,
    given: u32,
    requests: Vec<u8>,
    handles_peak: usize,
}

#[derive(Debug)]
enum Handle {
    File(Vec<u8>),
    Directory(VecDeque<Vec<u8>>),
}

const NO_SUCH_FILE: u32 = 2;
const PERMISSION_DENIED: u32 = 3;
const FAILURE: u32 = 4;

impl SftpServer {
    /// A server whose tree holds `/` only.
    pub fn new(knobs: Knobs) -> Self {
        let mut server = Self { knobs, ..Self::default() };
        server.put("/", Node::Directory);
        server
    }

    /// Puts something at an absolute path without a trailing slash; the parent is expected to be there.
    pub fn put(&mut self, path: &str, node: Node) {
        self.nodes.insert(path.as_bytes().to_vec(), node);
    }

    pub fn put_file(&mut self, path: &str, data: impl Into<Vec<u8>>) {
        self.put(path, Node::File { data: data.into(), claimed: None });
    }

    pub fn set_mode(&mut self, path: &str, mode: u32) {
        self.modes.insert(path.as_bytes().to_vec(), mode);
    }

    /// Handles open now, and most ever open at once.
    pub fn handles(&self) -> (usize, usize) {
        (self.handles.len(), self.handles_peak)
    }

    /// The types of the requests so far, in order.
    pub fn requests(&self) -> &[u8] {
        &self.requests
    }

    /// Takes bytes of the client's stream, cut anywhere.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        self.inbound.extend_from_slice(bytes);
        while let Some((length, rest)) = self.inbound.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let Some(packet) = rest.get(..length).map(<[u8]>::to_vec) else { return };
            self.inbound.drain(..4 + length);
            self.handle_packet(&packet);
        }
    }

    /// Appends every reply that is ready, shuffled if so asked; true when there was one.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        let mut replies: Vec<_> = self.replies.drain(..).collect();
        if let Some(seed) = &mut self.knobs.shuffle {
            // VERSION stays first.
            let first = usize::from(replies.first().is_some_and(|reply| reply[0] == 2));
            for i in (first + 1..replies.len()).rev() {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                replies.swap(i, first + (*seed >> 33) as usize % (i + 1 - first));
            }
        }
        for reply in &replies {
            out.extend_from_slice(&(reply.len() as u32).to_be_bytes());
            out.extend_from_slice(reply);
        }
        !replies.is_empty()
    }

    fn handle_packet(&mut self, packet: &[u8]) {
        let (&kind, mut rest) = packet.split_first().expect("a client sends no empty packet");
        self.requests.push(kind);
        let id = u32_of(&mut rest);
        let reply = match kind {
            1 => self.version(),
            3 => {
                let path = string_of(&mut rest);
                match u32_of(&mut rest) {
                    // Without SSH_FXF_CREAT.
                    flags if flags & 0x08 == 0 => self.open(id, path),
                    // SSH_FXF_EXCL; a link counts as what it is.
                    flags if flags & 0x20 != 0 && self.nodes.contains_key(path) => status(id, FAILURE),
                    _ => {
                        self.set(path, &mut rest);
                        self.create(id, path)
                    }
                }
            }
            4 => self.close(id, string_of(&mut rest)),
            5 => {
                let handle = string_of(&mut rest);
                let offset = u64::from(u32_of(&mut rest)) << 32 | u64::from(u32_of(&mut rest));
                self.read(id, handle, offset, u32_of(&mut rest))
            }
            6 => {
                let handle = string_of(&mut rest);
                let offset = u64::from(u32_of(&mut rest)) << 32 | u64::from(u32_of(&mut rest));
                self.write(id, handle, offset as usize, string_of(&mut rest))
            }
            7 => {
                let path = string_of(&mut rest);
                match self.nodes.contains_key(path) {
                    true => [reply(105, id), self.attrs(path)].concat(),
                    false => status(id, NO_SUCH_FILE),
                }
            }
            8 => [reply(105, id), self.attrs(&self.file_of(string_of(&mut rest)))].concat(),
            10 => {
                let path = self.file_of(string_of(&mut rest));
                self.set(&path, &mut rest);
                status(id, 0)
            }
            11 => self.open_dir(id, string_of(&mut rest)),
            12 => self.read_dir(id, string_of(&mut rest)),
            13 => match self.nodes.remove(string_of(&mut rest)) {
                Some(_) => status(id, 0),
                None => status(id, NO_SUCH_FILE),
            },
            18 => {
                let (from, to) = (string_of(&mut rest), string_of(&mut rest));
                if self.nodes.contains_key(to) { status(id, FAILURE) } else { self.rename(id, from, to) }
            }
            17 => match self.follow(string_of(&mut rest)) {
                Some(path) => [reply(105, id), self.attrs(&path)].concat(),
                None => status(id, NO_SUCH_FILE),
            },
            19 => match self.nodes.get(string_of(&mut rest)) {
                Some(Node::Symlink(target)) => {
                    [reply(104, id), 1u32.to_be_bytes().to_vec(), string(target), string(b""), vec![0; 4]]
                        .concat()
                }
                _ => status(id, NO_SUCH_FILE),
            },
            200 => self.extended(id, rest),
            _ => status(id, 8),
        };
        self.replies.push_back(reply);
    }

    fn version(&self) -> Vec<u8> {
        let mut version = vec![2, 0, 0, 0, 3];
        let renames: &[&[u8]] = &[b"posix-rename@openssh.com", b"fsync@openssh.com"];
        let renames = if self.knobs.renames_over { renames } else { &[] };
        let limits = self.knobs.limits.map(|_| &b"limits@openssh.com"[..]);
        for name in renames.iter().copied().chain(limits) {
            version.extend(string(name));
            version.extend(string(b"1"));
        }
        version
    }

    fn extended(&mut self, id: u32, mut rest: &[u8]) -> Vec<u8> {
        match string_of(&mut rest) {
            b"limits@openssh.com" => self.limits(id),
            b"posix-rename@openssh.com" if self.knobs.renames_over => {
                self.rename(id, string_of(&mut rest), string_of(&mut rest))
            }
            b"fsync@openssh.com" if self.knobs.renames_over => {
                self.file_of(string_of(&mut rest));
                self.synced += 1;
                status(id, 0)
            }
            _ => status(id, 8),
        }
    }

    fn rename(&mut self, id: u32, from: &[u8], to: &[u8]) -> Vec<u8> {
        let Some(node) = self.nodes.remove(from) else { return status(id, NO_SUCH_FILE) };
        self.nodes.insert(to.to_vec(), node);
        for table in [&mut self.modes, &mut self.times] {
            if let Some(value) = table.remove(from) {
                table.insert(to.to_vec(), value);
            }
        }
        status(id, 0)
    }

    /// Takes over attributes as far as it keeps them.
    fn set(&mut self, path: &[u8], rest: &mut &[u8]) {
        let flags = u32_of(rest);
        assert_eq!(flags & !0xc, 0, "nothing but permissions and times");
        if flags & 4 != 0 {
            self.modes.insert(path.to_vec(), u32_of(rest));
        }
        if flags & 8 != 0 {
            u32_of(rest);
            self.times.insert(path.to_vec(), u32_of(rest));
        }
    }

    fn file_of(&self, handle: &[u8]) -> Vec<u8> {
        match number(handle).and_then(|handle| self.handles.get(&handle)) {
            Some(Handle::File(path)) => path.clone(),
            _ => panic!("only what was opened is used"),
        }
    }

    /// Permissions and time of modification that a file was given.
    pub fn given(&self, path: &str) -> (Option<u32>, Option<u32>) {
        let path = path.as_bytes();
        (self.modes.get(path).copied(), self.times.get(path).copied())
    }

    /// How often files were brought to the disk.
    pub fn synced(&self) -> usize {
        self.synced
    }

    /// Everything there is.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.nodes.keys().map(Vec::as_slice)
    }

    fn limits(&self, id: u32) -> Vec<u8> {
        let Some((read, handles)) = self.knobs.limits else { return status(id, 8) };
        let mut limits = reply(201, id);
        for limit in [256 * 1024, read, read, handles] {
            limits.extend(limit.to_be_bytes());
        }
        limits
    }

    fn open(&mut self, id: u32, path: &[u8]) -> Vec<u8> {
        match self.follow(path).map(|path| (self.nodes.get(&path), path.clone())) {
            Some((Some(Node::File { .. }), path)) if path.ends_with(b"secret") => {
                status(id, PERMISSION_DENIED)
            }
            Some((Some(Node::File { .. }), path)) => self.keep(id, Handle::File(path)),
            Some((Some(Node::Fifo), _)) => panic!("opening a FIFO blocks the server"),
            Some(_) => status(id, FAILURE),
            None => status(id, NO_SUCH_FILE),
        }
    }

    fn create(&mut self, id: u32, path: &[u8]) -> Vec<u8> {
        match self.follow(path).map(|path| self.nodes.get(&path).cloned()) {
            Some(Some(Node::Fifo)) => panic!("opening a FIFO blocks the server"),
            Some(Some(Node::File { .. })) | None if !path.ends_with(b"secret") => {
                self.nodes.insert(path.to_vec(), Node::File { data: Vec::new(), claimed: None });
                self.keep(id, Handle::File(path.to_vec()))
            }
            _ => status(id, PERMISSION_DENIED),
        }
    }

    fn write(&mut self, id: u32, handle: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
        let Some(Handle::File(path)) = number(handle).and_then(|handle| self.handles.get(&handle)) else {
            panic!("only what was opened is written");
        };
        let Some(Node::File { data, .. }) = self.nodes.get_mut(path) else { return status(id, FAILURE) };
        if path.ends_with(b"full") {
            return status(id, FAILURE);
        }
        data.resize(data.len().max(offset + bytes.len()), 0);
        data[offset..offset + bytes.len()].copy_from_slice(bytes);
        status(id, 0)
    }

    /// What a file holds.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.nodes.get(path.as_bytes()) {
            Some(Node::File { data, .. }) => Some(data),
            _ => None,
        }
    }

    fn open_dir(&mut self, id: u32, path: &[u8]) -> Vec<u8> {
        let Some(path) = self.follow(path) else { return status(id, NO_SUCH_FILE) };
        if !matches!(self.nodes.get(&path), Some(Node::Directory)) {
            return status(id, FAILURE);
        }
        let prefix = if path == b"/" { path } else { [&path[..], b"/"].concat() };
        let children = self.nodes.keys().rev().filter_map(|key| key.strip_prefix(&prefix[..]));
        let names = children
            .filter(|name| !name.is_empty() && !name.contains(&b'/'))
            .map(|name| [&prefix[..], name].concat());
        let names = names.chain([[&prefix[..], b".."].concat(), [&prefix[..], b"."].concat()]).collect();
        self.keep(id, Handle::Directory(names))
    }

    fn keep(&mut self, id: u32, handle: Handle) -> Vec<u8> {
        if self.knobs.limits.is_some_and(|(_, handles)| self.handles.len() as u64 >= handles) {
            return status(id, FAILURE);
        }
        let number = self.number();
        self.handles.insert(number, handle);
        self.handles_peak = self.handles_peak.max(self.handles.len());
        [reply(102, id), string(&number.to_be_bytes())].concat()
    }

    fn number(&mut self) -> u32 {
        self.given += 1;
        let next = self.handles.len() as u32 + self.free.len() as u32;
        match self.knobs.numbering {
            Numbering::Counting => self.given,
            Numbering::OpenSshUntil(given) if self.given > given => self.given + 1000,
            Numbering::OpenSsh | Numbering::OpenSshUntil(_) => self.free.pop().unwrap_or(next),
        }
    }

    fn close(&mut self, id: u32, handle: &[u8]) -> Vec<u8> {
        let known = number(handle).filter(|handle| self.handles.remove(handle).is_some());
        self.free.push(known.expect("a handle is closed once"));
        status(id, 0)
    }

    fn read(&self, id: u32, handle: &[u8], offset: u64, len: u32) -> Vec<u8> {
        let path = match number(handle).and_then(|handle| self.handles.get(&handle)) {
            Some(Handle::File(path)) => path,
            _ => return status(id, FAILURE),
        };
        let Some(Node::File { data, .. }) = self.nodes.get(path) else { return status(id, FAILURE) };
        let Some(rest) = usize::try_from(offset).ok().and_then(|offset| data.get(offset..)) else {
            return status(id, 1);
        };
        let len = rest.len().min(len as usize).min(self.knobs.data_bytes_max);
        if len == 0 { status(id, 1) } else { [reply(103, id), string(&rest[..len])].concat() }
    }

    fn read_dir(&mut self, id: u32, handle: &[u8]) -> Vec<u8> {
        let Some(Handle::Directory(names)) = number(handle).and_then(|handle| self.handles.get_mut(&handle))
        else {
            return status(id, FAILURE);
        };
        let batch: Vec<_> = names.drain(..names.len().min(self.knobs.names_max)).collect();
        if batch.is_empty() {
            return status(id, 1);
        }
        let mut names = [reply(104, id), (batch.len() as u32).to_be_bytes().to_vec()].concat();
        for path in batch {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            names.extend(string(name));
            names.extend(string(&[b"-rw-r--r-- 1 root root ", name].concat()));
            names.extend(self.attrs(&path));
        }
        names
    }

    /// Size and mode.
    fn attrs(&self, path: &[u8]) -> Vec<u8> {
        let (size, mode) = match self.nodes.get(path) {
            Some(Node::File { data, claimed }) => (claimed.unwrap_or(data.len() as u64), 0o100_644u32),
            Some(Node::Symlink(target)) => (target.len() as u64, 0o120_777),
            Some(Node::Fifo) => (0, 0o010_644),
            Some(Node::Directory) | None => (4096, 0o040_755),
        };
        let mode = self.modes.get(path).map_or(mode, |given| mode & 0o170_000 | given);
        let Some(time) = self.times.get(path).map(|time| time.to_be_bytes()) else {
            return [&5u32.to_be_bytes()[..], &size.to_be_bytes(), &mode.to_be_bytes()].concat();
        };
        [&13u32.to_be_bytes()[..], &size.to_be_bytes(), &mode.to_be_bytes(), &time, &time].concat()
    }

    /// Where absolute symbolic links lead; `None` when nowhere.
    fn follow(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            match self.nodes.get(&path)? {
                Node::Symlink(target) => path = target.clone(),
                _ => return Some(path),
            }
        }
        None
    }
}

fn u32_of(rest: &mut &[u8]) -> u32 {
    let (bytes, after) = rest.split_first_chunk().expect("a client sends whole packets");
    *rest = after;
    u32::from_be_bytes(*bytes)
}

fn string_of<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = u32_of(rest) as usize;
    let (string, after) = rest.split_at(length);
    *rest = after;
    string
}

fn number(handle: &[u8]) -> Option<u32> {
    handle.try_into().ok().map(u32::from_be_bytes)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn reply(kind: u8, id: u32) -> Vec<u8> {
    [&[kind][..], &id.to_be_bytes()].concat()
}

fn status(id: u32, code: u32) -> Vec<u8> {
    let text: &[u8] = match code {
        0 => b"Success",
        1 => b"End of file",
        NO_SUCH_FILE => b"No such file",
        PERMISSION_DENIED => b"Permission denied",
        _ => b"Failure",
    };
    [reply(101, id), code.to_be_bytes().to_vec(), string(text), string(b"")].concat()
}
