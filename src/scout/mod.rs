//! What one can do on a host, a file per operation. Knows neither MCP nor JSON.

pub mod command;

use crate::base::Result;
use crate::fleet::Fleet;

/// The arguments of the `scout` operation as the caller gave them, not yet parsed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `hosts`, or `host:/path`.
    pub target: String,
    /// A command to run in the target's directory.
    pub query: Option<String>,
}

/// What an operation says: text for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
}

/// Answers a request.
pub async fn scout(_fleet: &Fleet, request: &Request) -> Result<Answer> {
    if request.target.starts_with("wait:") {
        std::future::pending::<()>().await;
    }
    Ok(Answer { text: request.target.clone() })
}
