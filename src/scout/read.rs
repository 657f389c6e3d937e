//! Reading a file; and looking at a path of which it is not known whether it is a file or a directory.

use std::fmt;
use std::ops::ControlFlow;

use super::fallback::{self, Seen};
use super::list::{self, Listing};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Fleet, Machine, Repeat};
use crate::sftp::{Failure, FileType, Outcome, StatusCode};
use crate::target::RemotePath;

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    File(Content),
    Directory(Listing),
}

/// The beginning of a file, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// At most `limit` bytes.
    pub data: Vec<u8>,
    /// Whether the file goes on.
    pub truncated: bool,
    /// In bytes.
    pub limit: u64,
}

impl Content {
    /// The content for an agent: bytes that are no UTF-8 become U+FFFD, and a cut never leaves half a character.
    pub fn text(&self) -> String {
        if !self.truncated {
            return String::from_utf8_lossy(&self.data).into_owned();
        }
        let whole = String::from_utf8_lossy(without_half_character(&self.data));
        format!("{whole}\n\n[truncated at {} bytes]", self.limit)
    }
}

/// Reads a file up to the limit of the settings, or lists a directory.
///
/// Errors: those of the connection; the path is missing, forbidden or nothing that can be read.
pub async fn look(fleet: &Fleet, host: &str, path: &RemotePath) -> Result<Found> {
    fleet.work(host, Repeat::Safe, async |machine| look_on(fleet, machine, path).await).await
}

