//! The end of a transfer that writes: under another name beside the target first, so that what stands at the target is
//! the whole file or what was there before.

use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

use super::bridge::{End, Head, Partial, Word, Writer};
use super::digest::{By, Digest, Span, hex};
use crate::base::{Error, Kind, Result};

/// A file that is written.
pub(super) trait Target {
    /// Pieces that are written at once.
    const AHEAD: usize;

    /// Finds where to write, and what there is of it already where a broken transfer is to go on.
    async fn prepare(&mut self, head: &Head) -> Result<Partial>;

    /// Begins anew: what there was is of no use.
    async fn restart(&mut self) -> Result<()>;

    async fn write(&self, offset: u64, data: Vec<u8>) -> Result<()>;

    /// Of what has been written, with everything on the disk.
    async fn digest(&self, span: Span, expected: &[u8]) -> Result<Digest>;

    /// What was written is of no use to anybody.
    fn spoil(&mut self);

    /// Gives it its mode, its time and its name. Returns how it is called, and whether it has mode and time.
    async fn finish(&mut self, head: &Head) -> Result<(String, bool)>;
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    /// What it is called, as it is shown.
    pub label: String,
    /// In bytes.
    pub size: u64,
    /// Bytes that were there already.
    pub resumed_at: u64,
    /// SHA-256 of what was written behind those, in hexadecimal.
    pub sha256: String,
    pub checked_by: By,
    pub is_changed: bool,
    pub keeps_attributes: bool,
}

/// Writes what comes, compares it with what was read, and puts it in its place.
///
/// Errors: those of the file; what was written is not what was read.
pub(super) async fn receive<T: Target>(target: &mut T, from: &Writer) -> Result<Received> {
    let Word::Head(head) = from.hear().await else { return Err(out_of_order()) };
    let partial = target.prepare(&head).await?;
    from.tell(partial).await;
    let Word::From(begin) = from.hear().await else { return Err(out_of_order()) };
    if partial.len > 0 && begin != partial.len {
        target.restart().await?;
    }
    let (size, end) = write_all(target, from, begin, head.size).await?;
    let span = if begin > 0 { Span::Behind(begin) } else { Span::Whole };
    let written = target.digest(span, &end.sha256).await?;
    if written.sha256 != end.sha256 {
        target.spoil();
        let text = format!(
            "What was written is not what was read: SHA-256 {}, expected {}",
            hex(&written.sha256),
            hex(&end.sha256)
        );
        return Err(Error::new(Kind::Remote, text));
    }
    let (label, keeps_attributes) = target.finish(&head).await?;
    Ok(Received {
        label,
        size,
        resumed_at: begin,
        sha256: hex(&end.sha256),
        checked_by: written.by,
        is_changed: end.is_changed,
        keeps_attributes,
    })
}

/// Writes pieces as they come, several at once, up to the end. Pieces of nothing but zeros are left out: a file system
/// makes holes of them, or zeros. Only at its end a file must have been written.
async fn write_all<T: Target>(target: &T, from: &Writer, begin: u64, size: u64) -> Result<(u64, End)> {
    let mut writes = FuturesUnordered::new();
    let (mut position, mut done, mut ends_in_hole) = (begin, begin, false);
    loop {
        let next = if writes.len() < T::AHEAD {
            match select(pin!(from.hear()), pin!(one(&mut writes))).await {
                Either::Left((word, _)) => Either::Left(word),
                Either::Right((written, _)) => Either::Right(written),
            }
        } else {
            Either::Right(one(&mut writes).await)
        };
        match next {
            Either::Right(written) => {
                done += written?;
                from.mark((done, size.max(done)));
            }
            Either::Left(Word::Piece(piece)) => {
                let (offset, len) = (position, piece.len() as u64);
                position += len;
                ends_in_hole = piece.iter().all(|byte| *byte == 0);
                if ends_in_hole {
                    done += len;
                    from.mark((done, size.max(done)));
                } else {
                    writes.push(async move { target.write(offset, piece).await.map(|()| len) });
                }
            }
            Either::Left(Word::End(end)) => {
                while let Some(written) = writes.next().await {
                    written?;
                }
                if ends_in_hole {
                    target.write(position - 1, vec![0]).await?;
                }
                from.mark((position, position));
                return Ok((position, end));
            }
            Either::Left(Word::Head(_) | Word::From(_)) => return Err(out_of_order()),
        }
    }
}

/// The next that is written; never where none is under way.
async fn one<F: Future>(writes: &mut FuturesUnordered<F>) -> F::Output {
    match writes.next().await {
        Some(written) => written,
        None => std::future::pending().await,
    }
}

fn out_of_order() -> Error {
    Error::new(Kind::Internal, "the ends of a transfer do not understand each other")
}
