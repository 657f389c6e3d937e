//! The parameters of a request: one pass over them finds every member that any method reads.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Level;
use super::call::Input;
use crate::base::limits::{CLIENT_CAPABILITIES_BYTES_MAX, REQUEST_ID_BYTES_MAX};
use crate::rpc::{Error, Id, Raw, object, string, type_name};

/// The members of `params`, not yet looked into; `null` counts as absent.
#[derive(Debug, Default, Deserialize)]
pub struct Params<'a> {
    #[serde(rename = "_meta", borrow)]
    meta: Option<Raw<'a>>,
    /// `initialize`.
    #[serde(rename = "protocolVersion", borrow)]
    pub protocol_version: Option<Raw<'a>>,
    /// `tools/call`.
    #[serde(borrow)]
    pub name: Option<Raw<'a>>,
    #[serde(borrow)]
    arguments: Option<Raw<'a>>,
    /// Every list.
    #[serde(borrow)]
    pub cursor: Option<Raw<'a>>,
    /// `resources/read`, `resources/subscribe`.
    #[serde(borrow)]
    pub uri: Option<Raw<'a>>,
    /// `logging/setLevel`.
    #[serde(borrow)]
    pub level: Option<Raw<'a>>,
    /// `completion/complete`: what has the argument, the argument, and the other ones.
    #[serde(rename = "ref", borrow)]
    pub reference: Option<Raw<'a>>,
    #[serde(borrow)]
    pub argument: Option<Raw<'a>>,
    #[serde(borrow)]
    pub context: Option<Raw<'a>>,
    /// `subscriptions/listen`.
    #[serde(borrow)]
    pub notifications: Option<Raw<'a>>,
    /// `initialize`.
    #[serde(borrow)]
    capabilities: Option<Raw<'a>>,
    /// The second time a request is made (2026-07-28).
    #[serde(rename = "inputResponses", borrow)]
    input_responses: Option<Raw<'a>>,
    #[serde(rename = "requestState", borrow)]
    request_state: Option<Raw<'a>>,
    /// `notifications/cancelled`.
    #[serde(rename = "requestId", borrow)]
    pub request_id: Option<Raw<'a>>,
}

impl<'a> Params<'a> {
    pub fn read(params: Option<Raw<'a>>) -> Result<Self, Error> {
        match params {
            Some(params) => read_object("params", params),
            None => Ok(Self::default()),
        }
    }

    pub fn meta(&self) -> Result<Meta<'a>, Error> {
        match self.meta {
            Some(meta) => read_object("params._meta", meta),
            None => Ok(Meta::default()),
        }
    }

    /// What the client can do, as `initialize` says.
    pub fn capabilities(&self) -> Result<Value, Error> {
        capabilities("params.capabilities", self.capabilities)
    }

    /// Answers to what the same request was answered with before.
    pub fn input(&self) -> Result<Input, Error> {
        let responses =
            self.input_responses.map(|raw| read_object("params.inputResponses", raw)).transpose()?;
        let state = self.request_state.map(|raw| text("params.requestState", raw)).transpose()?;
        Ok(Input { responses, state: state.map(Cow::into_owned) })
    }

    /// The object with the arguments of `tools/call` or `prompts/get`.
    pub fn arguments(&self) -> Result<Option<Raw<'a>>, Error> {
        match self.arguments {
            Some(value) if !value.get().starts_with('{') => Err(Error::invalid_params(format!(
                "params.arguments must be an object, not {}",
                type_name(value)
            ))),
            arguments => Ok(arguments),
        }
    }
}

/// What a request says about its sender in `_meta` (2026-07-28).
#[derive(Debug, Default, Deserialize)]
pub struct Meta<'a> {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion", borrow)]
    protocol_version: Option<Raw<'a>>,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities", borrow)]
    client_capabilities: Option<Raw<'a>>,
    #[serde(rename = "io.modelcontextprotocol/logLevel", borrow)]
    log_level: Option<Raw<'a>>,
    #[serde(rename = "progressToken", borrow)]
    progress_token: Option<Raw<'a>>,
}

