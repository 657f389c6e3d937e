//! A file of a host that is written: where to, and how it gets its name.

use std::cell::Cell;
use std::rc::Rc;

use super::unfinished::{MODE_UNFINISHED, Unfinished, is_same, is_unfinished};
use super::{Spot, cannot, reachable, read_back};
use crate::base::limits::{TRANSFER_CLEAN_UP_PATIENCE, TRANSFER_WRITES_AHEAD};
use crate::base::refusal::Reason;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Machine, Need, OpenFile, Repeat, Taken, Writing};
use crate::scout::transfer::bridge::{Head, Partial};
use crate::scout::transfer::digest::{Digest, Span, by_program};
use crate::scout::transfer::receive::Target;
use crate::scout::transfer::{
    exists, is_another, is_being_written, is_directory, is_link, names, no_directory,
};
use crate::sftp::{Attrs, Failure, FileType, NewAttrs, Opening, Outcome, StatusCode};
use crate::target::RemotePath;

/// A file of a host that is written.
pub(in crate::scout::transfer) struct RemoteTarget {
    caller: Caller,
    spot: Spot,
    found: Result<Attrs, Failure>,
    /// As SFTP names it, and as it is shown.
    path: Vec<u8>,
    shown: String,
    may_replace: bool,
    resumes: bool,
    unfinished: Option<Unfinished>,
    /// Where another transfer would write to a file of the same name. The last to go.
    writing: Option<Writing>,
}

impl RemoteTarget {
    /// Errors: those of the connection.
    pub async fn reach(
        caller: &Caller,
        host: &str,
        path: &RemotePath,
        may_replace: bool,
        resumes: bool,
    ) -> Result<Self> {
        let sftp = reachable(host, path)?.to_vec();
        let (spot, found) = Spot::reach(caller, host, async |link| link.link_stat(&sftp).await).await?;
        let shown = path.as_str().to_owned();
        let (caller, unfinished, writing) = (caller.clone(), None, None);
        Ok(Self { caller, spot, found, path: sftp, shown, may_replace, resumes, unfinished, writing })
    }

    /// Removes what a lost connection has left behind, by another one, if that can be made in a moment.
    pub async fn clean_up(mut self, caller: &Caller) {
        let Some(unfinished) = self.unfinished.take().filter(|unfinished| !unfinished.is_kept) else {
            return;
        };
        let caller = caller.in_background();
        let remove = async |machine: &Machine| {
            let Some(link) = machine.files()? else { return Ok(()) };
            link.remove(&unfinished.path).await.map(drop)
        };
        let removed = caller.work(&self.spot.host, Need::Files, Repeat::Safe, remove);
        if let Err(error) = caller.within(TRANSFER_CLEAN_UP_PATIENCE, removed, || Ok(())).await {
            let left = String::from_utf8_lossy(&unfinished.path);
            tracing::debug!(host = self.spot.host, %left, reason = %error, "a part of a file is left behind");
        }
    }

    fn label(&self) -> String {
        self.spot.label(&self.shown)
    }

    /// Into a directory under the source's name; over nothing but a file, and over that only when asked.
    async fn settle(&mut self, head: &Head) -> Result<()> {
        let found = std::mem::replace(&mut self.found, Ok(Attrs::default()));
        if self.leads_to_directory(&found).await? {
            self.path = [self.path.as_slice(), b"/", head.name.as_bytes()].concat();
            self.shown = format!("{}/{}", self.shown.trim_end_matches('/'), head.name);
            let found = self.spot.link.link_stat(&self.path).await.map_err(Error::begun)?;
            let found = found.map(|outcome| outcome.attrs().unwrap_or_default());
            return self.check(&found);
        }
        self.check(&found)
    }

    async fn leads_to_directory(&self, found: &Result<Attrs, Failure>) -> Result<bool> {
        Ok(match found.as_ref().map(Attrs::file_type) {
            Ok(FileType::Directory) => true,
            Ok(FileType::Symlink) => {
                let behind = self.spot.link.stat(&self.path).await.map_err(Error::begun)?;
                let behind = behind.ok().and_then(Outcome::attrs);
                behind.is_some_and(|attrs| attrs.file_type() == FileType::Directory)
            }
            _ => false,
        })
    }

