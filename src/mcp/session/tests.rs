//! One session, asked in every revision. `testing::shards()` never answers for a path that contains `wait`.

use futures_util::{FutureExt, StreamExt};
use serde_json::Value;

use super::*;
use crate::base::limits::SESSION_REQUESTS_MAX;
use crate::config::Access;
use crate::fleet::ClientId;
use crate::mcp::{Catalog, Options, Outgoing};
use crate::testing;

mod access;
mod anything;
mod asking;
mod batches;
mod conformance;
mod eras;
mod flight;
mod labels;
mod methods;
mod prompter;
mod resources;
mod subscriptions;
mod words;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
/// The members of it.
const ERA: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;

/// A session that nobody has spoken to.
fn fresh() -> Session {
    with(&Options::default(), SESSION_REQUESTS_MAX)
}

fn with(options: &Options, calls_max: usize) -> Session {
    let shards = testing::shards();
    let stats = testing::stats(&shards);
    Session::new(Catalog::new(shards, stats, options), client(), calls_max)
}

/// One that may do everything.
fn client() -> Client {
    Client { id: ClientId::STDIO, access: Access::all().into() }
}

/// A session that agreed on a revision.
fn agreed(revision: &str) -> Session {
    let session = fresh();
    let reply = ask(&session, &request("0", "initialize", &format!(r#"{{"protocolVersion":"{revision}"}}"#)));
    assert_eq!(reply["result"]["protocolVersion"], revision);
    session
}

fn request(id: &str, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

fn call(id: &str, arguments: &str) -> String {
    request(id, "tools/call", &format!(r#"{{"name":"scout","arguments":{arguments}}}"#))
}

fn cancel(id: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"x"}}}}"#
    )
}

/// Polls once whatever waits; nothing in these tests needs more.
fn answer(session: &Session, message: &[u8]) -> Option<Vec<u8>> {
    match session.handle(message, None) {
        Incoming::Nothing => None,
        Incoming::Reply(reply) | Incoming::Refused(_, reply) => Some(reply),
        Incoming::Call(mut flow) => match flow.next().now_or_never().expect("the call should be done")? {
            Outgoing::Answer(answer) | Outgoing::Failure(_, answer) => Some(answer),
            Outgoing::Word(word) => panic!("more than an answer: {}", String::from_utf8_lossy(&word)),
        },
    }
}

fn ask(session: &Session, message: &str) -> Value {
    let reply = answer(session, message.as_bytes()).expect("an answer");
    serde_json::from_slice(&reply).expect("JSON")
}

fn error_code(reply: &Value) -> i64 {
    reply["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {reply}"))
}

fn error_text(reply: &Value) -> &str {
    reply["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {reply}"))
}

fn pending(session: &Session, message: &str) -> Flow {
    let Incoming::Call(mut flow) = session.handle(message.as_bytes(), None) else {
        panic!("{message} did not wait")
    };
    assert!(flow.next().now_or_never().is_none(), "{message} did not wait");
    flow
}
