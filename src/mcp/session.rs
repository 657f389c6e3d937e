//! The way of a message through one connection: what it asks, in which era, and what becomes of it.
//!
//! | method | handshake era | stateless era |
//! |---|---|---|
//! | `initialize` | agrees on a revision; may come again | does not exist: without `_meta` it begins the handshake era |
//! | `server/discover` | needs `_meta` | what this server is |
//! | `ping` | answered at any time | does not exist |
//! | lists, `tools/call`, `resources/read`, `prompts/get`, `completion/complete` | after `initialize` | with complete `_meta` |
//! | `resources/subscribe`, `resources/unsubscribe`, `logging/setLevel` | after `initialize`, in the same session | do not exist |
//! | `subscriptions/listen` | does not exist | tells of changes until it is taken back |
//! | `notifications/cancelled` | stops a request | stops a request |
//!
//! Other notifications are accepted and mean nothing to us, `notifications/initialized` included: real clients send
//! requests before it.

mod answers;
mod listen;
mod method;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use futures_util::stream::{self, Stream};
use serde_json::{Value, json};

use super::calls::{self, Calls, Ticket};
use super::flow::{Flow, batch};
use super::notices::{Full, Notices};
use super::params::{Meta, Params, level, required_text};
use super::provider::{Client, Empty, List, Provider, Unwatched};
use super::questions::Questions;
use super::results::{Discovered, Framed, Initialized, Keeping, Listed};
use super::{Level, Revision};
use crate::base::refusal::Reason;
use crate::base::text::shown;
use crate::rpc::{self, Code, Entry, Error, Id, Message, Raw, Rejected, Request};
use method::Method;

/// What becomes of a message.
pub enum Incoming {
    /// Nothing is to be said.
    Nothing,
    /// An answer without waiting.
    Reply(Vec<u8>),
    /// The same, where a transport with outcomes of its own is to show that the request was wrong: in the stateless era,
    /// and where nobody knows what was asked.
    Refused(Code, Vec<u8>),
    /// A request under way, as long as this is polled.
    Call(Flow),
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Reply(bytes) | Self::Refused(_, bytes) => {
                write!(f, "Reply({})", String::from_utf8_lossy(bytes))
            }
            Self::Call(_) => f.write_str("Call"),
        }
    }
}

/// What the transport says of a message beside it (the headers of 2026-07-28).
#[derive(Debug, Clone, Copy, Default)]
pub struct Labels<'a> {
    pub version: Option<&'a str>,
    pub method: Option<&'a str>,
    pub name: Option<&'a str>,
}

/// One client's connection.
pub struct Session {
    provider: Rc<dyn Provider>,
    client: Client,
    calls: Rc<Calls>,
    notices: Notices,
    /// `None` where answers of the client do not find their way to us.
    questions: Option<Rc<Questions>>,
    /// What `initialize` agreed on last, and what the client said of itself then.
    agreed: Cell<Option<Revision>>,
    client_capabilities: RefCell<Value>,
    is_initialized: Cell<bool>,
    /// Requests that follow are heard as well.
    lasts: bool,
    /// What the client wants to read along.
    level: Cell<Level>,
    /// The client has spoken the stateless era, so that incomplete `_meta` is what is wrong with its requests.
    seen_stateless: Cell<bool>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("agreed", &self.agreed).finish_non_exhaustive()
    }
}

/// The headers of a request say something else than its body (2026-07-28).
const HEADER_MISMATCH: Code = Code::Server(-32020);
/// The request's protocol version is not one of ours (2026-07-28).
const UNSUPPORTED_VERSION: Code = Code::Server(-32022);

/// A request that is understood so far.
struct Asked<'a> {
    id: &'a Id<'a>,
    revision: Revision,
    params: Params<'a>,
    meta: Meta<'a>,
}

impl Session {
    /// `calls_max` requests may be under way at once; more are answered "busy".
    pub fn new(provider: Rc<dyn Provider>, client: Client, calls_max: usize) -> Self {
        Self {
            provider,
            client,
            calls: Rc::new(Calls::new(calls_max)),
            notices: Notices::default(),
            questions: None,
            agreed: Cell::new(None),
            client_capabilities: RefCell::default(),
            is_initialized: Cell::default(),
            lasts: true,
            level: Cell::new(Level::Info),
            seen_stateless: Cell::new(false),
        }
    }

    /// The client's answers find their way to us, so that it can be asked as well.
    #[must_use]
    pub fn with_questions(mut self) -> Self {
        self.questions = Some(Rc::default());
        self
    }

