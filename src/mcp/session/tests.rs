//! One session, asked in every revision. `testing::shards()` never answers for a path that contains `wait`.

use futures_util::{FutureExt, StreamExt};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::base::limits::{BATCH_LENGTH_MAX, MESSAGE_BYTES_MAX, SESSION_REQUESTS_MAX};
use crate::config::Access;
use crate::fleet::ClientId;
use crate::mcp::{Catalog, Options, Outgoing};
use crate::testing;

mod access;
mod asking;
mod conformance;
mod labels;
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

// --- eras and revisions ----------------------------------------------------------------------------------------

#[test]
fn initialize_echoes_what_it_knows_and_offers_the_latest_else() {
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
    ] {
        let params = format!(
            r#"{{"protocolVersion":"{asked}","capabilities":{{}},"clientInfo":{{"name":"t","version":"1"}}}}"#
        );
        let reply = ask(&fresh(), &request("1", "initialize", &params));
        let result = &reply["result"];
        assert_eq!(result["protocolVersion"], answered);
        assert_eq!(
            result["capabilities"],
            json!({
                "tools": {}, "prompts": {}, "completions": {}, "logging": {},
                "resources": {"listChanged": true, "subscribe": true},
            })
        );
        assert_eq!(result["serverInfo"]["name"], "scout-mcp");
        assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert!(result["instructions"].as_str().is_some_and(|text| text.contains("hosts")));
        assert!(result.get("resultType").is_none());
    }
}

