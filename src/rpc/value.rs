//! Raw JSON values and the questions asked of them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON value that nobody has looked into yet; its syntax is known to be right.
pub type Raw<'a> = &'a RawValue;

/// For members where `null` is not the same as absence: `#[serde(borrow, default, deserialize_with = "present")]`.
pub fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Raw<'de>>, D::Error> {
    Raw::deserialize(deserializer).map(Some)
}

/// Reads an object into a structure of raw members; `None` when it is no object or names a member twice.
///
/// An array is not taken for an object, as serde otherwise would.
pub fn object<'a, T: Deserialize<'a>>(value: Raw<'a>) -> Option<T> {
    if !value.get().starts_with('{') {
        return None;
    }
    serde_json::from_str(value.get()).ok()
}

/// The text of a string; `None` for other types and for lone surrogates, which no text can hold (RFC 8259 §8.2).
pub fn string(value: Raw<'_>) -> Option<Cow<'_, str>> {
    let raw = value.get();
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw).ok().map(Cow::Owned)
}

/// The type of a value, with its article, for error messages.
pub fn type_name(value: Raw<'_>) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn strings() {
        assert_eq!(string(&raw(r#""plain""#)).as_deref(), Some("plain"));
        assert_eq!(string(&raw(r#""a\n\"\u00e9\ud83d\ude00""#)).as_deref(), Some("a\n\"é😀"));
        assert_eq!(string(&raw(r#""""#)).as_deref(), Some(""));
        for json in [r#""\ud800""#, r#""\udc00x""#, "1", "null", "[]"] {
            assert_eq!(string(&raw(json)), None, "{json}");
        }
    }

    #[test]
    fn objects_only() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct One {
            a: Option<u8>,
        }
        assert_eq!(object::<One>(&raw(r#"{"a":1,"b":[]}"#)), Some(One { a: Some(1) }));
        for json in ["[1]", "1", r#"{"a":1,"a":2}"#] {
            assert_eq!(object::<One>(&raw(json)), None, "{json}");
        }
    }
}
