//! The transport "Streamable HTTP" (2025-03-26 and later): a message in a POST, its answer as JSON, or as events when there
//! is more to say than the answer.
//!
//! | request | without a session | with `Mcp-Session-Id` |
//! |---|---|---|
//! | POST | stands for itself, in the revision that its header names | belongs to the session |
//! | GET | 405 | what the server says unasked, as events |
//! | DELETE | 405 | ends the session |
//!
//! A client that goes away takes its request back.

use std::rc::Rc;

use futures_util::{StreamExt, stream};

use super::Site;
use super::errands::{Ask, Outcome, ask};
use super::labels::{Accepted, Headers, is_json, session};
use crate::http::sse::Event;
use crate::http::{Request, Response, Status};
use crate::mcp::{BUSY, Client, FORBIDDEN, Flow, Incoming, Outgoing, Revision};
use crate::rpc::{self, Code, Entry, Error, Message};

const JSON: &str = "application/json";
const SESSION_ID: &str = "mcp-session-id";

/// No session has this id.
const SESSION_NOT_FOUND: Code = Code::Server(-32001);

pub async fn answer(site: Rc<Site>, request: Request, client: Client) -> Response {
    let accepted = Accepted::of(&request);
    match (request.method(), session(&request)) {
        ("POST", session) => post(&site, request, session, accepted, client).await,
        ("GET" | "DELETE", Some(_)) if Headers::of(&request).version() == Some(None) => {
            refuse(Status::BAD_REQUEST, "Unsupported protocol version")
        }
        ("GET", Some(id)) if accepted.events => {
            told(&site, ask(&site, id, client, Ask::Listen).await, accepted).await
        }
        ("GET", Some(_)) => {
            refuse(Status::NOT_ACCEPTABLE, "Not acceptable: this is answered with text/event-stream")
        }
        ("DELETE", Some(id)) => told(&site, ask(&site, id, client, Ask::End).await, accepted).await,
        ("GET" | "DELETE", None) => {
            let message = "Method not allowed: without a session only POST is";
            refuse(Status::METHOD_NOT_ALLOWED, message).with("allow", "POST")
        }
        _ => refuse(Status::METHOD_NOT_ALLOWED, "Method not allowed").with("allow", "GET, POST, DELETE"),
    }
}

/// Whether a request brings others to their end: it takes one back, answers what one of them has asked, or ends them all.
pub fn helps_to_finish(request: &Request) -> bool {
    let is_in_session = request.headers.get(SESSION_ID).is_some();
    is_in_session
        && match request.method() {
            "POST" => matches!(
                Message::read(&request.body),
                Ok(Message::Single(Entry::Notification { .. } | Entry::Response(_)))
            ),
            method => method == "DELETE",
        }
}

async fn post(
    site: &Rc<Site>,
    request: Request,
    session: Option<String>,
    accepted: Accepted,
    client: Client,
) -> Response {
    if !is_json(&request) {
        let message = "Unsupported media type: Content-Type must be application/json";
        return refuse(Status::UNSUPPORTED_MEDIA_TYPE, message);
    }
    if !accepted.json && !accepted.events {
        let message = "Not acceptable: answers are application/json or text/event-stream";
        return refuse(Status::NOT_ACCEPTABLE, message);
    }
    let headers = Headers::of(&request);
    // Nothing but words comes of it.
    if !accepted.events && headers.labels().method == Some("subscriptions/listen") {
        return refuse(Status::NOT_ACCEPTABLE, "Not acceptable: this is answered with text/event-stream");
    }
    let is_stateless = headers.version().flatten().is_some_and(Revision::is_stateless);
    match session.filter(|_| !is_stateless && site.sessions.is_some()) {
        Some(id) => told(site, ask(site, id, client, Ask::Take(request)).await, accepted).await,
        None => alone(site, &request.body, &headers, accepted, client).await,
    }
}

