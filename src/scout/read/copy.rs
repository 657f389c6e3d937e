//! Whole files piece by piece, whatever their size.

use std::ops::ControlFlow;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use crate::base::{Result, limits};
use crate::fleet::{Caller, Link, Machine, Need, Repeat};
use crate::scout::fallback::{self, Seen, Shown};
use crate::scout::paths::{endless, explain, is_device, is_directory, sftp_path, unexpected};
use crate::sftp::{Failure, FileType, Outcome};
use crate::target::RemotePath;

/// Hands a whole file to `take`, piece by piece, whatever its size; of a device, as much as the limit of the settings.
///
/// Errors: as [`look`](crate::scout::look::look); a directory; or the one that `take` returns.
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
            Seen::Directory | Seen::Tree => Err(is_directory(path)),
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
    let shown = Shown { file_bytes: None, device_bytes: device_limit, depth: None, order: "" };
    fallback::look(machine, path, shown, &mut pass_on).await?;
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
        let is_first = pieces == limits::COPY_PIECES_AHEAD;
        match piece.map_err(|error| if is_first { error } else { error.begun() })? {
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
