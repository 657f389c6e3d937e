//! The parameters of a request: one pass over them finds every member that any method reads.

use std::borrow::Cow;

use serde::Deserialize;

use crate::rpc::{Error, Raw, object, string, type_name};

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
    /// `resources/read`.
    #[serde(borrow)]
    pub uri: Option<Raw<'a>>,
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

    /// The object with the arguments of `tools/call`.
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
}

impl<'a> Meta<'a> {
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

fn read_object<'a, T: Deserialize<'a>>(what: &str, value: Raw<'a>) -> Result<T, Error> {
    object(value).ok_or_else(|| match type_name(value) {
        "an object" => Error::invalid_params(format!("a member of {what} appears twice")),
        other => Error::invalid_params(format!("{what} must be an object, not {other}")),
    })
}
