//! What is asked of the server, as an operation words it and as the wire carries it.

use super::attrs::NewAttrs;
use super::wire::{Packet, kind};

/// `SSH_FXF_READ` (draft §6.3).
const OPEN_READ: u32 = 0x01;
/// `SSH_FXF_READ`, to compare what was written, `SSH_FXF_WRITE`, `SSH_FXF_CREAT` and `SSH_FXF_EXCL`.
const OPEN_NEW: u32 = 0x01 | 0x02 | 0x08 | 0x20;
/// `SSH_FXF_READ` and `SSH_FXF_WRITE`.
const OPEN_UPDATE: u32 = 0x01 | 0x02;

/// Asks the server for its limits (OpenSSH's PROTOCOL file, §4.8).
pub(super) const LIMITS_EXTENSION: &[u8] = b"limits@openssh.com";
/// Renames over what stands there, as POSIX does (§4.3).
pub(super) const REPLACE_EXTENSION: &[u8] = b"posix-rename@openssh.com";
/// Brings an open file to the disk (§4.6).
pub(super) const SYNC_EXTENSION: &[u8] = b"fsync@openssh.com";

#[derive(Debug)]
pub(super) enum Request<'a> {
    Limits,
    Stat {
        path: &'a [u8],
    },
    LinkStat {
        path: &'a [u8],
    },
    HandleStat {
        handle: &'a [u8],
    },
    SetHandleStat {
        handle: &'a [u8],
        attrs: NewAttrs,
    },
    Sync {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    /// Fails where something stands (draft §6.5).
    Rename {
        path: &'a [u8],
        to: &'a [u8],
    },
    Replace {
        path: &'a [u8],
        to: &'a [u8],
    },
    Open {
        path: &'a [u8],
    },
    /// Opens a file to be written that is not there yet.
    Create {
        path: &'a [u8],
        mode: u32,
    },
    /// Opens a file to be read and written that is there.
    Update {
        path: &'a [u8],
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
    LinkStat,
    HandleStat,
    SetHandleStat,
    Sync,
    Remove,
    Rename,
    Replace,
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
            Self::LinkStat => "LSTAT",
            Self::HandleStat => "FSTAT",
            Self::SetHandleStat => "FSETSTAT",
            Self::Sync => "fsync@openssh.com",
            Self::Remove => "REMOVE",
            Self::Rename => "RENAME",
            Self::Replace => "posix-rename@openssh.com",
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
            Self::LinkStat { .. } => Asked::LinkStat,
            Self::HandleStat { .. } => Asked::HandleStat,
            Self::SetHandleStat { .. } => Asked::SetHandleStat,
            Self::Sync { .. } => Asked::Sync,
            Self::Remove { .. } => Asked::Remove,
            Self::Rename { .. } => Asked::Rename,
            Self::Replace { .. } => Asked::Replace,
            Self::Open { .. } | Self::Create { .. } | Self::Update { .. } => Asked::Open,
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
            Self::LinkStat { path } => Packet::new(out, kind::LSTAT).u32(id).string(path),
            Self::HandleStat { handle } => Packet::new(out, kind::FSTAT).u32(id).string(handle),
            Self::SetHandleStat { handle, attrs } => {
                attrs.write(Packet::new(out, kind::FSETSTAT).u32(id).string(handle))
            }
            Self::Sync { handle } => {
                Packet::new(out, kind::EXTENDED).u32(id).string(SYNC_EXTENSION).string(handle)
            }
            Self::Remove { path } => Packet::new(out, kind::REMOVE).u32(id).string(path),
            Self::Rename { path, to } => Packet::new(out, kind::RENAME).u32(id).string(path).string(to),
            Self::Replace { path, to } => {
                Packet::new(out, kind::EXTENDED).u32(id).string(REPLACE_EXTENSION).string(path).string(to)
            }
            // No attribute is set: flags of 0.
            Self::Open { path } => Packet::new(out, kind::OPEN).u32(id).string(path).u32(OPEN_READ).u32(0),
            Self::Create { path, mode } => {
                let attrs = NewAttrs { mode: Some(*mode), ..NewAttrs::default() };
                attrs.write(Packet::new(out, kind::OPEN).u32(id).string(path).u32(OPEN_NEW))
            }
            Self::Update { path } => {
                Packet::new(out, kind::OPEN).u32(id).string(path).u32(OPEN_UPDATE).u32(0)
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