impl<'a> Meta<'a> {
    /// Under which the client wants to hear of progress: a text or a number.
    pub fn progress_token(&self) -> Result<Option<Box<RawValue>>, Error> {
        match self.progress_token {
            Some(token) if Id::read(token).is_none() => Err(Error::invalid_params(format!(
                "params._meta.progressToken must be a number that a double holds or a string, of at most {REQUEST_ID_BYTES_MAX} bytes"
            ))),
            token => Ok(token.map(ToOwned::to_owned)),
        }
    }

    /// From which level on the client wants to read along (2026-07-28).
    pub fn log_level(&self) -> Result<Option<Level>, Error> {
        self.log_level.map(|raw| level("params._meta.io.modelcontextprotocol/logLevel", raw)).transpose()
    }

    /// What the client can do, as the request itself says (2026-07-28).
    pub fn client_capabilities(&self) -> Result<Value, Error> {
        capabilities("io.modelcontextprotocol/clientCapabilities", self.client_capabilities)
    }

    pub fn protocol_version(&self) -> Result<Option<Cow<'a, str>>, Error> {
        self.protocol_version.map(|value| text("the protocol version in params._meta", value)).transpose()
    }

    /// That both members are there which every request of the stateless era must have.
    pub fn check_complete(&self) -> Result<(), Error> {
        let required = [
            ("io.modelcontextprotocol/protocolVersion", self.protocol_version),
            ("io.modelcontextprotocol/clientCapabilities", self.client_capabilities),
        ];
        let missing: Vec<_> =
            required.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            return Err(Error::invalid_params(format!("params._meta lacks {}", missing.join(" and "))));
        }
        match self.client_capabilities {
            Some(value) if !value.get().starts_with('{') => Err(Error::invalid_params(format!(
                "io.modelcontextprotocol/clientCapabilities must be an object, not {}",
                type_name(value)
            ))),
            _ => Ok(()),
        }
    }
}

/// A member that must be text.
pub fn text<'a>(what: &str, value: Raw<'a>) -> Result<Cow<'a, str>, Error> {
    string(value).ok_or_else(|| match type_name(value) {
        "a string" => Error::invalid_params(format!("{what} is not valid Unicode")),
        other => Error::invalid_params(format!("{what} must be a string, not {other}")),
    })
}

/// A member that must be there and be text.
pub fn required_text<'a>(what: &str, value: Option<Raw<'a>>) -> Result<Cow<'a, str>, Error> {
    text(what, value.ok_or_else(|| Error::invalid_params(format!("{what} is missing")))?)
}

/// A member that must be the name of a level.
pub fn level(what: &str, value: Raw<'_>) -> Result<Level, Error> {
    let named = |name: Cow<'_, str>| serde_json::from_value(Value::from(name)).ok();
    string(value).and_then(named).ok_or_else(|| {
        Error::invalid_params(format!(
            "{what} must be one of debug, info, notice, warning, error, critical, alert, emergency"
        ))
    })
}

/// What a client can do, of which a few words are enough.
fn capabilities(what: &str, value: Option<Raw<'_>>) -> Result<Value, Error> {
    match value {
        Some(raw) if raw.get().len() > CLIENT_CAPABILITIES_BYTES_MAX => Err(Error::invalid_params(format!(
            "{what} is too long: at most {CLIENT_CAPABILITIES_BYTES_MAX} bytes"
        ))),
        // Of members that appear twice the last one counts.
        Some(raw) if type_name(raw) == "an object" => serde_json::from_str(raw.get())
            .map_err(|error| Error::invalid_params(format!("{what} cannot be read: {error}"))),
        Some(raw) => read_object(what, raw),
        None => Ok(Value::Null),
    }
}

/// A member that must be an object, with its members.
pub fn read_object<'a, T: Deserialize<'a>>(what: &str, value: Raw<'a>) -> Result<T, Error> {
    object(value).ok_or_else(|| match type_name(value) {
        "an object" => Error::invalid_params(format!("a member of {what} appears twice")),
        other => Error::invalid_params(format!("{what} must be an object, not {other}")),
    })
}
