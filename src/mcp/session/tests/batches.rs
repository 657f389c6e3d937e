//! Batches, which are of one revision.

use super::*;
use crate::base::limits::BATCH_LENGTH_MAX;

#[test]
fn batches_exist_in_one_revision() {
    let ping = format!("[{}]", request("1", "ping", "{}"));
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        assert_eq!(error_code(&ask(&agreed(revision), &ping)), -32600, "{revision}");
    }
    assert_eq!(error_code(&ask(&fresh(), &ping)), -32600);
    assert_eq!(ask(&agreed("2025-03-26"), &ping), json!([{"jsonrpc": "2.0", "id": 1, "result": {}}]));
}

#[test]
fn a_batch_is_answered_at_once_and_whole() {
    let session = agreed("2025-03-26");
    let messages = [
        call("1", r#"{"target":"localhost:/x"}"#),
        request("2", "nope", "{}"),
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
        "7".to_owned(),
        request("3", "initialize", r#"{"protocolVersion":"2025-03-26"}"#),
        request("4", "ping", "{}"),
    ];
    let replies = ask(&session, &format!("[{}]", messages.join(",")));
    let outcome = |id: Value| {
        let found = replies.as_array().and_then(|all| all.iter().find(|reply| reply["id"] == id));
        found.map(|reply| reply["error"]["code"].as_i64().unwrap_or(0))
    };
    assert_eq!(replies.as_array().map(Vec::len), Some(5));
    assert_eq!(
        [json!(1), json!(2), Value::Null, json!(3), json!(4)].map(outcome),
        [Some(0), Some(-32601), Some(-32600), Some(-32600), Some(0)]
    );
}

#[test]
fn what_is_cancelled_in_a_batch_is_missing_from_its_answer() {
    let session = agreed("2025-03-26");
    let wait = call("1", r#"{"target":"localhost:/wait"}"#);
    let mut batch = pending(&session, &format!("[{wait},{}]", request("2", "ping", "{}")));
    session.handle(cancel("1").as_bytes(), None);
    let reply = batch.next().now_or_never().flatten().expect("the ping's answer");
    assert_eq!(reply, Outgoing::Answer(br#"[{"jsonrpc":"2.0","id":2,"result":{}}]"#.to_vec()));

    let mut alone = pending(&session, &format!("[{wait}]"));
    session.handle(cancel("1").as_bytes(), None);
    assert_eq!(alone.next().now_or_never(), Some(None));

    let both = format!("[{wait},{}]", cancel("1"));
    assert_eq!(answer(&session, both.as_bytes()), None);
}

#[test]
fn long_batches_are_refused_whole() {
    let session = agreed("2025-03-26");
    let long = vec![call("1", r#"{"target":"localhost:/wait"}"#); BATCH_LENGTH_MAX + 1].join(",");
    assert_eq!(error_code(&ask(&session, &format!("[{long}]"))), -32600);
    assert!(ask(&session, &request("1", "ping", "{}")).get("result").is_some());
}
