//! The table of resources: what a client may read without calling a tool.

use serde_json::{Value, json};

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

/// The entries of `resources/list`.
pub fn describe() -> Vec<Value> {
    let describe = |resource: &Resource| {
        json!({
            "uri": resource.uri,
            "name": resource.name,
            "title": resource.title,
            "description": resource.description,
            "mimeType": resource.mime_type,
        })
    };
    RESOURCES.iter().map(describe).collect()
}
