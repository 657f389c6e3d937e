//! What is asked of the server, as an operation words it and as the wire carries it.

use super::wire::{Packet, kind};

/// `SSH_FXF_READ` (draft §6.3).
const OPEN_READ: u32 = 0x01;
/// `SSH_FXF_WRITE`, `SSH_FXF_CREAT` and `SSH_FXF_TRUNC`.
const OPEN_NEW: u32 = 0x02 | 0x08 | 0x10;
/// `SSH_FXF_EXCL`.
const OPEN_EXCLUSIVE: u32 = 0x20;

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
    /// Opens a file to be written, empty; fails where something is if it is to be `only_new`.
    Create {
        path: &'a [u8],
        only_new: bool,
    },
    /// `expected` is whether there is likely a directory.
    OpenDir {
        path: &'a [u8],
        expected: bool,
    },
    /// A handle that is `guessed` is perhaps that of another file.
    Read {
        handle: &'a [u8],
        offset: u64,
        len: u32,
        guessed: bool,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    ReadDir {
        handle: &'a [u8],
        guessed: bool,
    },
    /// `entry` says whose target this is, for the operation's own use.
    ReadLink {
        path: Vec<u8>,
        entry: usize,
    },
    Close {
        handle: &'a [u8],
        is_directory: bool,
    },
}

/// What is remembered of a request until its reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Limits,
    Stat,
    Open,
    OpenDir,
    Read { offset: u64, len: u32, guessed: bool },
    Write { len: usize },
    ReadDir { guessed: bool },
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
            Self::Write { .. } => "WRITE",
            Self::ReadDir { .. } => "READDIR",
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
            Self::Open { .. } | Self::Create { .. } => Asked::Open,
            Self::OpenDir { .. } => Asked::OpenDir,
            Self::Read { offset, len, guessed, .. } => Asked::Read { offset, len, guessed },
            Self::Write { data, .. } => Asked::Write { len: data.len() },
            Self::ReadDir { guessed, .. } => Asked::ReadDir { guessed },
            Self::ReadLink { entry, .. } => Asked::ReadLink { entry },
            Self::Close { .. } => Asked::Close,
        }
    }

    /// The bytes of a file that it brings or fetches.
    pub fn data_bytes(&self) -> u64 {
        match self {
            Self::Read { len, .. } => u64::from(*len),
            Self::Write { data, .. } => data.len() as u64,
            _ => 0,
        }
    }

    pub fn write(&self, id: u32, out: &mut Vec<u8>) {
        match self {
            Self::Limits => Packet::new(out, kind::EXTENDED).u32(id).string(LIMITS_EXTENSION),
            Self::Stat { path } => Packet::new(out, kind::STAT).u32(id).string(path),
            // No attribute is set: flags of 0.
            Self::Open { path } => Packet::new(out, kind::OPEN).u32(id).string(path).u32(OPEN_READ).u32(0),
            Self::Create { path, only_new } => {
                let flags = if *only_new { OPEN_NEW | OPEN_EXCLUSIVE } else { OPEN_NEW };
                Packet::new(out, kind::OPEN).u32(id).string(path).u32(flags).u32(0)
            }
            Self::OpenDir { path, .. } => Packet::new(out, kind::OPENDIR).u32(id).string(path),
            Self::Read { handle, offset, len, .. } => {
                Packet::new(out, kind::READ).u32(id).string(handle).u64(*offset).u32(*len)
            }
            Self::Write { handle, offset, data } => {
                Packet::new(out, kind::WRITE).u32(id).string(handle).u64(*offset).string(data)
            }
            Self::ReadDir { handle, .. } => Packet::new(out, kind::READDIR).u32(id).string(handle),
            Self::ReadLink { path, .. } => Packet::new(out, kind::READLINK).u32(id).string(path),
            Self::Close { handle, .. } => Packet::new(out, kind::CLOSE).u32(id).string(handle),
        }
        .finish();
    }
}

/// The first packet of a session: no id, the highest version we speak.
pub(super) fn write_init(version: u32, out: &mut Vec<u8>) {
    Packet::new(out, kind::INIT).u32(version).finish();
}