    fn check(&self, found: &Result<Attrs, Failure>) -> Result<()> {
        match found {
            Ok(attrs) => match attrs.file_type() {
                FileType::Regular if self.may_replace => Ok(()),
                FileType::Regular => Err(exists(&self.label())),
                FileType::Directory => Err(is_directory(&self.label())),
                FileType::Symlink => Err(is_link(&self.label())),
                other => {
                    let label = self.label();
                    let text = format!("{} is {other}; expected a file or a directory", shown(&label));
                    Err(Error::new(Kind::WrongFileType, text))
                }
            },
            Err(Failure::Status { code: StatusCode::NoSuchFile, .. }) if self.shown.ends_with('/') => {
                Err(no_directory(&self.label()))
            }
            Err(Failure::Status { code: StatusCode::NoSuchFile, .. }) => Ok(()),
            Err(failure) => Err(cannot("write", &self.label(), failure)),
        }
    }

    /// The other name, beside the target.
    fn unfinished_path(&self, head: &Head) -> Vec<u8> {
        let directory = self.path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let name = String::from_utf8_lossy(&self.path[directory..]);
        let name = if self.resumes { names::lasting(&name, &head.label) } else { names::fresh(&name) };
        [&self.path[..directory], name.as_bytes()].concat()
    }

    /// Errors: there is no such directory, or nothing may be written in it.
    async fn create(&mut self, path: Vec<u8>) -> Result<()> {
        let link = Rc::clone(&self.spot.link);
        // From here on: who gives up waiting for the file does not know whether it is there.
        let unfinished = self.unfinished.insert(Unfinished {
            link: Rc::clone(&link),
            path: path.clone(),
            file: None,
            len: Cell::new(0),
            is_kept: self.resumes,
        });
        match link.open(&path, Opening::New { mode: MODE_UNFINISHED }).await.map_err(Error::begun)? {
            Ok(file) => {
                unfinished.file = Some(file);
                Ok(())
            }
            Err(failure) => {
                unfinished.is_kept = true;
                Err(match failure {
                    Failure::Status { code: StatusCode::NoSuchFile, .. } => no_directory(&self.label()),
                    failure => cannot("write", &self.label(), &failure),
                })
            }
        }
    }

    /// What a broken transfer has left behind, if it is ours: nobody but its owner may change its mode.
    /// What is longer than the source is no part of it.
    async fn reopen(&mut self, path: &[u8], size: u64) -> Result<Option<Partial>> {
        let link = Rc::clone(&self.spot.link);
        let found = link.link_stat(path).await.map_err(Error::begun)?.ok().and_then(Outcome::attrs);
        let Some(found) = found.filter(is_unfinished) else { return Ok(None) };
        let len = found.size.unwrap_or_default();
        if len == 0 || len > size {
            return Ok(None);
        }
        let Ok(file) = link.open(path, Opening::Update).await.map_err(Error::begun)? else { return Ok(None) };
        // Opening it follows links, and one may have been put there meanwhile.
        if !file.stat().await?.is_ok_and(|opened| is_same(&opened, &found)) {
            return Ok(None);
        }
        let own = NewAttrs { mode: Some(MODE_UNFINISHED), times: None };
        if file.change(own).await?.is_err() {
            return Ok(None);
        }
        let digest = match by_program(&self.spot.machine, path, Span::Whole, false).await {
            Some(digest) => digest,
            None => read_back(&file, Span::First(len), &self.label()).await?,
        };
        let (path, file) = (path.to_vec(), Some(file));
        self.unfinished = Some(Unfinished { link, path, file, len: Cell::new(len), is_kept: true });
        Ok(Some(Partial { len, sha256: digest.sha256 }))
    }

    /// Keeps out other transfers that would write to a file of the same name.
    fn begin_writing(&self, path: &[u8]) -> Result<Writing> {
        self.caller.writing(&self.spot.host, path).map_err(|taken| match taken {
            Taken::ByAnother => is_being_written(&self.label()),
            Taken::Full => {
                let text = "Too many files are being written; try again later";
                Error::refused(Reason::Transfers, Kind::Busy, text)
            }
        })
    }

    /// Errors: the other name does not lead to a file as long as what was written. Who writes from elsewhere, or by
    /// another name of the host, is not kept out.
    async fn check_written(&self, unfinished: &Unfinished) -> Result<()> {
        let found = self.spot.link.link_stat(&unfinished.path).await.map_err(Error::begun)?;
        let found = found.ok().and_then(Outcome::attrs);
        let is_it = found.is_some_and(|found| {
            found.file_type() == FileType::Regular && found.size == Some(unfinished.len.get())
        });
        if is_it { Ok(()) } else { Err(is_another(&self.label())) }
    }