    /// Nothing is remembered of it, so that nothing is promised that would have to be.
    #[must_use]
    pub fn of_one_request(mut self) -> Self {
        self.lasts = false;
        self
    }

    /// Goes on in a revision as if it had been agreed on: what it was agreed on with is another instance, or forgotten.
    #[must_use]
    pub fn in_revision(self, revision: Revision) -> Self {
        self.agreed.set(Some(revision));
        self
    }

    /// Whether this connection has begun with `initialize`.
    pub fn is_initialized(&self) -> bool {
        self.is_initialized.get()
    }

    /// What the client is told unasked (handshake era), until somebody else listens.
    pub fn notices(self: &Rc<Self>) -> impl Stream<Item = Vec<u8>> + use<> {
        let (session, turn) = (Rc::clone(self), self.notices.take_turn());
        stream::poll_fn(move |cx| session.notices.poll_next(turn, cx))
    }

    /// The client has said its last word: what only its next one would end, ends now. Questions to it stay without an
    /// answer, and nobody takes back that he listens.
    pub fn hear_no_more(&self) {
        self.calls.end_endless();
        if let Some(questions) = &self.questions {
            questions.close();
        }
    }

    /// The client is done with it: whatever is under way ends, and whoever listens hears no more.
    pub fn end(&self) {
        self.calls.end_all();
        self.notices.take_turn();
    }

    /// What is under way cannot be finished any more, and its client is told so.
    pub fn give_up(&self) {
        self.hear_no_more();
        self.calls.give_up();
    }

    /// Takes one message: a line of a stream, the body of an HTTP request, then with its labels. Replies hold no line end.
    pub fn handle(&self, message: &[u8], labels: Option<&Labels<'_>>) -> Incoming {
        match Message::read(message) {
            Ok(Message::Single(entry)) => self.entry(entry, labels),
            Ok(Message::Batch(entries)) => self.batch(entries),
            Err(error) => refused(None, &error),
        }
    }

    fn entry(&self, entry: Entry<'_>, labels: Option<&Labels<'_>>) -> Incoming {
        let version = labels.and_then(|labels| labels.version);
        let unknown = version.filter(|version| Revision::named(version).is_none());
        match (entry, unknown) {
            (Entry::Request(request), _) => self.request(&request, labels),
            (Entry::Rejected(Rejected { id, error }), _) => refused(id.as_ref(), &error),
            (Entry::Notification { .. } | Entry::Response(_), Some(version)) => {
                refused(None, &unsupported(version))
            }
            (Entry::Notification { method, params }, None) => {
                self.notification(&method, params);
                Incoming::Nothing
            }
            (Entry::Response(response), None) => {
                if let Some(questions) = &self.questions {
                    questions.answer(&response);
                }
                Incoming::Nothing
            }
        }
    }

    fn batch(&self, entries: Vec<Entry<'_>>) -> Incoming {
        if !self.agreed.get().is_some_and(Revision::has_batches) {
            let message =
                format!("Invalid request: batches exist in protocol version {} only", Revision::V2025_03_26);
            return refused(None, &Error::invalid_request(message));
        }
        let (mut replies, mut flows) = (Vec::new(), Vec::new());
        for entry in entries {
            let id = match &entry {
                Entry::Request(request) => Some(request.id.clone().into_owned()),
                _ => None,
            };
            match self.entry_of_batch(entry) {
                Incoming::Nothing => {}
                Incoming::Reply(reply) | Incoming::Refused(_, reply) => replies.push(reply),
                // Nothing but a request is one.
                Incoming::Call(flow) => flows.extend(id.map(|id| (id, flow))),
            }
        }
        match flows.is_empty() {
            true => rpc::join(replies).map_or(Incoming::Nothing, Incoming::Reply),
            false => Incoming::Call(batch(replies, flows)),
        }
    }

    fn entry_of_batch(&self, entry: Entry<'_>) -> Incoming {
        match entry {
            Entry::Request(request) if request.method == "initialize" => {
                let error = Error::invalid_request("Invalid request: initialize must not be part of a batch");
                refused(Some(&request.id), &error)
            }
            // It would come past the labels that it must have.
            Entry::Request(request) if is_stateless(&request) => {
                let message = format!("Invalid request: {} has no batches", Revision::V2026_07_28);
                refused(Some(&request.id), &Error::invalid_request(message))
            }
            entry => self.entry(entry, None),
        }
    }

    fn notification(&self, method: &str, params: Option<Raw<'_>>) {
        if method != "notifications/cancelled" {
            return;
        }
        if let Some(id) = Params::read(params).ok().and_then(|params| params.request_id).and_then(Id::read) {
            self.calls.cancel(&id);
        }
    }

