//! The ends of a transfer that are files of hosts, over SFTP.

mod source;
mod target;
mod unfinished;

use std::rc::Rc;

use super::digest::{By, Digest, Span};
use super::is_directory;
use crate::base::limits::TRANSFER_PIECE_BYTES;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::crypto::hash::Sha256;
use crate::fleet::{Caller, Link, Machine, Need, OpenFile, Repeat};
use crate::scout::paths::sftp_path;
use crate::sftp::{Attrs, Failure, FileType, Outcome, StatusCode};
use crate::target::RemotePath;

pub(super) use source::RemoteSource;
pub(super) use target::RemoteTarget;

/// A host and a path of it, with a connection that is kept until the transfer is over.
struct Spot {
    machine: Machine,
    link: Rc<Link>,
    host: String,
}

impl Spot {
    /// Connects, and asks what stands at the path: `look` says how.
    ///
    /// Errors: those of the connection; the host has no SFTP.
    async fn reach(
        caller: &Caller,
        host: &str,
        look: impl AsyncFn(&Rc<Link>) -> Result<Result<Outcome, Failure>>,
    ) -> Result<(Self, Result<Attrs, Failure>)> {
        // Only what looks is admitted as a request is: the transfer itself may take hours, and waits for nobody.
        let reach = async |machine: &Machine| {
            let Some(link) = machine.files()? else { return Err(no_sftp(host)) };
            let attrs = look(link).await?.map(|outcome| outcome.attrs().unwrap_or_default());
            Ok((Self { machine: machine.clone(), link: Rc::clone(link), host: host.to_owned() }, attrs))
        };
        caller.work(host, Need::Files, Repeat::Safe, reach).await
    }

    fn label(&self, path: &str) -> String {
        format!("{}:{path}", self.host)
    }
}

/// Reads a part of a file, to know what it holds.
async fn read_back(file: &OpenFile, span: Span, label: &str) -> Result<Digest> {
    let (mut offset, end) = match span {
        Span::Whole => (0, u64::MAX),
        Span::First(count) => (0, count),
        Span::Behind(count) => (count, u64::MAX),
    };
    let mut sum = Sha256::new();
    while offset < end {
        let len = TRANSFER_PIECE_BYTES.min(end - offset);
        let piece = file.read(offset, len).await?.map_err(|failure| cannot("read", label, &failure))?;
        sum.update(&piece);
        offset += piece.len() as u64;
        if (piece.len() as u64) < len {
            break;
        }
    }
    Ok(Digest { sha256: sum.finish(), by: By::ReadBack, is_synced: false })
}

fn reachable<'a>(host: &str, path: &'a RemotePath) -> Result<&'a [u8]> {
    let label = || shown(&format!("{host}:{path}"));
    let text = || format!("{} cannot be transferred: SFTP knows no such path", label());
    sftp_path(path).ok_or_else(|| Error::new(Kind::InvalidArgument, text()))
}

fn regular(label: &str, attrs: &Attrs) -> Result<()> {
    match attrs.file_type() {
        FileType::Regular => Ok(()),
        FileType::Directory => Err(is_directory(label)),
        other => {
            let text = format!("{} is {other}; expected a file", shown(label));
            Err(Error::new(Kind::WrongFileType, text))
        }
    }
}

/// What a failed operation means; version 3 of SFTP has no word for a full disk.
fn cannot(verb: &str, label: &str, failure: &Failure) -> Error {
    let label = shown(label);
    match failure {
        Failure::Status { code: StatusCode::NoSuchFile, .. } => {
            Error::new(Kind::NotFound, format!("Path not found: {label}"))
        }
        Failure::Status { code: StatusCode::PermissionDenied, .. } => {
            Error::new(Kind::PermissionDenied, format!("Permission denied: {label}"))
        }
        other => {
            let hint = if verb == "write" { "; is the disk full?" } else { "" };
            Error::new(Kind::Remote, format!("Cannot {verb} {label}: {other}{hint}"))
        }
    }
}

fn no_sftp(host: &str) -> Error {
    let text =
        format!("{host} has no SFTP server, which transfers need (with dropbear: OpenSSH's sftp-server)");
    Error::new(Kind::Refused, text)
}
