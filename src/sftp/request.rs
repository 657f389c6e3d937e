//! What is asked of the server, as an operation words it and as the wire carries it.

use super::wire::{Packet, kind};

/// `SSH_FXF_READ` (draft §6.3).
const OPEN_READ: u32 = 1;

/// Asks the server for its limits (OpenSSH's PROTOCOL file, §4.8).
pub(super) const LIMITS_EXTENSION: &[u8] = b"limits@openssh.com";

#[derive(Debug)]
pub(super) enum Request<'a> {
    Limits,
    Stat {
        path: &'a [u8],
    },
    Open {
        path: &'a [u8],
    },
    OpenDir {
        path: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        len: u32,
    },
    ReadDir {
        handle: &'a [u8],
    },
    /// `entry` says whose target this is, for the operation's own use.
    ReadLink {
        path: Vec<u8>,
        entry: usize,
    },
    Close {
        handle: &'a [u8],
    },
}

/// What is remembered of a request until its reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Limits,
    Stat,
    Open,
    OpenDir,
    Read { offset: u64, len: u32 },
    ReadDir,
    ReadLink { entry: usize },
    Close,
}

impl Asked {
    /// The request's name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limits => "limits@openssh.com",
            Self::Stat => "STAT",
            Self::Open => "OPEN",
            Self::OpenDir => "OPENDIR",
            Self::Read { .. } => "READ",
            Self::ReadDir => "READDIR",
            Self::ReadLink { .. } => "READLINK",
            Self::Close => "CLOSE",
        }
    }
}

impl Request<'_> {
    pub fn asked(&self) -> Asked {
        match *self {
            Self::Limits => Asked::Limits,
            Self::Stat { .. } => Asked::Stat,
            Self::Open { .. } => Asked::Open,
            Self::OpenDir { .. } => Asked::OpenDir,
            Self::Read { offset, len, .. } => Asked::Read { offset, len },
            Self::ReadDir { .. } => Asked::ReadDir,
            Self::ReadLink { entry, .. } => Asked::ReadLink { entry },
            Self::Close { .. } => Asked::Close,
        }
    }

    pub fn write(&self, id: u32, out: &mut Vec<u8>) {
        match self {
            Self::Limits => Packet::new(out, kind::EXTENDED).u32(id).string(LIMITS_EXTENSION),
            Self::Stat { path } => Packet::new(out, kind::STAT).u32(id).string(path),
            // No attribute is set: flags of 0.
            Self::Open { path } => Packet::new(out, kind::OPEN).u32(id).string(path).u32(OPEN_READ).u32(0),
            Self::OpenDir { path } => Packet::new(out, kind::OPENDIR).u32(id).string(path),
            Self::Read { handle, offset, len } => {
                Packet::new(out, kind::READ).u32(id).string(handle).u64(*offset).u32(*len)
            }
            Self::ReadDir { handle } => Packet::new(out, kind::READDIR).u32(id).string(handle),
            Self::ReadLink { path, .. } => Packet::new(out, kind::READLINK).u32(id).string(path),
            Self::Close { handle } => Packet::new(out, kind::CLOSE).u32(id).string(handle),
        }
        .finish();
    }
}

/// The first packet of a session: no id, the highest version we speak.
pub(super) fn write_init(version: u32, out: &mut Vec<u8>) {
    Packet::new(out, kind::INIT).u32(version).finish();
}
