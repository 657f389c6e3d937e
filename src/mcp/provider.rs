//! What a server offers, as the protocol sees it: [`Provider`] has the content, [`Session`](super::Session) the manners.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::LocalBoxStream;
use serde::Serialize;
use serde_json::value::RawValue;

use super::call::Call;
use super::content::{Answer, Completion, Contents, Prompt, ToolOutput};
use crate::base;
use crate::base::refusal::Reason;
use crate::rpc::{Code, Error, Raw};
pub use crate::scout::Client;

/// Work on behalf of a request: it runs while it is polled, and dropping it stops it.
pub type Work<T> = LocalBoxFuture<'static, base::Result<T>>;

/// What is offered to clients. Work is prepared at once, so that a wrong request is refused before it takes a place, and
/// begins when it is polled.
pub trait Provider {
    fn about(&self) -> &About;

    /// A page of a list; the first one without a cursor. `None` for a cursor that we did not give.
    fn list(&self, list: List, client: &Client, cursor: Option<&str>) -> Option<Page>;

    /// # Errors
    /// There is no such tool, or not for this client, or the arguments or what else came with the call are wrong.
    fn call_tool(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<ToolOutput>>, ToolFault>;

    /// Reads a resource; `None` when there is none of that address. What turns out to be missing only later fails with
    /// `NotFound`.
    fn read(&self, call: &Rc<Call>, uri: &str) -> Option<Work<Answer<Vec<Contents>>>>;

    /// # Errors
    /// There is no such prompt, or the arguments are wrong.
    fn prompt(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<Prompt>>, Error>;

    /// What an argument of a prompt or of a resource's address may be.
    ///
    /// # Errors
    /// There is nothing of that name.
    fn complete(&self, call: &Rc<Call>, question: &Blank<'_>) -> Result<Work<Completion>, Error>;

    /// An item for every change of a resource, for as long as it is polled.
    ///
    /// # Errors
    /// It is not watched.
    fn watch(&self, client: &Client, uri: &str) -> Result<LocalBoxStream<'static, ()>, Unwatched>;

    /// An item for every change of a list, as this client sees it.
    fn changes(&self, client: &Client) -> LocalBoxStream<'static, List>;

    /// A request was refused because its client has too much under way.
    fn note_refused(&self, _reason: Reason) {}
}

/// Why a resource is not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwatched {
    /// There is none of that address.
    Unknown,
    /// It is made anew for whoever reads it, and has no state that could be compared.
    Fleeting,
    /// The client watches as many as one may.
    TooMany,
}

/// A server as it introduces itself.
#[derive(Debug)]
pub struct About {
    pub implementation: Implementation,
    /// For the model, before it has seen any tool.
    pub instructions: Option<&'static str>,
    pub capabilities: Capabilities,
}

/// Who we are.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Implementation {
    pub name: &'static str,
    pub title: &'static str,
    pub version: &'static str,
    #[serde(rename = "websiteUrl", skip_serializing_if = "Option::is_none")]
    pub website_url: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub icons: &'static [Icon],
}

/// A picture for people to tell us by (2025-11-25).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    pub src: &'static str,
    pub mime_type: &'static str,
    pub sizes: &'static [&'static str],
}

/// What we can do. Only what exists is named.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Capabilities {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Changing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Changing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<Changing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Empty>,
}

impl Capabilities {
    /// What is left of it where nothing is remembered from one request to the next.
    #[must_use]
    pub fn of_one_request(&self) -> Self {
        let unchanging = |changing: Option<Changing>| changing.map(|_| Changing::default());
        Self {
            tools: unchanging(self.tools),
            resources: unchanging(self.resources),
            prompts: unchanging(self.prompts),
            completions: self.completions,
            logging: None,
        }
    }
}

/// How a kind of thing changes.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changing {
    /// Clients are told when there are others.
    #[serde(skip_serializing_if = "is_no")]
    pub list_changed: bool,
    /// Clients may ask to be told when one has another content.
    #[serde(skip_serializing_if = "is_no")]
    pub subscribe: bool,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Empty {}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_no(flag: &bool) -> bool {
    !flag
}

/// The lists there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    Tools,
    Resources,
    ResourceTemplates,
    Prompts,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// An array, written once for all who see the same.
    pub entries: Rc<RawValue>,
    /// Where the next part begins.
    pub next: Option<String>,
}

/// Writes the array of a [`Page`].
pub fn entries<'a>(entries: impl IntoIterator<Item = &'a RawValue>) -> Rc<RawValue> {
    let entries: Vec<_> = entries.into_iter().map(RawValue::get).collect();
    let array = RawValue::from_string(format!("[{}]", entries.join(",")));
    array.expect("values between commas are an array").into()
}

/// A tool is called that is not for this client: of the codes that are left to implementations.
pub const FORBIDDEN: Code = Code::Server(-32010);

/// Why a tool is not called.
#[derive(Debug, Clone)]
pub enum ToolFault {
    Unknown,
    /// What the client would need to call it, as a sentence.
    Forbidden(String),
    /// What is wrong with the arguments, as a sentence.
    Arguments(String),
    /// It is not the arguments, so that the model can do nothing about it.
    Refused(Error),
}

/// Something to be filled in.
#[derive(Debug)]
pub struct Blank<'a> {
    pub of: Reference<'a>,
    pub argument: &'a str,
    /// What has been typed so far.
    pub value: &'a str,
    /// The other arguments, as far as they are known.
    pub known: &'a [(String, String)],
}

/// What has arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// By name.
    Prompt(&'a str),
    /// By URI template.
    Resource(&'a str),
}
