//! A file of the host that stays open: what transfers read from and write to, piece by piece.

use std::rc::Rc;

use super::Link;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::sftp::{Attrs, Failure, Handle, NewAttrs, OpId, Opening, Outcome, Refusal, Session};
use crate::ssh::ChannelId;

/// See the module's documentation. It is closed when it is dropped; what has been written by then is written.
///
/// Errors of its operations, besides failures of the server's: the connection, or the SFTP channel, has ended, and the
/// file with it.
#[derive(Debug)]
pub struct OpenFile {
    link: Rc<Link>,
    channel: ChannelId,
    /// `None` once it has been asked to be closed.
    handle: Option<Handle>,
}

impl Link {
    /// Opens a file. See [`Opening`] for what may stand at `path`.
    pub async fn open(self: &Rc<Self>, path: &[u8], opening: Opening) -> Result<Result<OpenFile, Failure>> {
        let (channel, opened) = self.operate_in(None, |session| session.open(path, opening)).await?;
        Ok(match opened {
            Ok(Outcome::Opened(handle)) => {
                Ok(OpenFile { link: Rc::clone(self), channel, handle: Some(handle) })
            }
            Ok(_) => return Err(unexpected()),
            Err(failure) => Err(failure),
        })
    }
}

impl OpenFile {
    /// How long a message and its answer take to its host and back, as far as is known.
    pub fn round_trip(&self) -> Option<Duration> {
        self.link.memory.round_trip()
    }

    /// `len` bytes from `offset` on; fewer where the file ends.
    pub async fn read(&self, offset: u64, len: u64) -> Result<Result<Vec<u8>, Failure>> {
        Ok(match self.operate(|session, file| session.read_piece(file, offset, len)).await? {
            Ok(Outcome::Data(data)) => Ok(data),
            Ok(_) => return Err(unexpected()),
            Err(failure) => Err(failure),
        })
    }

    pub async fn write(&self, offset: u64, data: Vec<u8>) -> Result<Result<(), Failure>> {
        done(self.operate(|session, file| session.write_piece(file, offset, data)).await?)
    }

    pub async fn stat(&self) -> Result<Result<Attrs, Failure>> {
        match self.operate(Session::describe).await? {
            Ok(outcome) => outcome.attrs().map(Ok).ok_or_else(unexpected),
            Err(failure) => Ok(Err(failure)),
        }
    }

    pub async fn change(&self, attrs: NewAttrs) -> Result<Result<(), Failure>> {
        done(self.operate(|session, file| session.change(file, attrs)).await?)
    }

    /// Brings it to the disk, where the server can.
    pub async fn sync(&self) -> Result<Result<(), Failure>> {
        if !self.link.extensions().sync {
            return Ok(Ok(()));
        }
        let _syncing = self.link.syncing(self.channel);
        done(self.operate(Session::sync).await?)
    }

    /// Closes it, and hears whether everything was written.
    pub async fn close(mut self) -> Result<Result<(), Failure>> {
        let Self { link, channel, handle } = &mut self;
        let close = |session: &mut Session| {
            let op = session.close(handle.clone().ok_or(Refusal::Ended)?)?;
            *handle = None;
            Ok(op)
        };
        let closed = link.operate_in(Some(*channel), close).await?;
        done(closed.1)
    }

    async fn operate(
        &self,
        begin: impl FnOnce(&mut Session, &Handle) -> Result<OpId, Refusal>,
    ) -> Result<Result<Outcome, Failure>> {
        let Some(handle) = &self.handle else { return Err(unexpected()) };
        let done = self.link.operate_in(Some(self.channel), |session| begin(session, handle)).await;
        // A file is open.
        Ok(done.map_err(Error::begun)?.1)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.link.tell(Some(self.channel), |session| session.abandon(&handle));
        }
    }
}

fn done(result: Result<Outcome, Failure>) -> Result<Result<(), Failure>> {
    match result {
        Ok(Outcome::Done) => Ok(Ok(())),
        Ok(_) => Err(unexpected()),
        Err(failure) => Ok(Err(failure)),
    }
}

fn unexpected() -> Error {
    Error::new(Kind::Internal, "the SFTP session answered another question than the one asked")
}
