//! The resources, and the addresses that follow a template.

use scout_mcp::mcp::{Body, Contents};
use serde_json::{Value, json};

use super::samples;

/// May be watched; nothing ever happens to it.
pub const WATCHED: &str = "test://watched-resource";

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
pub const TEMPLATE: &str = "test://template/{id}/data";

/// The entries of `resources/list`.
pub fn describe() -> Vec<Value> {
    let describe = |(uri, name, mime_type)| json!({ "uri": uri, "name": name, "description": format!("A resource: {name}"), "mimeType": mime_type });
    let all = [
        (TEXT, "static-text", "text/plain"),
        (BINARY, "static-binary", samples::PNG_TYPE),
        (WATCHED, "watched-resource", "text/plain"),
    ];
    all.map(describe).into()
}

/// The entries of `resources/templates/list`.
pub fn describe_templates() -> Vec<Value> {
    vec![json!({
        "uriTemplate": TEMPLATE,
        "name": "template",
        "description": "Data for an id",
        "mimeType": "application/json",
    })]
}

pub fn read(uri: &str) -> Option<Contents> {
    let text = |text: &str| ("text/plain", Body::Text(text.into()));
    let (mime_type, body) = match uri {
        TEXT => text("This is the content of the static text resource."),
        BINARY => (samples::PNG_TYPE, Body::Blob(samples::png())),
        WATCHED => text("Nothing has happened."),
        _ => ("application/json", Body::Text(data(of_template(uri)?))),
    };
    Some(Contents { uri: uri.into(), mime_type, body, meta: None })
}

/// The id in an address.
fn of_template(uri: &str) -> Option<&str> {
    let (before, after) = TEMPLATE.split_once("{id}")?;
    let id = uri.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

fn data(id: &str) -> String {
    json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string()
}
