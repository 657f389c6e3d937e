//! An SFTP version 3 server in memory (draft-ietf-secsh-filexfer-02): obedient, with knobs for what real servers do.

mod handles;
mod reply;
mod requests;
mod tree;

use std::sync::Arc;

use handles::Handles;
pub use handles::Numbering;
pub use reply::long_name;
pub use tree::{Bar, Given, Node, Tree, resolved};

use crate::base::limits::{SFTP_PACKET_BYTES_MAX, SIMULATED_HANDLES_MAX};

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
    /// Anything may be changed.
    pub is_writable: bool,
    /// Where relative paths begin.
    pub home: &'static str,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            limits: Some((255 * 1024, SIMULATED_HANDLES_MAX as u64)),
            data_bytes_max: usize::MAX,
            names_max: 100,
            shuffle: None,
            numbering: Numbering::Counting,
            renames_over: true,
            is_writable: true,
            home: "/",
        }
    }
}

/// The server's end of the stream.
#[derive(Debug, Default)]
pub struct SftpServer {
    pub knobs: Knobs,
    tree: Arc<Tree>,
    /// For what names it.
    host: String,
    synced: usize,
    inbound: Vec<u8>,
    handles: Handles,
    /// What the client did that no client should: used what it had not opened, or what blocks a server.
    faults: Vec<&'static str>,
    /// The types of the requests so far, where somebody wants to know.
    trace: Option<Vec<u8>>,
    is_broken: bool,
    /// It reads what has no end, and does nothing else any more.
    is_hung: bool,
}

impl SftpServer {
    /// A server whose tree holds `/` only.
    pub fn new(knobs: Knobs) -> Self {
        Self::of(Arc::default(), "localhost", knobs)
    }

    /// A server of files that others have too, until one of them is changed.
    pub fn of(tree: Arc<Tree>, host: &str, knobs: Knobs) -> Self {
        Self { knobs, tree, host: host.to_owned(), ..Self::default() }
    }

    /// Puts something at an absolute path without a trailing slash; the parent is expected to be there.
    pub fn put(&mut self, path: &str, node: Node) {
        self.tree_mut().put(path.as_bytes(), node);
    }

    pub fn put_file(&mut self, path: &str, data: impl Into<Vec<u8>>) {
        self.tree_mut().put_file(path, data);
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// A copy of its own, if it had none.
    pub fn tree_mut(&mut self) -> &mut Tree {
        Arc::make_mut(&mut self.tree)
    }

    /// What a file holds.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.tree.node(path.as_bytes()) {
            Some(Node::File { data, .. }) => Some(data),
            _ => None,
        }
    }

    /// Handles open now, and most ever open at once.
    pub fn handles(&self) -> (usize, usize) {
        (self.handles.open(), self.handles.peak())
    }

    /// How often files were brought to the disk.
    pub fn synced(&self) -> usize {
        self.synced
    }

    /// Keeps the types of all requests from now on.
    pub fn start_trace(&mut self) {
        self.trace = Some(Vec::new());
    }

    /// The types of the requests since then, in order.
    pub fn requests(&self) -> &[u8] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// What the client did that no client should.
    pub fn faults(&self) -> &[&'static str] {
        &self.faults
    }

    /// The stream makes no sense any more: a process would have ended.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether no whole request waits for its answer.
    pub fn is_idle(&self) -> bool {
        self.is_broken
            || self.is_hung
            || length(&self.inbound).is_none_or(|length| self.inbound.len() < 4 + length)
    }

    /// Takes bytes of the client's stream, cut anywhere.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        self.inbound.extend_from_slice(bytes);
    }

    /// Answers everything that has been asked; true when there was anything.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        self.answer(out, usize::MAX) > 0
    }

    /// Answers what has been asked, until `out` holds `bytes_max`; how many requests that were.
    pub fn answer(&mut self, out: &mut Vec<u8>, bytes_max: usize) -> usize {
        let inbound = std::mem::take(&mut self.inbound);
        let (mut done, mut starts) = (0, Vec::new());
        while out.len() < bytes_max
            && !self.is_broken
            && !self.is_hung
            && let Some(packet) = self.packet(inbound.get(done..).unwrap_or_default())
        {
            done += 4 + packet.len();
            starts.push(out.len());
            self.is_broken |= self.handle_packet(packet, out).is_err();
        }
        self.inbound = inbound;
        match self.is_broken {
            true => self.inbound.clear(),
            false => drop(self.inbound.drain(..done)),
        }
        self.shuffle(out, &starts);
        starts.len()
    }

    /// The first packet, if it is whole.
    fn packet<'a>(&mut self, stream: &'a [u8]) -> Option<&'a [u8]> {
        let length = length(stream)?;
        self.is_broken |= length == 0 || length > SFTP_PACKET_BYTES_MAX;
        stream.get(4..4 + length).filter(|_| !self.is_broken)
    }

    /// Puts the replies that begin there into another order.
    fn shuffle(&mut self, out: &mut Vec<u8>, starts: &[usize]) {
        let (Some(seed), Some(first)) = (&mut self.knobs.shuffle, starts.first()) else { return };
        let ends = starts.iter().skip(1).copied().chain([out.len()]);
        let mut replies: Vec<_> = starts
            .iter()
            .zip(ends)
            .filter_map(|(start, end)| out.get(*start..end).map(<[u8]>::to_vec))
            .collect();
        // VERSION stays first.
        let from = usize::from(replies.first().is_some_and(|reply| reply.get(4) == Some(&2)));
        for i in (from + 1..replies.len()).rev() {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            replies.swap(i, from + (*seed >> 33) as usize % (i + 1 - from));
        }
        out.truncate(*first);
        out.extend(replies.concat());
    }
}

/// The length of the packet that begins there.
fn length(stream: &[u8]) -> Option<usize> {
    stream.first_chunk().map(|length| u32::from_be_bytes(*length) as usize)
}
