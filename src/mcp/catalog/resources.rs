//! The table of resources: what a client may read without calling a tool.

use serde_json::{Value, json};

use crate::config::Scope;
use crate::metrics::Report;

/// One resource.
pub struct Resource {
    pub uri: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    pub mime_type: &'static str,
    pub read: fn(&Report) -> String,
}

/// Every resource, in the order in which clients see them. Each has one content, as some clients show only the first.
const RESOURCES: &[Resource] = &[
    Resource {
        uri: "scout://stats",
        name: "stats",
        title: "Statistics",
        description: "What this server has done since its start: requests, connections, refusals, and how long things took \
            (p50, p90, p99, p99.9, max).",
        mime_type: "text/plain",
        read: Report::to_string,
    },
    Resource {
        uri: "scout://stats.json",
        name: "stats.json",
        title: "Statistics as JSON",
        description: "The same figures for programs.",
        mime_type: "application/json",
        read: Report::json,
    },
];

impl Resource {
    pub fn at(uri: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.uri == uri)
    }
}

/// What one needs to see any of them.
pub const SCOPE: Scope = Scope::Read;

/// The entries of `resources/list`, and who gets to see them.
pub fn describe() -> Vec<(&'static [Scope], Value)> {
    let describe = |resource: &Resource| {
        let entry = json!({
            "uri": resource.uri,
            "name": resource.name,
            "title": resource.title,
            "description": resource.description,
            "mimeType": resource.mime_type,
        });
        (&[SCOPE][..], entry)
    };
    RESOURCES.iter().map(describe).collect()
}
