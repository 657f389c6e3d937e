//! What the headers of a request say of the message in its body, and of the answer it wants.

use base64ct::{Base64, Encoding};

use crate::http::Request;
use crate::mcp::{Labels, Revision};

/// Labels that live longer than their request.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    pub version: Option<String>,
    method: Option<String>,
    name: Option<String>,
    pub session: Option<String>,
}

impl Headers {
    pub fn of(request: &Request) -> Self {
        Self {
            version: whole(request, "mcp-protocol-version"),
            method: whole(request, "mcp-method"),
            name: whole(request, "mcp-name").map(|name| plain(&name)),
            session: whole(request, "mcp-session-id"),
        }
    }

    /// Whether a revision is named that is none of ours.
    pub fn has_unknown_version(&self) -> bool {
        self.version.as_deref().is_some_and(|version| Revision::named(version).is_none())
    }

    pub fn labels(&self) -> Labels<'_> {
        Labels {
            version: self.version.as_deref(),
            method: self.method.as_deref(),
            name: self.name.as_deref(),
        }
    }
}

/// All that is said under a name, as one value (RFC 9110 §5.3): whoever says it twice says neither, so that nobody on the
/// way may have gone by another one than we do.
fn whole(request: &Request, name: &str) -> Option<String> {
    let mut values = request.headers.all(name).map(String::from_utf8_lossy);
    let first = values.next()?.into_owned();
    Some(values.fold(first, |said, more| said + ", " + &more))
}

/// A value that may be wrapped as `=?base64?…?=` where it is not plain ASCII (2026-07-28). What is wrapped wrongly stays as
/// it is, and will differ from the body.
fn plain(value: &str) -> String {
    let wrapped = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let unwrapped = wrapped
        .and_then(|text| Base64::decode_vec(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    unwrapped.unwrap_or_else(|| value.to_owned())
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
    let content_type = request.headers.text("content-type").unwrap_or_default();
    let MediaType { kind, subtype, .. } = MediaType::of(content_type);
    kind == "application" && subtype == "json"
}

/// `type/subtype; parameters`, of RFC 9110 §8.3.1 and §12.5.1.
struct MediaType {
    kind: String,
    subtype: String,
    /// `q=0`.
    is_unwelcome: bool,
}

impl MediaType {
    fn of(text: &str) -> Self {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let range = parts.next().unwrap_or_default();
        let (kind, subtype) = range.split_once('/').unwrap_or_default();
        let is_zero = |weight: &str| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0);
        let is_unwelcome = parts.any(|part| part.strip_prefix("q=").is_some_and(is_zero));
        Self { kind: kind.to_owned(), subtype: subtype.to_owned(), is_unwelcome }
    }

    fn covers(&self, kind: &str, subtype: &str) -> bool {
        let matches = |range: &str, value| range == "*" || range == value;
        !self.is_unwelcome && matches(&self.kind, kind) && matches(&self.subtype, subtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_names() {
        assert_eq!(plain("scout"), "scout");
        assert_eq!(plain("=?base64?dG/DqQ==?="), "toé");
        for odd in ["=?base64?dG8", "=?base64?!?=", "=?base64?/w==?="] {
            assert_eq!(plain(odd), odd);
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
