//! Methods and arguments, right and wrong ones.

use super::*;
use crate::base::limits::MESSAGE_BYTES_MAX;

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
fn capabilities_that_no_reader_holds_are_told_so() {
    for (capabilities, text) in [
        (r#"{"x":1e999}"#, "params.capabilities cannot be read: number out of range at line 1 column 10"),
        ("[]", "params.capabilities must be an object, not an array"),
    ] {
        let params = format!(r#"{{"protocolVersion":"2025-11-25","capabilities":{capabilities}}}"#);
        let reply = ask(&fresh(), &request("1", "initialize", &params));
        assert_eq!((error_code(&reply), error_text(&reply)), (-32602, text));
    }
}

#[test]
fn wrong_arguments_are_the_models_business_since_2025_11_25() {
    for (arguments, text) in [
        (r#"{"target":5}"#, "Argument 'target' must be a string, not a number"),
        (r#"{"query":[]}"#, "Argument 'query' must be a string, not an array"),
        (
            r#"{"path":"localhost:/x"}"#,
            "Unknown argument 'path'. Known arguments: target, targets, query, tree, find, depth, cache, diff, \
             diff_content, beam, beam_source, beam_target",
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
