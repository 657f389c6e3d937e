//! What the official conformance suite found, each by itself.

use super::prompter::{Stage, heard, tool};
use super::*;

/// Members of `params` that make a request one of the stateless era, of a client that says this of itself.
fn era(version: &str, capabilities: &str) -> String {
    META.replace("2026-07-28", version)
        .replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{capabilities}"#))
}

fn call_of(name: &str, capabilities: &str) -> String {
    request("1", "tools/call", &format!(r#"{{"name":"{name}",{}}}"#, era("2026-07-28", capabilities)))
}

fn refusal(stage: &Stage, message: &str, labels: &Labels<'_>) -> Value {
    match stage.session.handle(message.as_bytes(), Some(labels)) {
        Incoming::Refused(_, reply) => serde_json::from_slice(&reply).expect("JSON"),
        other => panic!("{message} was answered with {other:?}"),
    }
}

#[test]
fn versions_that_disagree_are_a_mismatch_even_when_nobody_knows_them() {
    let stage = Stage::new();
    let discover = |version: &str| request("1", "server/discover", &format!("{{{}}}", era(version, "{}")));
    for (header, body, code) in [
        ("2026-07-28", "v999.0.0", -32020),
        ("v999.0.0", "2026-07-28", -32020),
        ("v999.0.0", "v999.0.0", -32022),
    ] {
        let labels = Labels { version: Some(header), method: Some("server/discover"), name: None };
        let reply = refusal(&stage, &discover(body), &labels);
        assert_eq!(error_code(&reply), code, "{header} {body}");
        assert_eq!(reply["id"], 1);
        if code == -32022 {
            assert_eq!(reply["error"]["data"]["requested"], "v999.0.0");
        }
    }
}

#[test]
fn nothing_is_taken_in_a_version_that_nobody_knows() {
    let stage = Stage::agreed("2025-06-18");
    let labels = Labels { version: Some("v999.0.0"), ..Labels::default() };
    for message in [cancel("1"), r#"{"jsonrpc":"2.0","id":"scout-0","result":{}}"#.into()] {
        let reply = refusal(&stage, &message, &labels);
        assert_eq!((error_code(&reply), &reply["id"]), (-32022, &Value::Null), "{message}");
    }
}

#[test]
fn initialize_does_not_exist_in_the_stateless_era() {
    let stage = Stage::new();
    let labels = Labels { version: Some("2026-07-28"), method: Some("initialize"), name: None };
    let stateless = format!(r#"{{"protocolVersion":"2025-11-25",{META}}}"#);
    let reply = refusal(&stage, &request("1", "initialize", &stateless), &labels);
    assert_eq!(error_code(&reply), -32601);
    assert!(!stage.session.is_initialized());
    // Without `_meta` it begins the older era, whatever else was said before.
    let handshake = request("2", "initialize", r#"{"protocolVersion":"2026-07-28"}"#);
    assert_eq!(ask(&stage.session, &handshake)["result"]["protocolVersion"], "2025-11-25");
}

#[test]
fn what_a_client_cannot_do_is_not_relied_on() {
    let stage = Stage::new();
    let labels = Labels { version: Some("2026-07-28"), method: Some("tools/call"), name: Some("needy") };
    for capabilities in ["{}", r#"{"elicitation":{}}"#, r#"{"sampling":null}"#, r#"{"sampling":true}"#] {
        let reply = refusal(&stage, &call_of("needy", capabilities), &labels);
        assert_eq!(error_code(&reply), -32021, "{capabilities}");
        assert_eq!(reply["error"]["data"], json!({ "requiredCapabilities": { "sampling": {} } }));
    }
    let able = &heard(&mut stage.begin(&call_of("needy", r#"{"sampling":{}}"#)))[0];
    assert_eq!(able["result"]["isError"], false, "{able}");
}

#[test]
fn a_result_asks_nothing_that_the_client_cannot_answer() {
    let stage = Stage::new();
    let reply = &stage.heard(&call_of("input", r#"{"sampling":{}}"#))[0];
    assert_eq!(error_code(reply), -32021);
    assert_eq!(reply["error"]["data"], json!({ "requiredCapabilities": { "elicitation": {} } }));
    let reply = &stage.heard(&call_of("input", r#"{"elicitation":{}}"#))[0];
    assert_eq!(reply["result"]["resultType"], "input_required");
    let mut failing = stage.begin(&call_of("input", "{}"));
    let Some(Some(Outgoing::Failure(code, _))) = failing.next().now_or_never() else {
        panic!("its transport has nothing to show")
    };
    assert_eq!(code, Code::Server(-32021));
    // Older clients would take the questions for the answer.
    let reply = &Stage::agreed("2025-11-25").heard(&tool("1", "input", ""))[0];
    assert_eq!(error_code(reply), -32603, "{reply}");
}

#[test]
fn nobody_is_asked_who_has_not_said_that_he_can_answer() {
    let stage = Stage::new();
    let initialize = request("0", "initialize", r#"{"protocolVersion":"2025-11-25","capabilities":{}}"#);
    ask(&stage.session, &initialize);
    let answer = &stage.heard(&tool("1", "ask", ""))[0];
    let why = "the client has not declared the capability elicitation";
    assert_eq!(answer["result"]["content"][0]["text"], why);
}
