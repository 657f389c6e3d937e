//! Reading files: their beginning or all of it ([`Content`]), any part of them ([`read`]), whole ones piece by piece
//! ([`copy`]).

mod by_command;
mod by_sftp;
mod copy;
mod lines;
mod part;

use std::borrow::Cow;

use super::look::{Found, look_on};
use super::paths::{is_directory, sftp_path};
use crate::base::text::lossy;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Machine, Need, Repeat};
use crate::metrics::Histogram;
use crate::target::RemotePath;
use by_sftp::{File, Unread};

pub use copy::copy;
pub use part::{Cut, Excerpt, Holds, Part, Piece, Reading};

/// The beginning of a file, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// At most `limit` bytes.
    pub data: Vec<u8>,
    /// Whether the file goes on.
    pub truncated: bool,
    /// In bytes.
    pub limit: u64,
    /// Of the whole file, as far as the host told; 0 for one that the kernel makes up.
    pub size: Option<u64>,
}

impl Content {
    /// The content for an agent: bytes that are no UTF-8 become U+FFFD, and a cut never leaves half a character.
    pub fn text(&self) -> Cow<'_, str> {
        let whole = lossy(self.whole());
        match self.truncated {
            true => format!("{whole}\n\n[truncated at {} bytes]", self.limit).into(),
            false => whole,
        }
    }

    /// The bytes, without the half of a character that a cut has left.
    pub fn whole(&self) -> &[u8] {
        if self.truncated { without_half_character(&self.data) } else { &self.data }
    }
}

/// Reads a part of a file, up to the limit of the settings.
///
/// Errors: as [`look`](super::look::look); a directory.
pub async fn read(caller: &Caller, host: &str, path: &RemotePath, part: Part) -> Result<Piece> {
    let read = async |machine: &Machine| read_on(caller, machine, path, part).await;
    let piece = caller.work(host, Need::Files, Repeat::Safe, read).await?;
    caller.recorder().size(Histogram::FileSize, piece.data.len());
    Ok(piece)
}

async fn read_on(caller: &Caller, machine: &Machine, path: &RemotePath, part: Part) -> Result<Piece> {
    if part == Part::WHOLE {
        return match look_on(caller, machine, path).await? {
            Found::File(content) => Ok(Piece::whole(content)),
            Found::Directory(_) | Found::Tree(_) => Err(is_directory(path)),
        };
    }
    let limit = caller.settings().max_file_size;
    let file = machine.files()?.zip(sftp_path(path)).map(|(link, name)| File { link, name, path });
    // The host finds lines far behind faster than they are carried here to be counted.
    let is_far = matches!(part, Part::Lines { first, .. } if first.get() > limits::READ_FAR_LINES);
    let mut unread = None;
    if let Some(file) = file.as_ref().filter(|_| !is_far) {
        match file.part(part, limit).await? {
            Ok(piece) => return Ok(piece),
            Err(why) => unread = Some(why),
        }
    }
    let error = match by_command::part(caller, machine, path, part, limit).await {
        // There is no shell.
        Err(error) if matches!(error.kind(), Kind::Remote | Kind::Refused) => error,
        read => return read,
    };
    if let Some(file) = file.filter(|_| is_far) {
        match file.part(part, limit).await? {
            Ok(piece) => return Ok(piece),
            Err(why) => unread = Some(why),
        }
    }
    Err(if unread == Some(Unread::Far) { too_far(path, error) } else { error })
}

/// `error` is why the host does not find the lines itself.
fn too_far(path: &RemotePath, error: Error) -> Error {
    let carried = limits::READ_SKIPPED_BYTES_MAX / 1024 / 1024;
    error.context(format!(
        "The lines are not in the first {carried} MiB of {path}, and the host does not look for them further behind"
    ))
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
    fn only_a_file_that_goes_on_is_marked() {
        let whole = Content { data: b"abc".into(), truncated: false, limit: 3, size: None };
        assert_eq!(whole.text(), "abc");
        let cut = Content { data: "ab\u{e9}".as_bytes()[..3].into(), truncated: true, limit: 3, size: None };
        assert_eq!(cut.text(), "ab\n\n[truncated at 3 bytes]");
    }
}
