//! Text from outside, made fit to be repeated in a message of ours.

use std::sync::Arc;

/// A text that many hold and nobody changes, on whichever core: to copy it is to count one more.
pub type SharedText = Arc<str>;

/// How much of a value is repeated: enough to recognise it.
const SHOWN_CHARS_MAX: usize = 120;

/// A caller's text as an error shows it: control characters escaped, only the beginning of a long one.
pub fn shown(text: &str) -> String {
    on_one_line(text, SHOWN_CHARS_MAX)
}

/// Text on one line, fit for a terminal: control characters escaped, cut after `chars_max` characters.
pub fn on_one_line(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(chars_max));
    for (count, c) in text.chars().enumerate() {
        if count == chars_max {
            shown.push('…');
            break;
        }
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_printable() {
        assert_eq!(shown("a\u{1b}[2J\n\0é\u{9b}"), "a\\x1b[2J\\n\\x00é\\x9b");
        assert_eq!(shown(&"é".repeat(1_000)).chars().count(), SHOWN_CHARS_MAX + 1);
    }
}
