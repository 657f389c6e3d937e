//! Request identifiers (JSON-RPC 2.0 §4): strings and numbers, echoed byte for byte.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use super::value::{Raw, string};
use crate::base::limits::REQUEST_ID_BYTES_MAX;

/// The id of a request as the client wrote it.
///
/// Two ids are equal when they are the same number text or the same string, however the string is escaped.
#[derive(Debug, Clone)]
pub struct Id<'a> {
    /// JSON, as it came.
    raw: Cow<'a, str>,
    /// JSON without needless escapes, where it differs from `raw`.
    canonical: Option<Box<str>>,
}

impl<'a> Id<'a> {
    /// The id that stands in a value; `None` for other types, lone surrogates, numbers that no double holds (many readers
    /// refuse the whole answer that carries one, in a batch those of others too), and what is longer than its bound.
    pub fn read(value: Raw<'a>) -> Option<Self> {
        let raw = value.get();
        if raw.len() > REQUEST_ID_BYTES_MAX {
            return None;
        }
        match raw.as_bytes().first()? {
            b'"' => {
                let canonical = match string(value)? {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(text) => Some(serde_json::to_string(&text).ok()?.into_boxed_str()),
                };
                Some(Self { raw: Cow::Borrowed(raw), canonical })
            }
            b'-' | b'0'..=b'9' if in_range(raw) => Some(Self { raw: Cow::Borrowed(raw), canonical: None }),
            _ => None,
        }
    }

    pub fn into_owned(self) -> Id<'static> {
        Id { raw: Cow::Owned(self.raw.into_owned()), canonical: self.canonical }
    }

    /// The JSON text of the id.
    pub fn as_json(&self) -> &str {
        &self.raw
    }

    fn canonical(&self) -> &str {
        self.canonical.as_deref().unwrap_or(&self.raw)
    }
}

/// Whether a double holds a number of JSON; without an exponent, all that are short enough are held.
fn in_range(number: &str) -> bool {
    memchr::memchr2(b'e', b'E', number.as_bytes()).is_none() || serde_json::from_str::<f64>(number).is_ok()
}

impl PartialEq for Id<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Id<'_> {}

impl Hash for Id<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn id(json: &str) -> Option<Id<'static>> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
        Id::read(&raw).map(Id::into_owned)
    }

    #[test]
    fn strings_and_numbers_are_echoed_as_written() {
        for json in ["0", "-7", "1.5", "1e300", "18446744073709551616", r#""a""#, r#""""#, r#""\u0061\/""#] {
            assert_eq!(id(json).expect(json).as_json(), json);
        }
    }

    #[test]
    fn everything_else_is_no_id() {
        for json in ["null", "true", "[1]", "{}", r#""\ud800""#, "1e999", "-1.5E309"] {
            assert_eq!(id(json), None, "{json}");
        }
        let long = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        assert!(id(&long(REQUEST_ID_BYTES_MAX)).is_some());
        assert!(id(&long(REQUEST_ID_BYTES_MAX + 1)).is_none());
    }

    #[test]
    fn equality_sees_through_escapes_but_not_types() {
        assert_eq!(id(r#""a/b""#), id(r#""\u0061\/b""#));
        assert_ne!(id("1"), id(r#""1""#));
        assert_ne!(id("1"), id("1.0"));
    }
}
