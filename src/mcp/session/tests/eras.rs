//! What the eras and the revisions differ in.

use super::*;

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