    fn file(&self) -> Result<&OpenFile> {
        self.unfinished.as_ref().and_then(|unfinished| unfinished.file.as_ref()).ok_or_else(not_open)
    }

    /// Renames what is written to what it is to be.
    async fn put_in_place(&self, from: &[u8]) -> Result<()> {
        let link = &self.spot.link;
        let failed = |failure: Failure| cannot("write", &self.label(), &failure);
        if !self.may_replace {
            let renamed = link.rename(from, &self.path).await.map_err(Error::begun)?;
            // Version 3 has no word for it.
            let is_there =
                renamed.is_err() && link.link_stat(&self.path).await.map_err(Error::begun)?.is_ok();
            return if is_there { Err(exists(&self.label())) } else { renamed.map(drop).map_err(failed) };
        }
        if link.extensions().replace {
            return link.replace(from, &self.path).await.map_err(Error::begun)?.map(drop).map_err(failed);
        }
        let _ = link.remove(&self.path).await.map_err(Error::begun)?;
        link.rename(from, &self.path).await.map_err(Error::begun)?.map(drop).map_err(failed)
    }
}

impl Target for RemoteTarget {
    const AHEAD: usize = TRANSFER_WRITES_AHEAD;

    async fn prepare(&mut self, head: &Head) -> Result<Partial> {
        self.settle(head).await?;
        let path = self.unfinished_path(head);
        if self.resumes {
            self.writing = Some(self.begin_writing(&path)?);
            if let Some(partial) = self.reopen(&path, head.size).await? {
                return Ok(partial);
            }
            let _ = self.spot.link.remove(&path).await.map_err(Error::begun)?;
        }
        self.create(path).await?;
        Ok(Partial::NONE)
    }

    async fn restart(&mut self) -> Result<()> {
        let Some(unfinished) = self.unfinished.take() else { return Err(not_open()) };
        let path = unfinished.path.clone();
        drop(unfinished);
        let failed = |failure: Failure| cannot("write", &self.label(), &failure);
        self.spot.link.remove(&path).await.map_err(Error::begun)?.map_err(failed)?;
        self.create(path).await
    }

    async fn write(&self, offset: u64, data: Vec<u8>) -> Result<()> {
        let failed = |failure: Failure| cannot("write", &self.label(), &failure);
        let Some(unfinished) = &self.unfinished else { return Err(not_open()) };
        let end = offset + data.len() as u64;
        self.file()?.write(offset, data).await?.map_err(failed)?;
        unfinished.len.set(unfinished.len.get().max(end));
        Ok(())
    }

    async fn digest(&self, span: Span, expected: &[u8]) -> Result<Digest> {
        let Some(unfinished) = &self.unfinished else { return Err(not_open()) };
        let file = self.file()?;
        let digest = by_program(&self.spot.machine, &unfinished.path, span, true).await;
        if !digest.is_some_and(|digest| digest.is_synced) {
            file.sync().await?.map_err(|failure| cannot("write", &self.label(), &failure))?;
        }
        match digest {
            Some(digest) if digest.sha256 == expected => Ok(digest),
            _ => read_back(file, span, &self.label()).await,
        }
    }

    fn spoil(&mut self) {
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.is_kept = false;
        }
    }

    async fn finish(&mut self, head: &Head) -> Result<(String, bool)> {
        let attrs = NewAttrs { mode: Some(head.mode), times: head.modified.map(|time| (time, time)) };
        let keeps = self.file()?.change(attrs).await?.is_ok();
        let Some(unfinished) = &mut self.unfinished else { return Err(not_open()) };
        let Some(file) = unfinished.file.take() else { return Err(not_open()) };
        let path = unfinished.path.clone();
        let closed = file.close().await.map_err(Error::begun)?;
        closed.map_err(|failure| cannot("write", &self.label(), &failure))?;
        if let Some(unfinished) = &self.unfinished {
            self.check_written(unfinished).await?;
        }
        self.put_in_place(&path).await?;
        // There is nothing of that name any more.
        self.unfinished.iter_mut().for_each(|unfinished| unfinished.is_kept = true);
        Ok((self.label(), keeps))
    }
}

fn not_open() -> Error {
    Error::new(Kind::Internal, "a transfer writes to a file that is not open")
}
