//! The end of a transfer that reads.

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::bridge::{End, Head, Partial, Reader, Word};
use super::digest::{Digest, Span};
use crate::base::limits::TRANSFER_PIECE_BYTES;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::crypto::hash::Sha256;

/// A file that is read.
pub(super) trait Source {
    /// Pieces that are read at once: at least one.
    fn ahead(&self) -> usize;

    fn head(&self) -> &Head;

    /// `len` bytes from `offset` on; fewer where the file ends.
    async fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>>;

    /// Of its first bytes.
    async fn digest(&self, span: Span) -> Result<Digest>;

    /// Its size and the time of its last modification, as they are now.
    async fn state(&self) -> Result<(u64, Option<u32>)>;
}

/// Reads a file from where it is to be read, and hands it over. Bytes that come to it meanwhile are left out.
///
/// Errors: those of the file; it became shorter.
pub(super) async fn send<S: Source>(source: &S, to: &Reader) -> Result<()> {
    let head = source.head();
    to.say(Word::Head(head.clone())).await;
    let begin = begin(source, to.partial().await).await?;
    to.say(Word::From(begin)).await;

    // Of a file without a size nobody knows whether there is a second piece.
    let (end, ahead) = if head.size > 0 { (head.size, source.ahead()) } else { (u64::MAX, 1) };
    let mut sum = Sha256::new();
    let (mut asked, mut position) = (begin, begin);
    let mut reads = FuturesOrdered::new();
    loop {
        while reads.len() < ahead && asked < end {
            let len = TRANSFER_PIECE_BYTES.min(end - asked);
            let offset = asked;
            reads.push_back(async move { Ok::<_, Error>((source.read(offset, len).await?, len)) });
            asked += len;
        }
        let Some(read) = reads.next().await else { break };
        let (piece, len) = read?;
        let is_short = (piece.len() as u64) < len;
        position += piece.len() as u64;
        sum.update(&piece);
        if !piece.is_empty() {
            to.say(Word::Piece(piece)).await;
        }
        if is_short {
            if head.size > 0 {
                return Err(shrunk(head, position));
            }
            break;
        }
    }
    let (size, modified) = source.state().await?;
    let is_changed = modified != head.modified || (head.size > 0 && size != head.size);
    to.say(Word::End(End { sha256: sum.finish(), is_changed })).await;
    Ok(())
}

/// Where to begin: behind what is there already, if that is how the file begins.
async fn begin<S: Source>(source: &S, partial: Partial) -> Result<u64> {
    if partial.len == 0 || partial.len > source.head().size {
        return Ok(0);
    }
    let is_same = source.digest(Span::First(partial.len)).await?.sha256 == partial.sha256;
    Ok(if is_same { partial.len } else { 0 })
}

fn shrunk(head: &Head, at: u64) -> Error {
    let (label, size) = (shown(&head.label), head.size);
    let text = format!("{label} became shorter while it was read: {at} of {size} bytes were there");
    Error::new(Kind::Remote, text)
}
