//! What the headers of a request say of the message in its body, and of the answer it wants.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};

use crate::http::Request;
use crate::mcp::{Labels, Revision};

/// What is said of the message in the body.
#[derive(Debug, Clone, Default)]
pub struct Headers<'a> {
    version: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Headers<'a> {
    pub fn of(request: &'a Request) -> Self {
        Self {
            version: whole(request, "mcp-protocol-version"),
            method: whole(request, "mcp-method"),
            name: whole(request, "mcp-name").map(|name| unwrapped(&name).map_or(name, Cow::Owned)),
        }
    }

    /// Whether a revision is named, and which; `None` in it when it is none of ours.
    pub fn version(&self) -> Option<Option<Revision>> {
        self.version.as_deref().map(Revision::named)
    }

    pub fn labels(&self) -> Labels<'_> {
        Labels {
            version: self.version.as_deref(),
            method: self.method.as_deref(),
            name: self.name.as_deref(),
        }
    }
}

/// The session that a request belongs to.
pub fn session(request: &Request) -> Option<String> {
    whole(request, "mcp-session-id").map(Cow::into_owned)
}

/// All that is said under a name, as one value (RFC 9110 §5.3): whoever says it twice says neither, so that nobody on the
/// way may have gone by another one than we do.
fn whole<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, str>> {
    let mut values = request.headers.all(name).map(String::from_utf8_lossy);
    let first = values.next()?;
    Some(values.fold(first, |said, more| said + ", " + more))
}

/// What is in a value that is wrapped as `=?base64?…?=`, as it may be where it is not plain ASCII (2026-07-28). What is
/// wrapped wrongly stays as it is, and will differ from the body.
fn unwrapped(value: &str) -> Option<String> {
    let wrapped = value.strip_prefix("=?base64?")?.strip_suffix("?=")?;
    String::from_utf8(Base64::decode_vec(wrapped).ok()?).ok()
}

/// The forms in which an answer is welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub json: bool,
    pub events: bool,
}

impl Accepted {
    pub fn of(request: &Request) -> Self {
        let mut accepted = Self { json: false, events: false };
        let mut says_nothing = true;
        for value in request.headers.all("accept") {
            says_nothing = false;
            for range in String::from_utf8_lossy(value).split(',') {
                let range = MediaType::of(range);
                accepted.json |= range.covers("application", "json");
                accepted.events |= range.covers("text", "event-stream");
            }
        }
        if says_nothing { Self { json: true, events: true } } else { accepted }
    }
}

/// Whether the body is said to be JSON.
pub fn is_json(request: &Request) -> bool {
    let content_type = MediaType::of(request.headers.text("content-type").unwrap_or_default());
    content_type.kind.eq_ignore_ascii_case("application") && content_type.subtype.eq_ignore_ascii_case("json")
}

/// `type/subtype; parameters`, of RFC 9110 §8.3.1 and §12.5.1.
struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// `q=0`.
    is_unwelcome: bool,
}

impl<'a> MediaType<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next().and_then(|range| range.split_once('/')).unwrap_or_default();
        let is_zero = |weight: &str| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0);
        let weight = |part: &'a str| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
        Self { kind, subtype, is_unwelcome: parts.filter_map(weight).any(is_zero) }
    }

    fn covers(&self, kind: &str, subtype: &str) -> bool {
        let matches = |range: &str, value| range == "*" || range.eq_ignore_ascii_case(value);
        !self.is_unwelcome && matches(self.kind, kind) && matches(self.subtype, subtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_names() {
        assert_eq!(unwrapped("=?base64?dG/DqQ==?=").as_deref(), Some("toé"));
        for odd in ["scout", "=?base64?dG8", "=?base64?!?=", "=?base64?/w==?="] {
            assert_eq!(unwrapped(odd), None);
        }
    }

    #[test]
    fn ranges() {
        let covers = |range: &str| {
            let range = MediaType::of(range);
            (range.covers("application", "json"), range.covers("text", "event-stream"))
        };
        assert_eq!(covers("application/json"), (true, false));
        assert_eq!(covers(" Text/Event-Stream ; q=0.5"), (false, true));
        assert_eq!(covers("*/*"), (true, true));
        assert_eq!(covers("application/*;q=0"), (false, false));
        assert_eq!(covers("json"), (false, false));
        assert_eq!(covers(""), (false, false));
    }
}
