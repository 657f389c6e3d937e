//! File attributes (draft §5).

use super::error::Error;
use super::wire::{Packet, Reader};
use crate::base::limits::SFTP_PACKET_BYTES_MAX;
use std::fmt;

const HAS_SIZE: u32 = 0x0000_0001;
const HAS_OWNER: u32 = 0x0000_0002;
const HAS_PERMISSIONS: u32 = 0x0000_0004;
const HAS_TIMES: u32 = 0x0000_0008;
const HAS_EXTENDED: u32 = 0x8000_0000;

/// What the server says of a file; a server may leave out any of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attrs {
    /// In bytes. 0 for files that the kernel makes up while they are read, as in `/proc`.
    pub size: Option<u64>,
    /// Numeric user and group.
    pub owner: Option<(u32, u32)>,
    /// The whole `st_mode`: type and permissions.
    pub mode: Option<u32>,
    /// Last access, in seconds since 1970.
    pub accessed: Option<u32>,
    /// Last modification, in seconds since 1970.
    pub modified: Option<u32>,
}

impl Attrs {
    pub fn file_type(&self) -> FileType {
        match self.mode.map(|mode| mode & 0o170_000) {
            Some(0o100_000) => FileType::Regular,
            Some(0o040_000) => FileType::Directory,
            Some(0o120_000) => FileType::Symlink,
            Some(0o010_000) => FileType::Fifo,
            Some(0o140_000) => FileType::Socket,
            Some(0o020_000) => FileType::CharDevice,
            Some(0o060_000) => FileType::BlockDevice,
            _ => FileType::Unknown,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let flags = reader.u32("attribute flags")?;
        let mut attrs = Self::default();
        if flags & HAS_SIZE != 0 {
            attrs.size = Some(reader.u64("size")?);
        }
        if flags & HAS_OWNER != 0 {
            attrs.owner = Some((reader.u32("user")?, reader.u32("group")?));
        }
        if flags & HAS_PERMISSIONS != 0 {
            attrs.mode = Some(reader.u32("permissions")?);
        }
        if flags & HAS_TIMES != 0 {
            attrs.accessed = Some(reader.u32("access time")?);
            attrs.modified = Some(reader.u32("modification time")?);
        }
        if flags & HAS_EXTENDED != 0 {
            for _ in 0..reader.u32("extended attribute count")? {
                reader.string("extended attribute type", SFTP_PACKET_BYTES_MAX)?;
                reader.string("extended attribute data", SFTP_PACKET_BYTES_MAX)?;
            }
        }
        Ok(attrs)
    }
}

/// What a file is to have from now on; what is left out stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewAttrs {
    /// Permissions.
    pub mode: Option<u32>,
    /// Last access and last modification, in seconds since 1970: version 3 knows them only together.
    pub times: Option<(u32, u32)>,
}

impl NewAttrs {
    pub(super) fn write<'a>(&self, packet: Packet<'a>) -> Packet<'a> {
        let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
        let flags = flag(self.mode.is_some(), HAS_PERMISSIONS) | flag(self.times.is_some(), HAS_TIMES);
        let packet = self.mode.into_iter().fold(packet.u32(flags), Packet::u32);
        self.times.into_iter().fold(packet, |packet, (accessed, modified)| packet.u32(accessed).u32(modified))
    }
}

/// The kind of a file, as `st_mode` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    Regular,
    Directory,
    Symlink,
    Fifo,
    Socket,
    CharDevice,
    BlockDevice,
    /// The server did not say, or said something POSIX does not know.
    Unknown,
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Fifo => "a FIFO",
            Self::Socket => "a socket",
            Self::CharDevice => "a character device",
            Self::BlockDevice => "a block device",
            Self::Unknown => "of unknown type",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_attributes_are_skipped_and_never_counted_beyond_the_packet() {
        let mut packet = HAS_EXTENDED.to_be_bytes().to_vec();
        packet.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b', 9]);
        let mut reader = Reader::new(&packet);
        assert_eq!(Attrs::read(&mut reader), Ok(Attrs::default()));
        assert_eq!(reader.u8("next"), Ok(9));

        packet[4..8].copy_from_slice(&[0xff; 4]);
        assert_eq!(Attrs::read(&mut Reader::new(&packet)), Err(Error::Truncated("extended attribute type")));
    }

    #[test]
    fn the_type_comes_from_the_mode() {
        let of = |mode| Attrs { mode, ..Attrs::default() }.file_type();
        assert_eq!(of(Some(0o100_644)), FileType::Regular);
        assert_eq!(of(Some(0o010_644)), FileType::Fifo);
        assert_eq!(of(Some(0o644)), FileType::Unknown);
        assert_eq!(of(None), FileType::Unknown);
    }
}
