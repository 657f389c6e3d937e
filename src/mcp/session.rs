//! The way of a message through one connection: what it asks, in which era, and what becomes of it.
//!
//! | method | handshake era | stateless era |
//! |---|---|---|
//! | `initialize` | agrees on a revision; may come again | begins the handshake era on this connection |
//! | `server/discover` | needs `_meta` | what this server is |
//! | `ping` | answered at any time | does not exist |
//! | `tools/list`, `tools/call` | after `initialize` | with complete `_meta` |
//! | `resources/list`, `resources/templates/list`, `resources/read` | the same | the same |
//! | `notifications/cancelled` | stops a call | stops a call |
//!
//! Other notifications are accepted and mean nothing to us, `notifications/initialized` included: real clients send
//! requests before it. Answers from the client are dropped, as we ask nothing.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::json;

use super::calls::{self, Calls, Ticket};
use super::params::{Params, required_text};
use super::resources::Resource;
use super::results::{Empty, ResourceResult, ToolResult};
use super::tools::{Tool, Work};
use super::{Options, Revision, Surface};
use crate::base::Result as Outcome;
use crate::base::text::shown;
use crate::fleet::Shards;
use crate::metrics::{Counter, Histogram, Reason, Report, Source};
use crate::rpc::{self, Code, Entry, Error, Id, Message, Raw, Rejected, Request};

/// What becomes of a message.
pub enum Incoming {
    /// Nothing is to be said.
    Nothing,
    /// An answer without waiting.
    Reply(Vec<u8>),
    /// Work that ends in an answer, or in none when the client took it back. It runs while it is polled, next to
    /// others; dropping it stops its work on the remote side.
    Call(LocalBoxFuture<'static, Option<Vec<u8>>>),
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Reply(bytes) => write!(f, "Reply({})", String::from_utf8_lossy(bytes)),
            Self::Call(_) => f.write_str("Call"),
        }
    }
}

/// One client's connection.
pub struct Session {
    shards: Rc<Shards>,
    stats: Rc<dyn Source>,
    surface: Surface,
    calls: Rc<Calls>,
    /// What `initialize` agreed on last.
    agreed: Cell<Option<Revision>>,
    /// The client has spoken the stateless era, so that incomplete `_meta` is what is wrong with its requests.
    seen_stateless: Cell<bool>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("agreed", &self.agreed).finish_non_exhaustive()
    }
}

/// The methods there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Initialize,
    Discover,
    Ping,
    ListTools,
    CallTool,
    ListResources,
    ListResourceTemplates,
    ReadResource,
}

impl Method {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "initialize" => Self::Initialize,
            "server/discover" => Self::Discover,
            "ping" => Self::Ping,
            "tools/list" => Self::ListTools,
            "tools/call" => Self::CallTool,
            "resources/list" => Self::ListResources,
            "resources/templates/list" => Self::ListResourceTemplates,
            "resources/read" => Self::ReadResource,
            _ => return None,
        })
    }
}

/// The request's protocol version is not one of ours (2026-07-28).
const UNSUPPORTED_VERSION: Code = Code::Server(-32022);

/// Before 2026-07-28, which takes it for invalid parameters.
const RESOURCE_NOT_FOUND: Code = Code::Server(-32002);

impl Session {
    /// `stats` tells the figures that clients may read.
    pub fn new(shards: Rc<Shards>, stats: Rc<dyn Source>, options: &Options) -> Self {
        Self {
            shards,
            stats,
            surface: Surface::new(options),
            calls: Rc::new(Calls::new(options.calls_max)),
            agreed: Cell::new(None),
            seen_stateless: Cell::new(false),
        }
    }

    /// Takes one message: a line of a stream, the body of an HTTP request. Replies hold no line end.
    pub fn handle(&self, message: &[u8]) -> Incoming {
        match Message::read(message) {
            Ok(Message::Single(entry)) => self.entry(entry),
            Ok(Message::Batch(entries)) => self.batch(entries),
            Err(error) => Incoming::Reply(rpc::failure(None, &error)),
        }
    }