    fn request(&self, request: &Request<'_>, labels: Option<&Labels<'_>>) -> Incoming {
        let understood = self.understood(request, labels);
        let is_stateless = match &understood {
            Ok((_, asked)) => asked.revision.is_stateless(),
            Err(error) => self.agreed.get().is_none() || is_about_the_envelope(error.code()),
        };
        let answered = understood.and_then(|(method, asked)| self.answer(method, &asked));
        answered.unwrap_or_else(|error| match is_stateless {
            true => refused(Some(&request.id), &error),
            false => Incoming::Reply(rpc::failure(Some(&request.id), &error)),
        })
    }

    /// What is asked, and in which revision.
    fn understood<'a>(
        &self,
        request: &'a Request<'a>,
        labels: Option<&Labels<'_>>,
    ) -> Result<(Method, Asked<'a>), Error> {
        let id = &request.id;
        if self.calls.contains(id) {
            return Err(Error::invalid_request("Invalid request: a request with this id is in flight"));
        }
        let unknown = || Error::method_not_found(&request.method);
        let offered = &self.provider.about().capabilities;
        let method = Method::named(&request.method).filter(|method| method.is_offered(offered));
        let method = method.ok_or_else(unknown)?;
        let params = Params::read(request.params)?;
        let meta = params.meta()?;
        let revision = self.revision(method, &params, &meta, labels)?;
        if revision.is_stateless()
            && let Some(labels) = labels
        {
            check_labels(labels, &request.method, &params)?;
        }
        match method.exists_in(revision) {
            true => Ok((method, Asked { id, revision, params, meta })),
            false => Err(unknown()),
        }
    }

    fn answer(&self, method: Method, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let (id, about) = (asked.id, self.provider.about());
        Ok(Incoming::Reply(match method {
            Method::Initialize => {
                *self.client_capabilities.borrow_mut() = asked.params.capabilities()?;
                self.is_initialized.set(true);
                self.notices.hear_lists(|| self.provider.changes(&self.client));
                rpc::success(id, &Initialized::new(asked.revision, about, self.lasts))
            }
            Method::Discover => {
                let discovered = Discovered::new(about);
                let framed = Framed::complete(&discovered, Revision::V2026_07_28, about).introduced(about);
                rpc::success(id, &framed.kept(Keeping::FOR_A_WHILE))
            }
            Method::Ping => rpc::success(id, &Empty {}),
            Method::SetLevel | Method::Subscribe | Method::Unsubscribe if !self.is_initialized.get() => {
                return Err(Error::invalid_request(
                    "This needs a session, which begins with initialize: nothing is remembered from one request to the next",
                ));
            }
            Method::SetLevel => {
                let wanted = asked.params.level.ok_or_else(|| missing("params.level"))?;
                self.level.set(level("params.level", wanted)?);
                rpc::success(id, &Empty {})
            }
            Method::List(list) => self.list(list, asked)?,
            Method::Subscribe => {
                self.subscribe(&required_text("params.uri", asked.params.uri)?, asked.revision)?;
                rpc::success(id, &Empty {})
            }
            Method::Unsubscribe => {
                self.notices.unsubscribe(&required_text("params.uri", asked.params.uri)?);
                rpc::success(id, &Empty {})
            }
            Method::CallTool => return self.call_tool(asked),
            Method::ReadResource => return self.read_resource(asked),
            Method::GetPrompt => return self.get_prompt(asked),
            Method::Complete => return self.complete(asked),
            Method::Listen => return self.listen(asked),
        }))
    }

    /// The revision in which a request is to be understood.
    fn revision(
        &self,
        method: Method,
        params: &Params<'_>,
        meta: &Meta<'_>,
        labels: Option<&Labels<'_>>,
    ) -> Result<Revision, Error> {
        let known = |name: &str| Revision::named(name).ok_or_else(|| unsupported(name));
        let named = meta.protocol_version()?;
        let is_of_its_own = named.as_deref().and_then(Revision::named).is_some_and(Revision::is_stateless);
        if method == Method::Initialize && !is_of_its_own {
            let revision =
                Revision::agree(&required_text("params.protocolVersion", params.protocol_version)?);
            self.agreed.set(Some(revision));
            return Ok(revision);
        }
        let labelled = labels.and_then(|labels| labels.version);
        if let (Some(named), Some(labelled)) = (named.as_deref(), labelled)
            && named != labelled
        {
            return Err(mismatch("MCP-Protocol-Version", labelled, named));
        }
        let asked = named.as_deref().or(labelled).map(known).transpose()?;
        match (asked, self.agreed.get()) {
            (Some(asked), _) if asked.is_stateless() => {
                self.seen_stateless.set(true);
                meta.check_complete().map(|()| asked)
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

    fn list(&self, list: List, asked: &Asked<'_>) -> Result<Vec<u8>, Error> {
        let cursor =
            asked.params.cursor.map(|cursor| super::params::text("params.cursor", cursor)).transpose()?;
        let page = self.provider.list(list, &self.client, cursor.as_deref());
        let page = page.ok_or_else(|| Error::invalid_params("Invalid cursor: take it from nextCursor"))?;
        let listed = Listed::new(list, &page);
        let framed = Framed::complete(&listed, asked.revision, self.provider.about());
        let bytes = page.entries.get().len();
        Ok(rpc::long_success(asked.id, &framed.kept(Keeping::FOR_A_WHILE), bytes))
    }

    fn subscribe(&self, uri: &str, revision: Revision) -> Result<(), Error> {
        if self.notices.tells_of(uri) {
            return Ok(());
        }
        let changes = self.provider.watch(&self.client, uri).map_err(|unwatched| match unwatched {
            Unwatched::Unknown => answers::no_such_resource(uri, revision),
            Unwatched::Fleeting => Error::invalid_params(format!(
                "{} cannot be watched: it is asked anew at every read. Files, directories and the host list can.",
                shown(uri)
            )),
            Unwatched::TooMany => self.watches_too_much(),
        })?;
        self.notices.subscribe(uri, changes).map_err(|Full| self.watches_too_much())
    }

    fn watches_too_much(&self) -> Error {
        self.provider.note_refused(Reason::Watches);
        calls::busy("Server busy: too many subscriptions of one client".to_owned())
    }

    fn admit(&self, id: &Id<'_>) -> Result<Ticket, Error> {
        self.calls.admit(id.clone()).inspect_err(|_| self.provider.note_refused(Reason::Client))
    }
}

/// Whether a request says that it belongs to the stateless era.
fn is_stateless(request: &Request<'_>) -> bool {
    let version = Params::read(request.params)
        .and_then(|params| params.meta())
        .and_then(|meta| Ok(meta.protocol_version()?.and_then(|name| Revision::named(&name))));
    matches!(version, Ok(Some(revision)) if revision.is_stateless())
}

/// Whether it is not what was asked that is wrong, but how it came.
fn is_about_the_envelope(code: Code) -> bool {
    matches!(code, Code::Parse | Code::InvalidRequest | HEADER_MISMATCH | UNSUPPORTED_VERSION)
}

fn refused(id: Option<&Id<'_>>, error: &Error) -> Incoming {
    Incoming::Refused(error.code(), rpc::failure(id, error))
}

/// That headers say what the body says.
fn check_labels(labels: &Labels<'_>, method: &str, params: &Params<'_>) -> Result<(), Error> {
    let name = match method {
        "tools/call" | "prompts/get" => params.name.and_then(rpc::string),
        "resources/read" => params.uri.and_then(rpc::string),
        _ => None,
    };
    let said = [
        ("MCP-Protocol-Version", labels.version, Some(Revision::V2026_07_28.as_str())),
        ("Mcp-Method", labels.method, Some(method)),
        ("Mcp-Name", labels.name, name.as_deref()),
    ];
    for (header, label, body) in said {
        match (label, body) {
            (Some(label), Some(body)) if label == body => {}
            (Some(label), Some(body)) => return Err(mismatch(header, label, body)),
            (None, Some(_)) => {
                return Err(Error::new(HEADER_MISMATCH, format!("The header {header} is missing")));
            }
            (_, None) => {}
        }
    }
    Ok(())
}

fn mismatch(header: &str, label: &str, body: &str) -> Error {
    let message = format!("The header {header} is '{}', but the body says '{}'", shown(label), shown(body));
    Error::new(HEADER_MISMATCH, message)
}

fn missing(what: &str) -> Error {
    Error::invalid_params(format!("{what} is missing"))
}

fn not_initialized() -> Error {
    Error::invalid_request(
        "Not initialized: send initialize first, or name a protocol version in params._meta of every request",
    )
}

fn unsupported(requested: &str) -> Error {
    let requested = shown(requested);
    Error::new(UNSUPPORTED_VERSION, format!("Unsupported protocol version: {requested}"))
        .with_data(&json!({ "supported": Revision::ALL, "requested": requested }))
}

#[cfg(test)]
mod tests;
