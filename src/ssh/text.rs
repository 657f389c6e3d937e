//! Text of the peer, made safe to show: no control characters, no terminal escapes, bounded.

use crate::base::text::is_unruly;

/// The first `bytes_max` bytes as text. Line ends stay, other control characters become `.`.
pub fn sanitise(bytes: &[u8], bytes_max: usize) -> String {
    let cut = bytes.get(..bytes_max).unwrap_or(bytes);
    let text = String::from_utf8_lossy(cut);
    text.replace("\r\n", "\n").chars().map(|c| if is_unruly(c) && c != '\n' { '.' } else { c }).collect()
}

/// As [`sanitise`], on one line.
pub fn sanitise_line(bytes: &[u8], bytes_max: usize) -> String {
    sanitise(bytes, bytes_max).trim().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        assert_eq!(sanitise(b"a\x1b[2Jb\r\nc\x07", 64), "a.[2Jb\nc.");
        assert_eq!(sanitise_line(b" one\ntwo\r\n", 64), "one two");
    }

    #[test]
    fn a_cut_character_is_replaced() {
        assert_eq!(sanitise("aé".as_bytes(), 2), "a\u{fffd}");
    }
}