    fn entry(&self, entry: Entry<'_>) -> Incoming {
        match entry {
            Entry::Request(request) => self.request(&request),
            Entry::Notification { method, params } => {
                self.notification(&method, params);
                Incoming::Nothing
            }
            Entry::Response => Incoming::Nothing,
            Entry::Rejected(Rejected { id, error }) => Incoming::Reply(rpc::failure(id.as_ref(), &error)),
        }
    }

    fn batch(&self, entries: Vec<Entry<'_>>) -> Incoming {
        if !self.agreed.get().is_some_and(Revision::has_batches) {
            let message =
                format!("Invalid request: batches exist in protocol version {} only", Revision::V2025_03_26);
            return Incoming::Reply(rpc::failure(None, &Error::invalid_request(message)));
        }
        gather(entries.into_iter().map(|entry| match entry {
            Entry::Request(request) if request.method == "initialize" => {
                let error = Error::invalid_request("Invalid request: initialize must not be part of a batch");
                Incoming::Reply(rpc::failure(Some(&request.id), &error))
            }
            entry => self.entry(entry),
        }))
    }

    fn notification(&self, method: &str, params: Option<Raw<'_>>) {
        if method != "notifications/cancelled" {
            return;
        }
        if let Some(id) = Params::read(params).ok().and_then(|params| params.request_id).and_then(Id::read) {
            self.calls.cancel(&id);
        }
    }

    fn request(&self, request: &Request<'_>) -> Incoming {
        self.answer(request).unwrap_or_else(|error| Incoming::Reply(rpc::failure(Some(&request.id), &error)))
    }

    fn answer(&self, request: &Request<'_>) -> Result<Incoming, Error> {
        let id = &request.id;
        if self.calls.contains(id) {
            return Err(Error::invalid_request("Invalid request: a request with this id is in flight"));
        }
        let method =
            Method::named(&request.method).ok_or_else(|| Error::method_not_found(&request.method))?;
        let params = Params::read(request.params)?;
        let revision = self.revision(method, &params)?;
        Ok(Incoming::Reply(match method {
            Method::Initialize => rpc::success(id, &self.surface.initialized(revision)),
            Method::Discover => rpc::success(id, self.surface.discovered()),
            Method::Ping if revision.is_stateless() => return Err(Error::method_not_found("ping")),
            Method::Ping => rpc::success(id, &Empty {}),
            Method::ListTools => only_page(&params, || rpc::success(id, self.surface.tools(revision)))?,
            Method::CallTool => return self.call_tool(id, &params, revision),
            Method::ListResources => {
                only_page(&params, || rpc::success(id, self.surface.resources(revision)))?
            }
            Method::ListResourceTemplates => {
                only_page(&params, || rpc::success(id, self.surface.resource_templates(revision)))?
            }
            Method::ReadResource => return self.read_resource(id, &params, revision),
        }))
    }

    /// The revision in which a request is to be understood.
    fn revision(&self, method: Method, params: &Params<'_>) -> Result<Revision, Error> {
        if method == Method::Initialize {
            let revision =
                Revision::agree(&required_text("params.protocolVersion", params.protocol_version)?);
            self.agreed.set(Some(revision));
            return Ok(revision);
        }
        let meta = params.meta()?;
        let named = match meta.protocol_version()? {
            Some(name) => Some(Revision::named(&name).ok_or_else(|| unsupported(&name))?),
            None => None,
        };
        match (named, self.agreed.get()) {
            (Some(named), _) if named.is_stateless() => {
                self.seen_stateless.set(true);
                meta.check_complete().map(|()| named)
            }
            (_, _) if method == Method::Discover => meta.check_complete().map(|()| Revision::V2026_07_28),
            (_, Some(agreed)) => Ok(agreed),
            (_, None) if method == Method::Ping => Ok(Revision::LATEST_HANDSHAKE),
            (_, None) if self.seen_stateless.get() => {
                meta.check_complete()?;
                Err(not_initialized())
            }
            (_, None) => Err(not_initialized()),
        }
    }

