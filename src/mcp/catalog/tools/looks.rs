//! What was read, searched and compared, for programs and in the forms that clients show.

use base64ct::{Base64 as Plain, Encoding as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::structured;
use crate::base::Result;
use crate::mcp::content::{Base64, Body, Content, Contents, Structured, ToolOutput};
use crate::scout::diff::Comparison;
use crate::scout::read::{Excerpt, Holds, Reading};
use crate::scout::search::Hit;

/// A part of a file: its text; a picture that clients show; or its bytes, which whoever asks for them gets as text.
///
/// # Errors
/// As [`structured::seen`].
pub fn excerpt(excerpt: Excerpt, uri: String) -> Result<ToolOutput> {
    let holds = excerpt.holds();
    if let Holds::Text(_) = holds {
        let text = structured::text(&excerpt.text())?;
        let others = of_excerpt(&excerpt);
        return Ok(structured::both(text.clone(), Structured::WithText { text, others }));
    }
    let shown = structured::text(&excerpt.text())?;
    let structured = Structured::WithText { text: shown, others: of_excerpt(&excerpt) };
    let data = excerpt.piece.data;
    let content = match (holds, excerpt.reading) {
        (Holds::Image(mime_type), _) => Content::Image { data: Base64(data), mime_type },
        (Holds::Bytes(mime_type), Reading::Guess) => {
            let body = Body::Blob(Base64(data));
            Content::Resource { resource: Contents { uri, mime_type, body, meta: None } }
        }
        _ => Content::Text { text: Plain::encode_string(&data) },
    };
    Ok(ToolOutput { content: vec![content], structured_content: Some(structured), is_error: false })
}

/// What is told of it beside its text.
pub fn of_excerpt(excerpt: &Excerpt) -> Vec<(&'static str, Value)> {
    let (encoding, mime_type) = match excerpt.holds() {
        Holds::Text(encoding) => (encoding.name(), None),
        Holds::Image(kind) | Holds::Bytes(kind) => ("base64", Some(kind)),
    };
    let told = [
        ("kind", Some("part".into())),
        ("encoding", Some(encoding.into())),
        ("mime_type", mime_type.map(Value::from)),
        ("size", excerpt.piece.size.map(Value::from)),
        ("truncated", Some(excerpt.piece.cut.is_some().into())),
        ("next_offset", excerpt.next_offset().map(Value::from)),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A line that was found.
#[derive(Serialize)]
pub struct HitLine<'a> {
    path: &'a str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    text: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    before: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    after: &'a [String],
}

impl<'a> HitLine<'a> {
    pub fn of(hit: &'a Hit) -> Self {
        let Hit { path, line, column, text, before, after } = hit;
        Self { path, line: *line, column: *column, text, before, after }
    }
}

/// What came of a comparison.
///
/// # Errors
/// As [`structured::seen`].
pub fn comparison(compared: &Comparison) -> Result<ToolOutput> {
    let group = |group: &crate::scout::diff::Group| json!({ "places": group.places, "size": group.size, "sha256": group.sha256 });
    let text = structured::text(&compared.text())?;
    let others = vec![
        ("kind", "diff".into()),
        ("identical", compared.is_same().into()),
        ("groups", compared.groups.iter().map(group).collect()),
    ];
    Ok(structured::both(text.clone(), Structured::WithText { text, others }))
}