/// Hands a whole file to `take`, piece by piece, whatever its size; of a device, as much as the limit of the settings.
///
/// Errors: as [`look`]; a directory; or the one that `take` returns.
pub async fn copy(
    fleet: &Fleet,
    host: &str,
    path: &RemotePath,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let machine = fleet.machine(host).await?;
    if let (Some(link), Some(sftp_path)) = (machine.files().await?, sftp_path(path)) {
        let mut offset = 0;
        loop {
            match link.read(sftp_path, offset, limits::COPY_PIECE_BYTES).await? {
                Ok(Outcome::Read { data, more, .. }) => {
                    take(&data)?;
                    offset += data.len() as u64;
                    if !more || data.is_empty() {
                        return Ok(());
                    }
                }
                Ok(_) => return Err(unexpected()),
                Err(Failure::NotRegular(FileType::Directory)) => return Err(is_directory(path)),
                Err(Failure::NotRegular(kind)) if is_device(kind) => break,
                Err(failure) => return Err(explain(path, &failure)),
            }
        }
    }
    let device_limit = fleet.settings().max_file_size;
    let mut shown = 0;
    let mut failed = None;
    let mut pass_on = |seen, bytes: &[u8]| {
        let room = usize::try_from(device_limit - shown).unwrap_or(usize::MAX);
        let passed = match seen {
            Seen::Directory => Err(is_directory(path)),
            Seen::Device if bytes.len() > room => take(&bytes[..room]).and(Err(endless(path, device_limit))),
            Seen::Device | Seen::File => take(bytes),
        };
        shown += if seen == Seen::Device { bytes.len() as u64 } else { 0 };
        match passed {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    fallback::look(&machine, path, None, device_limit, &mut pass_on).await?;
    failed.map_or(Ok(()), Err)
}

async fn look_on(fleet: &Fleet, machine: &Machine, path: &RemotePath) -> Result<Found> {
    let limit = fleet.settings().max_file_size;
    if let (Some(link), Some(sftp_path)) = (machine.files().await?, sftp_path(path)) {
        match link.read(sftp_path, 0, limit).await? {
            Ok(Outcome::Read { data, more, .. }) => {
                return Ok(Found::File(Content { data, truncated: more, limit }));
            }
            Ok(_) => return Err(unexpected()),
            Err(Failure::NotRegular(FileType::Directory)) => {
                return list::by_sftp(fleet, link, path, sftp_path).await.map(Found::Directory);
            }
            // Reading a device may take forever, and would hold up everything else on the SFTP channel.
            Err(Failure::NotRegular(kind)) if is_device(kind) => {}
            Err(failure) => return Err(explain(path, &failure)),
        }
    }
    look_by_command(fleet, machine, path, limit).await
}

async fn look_by_command(fleet: &Fleet, machine: &Machine, path: &RemotePath, limit: u64) -> Result<Found> {
    let kept = usize::try_from(limit.max(fleet.settings().max_output_size)).unwrap_or(usize::MAX);
    let mut data = Vec::new();
    let mut overflow = false;
    let mut keep = |_, bytes: &[u8]| {
        let room = kept.saturating_add(1) - data.len();
        data.extend_from_slice(&bytes[..room.min(bytes.len())]);
        overflow = data.len() > kept;
        if overflow { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let timeout = fleet.settings().command_timeout;
    let late = || {
        let text = format!("{} gave nothing to read for {}s", path, timeout.as_secs_f64());
        Err(Error::new(Kind::CommandTimeout, text))
    };
    let seen =
        fleet.within(timeout, fallback::look(machine, path, Some(limit), limit, &mut keep), late).await?;
    Ok(match seen {
        Seen::Directory => Found::Directory(Listing::from_ls(&data, fleet.settings().max_output_size)),
        Seen::File | Seen::Device => {
            let truncated = data.len() as u64 > limit;
            data.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Found::File(Content { data, truncated, limit })
        }
    })
}

/// What a failed file operation means to the caller.
pub(super) fn explain(path: &RemotePath, failure: &Failure) -> Error {
    match failure {
        Failure::NotRegular(kind) => not_readable(path, kind),
        Failure::Status { code: StatusCode::NoSuchFile, .. } => not_found(path),
        Failure::Status { code: StatusCode::PermissionDenied, .. } => forbidden(path),
        other => Error::new(Kind::Remote, format!("Cannot read {path}: {other}")),
    }
}

pub(super) fn not_found(path: &RemotePath) -> Error {
    Error::new(Kind::NotFound, format!("Path not found: {path}"))
}

pub(super) fn forbidden(path: &RemotePath) -> Error {
    Error::new(Kind::PermissionDenied, format!("Permission denied: {path}"))
}

/// `kind` says what it is instead, with its article.
pub(super) fn not_readable(path: &RemotePath, kind: impl fmt::Display) -> Error {
    let text = format!("{path} is {kind}; expected a regular file or a directory");
    Error::new(Kind::WrongFileType, text)
}

fn endless(path: &RemotePath, limit: u64) -> Error {
    Error::new(Kind::TooLarge, format!("{path} is a device; only its first {limit} bytes are shown"))
}

fn is_directory(path: &RemotePath) -> Error {
    Error::new(Kind::WrongFileType, format!("{path} is a directory; expected a file"))
}

pub(super) fn unexpected() -> Error {
    Error::new(Kind::Internal, "the SFTP session answered another question than the one asked")
}

/// How SFTP, which knows no `~`, names the path: relative paths begin in the login directory. `None` for what only a
/// shell can do: find the home of another user, and give up reading a file of the kernel that looks regular and hangs.
fn sftp_path(path: &RemotePath) -> Option<&[u8]> {
    let path = path.as_str();
    if ["/proc/", "/sys/"].iter().any(|kernel| path.starts_with(kernel)) {
        return None;
    }
    match path.strip_prefix('~') {
        None => Some(path.as_bytes()),
        Some("") => Some(b"."),
        Some(rest) => rest.strip_prefix('/').map(|rest| match rest.trim_start_matches('/') {
            "" => b".",
            rest => rest.as_bytes(),
        }),
    }
}

fn is_device(kind: FileType) -> bool {
    matches!(kind, FileType::CharDevice | FileType::BlockDevice)
}

/// Without the first bytes of a character that was cut.
fn without_half_character(bytes: &[u8]) -> &[u8] {
    let tail = bytes.len().saturating_sub(3);
    let lead = bytes[tail..].iter().rposition(|&byte| byte >= 0xC0).map(|at| tail + at);
    match lead {
        Some(at) if bytes.len() - at < utf8_length(bytes[at]) => &bytes[..at],
        _ => bytes,
    }
}

/// How long the character is that begins with `lead`; 1 for a byte that begins none.
fn utf8_length(lead: u8) -> usize {
    match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_leaves_half_a_character() {
        let text = "aé€😀";
        for end in 0..=text.len() {
            let kept = without_half_character(&text.as_bytes()[..end]);
            assert!(std::str::from_utf8(kept).is_ok(), "cut at {end}");
            assert!(end - kept.len() < 4);
        }
        assert_eq!(without_half_character(b"\xff\xfe\x80\x80"), b"\xff\xfe\x80\x80", "binary stays as it is");
    }

    #[test]
    fn sftp_begins_in_the_login_directory() {
        let sftp = |path: &str| {
            let path = RemotePath::parse(path).unwrap();
            sftp_path(&path).map(|path| String::from_utf8(path.into()).unwrap())
        };
        assert_eq!(sftp("/etc").as_deref(), Some("/etc"));
        assert_eq!(sftp("~").as_deref(), Some("."));
        assert_eq!(sftp("~//").as_deref(), Some("."));
        assert_eq!(sftp("~//x y").as_deref(), Some("x y"));
        assert_eq!(sftp("notes").as_deref(), Some("notes"));
        assert_eq!(sftp("~ann/x"), None);
        assert_eq!(sftp("/proc/kmsg"), None);
    }

    #[test]
    fn only_a_file_that_goes_on_is_marked() {
        let whole = Content { data: b"abc".into(), truncated: false, limit: 3 };
        assert_eq!(whole.text(), "abc");
        let cut = Content { data: "ab\u{e9}".as_bytes()[..3].into(), truncated: true, limit: 3 };
        assert_eq!(cut.text(), "ab\n\n[truncated at 3 bytes]");
    }
}
