//! The bytes of one file: which to ask for next, and where an answer belongs. Knows no packets.
//!
//! Positions count from where reading starts. Up to the size the server named, READs run ahead inside a window;
//! beyond it (the file grew, or has no size, as in `/proc`) they go one by one. One byte more than wanted is asked
//! for: it tells a file that ends at the limit from one that goes on.

use super::error::Error;
use crate::base::limits::{SFTP_FILE_RESERVED_BYTES_MAX, SFTP_FILE_WINDOW_BYTES_MAX};
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug)]
pub(super) struct Transfer {
    offset: u64,
    bytes_max: u64,
    /// Bytes wanted behind those, to tell whether there are any.
    beyond: u64,
    /// Bytes from `offset` to the end the server named; `None` when it named none.
    size: Option<u64>,
    /// What has arrived without a hole.
    data: Vec<u8>,
    /// What has arrived behind a hole, by position. All of it lies within the window.
    parked: BTreeMap<u64, Vec<u8>>,
    /// Parts that short answers left out.
    gaps: VecDeque<(u64, u32)>,
    /// Everything before this has been asked for.
    asked: u64,
    /// READs without an answer.
    in_flight: usize,
    /// Where the file ends, once an answer has told.
    end: Option<u64>,
}

impl Transfer {
    /// `size` is what the server said of the whole file; 0 is as good as unknown.
    pub fn new(offset: u64, bytes_max: u64, size: u64) -> Self {
        // No position overflows, the one byte more included.
        let bytes_max = bytes_max.min((u64::MAX - 1).saturating_sub(offset));
        let left = size.saturating_sub(offset);
        // A size is a claim: memory is set aside for no more than most files have.
        let expected = left.min(bytes_max).saturating_add(1).min(SFTP_FILE_RESERVED_BYTES_MAX);
        Self {
            offset,
            bytes_max,
            beyond: 1,
            size: (size > 0).then_some(left),
            data: Vec::with_capacity(expected as usize),
            parked: BTreeMap::new(),
            gaps: VecDeque::new(),
            asked: 0,
            in_flight: 0,
            end: None,
        }
    }

    /// Exactly these bytes of an open file, as far as it has them.
    pub fn piece(offset: u64, len: u64) -> Self {
        Self { beyond: 0, ..Self::new(offset, len, offset.saturating_add(len)) }
    }

    /// The server names the size, perhaps another one than it was before.
    pub fn handle_size(&mut self, size: u64) {
        self.size = (size > 0).then_some(size.saturating_sub(self.offset));
    }

    /// Whether there is something to ask for now.
    pub fn wants_more(&self) -> bool {
        !self.gaps.is_empty() || self.next_span().is_some()
    }

    /// The file offset and length of the next READ, of at most `len_max` bytes; `None` if that is 0.
    pub fn next(&mut self, len_max: u32) -> Option<(u64, u32)> {
        if len_max == 0 {
            return None;
        }
        let (position, len) = match self.gaps.pop_front() {
            Some((position, len)) => {
                // The server's limit may have become known, and be lower, since.
                if len > len_max {
                    self.gaps.push_front((position + u64::from(len_max), len - len_max));
                }
                (position, len.min(len_max))
            }
            None => {
                let len = self.next_span()?.min(u64::from(len_max)) as u32;
                let position = self.asked;
                self.asked += u64::from(len);
                (position, len)
            }
        };
        self.in_flight += 1;
        Some((self.offset + position, len))
    }

    /// The answer to the READ of `len` bytes at `offset`.
    pub fn handle_data(&mut self, offset: u64, len: u32, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() > len as usize {
            return Err(Error::TooMuchData { asked: len, sent: bytes.len() });
        }
        if bytes.is_empty() {
            // Some servers say so at the end of a file; asking again would never end.
            self.handle_eof(offset);
            return Ok(());
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        let position = offset.saturating_sub(self.offset);
        self.place(position, bytes);
        let sent = bytes.len() as u32;
        if sent < len {
            self.handle_short(position + u64::from(sent), len - sent);
        }
        Ok(())
    }

    /// The file ends at or before `offset`.
    pub fn handle_eof(&mut self, offset: u64) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.ends_at(offset.saturating_sub(self.offset));
    }

    /// The data, and whether the file goes on, once all has arrived.
    pub fn finish(&mut self) -> Option<(Vec<u8>, bool)> {
        let arrived = self.data.len() as u64;
        if arrived < self.wanted() && self.end.is_none_or(|end| arrived < end) {
            return None;
        }
        let more = arrived > self.bytes_max;
        let mut data = std::mem::take(&mut self.data);
        if more {
            data.truncate(self.bytes_max as usize);
        }
        Some((data, more))
    }

    fn wanted(&self) -> u64 {
        self.bytes_max + self.beyond
    }

    /// How many bytes from `asked` on may be asked for in one go.
    fn next_span(&self) -> Option<u64> {
        if self.end.is_some() {
            return None;
        }
        let known = self.size.unwrap_or(0).min(self.bytes_max).saturating_add(self.beyond);
        let until = if self.asked < known {
            known.min((self.data.len() as u64).saturating_add(SFTP_FILE_WINDOW_BYTES_MAX))
        } else if self.in_flight == 0 && self.gaps.is_empty() {
            self.wanted()
        } else {
            return None;
        };
        until.checked_sub(self.asked).filter(|span| *span > 0)
    }

    /// An answer left out `len` bytes at `position`. At the end of a regular file that is the end (draft §6.4);
    /// before the end that the server named, and in files without a size, it is merely short.
    fn handle_short(&mut self, position: u64, len: u32) {
        if self.size.is_some_and(|size| position >= size) {
            self.ends_at(position);
        } else if position + u64::from(len) == self.asked {
            self.asked = position;
        } else {
            self.gaps.push_back((position, len));
        }
    }

    fn ends_at(&mut self, position: u64) {
        let end = self.end.map_or(position, |end| end.min(position));
        self.end = Some(end);
        self.gaps.retain(|(gap, _)| *gap < end);
    }

    fn place(&mut self, position: u64, bytes: &[u8]) {
        if position != self.data.len() as u64 {
            self.park(position, bytes);
            return;
        }
        self.data.extend_from_slice(bytes);
        while let Some(bytes) = self.parked.remove(&(self.data.len() as u64)) {
            self.data.extend_from_slice(&bytes);
        }
    }

    /// Pieces that touch become one: a server that answers in crumbs costs no entry for each.
    fn park(&mut self, position: u64, bytes: &[u8]) {
        match self.parked.range_mut(..position).next_back() {
            Some((start, piece)) if start + piece.len() as u64 == position => piece.extend_from_slice(bytes),
            _ => {
                self.parked.insert(position, bytes.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crumbs_behind_a_hole_are_kept_as_one_piece() {
        let mut transfer = Transfer::new(0, 100_000, 100_000);
        let hole = transfer.next(1000).unwrap();
        let mut next = transfer.next(50_000).unwrap();
        for at in 0..1000u64 {
            assert_eq!(next.0, 1000 + at);
            transfer.handle_data(next.0, next.1, &[at as u8]).unwrap();
            next = transfer.next(50_000).unwrap();
        }
        assert_eq!(transfer.parked.len(), 1);
        transfer.handle_data(hole.0, hole.1, &[7; 1000]).unwrap();
        assert_eq!(transfer.data.len(), 2000);
        assert!(transfer.data[1000..].iter().enumerate().all(|(at, byte)| *byte == at as u8));
    }
}
