//! Whatever comes: bytes, values, requests.

use proptest::prelude::*;

use super::*;

/// Nothing, or one line of JSON that answers: an object with a result or an error, or an array of such.
fn check(session: &Session, message: &[u8]) {
    let reply = match session.handle(message, None) {
        Incoming::Nothing => return,
        Incoming::Reply(reply) | Incoming::Refused(_, reply) => reply,
        Incoming::Call(mut flow) => match flow.next().now_or_never() {
            Some(Some(Outgoing::Answer(reply))) => reply,
            _ => return,
        },
    };
    assert!(!reply.contains(&b'\n'));
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    let replies = reply.as_array().map_or(std::slice::from_ref(&reply), Vec::as_slice);
    assert!(!replies.is_empty());
    for reply in replies {
        assert_eq!(reply["jsonrpc"], "2.0");
        assert!(reply.get("id").is_some());
        assert!(reply.get("result").is_some() != reply.get("error").is_some(), "{reply}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(WORDS), inner, 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

/// What makes a value look like a message.
const WORDS: &[&str] = &[
    "jsonrpc",
    "2.0",
    "id",
    "method",
    "params",
    "result",
    "error",
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "server/discover",
    "notifications/cancelled",
    "requestId",
    "name",
    "scout",
    "arguments",
    "target",
    "query",
    "localhost:/wait",
    "localhost:/x",
    "_meta",
    "io.modelcontextprotocol/protocolVersion",
    "2026-07-28",
    "2025-03-26",
    "io.modelcontextprotocol/clientCapabilities",
    "protocolVersion",
    "cursor",
];

proptest! {
    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&agreed("2025-03-26"), &bytes);
    }

    #[test]
    fn values_never_panic(values in prop::collection::vec(any_json(), 1..4)) {
        let session = agreed("2025-03-26");
        for value in values {
            check(&session, value.to_string().as_bytes());
        }
    }

    #[test]
    fn requests_never_panic(
        id in any_json(),
        method in prop::sample::select(WORDS),
        params in any_json(),
        is_fresh in any::<bool>(),
    ) {
        let session = if is_fresh { fresh() } else { agreed("2025-03-26") };
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        check(&session, message.to_string().as_bytes());
        check(&session, json!([message, message]).to_string().as_bytes());
    }

    #[test]
    fn arguments_never_panic(name in any_json(), arguments in any_json(), target in any::<String>()) {
        let session = agreed("2025-11-25");
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": name, "arguments": arguments,
        }});
        check(&session, message.to_string().as_bytes());
        check(&session, call("2", &json!({"target": target, "query": arguments}).to_string()).as_bytes());
    }
}
