//! The methods there are, and where.

use crate::mcp::Revision;
use crate::mcp::provider::{Capabilities, List};

/// What a request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Initialize,
    Discover,
    Ping,
    SetLevel,
    List(List),
    CallTool,
    ReadResource,
    Subscribe,
    Unsubscribe,
    Listen,
    GetPrompt,
    Complete,
}

impl Method {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "initialize" => Self::Initialize,
            "server/discover" => Self::Discover,
            "ping" => Self::Ping,
            "logging/setLevel" => Self::SetLevel,
            "tools/list" => Self::List(List::Tools),
            "tools/call" => Self::CallTool,
            "resources/list" => Self::List(List::Resources),
            "resources/templates/list" => Self::List(List::ResourceTemplates),
            "resources/read" => Self::ReadResource,
            "resources/subscribe" => Self::Subscribe,
            "resources/unsubscribe" => Self::Unsubscribe,
            "subscriptions/listen" => Self::Listen,
            "prompts/list" => Self::List(List::Prompts),
            "prompts/get" => Self::GetPrompt,
            "completion/complete" => Self::Complete,
            _ => return None,
        })
    }

    /// Whether it is among what a server says that it can do.
    pub fn is_offered(self, offered: &Capabilities) -> bool {
        match self {
            Self::SetLevel => offered.logging.is_some(),
            Self::List(List::Tools) | Self::CallTool => offered.tools.is_some(),
            Self::List(List::Resources | List::ResourceTemplates) | Self::ReadResource => {
                offered.resources.is_some()
            }
            Self::Subscribe | Self::Unsubscribe => {
                offered.resources.is_some_and(|resources| resources.subscribe)
            }
            Self::List(List::Prompts) | Self::GetPrompt => offered.prompts.is_some(),
            Self::Complete => offered.completions.is_some(),
            Self::Initialize | Self::Discover | Self::Ping | Self::Listen => true,
        }
    }

    pub fn exists_in(self, revision: Revision) -> bool {
        match self {
            Self::Initialize | Self::Ping | Self::SetLevel | Self::Subscribe | Self::Unsubscribe => {
                !revision.is_stateless()
            }
            Self::Listen => revision.is_stateless(),
            _ => true,
        }
    }
}
