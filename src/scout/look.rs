//! Looking at a path of which it is not known whether it is a file or a directory.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::fallback::{self, Seen, Shown};
use super::list::{LISTING_MEMORY_FACTOR, Listing};
use super::paths::{explain, is_device, sftp_path, unexpected};
use super::read::Content;
use super::tree::Tree;
use super::way::Way;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Link, Machine, Need, Repeat};
use crate::metrics::Histogram;
use crate::sftp::{Attrs, Failure, LookMax, Outcome};
use crate::target::RemotePath;

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    File(Content),
    Directory(Listing),
    /// A directory of which more than one level was asked for.
    Tree(Tree),
}

impl Found {
    /// What an agent sees.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::File(content) => content.text(),
            Self::Directory(listing) => listing.text(),
            Self::Tree(tree) => tree.text().into(),
        }
    }
}

/// Reads a file up to the limit of the settings, or lists a directory.
///
/// Errors: those of the connection; the path is missing, forbidden or nothing that can be read.
pub async fn look(caller: &Caller, host: &str, path: &RemotePath) -> Result<Found> {
    let look = async |machine: &Machine| look_on(caller, machine, path).await;
    let found = caller.work(host, Need::Files, Repeat::Safe, look).await?;
    if let Found::File(content) = &found {
        caller.recorder().size(Histogram::FileSize, content.data.len());
    }
    Ok(found)
}

/// Lists a directory.
///
/// Errors: those of the connection; the path is missing, forbidden, or no directory.
pub async fn list(caller: &Caller, host: &str, path: &RemotePath) -> Result<Listing> {
    match look(caller, host, path).await? {
        Found::Directory(listing) => Ok(listing),
        Found::File(_) | Found::Tree(_) => {
            Err(Error::new(Kind::WrongFileType, format!("{path} is a file; expected a directory")))
        }
    }
}

pub(super) async fn look_on(caller: &Caller, machine: &Machine, path: &RemotePath) -> Result<Found> {
    let limit = caller.settings().max_file_size;
    if let (Some(link), Some(sftp_path)) = (machine.files()?, sftp_path(path)) {
        let listing_bytes = usize::try_from(caller.settings().max_output_size).unwrap_or(usize::MAX);
        let max = LookMax {
            file_bytes: limit,
            entries: limits::LIST_ENTRIES_MAX,
            entries_bytes: listing_bytes.saturating_mul(LISTING_MEMORY_FACTOR),
        };
        let looked = match Way::choose(sftp_path, link.outlook(sftp_path)) {
            Way::Sftp => link.look(sftp_path, max).await?,
            Way::SftpAndCommand => look_both_ways(link, sftp_path, max).await?,
        };
        match looked {
            Ok(Outcome::Read { data, more, attrs }) => {
                return Ok(Found::File(Content { data, truncated: more, limit, size: attrs.size }));
            }
            Ok(Outcome::List { entries, truncated }) => {
                return Ok(Found::Directory(Listing::from_sftp(entries, truncated, listing_bytes)));
            }
            Ok(_) => return Err(unexpected()),
            // Reading a device may take forever, and would hold up everything else on the SFTP channel.
            Err(Failure::NotRegular(kind)) if is_device(kind) => {}
            Err(failure) => return Err(explain(path, &failure)),
        }
    }
    let shown = Shown { file_bytes: Some(limit), device_bytes: limit, depth: None, order: "" };
    look_by_command(caller, machine, path, shown).await
}

/// SFTP and a command at once: whichever has a file's content first. Everything else is SFTP's to say.
async fn look_both_ways(link: &Rc<Link>, path: &[u8], max: LookMax) -> Result<Result<Outcome, Failure>> {
    let by_sftp = pin!(link.look(path, max));
    let by_command = pin!(fallback::content(link, path, max.file_bytes));
    match select(by_sftp, by_command).await {
        Either::Left((looked, _)) => looked,
        Either::Right((Some((data, more)), _)) => {
            Ok(Ok(Outcome::Read { data, attrs: Attrs::default(), more }))
        }
        Either::Right((None, by_sftp)) => by_sftp.await,
    }
}

/// As a script of ours on the host sees it.
pub(super) async fn look_by_command(
    caller: &Caller,
    machine: &Machine,
    path: &RemotePath,
    shown: Shown,
) -> Result<Found> {
    let limit = shown.device_bytes;
    let kept = usize::try_from(limit.max(caller.settings().max_output_size)).unwrap_or(usize::MAX);
    let mut data = Vec::new();
    let mut overflow = false;
    let mut keep = |_, bytes: &[u8]| {
        let room = kept.saturating_add(1) - data.len();
        data.extend_from_slice(&bytes[..room.min(bytes.len())]);
        overflow = data.len() > kept;
        if overflow { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let timeout = caller.settings().command_timeout;
    let late = || {
        let text = format!("{} gave nothing to read for {}s", path, timeout.as_secs_f64());
        Err(Error::new(Kind::CommandTimeout, text))
    };
    let seen = caller.within(timeout, fallback::look(machine, path, shown, &mut keep), late).await?;
    Ok(match seen {
        Seen::Directory => Found::Directory(Listing::from_ls(&data, caller.settings().max_output_size)),
        Seen::Tree => Found::Tree(Tree::of(path, &data, overflow)),
        Seen::File | Seen::Device => {
            let truncated = data.len() as u64 > limit;
            data.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Found::File(Content { data, truncated, limit, size: None })
        }
    })
}
