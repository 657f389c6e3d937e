//! A client of MCP, line by line: whatever it says, every answer is one line of JSON, no request has more than one, and
//! nothing is under way beyond its bound.

use std::rc::Rc;

use futures_util::{FutureExt, StreamExt};
use serde_json::Value;

use crate::config::Access;
use crate::fleet::ClientId;
use crate::mcp::{Catalog, Client, Flow, Incoming, Labels, Options, Outgoing, Session};
use crate::rpc::{Entry, Message};
use crate::testing::choices::Choices;
use crate::testing::nowhere;

/// Requests under way at once.
const CALLS_MAX: usize = 4;
/// Words of one flow that are read at a time: one that listens may have some to say at any time.
const WORDS_MAX: usize = 100;

thread_local! {
    /// Made once: it takes ten times as long as a session.
    static CATALOG: Rc<Catalog> = {
        let shards = nowhere::shards();
        let stats = nowhere::stats(&shards);
        Catalog::new(shards, stats, &Options::default())
    };
}

/// The first byte says what a transport says beside the lines that follow, and whether it keeps a session.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let first = choices.u8();
    let labels = Labels {
        version: [None, Some("2026-07-28"), Some("2025-11-25"), Some("none")][usize::from(first & 3)],
        method: (first & 4 != 0).then_some("tools/list"),
        name: (first & 8 != 0).then_some("scout"),
    };
    let labels = (first & 16 != 0).then_some(labels);
    let client = Client { id: ClientId::STDIO, access: Access::all().into() };
    let session = Session::new(CATALOG.with(Rc::clone), client, CALLS_MAX);
    let session = Rc::new(if first & 32 != 0 { session.with_questions() } else { session });

    let (mut flows, mut asked, mut answered): (Vec<Flow>, _, _) = (Vec::new(), 0, 0);
    for message in choices.rest().split(|byte| *byte == b'\n') {
        asked += wanted(message);
        match session.handle(message, labels.as_ref()) {
            Incoming::Nothing => {}
            Incoming::Reply(reply) | Incoming::Refused(_, reply) => answered += answers_in(&reply),
            Incoming::Call(flow) => flows.push(flow),
        }
        flows.retain_mut(|flow| {
            let (answers, goes_on) = listen(flow);
            answered += answers;
            goes_on
        });
        assert!(answered <= asked, "{answered} answers to {asked} questions");
        assert!(flows.len() <= CALLS_MAX, "{} requests are under way", flows.len());
    }
    session.end();
    for flow in &mut flows {
        answered += listen(flow).0;
    }
    assert!(answered <= asked, "{answered} answers to {asked} questions");
}

/// How many answers there may be: one for each request of a batch and for what is none, and one for everything else.
fn wanted(message: &[u8]) -> usize {
    let Ok(Message::Batch(entries)) = Message::read(message) else { return 1 };
    let is_answered = |entry: &&Entry<'_>| matches!(entry, Entry::Request(_) | Entry::Rejected(_));
    entries.iter().filter(is_answered).count().max(1)
}

/// How many answers a flow has now, and whether there may be more.
fn listen(flow: &mut Flow) -> (usize, bool) {
    let mut answers = 0;
    for _ in 0..WORDS_MAX {
        match flow.next().now_or_never() {
            None => return (answers, true),
            Some(None) => return (answers, false),
            Some(Some(Outgoing::Word(word))) => drop(line(&word)),
            Some(Some(Outgoing::Answer(answer) | Outgoing::Failure(_, answer))) => {
                answers += answers_in(&answer);
            }
        }
    }
    (answers, true)
}

fn answers_in(reply: &[u8]) -> usize {
    let check = |answer: &Value| {
        assert_eq!(answer["jsonrpc"], "2.0");
        assert!(answer.get("id").is_some());
        assert_ne!(answer.get("result").is_some(), answer.get("error").is_some());
    };
    match line(reply) {
        Value::Array(answers) => {
            answers.iter().for_each(check);
            answers.len()
        }
        answer => {
            check(&answer);
            1
        }
    }
}

fn line(message: &[u8]) -> Value {
    assert!(!message.contains(&b'\n'));
    serde_json::from_slice(message).expect("our own words are JSON")
}
