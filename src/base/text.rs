//! Text from outside, made fit to be repeated in a message of ours.

/// How much of a value is repeated: enough to recognise it.
const SHOWN_CHARS_MAX: usize = 120;

/// A caller's text as an error shows it: control characters escaped, only the beginning of a long one.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_CHARS_MAX));
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN_CHARS_MAX {
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