/// A message that belongs to no session. One may begin with it.
async fn alone(
    site: &Rc<Site>,
    message: &[u8],
    headers: &Headers<'_>,
    accepted: Accepted,
    client: Client,
) -> Response {
    let owner = client.clone();
    let session = match headers.version() {
        // What it is, its body says.
        Some(Some(Revision::V2026_07_28) | None) => site.session(client),
        Some(Some(revision)) => site.session(client).in_revision(revision),
        // As the specification has it for clients that do not say.
        None => site.session(client).in_revision(Revision::V2025_03_26),
    };
    let session = if site.sessions.is_some() { session.with_questions() } else { session.of_one_request() };
    let session = Rc::new(session);
    let incoming = match session.handle(message, Some(&headers.labels())) {
        Incoming::Call(flow) => Incoming::Call(site.under_way.tend(Rc::clone(&session), flow)),
        incoming => incoming,
    };
    let kept = session.is_initialized().then(|| site.keep(session, owner)).flatten();
    let response = respond(incoming, accepted).await;
    match kept {
        Some(id) => response.with(SESSION_ID, id),
        None => response,
    }
}

async fn respond(incoming: Incoming, accepted: Accepted) -> Response {
    match incoming {
        Incoming::Nothing => Response::new(Status::ACCEPTED),
        Incoming::Reply(reply) => whole(Status::OK, reply, accepted),
        Incoming::Refused(code, reply) => Response::new(status(code)).body(JSON, reply),
        Incoming::Call(flow) => flowing(flow, accepted).await,
    }
}

/// Waits until it is known whether there is more to say than the answer.
async fn flowing(mut flow: Flow, accepted: Accepted) -> Response {
    loop {
        match flow.next().await {
            // The client has taken it back.
            None => return Response::new(Status::ACCEPTED),
            Some(Outgoing::Answer(answer)) => return whole(Status::OK, answer, accepted),
            Some(Outgoing::Failure(code, answer)) => return Response::new(status(code)).body(JSON, answer),
            Some(word) if accepted.events => {
                let events = stream::iter([word]).chain(flow).map(|outgoing| event(&outgoing));
                return Response::new(Status::OK).events(events);
            }
            Some(Outgoing::Word(_)) => {}
        }
    }
}

fn whole(status: Status, reply: Vec<u8>, accepted: Accepted) -> Response {
    match accepted.json {
        true => Response::new(status).body(JSON, reply),
        false => Response::new(status).events(stream::iter([event(&Outgoing::Answer(reply))])),
    }
}

fn event(outgoing: &Outgoing) -> Vec<u8> {
    let message = outgoing.message();
    let mut bytes = Vec::with_capacity(message.len() + 32);
    // Messages are written by us, and are text.
    let data = str::from_utf8(message).unwrap_or_default();
    Event { event: Some("message"), data: Some(data), ..Event::default() }.write(&mut bytes);
    bytes
}

async fn told(site: &Site, outcome: Outcome, accepted: Accepted) -> Response {
    match outcome {
        Outcome::Unknown => {
            let error = Error::new(SESSION_NOT_FOUND, "Session not found: begin a new one with initialize");
            Response::new(Status::NOT_FOUND).body(JSON, rpc::failure(None, &error))
        }
        Outcome::Busy => {
            let error = Error::new(BUSY, "Server busy: too much is under way, try again later");
            Response::new(Status::SERVICE_UNAVAILABLE)
                .with("retry-after", "1")
                .body(JSON, rpc::failure(None, &error))
        }
        Outcome::Notices(flow) => {
            let words = flow.map(|word| event(&word));
            Response::new(Status::OK).events(words.take_until(site.drain.begun()))
        }
        Outcome::Incoming(incoming) => respond(incoming, accepted).await,
        Outcome::Ended => Response::new(Status::NO_CONTENT),
    }
}

/// What was wrong with a request that was not taken.
fn status(code: Code) -> Status {
    match code {
        Code::MethodNotFound => Status::NOT_FOUND,
        Code::Internal => Status::INTERNAL_SERVER_ERROR,
        BUSY => Status::SERVICE_UNAVAILABLE,
        FORBIDDEN => Status::FORBIDDEN,
        Code::Parse | Code::InvalidRequest | Code::InvalidParams | Code::Server(_) => Status::BAD_REQUEST,
    }
}

fn refuse(status: Status, message: &'static str) -> Response {
    Response::new(status).body(JSON, rpc::failure(None, &Error::invalid_request(message)))
}
