//! Cuts lines out of bytes that come piece by piece, and finds the last ones from behind. Knows no files.

/// Takes some lines of what passes, and no more bytes of them than a limit.
#[derive(Debug)]
pub(super) struct Cutter {
    /// Lines before the first wanted one.
    skip: u64,
    /// Lines still wanted; the last may end without a line break.
    want: u64,
    limit: usize,
    /// Bytes that have passed, the kept ones included.
    passed: u64,
    pub data: Vec<u8>,
    /// Where the kept bytes begin.
    pub offset: u64,
    /// There are more bytes in the wanted lines than the limit allows.
    pub is_cut: bool,
}

impl Cutter {
    /// `limit` counts bytes.
    pub fn new(skip: u64, want: u64, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { skip, want, limit, passed: 0, data: Vec::new(), offset: 0, is_cut: false }
    }

    /// Bytes that have passed while the first wanted line has not come.
    pub fn skipped(&self) -> u64 {
        if self.skip > 0 { self.passed } else { 0 }
    }

    /// Whether nothing more is wanted.
    pub fn is_done(&self) -> bool {
        self.want == 0 || self.is_cut
    }

    /// Takes of the next piece what is wanted, and says whether all of the piece has passed.
    pub fn take(&mut self, piece: &[u8]) -> bool {
        let skipped = after_lines(piece, &mut self.skip);
        self.passed += skipped as u64;
        if self.data.is_empty() {
            self.offset = self.passed;
        }
        let wanted = if self.skip > 0 { 0 } else { after_lines(&piece[skipped..], &mut self.want) };
        let room = self.limit - self.data.len();
        self.is_cut |= wanted > room;
        self.data.extend_from_slice(&piece[skipped..skipped + wanted.min(room)]);
        self.passed += wanted as u64;
        skipped + wanted == piece.len()
    }
}

/// Where the piece goes on behind so many lines; they are counted down. Its end, if it has fewer.
fn after_lines(piece: &[u8], lines: &mut u64) -> usize {
    if *lines == 0 {
        return 0;
    }
    for end in memchr::memchr_iter(b'\n', piece) {
        *lines -= 1;
        if *lines == 0 {
            return end + 1;
        }
    }
    piece.len()
}

/// Finds where the last lines begin, in pieces that come from behind.
#[derive(Debug)]
pub(super) struct Rear {
    lines: u64,
    /// Line breaks in front of lines that are wanted, the one before the first included.
    breaks: u64,
    is_end: bool,
}

impl Rear {
    pub fn new(lines: u64) -> Self {
        Self { lines, breaks: lines, is_end: true }
    }

    /// Where in this piece the lines begin, if they do.
    pub fn take(&mut self, piece: &[u8]) -> Option<usize> {
        if self.lines == 0 {
            return Some(piece.len());
        }
        // A line break at the very end belongs to the last line.
        let is_last_break = std::mem::take(&mut self.is_end) && piece.ends_with(b"\n");
        let end = piece.len() - usize::from(is_last_break);
        for at in memchr::memrchr_iter(b'\n', &piece[..end]) {
            self.breaks -= 1;
            if self.breaks == 0 {
                return Some(at + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(text: &str) -> Vec<&str> {
        text.split_inclusive('\n').collect()
    }

    #[test]
    fn what_exceeds_the_limit_is_cut() {
        let mut cutter = Cutter::new(1, 2, 5);
        assert!(cutter.take(b"skipped\nab"));
        assert!(!cutter.is_done() && cutter.take(b"c\nd"));
        assert_eq!((cutter.data.as_slice(), cutter.offset, cutter.is_done()), (&b"abc\nd"[..], 8, false));
        assert!(cutter.take(b"e"));
        assert_eq!((cutter.data.as_slice(), cutter.is_cut, cutter.is_done()), (&b"abc\nd"[..], true, true));
    }

    proptest! {
        #[test]
        fn lines_come_out_whole_however_they_come_in(
            text in "[ab\n]{0,40}",
            skip in 0..6u64,
            want in 1..6u64,
            size in 1..9usize,
        ) {
            let mut cutter = Cutter::new(skip, want, 1000);
            let mut whole = true;
            for piece in text.as_bytes().chunks(size) {
                whole = cutter.take(piece);
                if cutter.is_done() {
                    break;
                }
            }
            let lines = naive(&text);
            let (skip, want) = (skip as usize, want as usize);
            let expected: String = lines.iter().skip(skip).take(want).copied().collect();
            prop_assert_eq!(String::from_utf8(cutter.data.clone()).unwrap(), expected.clone());
            if !expected.is_empty() {
                prop_assert_eq!(cutter.offset as usize, lines.iter().take(skip).map(|line| line.len()).sum::<usize>());
            }
            if lines.len() > skip + want && cutter.is_done() {
                // What follows lies in the rest of the piece, or behind it.
                prop_assert_eq!(whole, (cutter.passed as usize).is_multiple_of(size) || cutter.passed as usize == text.len());
            }
        }

        #[test]
        fn the_last_lines_are_found_from_behind(text in "[ab\n]{0,40}", lines in 0..6u64, size in 1..9usize) {
            let all = naive(&text);
            let expected: String = all[all.len().saturating_sub(lines as usize)..].concat();
            let (mut rear, mut seen) = (Rear::new(lines), Vec::new());
            for piece in text.as_bytes().rchunks(size) {
                let start = rear.take(piece);
                seen.splice(..0, piece[start.unwrap_or(0)..].iter().copied());
                if start.is_some() {
                    break;
                }
            }
            prop_assert_eq!(String::from_utf8(seen).unwrap(), expected);
        }
    }
}
