//! What work may end in: the shapes that clients know, apart from what the revisions add to every result.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64ct::Encoding;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// What work ends in.
#[derive(Debug)]
pub enum Answer<T> {
    Done(T),
    /// The client is to answer questions first, and to ask again with the answers (2026-07-28).
    NeedsInput(InputRequired),
}

/// Questions to the client, and what it is to bring back with the answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputRequired {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub input_requests: BTreeMap<&'static str, Question>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_state: Option<String>,
}

/// A request to the client.
#[derive(Debug, Serialize)]
pub struct Question {
    /// Such as `elicitation/create`.
    pub method: &'static str,
    pub params: Value,
}

impl Question {
    /// What a client that can answer it says of itself: `elicitation`, `sampling`, `roots`.
    pub fn capability(&self) -> &'static str {
        self.method.split_once('/').map_or(self.method, |(capability, _)| capability)
    }
}

/// `tools/call`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolOutput {
    pub content: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Structured>,
    pub is_error: bool,
}

impl ToolOutput {
    /// Text for the model.
    pub fn text(text: impl Into<String>) -> Self {
        let content = vec![Content::Text { text: text.into() }];
        Self { content, structured_content: None, is_error: false }
    }

    /// A failure that the model is to read.
    pub fn failure(text: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::text(text) }
    }
}

/// An answer for programs: an object.
#[derive(Debug)]
pub enum Structured {
    Written(Box<RawValue>),
    /// One whose member `text` is a text of the content: of a long one there is only one copy.
    WithText {
        text: SharedText,
        others: Vec<(&'static str, Value)>,
    },
}

impl Serialize for Structured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Written(object) => object.serialize(serializer),
            Self::WithText { text, others } => {
                let mut object = serializer.serialize_map(Some(1 + others.len()))?;
                object.serialize_entry("text", text)?;
                for (name, value) in others {
                    object.serialize_entry(name, value)?;
                }
                object.end()
            }
        }
    }
}

/// Text that is JSON already.
#[derive(Debug, Clone)]
pub struct SharedText(Rc<Box<RawValue>>);

impl SharedText {
    /// # Errors
    /// It cannot be written, which no text provokes.
    pub fn new(text: &str) -> serde_json::Result<Self> {
        to_raw_value(text).map(|text| Self(Rc::new(text)))
    }
}

impl Serialize for SharedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A piece of what a model or a person gets to see.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Content {
    Text {
        text: String,
    },
    #[serde(rename = "text")]
    Shared {
        text: SharedText,
    },
    Image {
        data: Base64,
        mime_type: &'static str,
    },
    Audio {
        data: Base64,
        mime_type: &'static str,
    },
    Resource {
        resource: Contents,
    },
    ResourceLink {
        uri: String,
        name: String,
        mime_type: &'static str,
    },
}

/// Bytes that are written as base64.
#[derive(Debug)]
pub struct Base64(pub Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64ct::Base64::encode_string(&self.0))
    }
}

/// What a resource holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    pub uri: String,
    pub mime_type: &'static str,
    #[serde(flatten)]
    pub body: Body,
    /// What else is to be said of it.
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    Text(String),
    Blob(Base64),
}

/// `prompts/get`.
#[derive(Debug, Serialize)]
pub struct Prompt {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
    pub messages: Vec<PromptMessage>,
}

#[derive(Debug, Serialize)]
pub struct PromptMessage {
    pub role: Role,
    pub content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

/// `completion/complete`: at most 100 values, the best first.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    pub values: Vec<String>,
    /// How many there are, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    pub has_more: bool,
}
