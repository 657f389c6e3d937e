//! Bytes of files as text: by the mark in front of them, else by what they look like.

use std::borrow::Cow;

use crate::base::text::lossy;

/// How bytes stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// ISO 8859-1: every byte is the character of its number.
    Latin1,
}

impl Encoding {
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Latin1];

    /// As it is called on the web.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "latin-1",
        }
    }

    /// What bytes most likely are; `None` for such that are no text.
    pub fn guess(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xFE, ..] => return Some(Self::Utf16Le),
            [0xFE, 0xFF, ..] => return Some(Self::Utf16Be),
            _ => {}
        }
        if memchr::memchr(0, bytes).is_some() {
            return None;
        }
        let (mut others, mut wrong) = (0, 0);
        for chunk in bytes.utf8_chunks() {
            others += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
            wrong += chunk.invalid().len();
        }
        match wrong {
            0 => Some(Self::Utf8),
            _ if bytes.iter().any(is_no_letter) => None,
            // A damaged place, or a character that the beginning of a part has cut.
            _ if others > wrong || wrong < 4 && bytes[0] & 0xC0 == 0x80 => Some(Self::Utf8),
            _ => Some(Self::Latin1),
        }
    }

    /// The text; what stands for no character becomes U+FFFD. A mark in front of UTF-16 is no part of it.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => lossy(bytes),
            Self::Utf16Le => utf16(bytes, u16::from_le_bytes).into(),
            Self::Utf16Be => utf16(bytes, u16::from_be_bytes).into(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect::<String>().into(),
        }
    }
}

/// Control characters that no text has.
fn is_no_letter(byte: &u8) -> bool {
    matches!(byte, 0..=0x06 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, rest) = bytes.as_chunks();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER));
    let mut text: String = text.skip_while(|char| *char == '\u{feff}').collect();
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<(Encoding, String)> {
        Encoding::guess(bytes).map(|encoding| (encoding, encoding.decode(bytes).into_owned()))
    }

    #[test]
    fn texts_are_recognised() {
        for (bytes, encoding, text) in [
            (&b""[..], Encoding::Utf8, ""),
            ("gr\u{fc}n".as_bytes(), Encoding::Utf8, "gr\u{fc}n"),
            (b"gr\xfcn", Encoding::Latin1, "gr\u{fc}n"),
            (b"\xff\xfea\0\xfc\0", Encoding::Utf16Le, "a\u{fc}"),
            (b"\xfe\xff\0a\xd8\x3d\xde\x00", Encoding::Utf16Be, "a\u{1f600}"),
            (b"\xff\xfea\0b", Encoding::Utf16Le, "a\u{fffd}"),
            (b"\x1b[31mred\xc3\xbc\xc3\xbc\xff", Encoding::Utf8, "\u{1b}[31mred\u{fc}\u{fc}\u{fffd}"),
            (b"\xbc and on", Encoding::Utf8, "\u{fffd} and on"),
        ] {
            assert_eq!(read(bytes), Some((encoding, text.to_owned())), "{bytes:?}");
        }
    }

    #[test]
    fn other_bytes_are_no_text() {
        for bytes in [&b"a\0b"[..], b"\x7fELF\xff\x01", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
