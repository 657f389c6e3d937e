//! The shapes of results. What only the stateless era knows is left out for older clients.

use serde::Serialize;
use serde_json::Value;

use super::Revision;
use super::resources::Resource;

/// How long, in milliseconds, a client may keep what `server/discover` and lists say. They change with the server's
/// configuration only, hence with a restart.
const TTL_MS: u64 = 300_000;

/// Who we are.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Implementation {
    name: &'static str,
    title: &'static str,
    version: &'static str,
}

const IMPLEMENTATION: Implementation =
    Implementation { name: "scout-mcp", title: "Scout MCP", version: env!("CARGO_PKG_VERSION") };

/// What we can do. Only what exists is named.
#[derive(Debug, Serialize)]
pub struct Capabilities {
    tools: Empty,
    resources: Empty,
}

impl Capabilities {
    pub const OURS: Self = Self { tools: Empty {}, resources: Empty {} };
}

#[derive(Debug, Serialize)]
pub struct Empty {}

/// `initialize`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Initialized {
    pub protocol_version: Revision,
    pub capabilities: Capabilities,
    pub server_info: Implementation,
    pub instructions: &'static str,
}

impl Initialized {
    pub fn new(protocol_version: Revision, instructions: &'static str) -> Self {
        Self { protocol_version, capabilities: Capabilities::OURS, server_info: IMPLEMENTATION, instructions }
    }
}

/// What every result of the stateless era carries.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stateless {
    result_type: &'static str,
    #[serde(rename = "_meta")]
    meta: ServerMeta,
}

impl Stateless {
    fn of(revision: Revision) -> Option<Self> {
        let meta = ServerMeta { server_info: IMPLEMENTATION };
        revision.is_stateless().then_some(Self { result_type: "complete", meta })
    }
}

#[derive(Debug, Serialize)]
struct ServerMeta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Implementation,
}

/// How long a result may be kept, and by whom: for the client that asked, as another one may be allowed less.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Caching {
    ttl_ms: u64,
    cache_scope: &'static str,
}

const CACHING: Caching = Caching { ttl_ms: TTL_MS, cache_scope: "private" };
/// For what is another every moment.
const NO_CACHING: Caching = Caching { ttl_ms: 0, cache_scope: "private" };

/// `server/discover`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovered {
    supported_versions: [Revision; 5],
    capabilities: Capabilities,
    instructions: &'static str,
    #[serde(flatten)]
    caching: Caching,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

impl Discovered {
    pub fn new(instructions: &'static str) -> Self {
        Self {
            supported_versions: Revision::ALL,
            capabilities: Capabilities::OURS,
            instructions,
            caching: CACHING,
            stateless: Stateless::of(Revision::V2026_07_28),
        }
    }
}

/// `tools/list`.
#[derive(Debug, Serialize)]
pub struct ToolList<'a> {
    tools: &'a [Value],
    #[serde(flatten)]
    caching: Option<Caching>,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

impl<'a> ToolList<'a> {
    pub fn new(tools: &'a [Value], revision: Revision) -> Self {
        let caching = revision.is_stateless().then_some(CACHING);
        Self { tools, caching, stateless: Stateless::of(revision) }
    }
}

/// `resources/list`.
#[derive(Debug, Serialize)]
pub struct ResourceList<'a> {
    resources: &'a [Value],
    #[serde(flatten)]
    caching: Option<Caching>,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

impl<'a> ResourceList<'a> {
    pub fn new(resources: &'a [Value], revision: Revision) -> Self {
        let caching = revision.is_stateless().then_some(CACHING);
        Self { resources, caching, stateless: Stateless::of(revision) }
    }
}

/// `resources/templates/list`: clients ask for it wherever there are resources.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplateList {
    resource_templates: [Value; 0],
    #[serde(flatten)]
    caching: Option<Caching>,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

impl ResourceTemplateList {
    pub fn new(revision: Revision) -> Self {
        let caching = revision.is_stateless().then_some(CACHING);
        Self { resource_templates: [], caching, stateless: Stateless::of(revision) }
    }
}

/// `resources/read`.
#[derive(Debug, Serialize)]
pub struct ResourceResult<'a> {
    contents: [Contents<'a>; 1],
    #[serde(flatten)]
    caching: Option<Caching>,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contents<'a> {
    uri: &'static str,
    mime_type: &'static str,
    text: &'a str,
}

impl<'a> ResourceResult<'a> {
    pub fn new(resource: &Resource, text: &'a str, revision: Revision) -> Self {
        let contents = Contents { uri: resource.uri, mime_type: resource.mime_type, text };
        let caching = revision.is_stateless().then_some(NO_CACHING);
        Self { contents: [contents], caching, stateless: Stateless::of(revision) }
    }
}

/// `tools/call`: text for the model, told apart from a failure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult<'a> {
    content: [Text<'a>; 1],
    is_error: bool,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

#[derive(Debug, Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl<'a> ToolResult<'a> {
    pub fn new(text: &'a str, is_error: bool, revision: Revision) -> Self {
        Self { content: [Text { r#type: "text", text }], is_error, stateless: Stateless::of(revision) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_of_tools() {
        let old = ToolResult::new("a\n\u{1}", false, Revision::V2024_11_05);
        let text = serde_json::to_string(&old).expect("serialisable");
        assert_eq!(text, r#"{"content":[{"type":"text","text":"a\n\u0001"}],"isError":false}"#);

        let new = ToolResult::new("Error: no", true, Revision::V2026_07_28);
        let server = json!({"name": "scout-mcp", "title": "Scout MCP", "version": env!("CARGO_PKG_VERSION")});
        assert_eq!(
            serde_json::to_value(&new).expect("serialisable"),
            json!({
                "content": [{"type": "text", "text": "Error: no"}],
                "isError": true,
                "resultType": "complete",
                "_meta": {"io.modelcontextprotocol/serverInfo": server},
            })
        );
    }
}
