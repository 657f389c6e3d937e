//! What the protocol adds to results, which differs between the eras: older clients get to see the result alone.

use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

use super::Revision;
use super::content::Completion;
use super::provider::{About, Capabilities, Implementation, List, Page};

/// How long, in milliseconds, a client may keep what `server/discover` and lists say: as long as a changed configuration
/// may take to be heard of by who does not listen.
const TTL_MS: u64 = 300_000;

/// `initialize`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Initialized<'a> {
    protocol_version: Revision,
    capabilities: Cow<'a, Capabilities>,
    server_info: &'a Implementation,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
}

impl<'a> Initialized<'a> {
    /// `lasts` where the same session hears the requests that follow.
    pub fn new(protocol_version: Revision, about: &'a About, lasts: bool) -> Self {
        let capabilities = match lasts {
            true => Cow::Borrowed(&about.capabilities),
            false => Cow::Owned(about.capabilities.of_one_request()),
        };
        Self {
            protocol_version,
            capabilities,
            server_info: &about.implementation,
            instructions: about.instructions,
        }
    }
}

/// A result with what its revision adds.
#[derive(Debug, Serialize)]
pub struct Framed<'a, T> {
    #[serde(flatten)]
    result: &'a T,
    #[serde(flatten)]
    keeping: Option<Keeping>,
    #[serde(flatten)]
    stateless: Option<Stateless>,
}

impl<'a, T> Framed<'a, T> {
    /// The whole answer.
    pub fn complete(result: &'a T, revision: Revision, about: &About) -> Self {
        let stateless = revision.is_stateless().then(|| Stateless::new("complete", about));
        Self { result, keeping: None, stateless }
    }

    /// Questions instead of an answer.
    pub fn needs_input(result: &'a T, about: &About) -> Self {
        Self { result, keeping: None, stateless: Some(Stateless::new("input_required", about)) }
    }

    /// With all there is to know of us.
    #[must_use]
    pub fn introduced(mut self, about: &About) -> Self {
        if let Some(stateless) = &mut self.stateless {
            stateless.meta.server_info = about.implementation;
        }
        self
    }

    /// May be kept as it says.
    #[must_use]
    pub fn kept(self, keeping: Keeping) -> Self {
        Self { keeping: self.stateless.is_some().then_some(keeping), ..self }
    }
}

/// How long a result may be kept, and by whom: for the client that asked, as another one may be allowed less.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Keeping {
    ttl_ms: u64,
    cache_scope: &'static str,
}

impl Keeping {
    /// What changes with the configuration only.
    pub const FOR_A_WHILE: Self = Self { ttl_ms: TTL_MS, cache_scope: "private" };
    /// What is another every moment.
    pub const NOT_AT_ALL: Self = Self { ttl_ms: 0, cache_scope: "private" };
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
    /// Our picture is not sent with every result.
    fn new(result_type: &'static str, about: &About) -> Self {
        let server_info = Implementation { icons: &[], ..about.implementation };
        Self { result_type, meta: ServerMeta { server_info } }
    }
}

#[derive(Debug, Serialize)]
struct ServerMeta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Implementation,
}

/// `server/discover`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovered<'a> {
    supported_versions: [Revision; 5],
    capabilities: &'a Capabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
}

impl<'a> Discovered<'a> {
    pub fn new(about: &'a About) -> Self {
        Self {
            supported_versions: Revision::ALL,
            capabilities: &about.capabilities,
            instructions: about.instructions,
        }
    }
}

/// A page of a list.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_templates: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
}

impl<'a> Listed<'a> {
    pub fn new(list: List, page: &'a Page) -> Self {
        let entries = Some(&*page.entries);
        let listed = Self { next_cursor: page.next.as_deref(), ..Self::default() };
        match list {
            List::Tools => Self { tools: entries, ..listed },
            List::Resources => Self { resources: entries, ..listed },
            List::ResourceTemplates => Self { resource_templates: entries, ..listed },
            List::Prompts => Self { prompts: entries, ..listed },
        }
    }
}

/// `resources/read`.
#[derive(Debug, Serialize)]
pub struct Read<T> {
    pub contents: Vec<T>,
}

/// `completion/complete`.
#[derive(Debug, Serialize)]
pub struct Completed {
    pub completion: Completion,
}
