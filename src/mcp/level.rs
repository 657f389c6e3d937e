//! How important a message is that a client reads along (RFC 5424 §6.2.1, by the names of MCP).

use serde::{Deserialize, Serialize};

/// The least important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}
