//! Reading files: what a read returns, and whole files piece by piece.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::fallback::{self, Seen};
use super::paths::{endless, explain, is_device, is_directory, sftp_path, unexpected};
use crate::base::{Result, limits};
use crate::fleet::{Caller, Link, Machine, Need, Repeat};
use crate::sftp::{Failure, FileType, Outcome};
use crate::target::RemotePath;

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
    pub fn text(&self) -> Cow<'_, str> {
        let whole = String::from_utf8_lossy(self.whole());
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

/// Hands a whole file to `take`, piece by piece, whatever its size; of a device, as much as the limit of the settings.
///
/// Errors: as [`look`](super::look::look); a directory; or the one that `take` returns.
pub async fn copy(
    caller: &Caller,
    host: &str,
    path: &RemotePath,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    // Only what has not begun is tried again: before the first piece.
    caller
        .work(host, Need::Files, Repeat::Never, async |machine| copy_from(caller, machine, path, take).await)
        .await
}

async fn copy_from(
    caller: &Caller,
    machine: &Machine,
    path: &RemotePath,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if let (Some(link), Some(sftp_path)) = (machine.files()?, sftp_path(path))
        && copy_by_sftp(link, path, sftp_path, take).await?
    {
        return Ok(());
    }
    let device_limit = caller.settings().max_file_size;
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
    fallback::look(machine, path, None, device_limit, &mut pass_on).await?;
    failed.map_or(Ok(()), Err)
}

/// False for a device, of which nothing was read.
async fn copy_by_sftp(
    link: &Rc<Link>,
    path: &RemotePath,
    sftp_path: &[u8],
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<bool> {
    let read = |piece: u64| link.read(sftp_path, piece * limits::COPY_PIECE_BYTES, limits::COPY_PIECE_BYTES);
    let mut reads: FuturesOrdered<_> = (0..limits::COPY_PIECES_AHEAD).map(read).collect();
    let mut pieces = limits::COPY_PIECES_AHEAD;
    while let Some(piece) = reads.next().await {
        match piece? {
            Ok(Outcome::Read { data, more, .. }) => {
                take(&data)?;
                if !more {
                    return Ok(true);
                }
            }
            Ok(_) => return Err(unexpected()),
            Err(Failure::NotRegular(FileType::Directory)) => return Err(is_directory(path)),
            Err(Failure::NotRegular(kind)) if is_device(kind) => return Ok(false),
            Err(failure) => return Err(explain(path, &failure)),
        }
        reads.push_back(read(pieces));
        pieces += 1;
    }
    Ok(true)
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
        let whole = Content { data: b"abc".into(), truncated: false, limit: 3 };
        assert_eq!(whole.text(), "abc");
        let cut = Content { data: "ab\u{e9}".as_bytes()[..3].into(), truncated: true, limit: 3 };
        assert_eq!(cut.text(), "ab\n\n[truncated at 3 bytes]");
    }
}
