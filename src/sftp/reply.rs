//! What the server answers, checked field by field.

use super::attrs::Attrs;
use super::error::{Error, Failure, StatusCode};
use super::request::{Asked, LIMITS_EXTENSION, REPLACE_EXTENSION, SYNC_EXTENSION};
use super::wire::{Reader, kind, sanitise};
use crate::base::limits::{SFTP_HANDLE_BYTES_MAX, SFTP_PACKET_BYTES_MAX, SFTP_STATUS_TEXT_BYTES_MAX};

#[derive(Debug, Clone, Copy)]
pub(super) enum Reply<'a> {
    Status { code: StatusCode, text: &'a [u8] },
    Handle(&'a [u8]),
    Data(&'a [u8]),
    Names(Names<'a>),
    Attrs(Attrs),
    Extended(Reader<'a>),
}

impl<'a> Reply<'a> {
    /// Splits a packet into the id of the request it answers and the answer.
    pub fn read(packet: &'a [u8]) -> Result<(u32, Self), Error> {
        let mut reader = Reader::new(packet);
        let kind = reader.u8("type")?;
        if !(kind::STATUS..=kind::ATTRS).contains(&kind) && kind != kind::EXTENDED_REPLY {
            return Err(Error::UnknownPacket(kind));
        }
        let id = reader.u32("request id")?;
        let reply = match kind {
            kind::STATUS => Self::read_status(&mut reader)?,
            kind::HANDLE => Self::Handle(reader.string("handle", SFTP_HANDLE_BYTES_MAX)?),
            kind::DATA => Self::Data(reader.string("data", SFTP_PACKET_BYTES_MAX)?),
            kind::NAME => Self::Names(Names { left: reader.u32("name count")?, reader }),
            kind::ATTRS => Self::Attrs(Attrs::read(&mut reader)?),
            _ => Self::Extended(reader),
        };
        Ok((id, reply))
    }

    /// Servers older than version 3 of the protocol send the code alone; some still do.
    fn read_status(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let code = StatusCode::from(reader.u32("status code")?);
        let text =
            if reader.is_empty() { b"" } else { reader.string("status text", SFTP_PACKET_BYTES_MAX)? };
        Ok(Self::Status { code, text })
    }

    /// For a reply that `asked` does not allow for: a status is the server's no, anything else is a violation.
    pub fn into_failure(self, asked: Asked) -> Result<Failure, Error> {
        match self {
            Self::Status { code, text } if code != StatusCode::Ok => {
                Ok(Failure::Status { code, text: sanitise(text, SFTP_STATUS_TEXT_BYTES_MAX) })
            }
            reply => Err(Error::WrongReply { asked: asked.name(), reply: reply.name() }),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "STATUS",
            Self::Handle(_) => "HANDLE",
            Self::Data(_) => "DATA",
            Self::Names(_) => "NAME",
            Self::Attrs(_) => "ATTRS",
            Self::Extended(_) => "EXTENDED_REPLY",
        }
    }
}

/// The names of one NAME packet. Its count is a claim: names are read one by one until the packet ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    left: u32,
    reader: Reader<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub name: &'a [u8],
    pub longname: &'a [u8],
    pub attrs: Attrs,
}

impl<'a> Names<'a> {
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub fn next(&mut self) -> Result<Option<Name<'a>>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let name = self.reader.string("file name", SFTP_PACKET_BYTES_MAX)?;
        let longname = self.reader.string("long name", SFTP_PACKET_BYTES_MAX)?;
        Ok(Some(Name { name, longname, attrs: Attrs::read(&mut self.reader)? }))
    }
}

/// The server's answer to INIT: its version, and what it can do besides.
pub(super) struct Version {
    pub version: u32,
    pub extensions: Extensions,
}

/// What a server can do besides the draft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions {
    /// It tells its limits.
    pub limits: bool,
    /// It renames over what stands there.
    pub replace: bool,
    /// It brings an open file to the disk.
    pub sync: bool,
}

impl Version {
    pub fn read(packet: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(packet);
        let kind = reader.u8("type")?;
        if kind != kind::VERSION {
            return Err(Error::NotVersion(kind));
        }
        let version = reader.u32("version")?;
        let mut extensions = Extensions::default();
        while !reader.is_empty() {
            let name = reader.string("extension name", SFTP_PACKET_BYTES_MAX)?;
            let data = reader.string("extension data", SFTP_PACKET_BYTES_MAX)?;
            let is = |known: &[u8]| name == known && data == b"1";
            extensions.limits |= is(LIMITS_EXTENSION);
            extensions.replace |= is(REPLACE_EXTENSION);
            extensions.sync |= is(SYNC_EXTENSION);
        }
        Ok(Self { version, extensions })
    }
}

/// The answer to `limits@openssh.com`; 0 means "no limit known".
pub(super) struct ServerLimits {
    pub read_bytes: u64,
    pub write_bytes: u64,
    pub handles: u64,
}

impl ServerLimits {
    pub fn read(mut reader: Reader<'_>) -> Result<Self, Error> {
        reader.u64("packet limit")?;
        let read_bytes = reader.u64("read limit")?;
        let write_bytes = reader.u64("write limit")?;
        Ok(Self { read_bytes, write_bytes, handles: reader.u64("handle limit")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_status_code_is_enough() {
        let (id, reply) = Reply::read(&[kind::STATUS, 0, 0, 0, 9, 0, 0, 0, 3]).unwrap();
        assert_eq!(id, 9);
        let failure = reply.into_failure(Asked::Stat).unwrap();
        assert_eq!(failure, Failure::Status { code: StatusCode::PermissionDenied, text: String::new() });
        assert_eq!(failure.to_string(), "permission denied");
    }

    #[test]
    fn success_is_no_answer_to_a_question() {
        let (_, reply) = Reply::read(&[kind::STATUS, 0, 0, 0, 9, 0, 0, 0, 0]).unwrap();
        let wrong = Error::WrongReply { asked: "OPEN", reply: "STATUS" };
        assert_eq!(reply.into_failure(Asked::Open), Err(wrong));
    }

    #[test]
    fn every_reply_may_be_cut_anywhere() {
        let name = [kind::NAME, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0];
        for end in 0..name.len() {
            let cut = Reply::read(&name[..end]).and_then(|(_, reply)| match reply {
                Reply::Names(mut names) => names.next(),
                _ => unreachable!(),
            });
            assert!(matches!(cut, Err(Error::Truncated(_))), "{end}: {cut:?}");
        }
        assert!(Reply::read(&name).is_ok());
    }

    #[test]
    fn requests_are_no_replies() {
        assert_eq!(Reply::read(&[kind::STAT, 0, 0, 0, 1]).unwrap_err(), Error::UnknownPacket(kind::STAT));
        assert_eq!(
            Reply::read(&[kind::VERSION, 0, 0, 0, 3]).unwrap_err(),
            Error::UnknownPacket(kind::VERSION)
        );
    }
}
