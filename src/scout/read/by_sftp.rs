//! Parts of files by SFTP: what lies before and behind them is not carried here.

use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::lines::{Cutter, Rear};
use super::part::{Cut, Part, Piece};
use crate::base::Result;
use crate::base::limits::{COPY_PIECE_BYTES, COPY_PIECES_AHEAD, READ_FIRST_BYTES, READ_SKIPPED_BYTES_MAX};
use crate::fleet::Link;
use crate::scout::paths::{explain, is_device, is_directory, unexpected};
use crate::sftp::{Failure, FileType, Outcome};
use crate::target::RemotePath;

/// A file on a host that has SFTP.
pub(super) struct File<'a> {
    pub link: &'a Rc<Link>,
    /// As SFTP knows it.
    pub name: &'a [u8],
    pub path: &'a RemotePath,
}

/// What SFTP is not for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// A device, which would hold up everything else on the SFTP channel; or the end of a file of which nobody knows where
    /// it is.
    Special,
    /// What is wanted lies so far behind that the host had better look for it.
    Far,
}

/// Some bytes of it.
struct Bytes {
    data: Vec<u8>,
    size: Option<u64>,
    goes_on: bool,
}

impl File<'_> {
    /// A part of it, up to a limit in bytes.
    pub async fn part(&self, part: Part, limit: u64) -> Result<Result<Piece, Unread>> {
        match part {
            Part::Bytes { offset, length } => self.bytes(offset, length, limit).await,
            Part::Head(lines) => self.forward(Cutter::new(0, lines, limit), limit).await,
            Part::Tail(lines) => self.backward(lines, limit).await,
            Part::Lines { first, last } => {
                let skip = first.get() - 1;
                self.forward(Cutter::new(skip, last.saturating_sub(skip), limit), limit).await
            }
        }
    }

    async fn bytes(&self, offset: u64, length: Option<u64>, limit: u64) -> Result<Result<Piece, Unread>> {
        let asked = length.unwrap_or(limit).min(limit);
        let Bytes { data, size, goes_on } = match self.read(offset, asked).await? {
            Ok(bytes) => bytes,
            Err(unread) => return Ok(Err(unread)),
        };
        let cut = (goes_on && length.is_none_or(|length| length > limit)).then_some(Cut::End(limit));
        Ok(Ok(Piece { data, offset: Some(offset), size, goes_on, cut }))
    }

    /// Reads ahead more and more, and never further than as much again as has been read.
    async fn forward(&self, mut cutter: Cutter, limit: u64) -> Result<Result<Piece, Unread>> {
        let mut reads = FuturesOrdered::from_iter([self.read(0, READ_FIRST_BYTES)]);
        let (mut asked, mut ahead) = (READ_FIRST_BYTES, 1);
        let (mut size, mut goes_on) = (None, false);
        while let Some(bytes) = reads.next().await {
            let bytes = match bytes? {
                Ok(bytes) => bytes,
                Err(unread) => return Ok(Err(unread)),
            };
            let is_through = cutter.take(&bytes.data);
            (size, goes_on) = (bytes.size, bytes.goes_on || !is_through);
            if cutter.is_done() || !bytes.goes_on {
                break;
            }
            if cutter.skipped() >= READ_SKIPPED_BYTES_MAX {
                return Ok(Err(Unread::Far));
            }
            ahead = (ahead + 1).min(COPY_PIECES_AHEAD as usize);
            while reads.len() < ahead {
                reads.push_back(self.read(asked, COPY_PIECE_BYTES));
                asked += COPY_PIECE_BYTES;
            }
        }
        let Cutter { data, offset, is_cut, .. } = cutter;
        Ok(Ok(Piece { data, offset: Some(offset), size, goes_on, cut: is_cut.then_some(Cut::End(limit)) }))
    }

    async fn backward(&self, lines: u64, limit: u64) -> Result<Result<Piece, Unread>> {
        let size = match self.size().await? {
            Ok(size) => size,
            Err(unread) => return Ok(Err(unread)),
        };
        let (mut rear, mut pieces) = (Rear::new(lines), Vec::new());
        let (mut begin, mut left, mut step) = (size, limit, READ_FIRST_BYTES);
        let mut start = None;
        while start.is_none() && begin > 0 && left > 0 {
            let length = step.min(begin).min(left);
            let bytes = match self.read(begin - length, length).await? {
                Ok(bytes) => bytes,
                Err(unread) => return Ok(Err(unread)),
            };
            start = rear.take(&bytes.data);
            pieces.push(bytes.data);
            (begin, left) = (begin - length, left - length);
            step = (2 * step).min(COPY_PIECE_BYTES);
        }
        pieces.reverse();
        let mut data = pieces.concat();
        let start = start.unwrap_or(0);
        data.drain(..start);
        let offset = begin + start as u64;
        let cut = (start == 0 && begin > 0 && left == 0).then_some(Cut::Beginning(limit));
        Ok(Ok(Piece { data, offset: Some(offset), size: Some(size), goes_on: false, cut }))
    }

    /// Files that the kernel makes up have none.
    async fn size(&self) -> Result<Result<u64, Unread>> {
        match self.link.stat(self.name).await? {
            Ok(Outcome::Stat(attrs)) => match attrs.file_type() {
                FileType::Regular => Ok(attrs.size.filter(|size| *size > 0).ok_or(Unread::Special)),
                other => self.fail(&Failure::NotRegular(other)),
            },
            Ok(_) => Err(unexpected()),
            Err(failure) => self.fail(&failure),
        }
    }

    async fn read(&self, offset: u64, length: u64) -> Result<Result<Bytes, Unread>> {
        match self.link.read(self.name, offset, length).await? {
            Ok(Outcome::Read { data, attrs, more }) => {
                let size = attrs.size.filter(|size| *size > 0);
                Ok(Ok(Bytes { data, size, goes_on: more }))
            }
            Ok(_) => Err(unexpected()),
            Err(failure) => self.fail(&failure),
        }
    }

    fn fail<T>(&self, failure: &Failure) -> Result<Result<T, Unread>> {
        Err(match failure {
            Failure::NotRegular(kind) if is_device(*kind) => return Ok(Err(Unread::Special)),
            Failure::NotRegular(FileType::Directory) => is_directory(self.path),
            failure => explain(self.path, failure),
        })
    }
}
