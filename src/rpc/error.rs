//! Error objects (JSON-RPC 2.0 §5.1).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::base::limits::MESSAGE_BYTES_MAX;
use crate::base::text::shown;

/// The codes this program answers with: those of JSON-RPC 2.0 §5.1, and those that protocols above it define in the
/// range left to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Not JSON.
    Parse,
    /// JSON, but not a request.
    InvalidRequest,
    /// No such method, or not in this revision.
    MethodNotFound,
    /// The method is known, its parameters are not right.
    InvalidParams,
    /// A bug of ours.
    Internal,
    /// A code of the range -32000 to -32099, which JSON-RPC leaves to servers.
    Server(i16),
}

impl Code {
    pub const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::Server(number) => number as i32,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.number())
    }
}

/// Why a request has no result. The message is for people and holds no secret.
#[derive(Debug, Clone, Serialize)]
pub struct Error {
    code: Code,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

impl Error {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub fn parse(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Parse, message)
    }

    /// The message was not read: it is longer than any may be.
    pub fn message_too_large() -> Self {
        Self::invalid_request(format!("Message too large: at most {MESSAGE_BYTES_MAX} bytes"))
    }

    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    pub fn method_not_found(method: &str) -> Self {
        Self::new(Code::MethodNotFound, format!("Method not found: {}", shown(method)))
    }

    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidParams, message)
    }

    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// The same error with a `data` member for programs to read. Data that cannot be written is left out.
    #[must_use]
    pub fn with_data(mut self, data: &impl Serialize) -> Self {
        self.data = serde_json::value::to_raw_value(data).ok();
        self
    }

    pub fn code(&self) -> Code {
        self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}