#[test]
fn what_a_client_can_do_takes_few_words() {
    let params =
        format!(r#"{{"protocolVersion":"2025-06-18","capabilities":{{"x":"{}"}}}}"#, "x".repeat(20_000));
    let reply = ask(&fresh(), &request("1", "initialize", &params));
    assert_eq!(error_code(&reply), -32602);
    assert!(error_text(&reply).contains("at most 16384 bytes"));
}

#[test]
fn initialize_needs_a_version() {
    for params in ["{}", r#"{"protocolVersion":1}"#, "[]", r#"{"protocolVersion":null}"#] {
        assert_eq!(error_code(&ask(&fresh(), &request("1", "initialize", params))), -32602, "{params}");
    }
}

#[test]
fn before_initialize_only_ping_is_answered() {
    let session = fresh();
    assert_eq!(ask(&session, &request("1", "ping", "{}"))["result"], json!({}));
    for message in [request("1", "tools/list", "{}"), request("1", "resources/list", "{}"), call("1", "{}")] {
        let reply = ask(&session, &message);
        assert_eq!(error_code(&reply), -32600);
        assert!(error_text(&reply).starts_with("Not initialized: "));
    }
    assert_eq!(error_code(&ask(&session, &request("1", "prompts/lists", "{}"))), -32601);
}

#[test]
fn requests_need_not_wait_for_the_initialized_notification() {
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let session = agreed(revision);
        assert_eq!(ask(&session, &request("1", "tools/list", "{}"))["result"]["tools"][0]["name"], "scout");
        let note = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(answer(&session, note), None);
        let list = ask(&session, r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#);
        assert!(list["result"].get("ttlMs").is_none());
        let result = &ask(&session, &call("3", r#"{"target":"localhost:/x"}"#))["result"];
        assert_eq!((&result["content"][0]["type"], &result["isError"]), (&json!("text"), &json!(false)));
        assert!(result.get("resultType").is_none() && result.get("_meta").is_none());
    }
}

#[test]
fn the_stateless_era_needs_no_handshake() {
    let session = fresh();
    let discovered = &ask(&session, &request("1", "server/discover", &format!("{{{META}}}")))["result"];
    assert_eq!(discovered["supportedVersions"][0], "2026-07-28");
    let list = &ask(&session, &request("2", "tools/list", &format!("{{{META}}}")))["result"];
    for cacheable in [discovered, list] {
        assert!(cacheable["ttlMs"].is_u64());
        assert_eq!(cacheable["cacheScope"], "private");
    }
    let params = format!(r#"{{"name":"scout","arguments":{{"target":"localhost:/x"}},{META}}}"#);
    let called = &ask(&session, &request("3", "tools/call", &params))["result"];
    for result in [discovered, list, called] {
        assert_eq!(result["resultType"], "complete");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "scout-mcp");
    }
    assert_eq!(error_code(&ask(&session, &request("4", "ping", &format!("{{{META}}}")))), -32601);
}

#[test]
fn incomplete_meta_is_named() {
    let session = fresh();
    ask(&session, &request("1", "server/discover", &format!("{{{META}}}")));
    for (meta, part) in [
        (
            "{}",
            "lacks io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities",
        ),
        (
            r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#,
            "lacks io.modelcontextprotocol/client",
        ),
        (r#"{"io.modelcontextprotocol/clientCapabilities":{}}"#, "lacks io.modelcontextprotocol/protocol"),
        (r#"{"io.modelcontextprotocol/protocolVersion":20260728}"#, "must be a string, not a number"),
        (
            r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}"#,
            "must be an object, not an array",
        ),
        ("3", "params._meta must be an object, not a number"),
    ] {
        for method in ["server/discover", "tools/list", "tools/call"] {
            let reply = ask(&session, &request("1", method, &format!(r#"{{"_meta":{meta}}}"#)));
            assert_eq!(error_code(&reply), -32602, "{method} {meta}");
            assert!(error_text(&reply).contains(part), "{method} {meta}: {reply}");
        }
    }
    assert_eq!(error_code(&ask(&fresh(), &request("1", "server/discover", "{}"))), -32602);
}

#[test]
fn an_unknown_version_is_told_what_there_is() {
    let meta = META.replace("2026-07-28", "2099-01-01");
    for method in ["server/discover", "tools/list"] {
        let reply = ask(&fresh(), &request("1", method, &format!("{{{meta}}}")));
        assert_eq!(error_code(&reply), -32022);
        let data = &reply["error"]["data"];
        assert_eq!(data["requested"], "2099-01-01");
        assert!(data["supported"].as_array().is_some_and(|all| all.contains(&json!("2026-07-28"))));
    }
}

#[test]
fn both_eras_share_a_connection() {
    let session = fresh();
    ask(&session, &request("1", "server/discover", &format!("{{{META}}}")));
    ask(&session, &request("2", "initialize", r#"{"protocolVersion":"2025-11-25"}"#));
    assert!(ask(&session, &request("3", "tools/list", "{}"))["result"].get("resultType").is_none());
    let stateless = ask(&session, &request("4", "tools/list", &format!("{{{META}}}")));
    assert_eq!(stateless["result"]["resultType"], "complete");
    // A handshake version in `_meta` says nothing new to a connection that has agreed.
    let meta = META.replace("2026-07-28", "2025-11-25");
    assert!(
        ask(&session, &request("5", "tools/list", &format!("{{{meta}}}")))["result"].get("ttlMs").is_none()
    );
    assert_eq!(error_code(&ask(&fresh(), &request("5", "tools/list", &format!("{{{meta}}}")))), -32600);
}

// --- methods and arguments -------------------------------------------------------------------------------------

#[test]
fn unknown_methods_and_tools() {
    let session = agreed("2025-11-25");
    for method in ["nope", "tools", "Tools/list", "prompts", "", "notifications/initialized"] {
        assert_eq!(error_code(&ask(&session, &request("1", method, "{}"))), -32601, "{method}");
    }
    for (params, text) in [
        (r#"{"name":"nope"}"#, "Unknown tool: nope"),
        (r#"{"name":"a\u001b"}"#, "Unknown tool: a\\x1b"),
        (r#"{"name":5}"#, "params.name must be a string, not a number"),
        (r#"{"name":"\ud800"}"#, "params.name is not valid Unicode"),
        ("{}", "params.name is missing"),
        (r#"{"name":"scout","arguments":[]}"#, "params.arguments must be an object, not an array"),
        (r#"{"name":"scout","name":"scout"}"#, "a member of params appears twice"),
        ("[]", "params must be an object, not an array"),
    ] {
        let reply = ask(&session, &request("1", "tools/call", params));
        assert_eq!((error_code(&reply), error_text(&reply)), (-32602, text), "{params}");
    }
    assert_eq!(error_code(&ask(&session, &request("1", "tools/list", r#"{"cursor":"x"}"#))), -32602);
}

#[test]
fn wrong_arguments_are_the_models_business_since_2025_11_25() {
    for (arguments, text) in [
        (r#"{"target":5}"#, "Argument 'target' must be a string, not a number"),
        (r#"{"query":[]}"#, "Argument 'query' must be a string, not an array"),
        (
            r#"{"path":"localhost:/x"}"#,
            "Unknown argument 'path'. Known arguments: target, targets, query, tree, find, depth, cache, diff, diff_content, beam, beam_source, \
             beam_target",
        ),
        (r#"{"target":"a","target":"b"}"#, "Argument 'target' appears twice"),
        (r#"{"target":"\ud83d"}"#, "Argument 'target' is not valid Unicode"),
    ] {
        for revision in ["2024-11-05", "2025-03-26", "2025-06-18"] {
            let reply = ask(&agreed(revision), &call("1", arguments));
            assert_eq!((error_code(&reply), error_text(&reply)), (-32602, text), "{arguments}");
        }
        let stateless = format!(r#"{{"name":"scout","arguments":{arguments},{META}}}"#);
        for reply in [
            ask(&agreed("2025-11-25"), &call("1", arguments)),
            ask(&fresh(), &request("1", "tools/call", &stateless)),
        ] {
            assert_eq!(reply["result"]["isError"], true, "{reply}");
            assert_eq!(reply["result"]["content"][0]["text"], format!("Error: {text}"));
        }
    }
}

#[test]
fn ids_come_back_as_they_were_written() {
    let session = fresh();
    for id in ["1", "-1", "1.50", "18446744073709551616", r#""""#, r#""\u00e9\/""#] {
        let reply = answer(&session, request(id, "ping", "{}").as_bytes()).expect("an answer");
        assert_eq!(
            String::from_utf8_lossy(&reply),
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
        );
    }
}

#[test]
fn nonsense_has_its_codes() {
    let session = agreed("2025-11-25");
    let large = " ".repeat(MESSAGE_BYTES_MAX + 1);
    let deep = "[".repeat(10_000);
    for (message, code) in [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        (&deep, -32700),
        ("[]", -32600),
        ("5", -32600),
        ("{}", -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#, -32600),
        (&large, -32600),
    ] {
        let reply = ask(&session, message);
        assert_eq!(error_code(&reply), code, "{reply}");
        assert!(reply["id"].is_null(), "{reply}");
    }
    let reply = answer(&session, b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\"}").expect("an answer");
    assert!(String::from_utf8_lossy(&reply).contains("-32700"));
}

#[test]
fn notifications_and_responses_are_never_answered() {
    let session = agreed("2025-03-26");
    for message in [
        r#"{"jsonrpc":"2.0","method":"nope"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"scout"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"gone"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
    ] {
        assert!(matches!(session.handle(message.as_bytes(), None), Incoming::Nothing), "{message}");
        assert!(
            matches!(session.handle(format!("[{message}]").as_bytes(), None), Incoming::Nothing),
            "{message}"
        );
    }
}

// --- calls in flight -------------------------------------------------------------------------------------------

#[test]
fn a_cancelled_call_is_not_answered_and_its_neighbours_are() {
    let session = agreed("2025-06-18");
    let mut first = pending(&session, &call("1", r#"{"target":"localhost:/wait"}"#));
    let mut second = pending(&session, &call(r#""1""#, r#"{"target":"localhost:/wait"}"#));
    assert_eq!(answer(&session, cancel("1").as_bytes()), None);
    assert_eq!(first.next().now_or_never(), Some(None));
    assert_eq!(second.next().now_or_never(), None);
    // Answers do not wait for calls that take longer.
    assert!(ask(&session, &call("1", r#"{"target":"localhost:/x"}"#)).get("result").is_some());
}

#[test]
fn an_id_in_flight_is_taken() {
    let session = agreed("2025-06-18");
    let first = pending(&session, &call(r#""a""#, r#"{"target":"localhost:/wait"}"#));
    for message in [call(r#""\u0061""#, r#"{"target":"localhost:/x"}"#), request(r#""a""#, "ping", "{}")] {
        assert_eq!(error_code(&ask(&session, &message)), -32600);
    }
    drop(first);
    assert!(ask(&session, &request(r#""a""#, "ping", "{}")).get("result").is_some());
}

#[test]
fn too_many_calls_are_refused_at_once() {
    let session = with(&Options::default(), 2);
    ask(&session, &request("0", "initialize", r#"{"protocolVersion":"2025-06-18"}"#));
    let first = pending(&session, &call("1", r#"{"target":"localhost:/wait"}"#));
    let _second = pending(&session, &call("2", r#"{"target":"localhost:/wait"}"#));
    let reply = ask(&session, &call("3", r#"{"target":"localhost:/x"}"#));
    assert_eq!(error_code(&reply), -32000);
    assert!(error_text(&reply).starts_with("Server busy: 2 calls are in flight"));
    assert!(ask(&session, &request("4", "ping", "{}")).get("result").is_some());
    drop(first);
    assert!(ask(&session, &call("3", r#"{"target":"localhost:/x"}"#)).get("result").is_some());
}

// --- batches ---------------------------------------------------------------------------------------------------

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

// --- anything --------------------------------------------------------------------------------------------------

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