    fn call_tool(&self, id: &Id<'_>, params: &Params<'_>, revision: Revision) -> Result<Incoming, Error> {
        let name = required_text("params.name", params.name)?;
        let tool = Tool::named(&name)
            .ok_or_else(|| Error::invalid_params(format!("Unknown tool: {}", shown(&name))))?;
        let work = match tool.start(&self.shards, params.arguments()?) {
            Ok(work) => work,
            Err(invalid) if revision.tells_argument_errors_to_the_model() => {
                return Ok(Incoming::Reply(tool_failure(id, &invalid.0, revision)));
            }
            Err(invalid) => return Err(Error::invalid_params(invalid.0)),
        };
        self.call(id, tool, work, revision)
    }

    fn call(
        &self,
        id: &Id<'_>,
        tool: &'static Tool,
        work: Work,
        revision: Revision,
    ) -> Result<Incoming, Error> {
        let ticket = self.admit(id)?;
        let fleet = Rc::clone(self.shards.own());
        let measured = async move {
            let begun = fleet.now();
            let outcome = work.await;
            let histogram = Histogram::Call { operation: tool.operation, success: outcome.is_ok() };
            fleet.recorder().time(histogram, fleet.now() - begun);
            outcome
        };
        let answer = move |id: &Id<'_>, outcome: Outcome<String>| match outcome {
            Ok(text) => rpc::success(id, &ToolResult::new(&text, false, revision)),
            Err(error) => tool_failure(id, error.message(), revision),
        };
        Ok(Incoming::Call(ticket.run(measured, answer).boxed_local()))
    }

    fn read_resource(&self, id: &Id<'_>, params: &Params<'_>, revision: Revision) -> Result<Incoming, Error> {
        let uri = required_text("params.uri", params.uri)?;
        let resource = Resource::at(&uri).ok_or_else(|| no_such_resource(&uri, revision))?;
        let ticket = self.admit(id)?;
        let stats = Rc::clone(&self.stats);
        let read = async move { stats.report().await };
        let answer = move |id: &Id<'_>, report: Outcome<Report>| match report {
            Ok(report) => {
                rpc::success(id, &ResourceResult::new(resource, &(resource.read)(&report), revision))
            }
            Err(error) => rpc::failure(Some(id), &calls::busy(error.message().to_owned())),
        };
        Ok(Incoming::Call(ticket.run(read, answer).boxed_local()))
    }

    fn admit(&self, id: &Id<'_>) -> Result<Ticket, Error> {
        self.calls.admit(id.clone()).inspect_err(|_| {
            self.shards.own().recorder().count(Counter::Rejected(Reason::Client));
        })
    }
}

/// The answer to a request for a list, which never has a second page.
fn only_page(params: &Params<'_>, list: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Error> {
    match params.cursor {
        Some(_) => Err(Error::invalid_params("Invalid cursor: the list has one page")),
        None => Ok(list()),
    }
}

/// A failure the model is to read.
fn tool_failure(id: &Id<'_>, message: &str, revision: Revision) -> Vec<u8> {
    rpc::success(id, &ToolResult::new(&format!("Error: {message}"), true, revision))
}

/// One answer to the entries of a batch, when all of them have theirs.
fn gather(entries: impl Iterator<Item = Incoming>) -> Incoming {
    let (mut replies, mut calls) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Incoming::Nothing => {}
            Incoming::Reply(reply) => replies.push(reply),
            Incoming::Call(call) => calls.push(call),
        }
    }
    if calls.is_empty() {
        return rpc::join(replies).map_or(Incoming::Nothing, Incoming::Reply);
    }
    let answers =
        join_all(calls).map(|answers| rpc::join(replies.into_iter().chain(answers.into_iter().flatten())));
    Incoming::Call(answers.boxed_local())
}

fn not_initialized() -> Error {
    Error::invalid_request(
        "Not initialized: send initialize first, or name a protocol version in params._meta of every request",
    )
}

fn no_such_resource(uri: &str, revision: Revision) -> Error {
    let code = if revision.is_stateless() { Code::InvalidParams } else { RESOURCE_NOT_FOUND };
    Error::new(code, format!("Resource not found: {}", shown(uri))).with_data(&json!({ "uri": shown(uri) }))
}

fn unsupported(requested: &str) -> Error {
    let requested = shown(requested);
    Error::new(UNSUPPORTED_VERSION, format!("Unsupported protocol version: {requested}"))
        .with_data(&json!({ "supported": Revision::ALL, "requested": requested }))
}

#[cfg(test)]
mod tests;
