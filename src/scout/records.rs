//! Records that a command prints one after another, each with a byte behind it that no record holds.

use std::ops::ControlFlow;

/// As many records as are wanted, and whether there are more.
#[derive(Debug)]
pub(super) struct Records {
    data: Vec<u8>,
    /// Records and bytes that further output may have.
    left: usize,
    room: usize,
    /// There are more than were wanted.
    pub is_over: bool,
}

impl Records {
    /// `count` records of no more than so many bytes together.
    pub fn up_to(count: usize, bytes: u64) -> Self {
        let room = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { data: Vec::new(), left: count, room, is_over: false }
    }

    /// Takes output in which `end` stands behind each record.
    pub fn take(&mut self, end: u8, bytes: &[u8]) -> ControlFlow<()> {
        let mut kept = 0;
        for at in memchr::memchr_iter(end, bytes) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            kept = at + 1;
        }
        let begun = if self.left == 0 { kept } else { bytes.len() };
        self.is_over = begun < bytes.len() || begun > self.room;
        let begun = begun.min(self.room);
        self.data.extend_from_slice(&bytes[..begun]);
        self.room -= begun;
        if self.is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Those that are there to their end.
    pub fn whole(&self, end: u8) -> impl Iterator<Item = &[u8]> {
        let until = memchr::memrchr(end, &self.data);
        until.into_iter().flat_map(move |until| self.data[..until].split(move |byte| *byte == end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(count: usize, bytes: u64, output: &str, piece: usize) -> (Vec<String>, bool) {
        let mut records = Records::up_to(count, bytes);
        let _ = output.as_bytes().chunks(piece).try_for_each(|piece| records.take(0, piece));
        let whole = records.whole(0).map(|record| String::from_utf8(record.into()).unwrap()).collect();
        (whole, records.is_over)
    }

    #[test]
    fn as_many_as_are_wanted_and_whether_there_are_more() {
        for piece in 1..8 {
            for (count, bytes, output, whole, is_over) in [
                (9, 99, "", &[][..], false),
                (9, 99, "a", &[], false),
                (2, 99, "a\0bc\0", &["a", "bc"], false),
                (2, 99, "a\0bc\0d", &["a", "bc"], true),
                (2, 99, "\0\0", &["", ""], false),
                (9, 5, "a\0bc\0", &["a", "bc"], false),
                (9, 4, "a\0bc\0", &["a"], true),
            ] {
                let whole: Vec<String> = whole.iter().map(|record| (*record).to_owned()).collect();
                assert_eq!(taken(count, bytes, output, piece), (whole, is_over), "{output:?} by {piece}");
            }
        }
    }
}
