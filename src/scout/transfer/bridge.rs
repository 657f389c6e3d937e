//! What the two ends of a transfer say to each other, from core to core where need be: bounded, so that who reads waits
//! for who writes.
//!
//! ```text
//! reader                      writer
//!   Head  ------------------>          the target is found, what is written goes under another name
//!         <------------------  Partial
//!   From  ------------------>          from the beginning, or from where a broken transfer ended
//!   Piece ------------------>  ...
//!   End   ------------------>          compared, and renamed
//! ```
//!
//! Who finds the other end gone waits: what became of it ends the transfer, and with it whoever waits.

use async_channel::{Receiver, Sender, bounded};

use crate::base::limits::TRANSFER_PIECES_WAITING;
use crate::crypto::hash::SHA256_BYTES;

/// What is to be transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// As which it is written into a directory.
    pub name: String,
    /// Where it comes from, as it is shown.
    pub label: String,
    /// In bytes; 0 also where it is not known before it has been read.
    pub size: u64,
    /// Permissions, without those bits that are about whose it is: set-user-ID and the like.
    pub mode: u32,
    /// Last modification, in seconds since 1970.
    pub modified: Option<u32>,
}

/// What there is of it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partial {
    /// In bytes; 0 where there is nothing.
    pub len: u64,
    pub sha256: [u8; SHA256_BYTES],
}

impl Partial {
    pub const NONE: Self = Self { len: 0, sha256: [0; SHA256_BYTES] };
}

#[derive(Debug)]
pub(super) enum Word {
    Head(Head),
    /// The position of the first piece: 0, or where the partial ends.
    From(u64),
    Piece(Vec<u8>),
    End(End),
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Of the pieces.
    pub sha256: [u8; SHA256_BYTES],
    /// The source was written while it was read.
    pub is_changed: bool,
}

/// How far it is: bytes written, of how many.
pub(super) type Mark = (u64, u64);

/// The end of the one who reads.
#[derive(Debug)]
pub(super) struct Reader {
    words: Sender<Word>,
    partial: Receiver<Partial>,
}

/// The end of the one who writes.
#[derive(Debug)]
pub(super) struct Writer {
    words: Receiver<Word>,
    partial: Sender<Partial>,
    marks: Sender<Mark>,
}

/// Both ends, and where it is told how far the transfer is.
pub(super) fn bridge() -> (Reader, Writer, Receiver<Mark>) {
    let (say, hear) = bounded(TRANSFER_PIECES_WAITING);
    let (tell, told) = bounded(1);
    let (mark, marks) = bounded(1);
    (Reader { words: say, partial: told }, Writer { words: hear, partial: tell, marks: mark }, marks)
}

impl Reader {
    pub async fn say(&self, word: Word) {
        if self.words.send(word).await.is_err() {
            std::future::pending().await
        }
    }

    pub async fn partial(&self) -> Partial {
        match self.partial.recv().await {
            Ok(partial) => partial,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Writer {
    pub async fn hear(&self) -> Word {
        match self.words.recv().await {
            Ok(word) => word,
            Err(_) => std::future::pending().await,
        }
    }

    pub async fn tell(&self, partial: Partial) {
        if self.partial.send(partial).await.is_err() {
            std::future::pending().await
        }
    }

    /// Who is too slow to hear of each hears of the last.
    pub fn mark(&self, mark: Mark) {
        let _ = self.marks.force_send(mark);
    }
}
