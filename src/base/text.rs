//! Text from outside, made fit to be repeated in a message of ours.

use std::borrow::Cow;
use std::sync::Arc;

/// A text that many hold and nobody changes, on whichever core: to copy it is to count one more.
pub type SharedText = Arc<str>;

/// Bytes as text; what is no UTF-8 becomes U+FFFD. As the standard library's, which looks at each byte of what is good, too.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Whether a character of a text from outside does more than stand there: it ends a line, moves the cursor, turns round how
/// what stands around it is read (UAX #9 §2), or is not seen at all (tags, byte order marks).
pub fn is_unruly(c: char) -> bool {
    c.is_control()
        || c >= '\u{61c}'
            && matches!(
                c,
                '\u{61c}'
                    | '\u{200b}'
                    | '\u{200e}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{feff}'
                    | '\u{e0000}'..='\u{e007f}'
            )
}

/// How much of a value is repeated: enough to recognise it.
const SHOWN_CHARS_MAX: usize = 120;

/// A caller's text as an error shows it: control characters escaped, only the beginning of a long one.
pub fn shown(text: &str) -> String {
    on_one_line(text, SHOWN_CHARS_MAX)
}

/// Text on one line, fit for a terminal: control characters escaped, cut after `chars_max` characters as they are written.
pub fn on_one_line(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(chars_max));
    let mut room = chars_max;
    for c in text.chars() {
        let escape = is_unruly(c).then(|| escape(c));
        let Some(left) = room.checked_sub(escape.as_ref().map_or(1, String::len)) else {
            shown.push('…');
            break;
        };
        room = left;
        match escape {
            Some(escape) => shown.push_str(&escape),
            None => shown.push(c),
        }
    }
    shown
}

/// What is written for a character that is unruly, in ASCII.
fn escape(c: char) -> String {
    match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.escape_unicode().to_string(),
    }
}

/// Text without characters that are [unruly](is_unruly), which are escaped: names may hold anything.
pub fn harmless(text: &str) -> String {
    if !text.contains(is_unruly) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_unruly(char) { out.extend(char.escape_default()) } else { out.push(char) }
    }
    out
}

/// What the system says of an error, without its number: `No such file or directory`.
pub fn without_error_number(text: String) -> String {
    let Some((before, rest)) = text.split_once(" (os error ") else { return text };
    match rest.split_once(')') {
        Some((number, after)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}{after}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_character_is_replaced() {
        assert!(matches!(lossy("aé".as_bytes()), Cow::Borrowed("aé")));
        assert_eq!(lossy(b"a\xffb\xc3"), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn what_would_deceive_a_reader_is_escaped() {
        let name = "a\u{1b}[31mé\nb\u{202e}txt.exe\u{2028}x\u{2066}\u{200b}\u{e0041}👩\u{200d}🚀";
        let escaped = "a\\u{1b}[31mé\\nb\\u{202e}txt.exe\\u{2028}x\\u{2066}\\u{200b}\\u{e0041}👩\u{200d}🚀";
        assert_eq!(harmless(name), escaped);
        assert_eq!(shown("\u{202e}a\u{2029}\u{feff}"), "\\u{202e}a\\u{2029}\\u{feff}");
        assert_eq!(harmless("ünicode 漢"), "ünicode 漢");
    }

    #[test]
    fn numbers_of_errors_are_left_out() {
        let error = std::io::Error::from_raw_os_error(111).to_string();
        assert_eq!(without_error_number(format!("{error}; sorry")), "Connection refused; sorry");
        for text in ["", "plain", "x (os error", "x (os error y)"] {
            assert_eq!(without_error_number(text.to_owned()), text);
        }
    }

    #[test]
    fn short_and_printable() {
        assert_eq!(shown("a\u{1b}[2J\n\0é\u{9b}"), "a\\x1b[2J\\n\\x00é\\x9b");
        assert_eq!(shown(&"é".repeat(1_000)).chars().count(), SHOWN_CHARS_MAX + 1);
        assert_eq!(on_one_line("a\nbc", 3), "a\\n…");
        assert!(shown(&"\u{e0041}".repeat(1_000)).len() <= SHOWN_CHARS_MAX + "…".len());
    }
}
