//! What a client hears of changes, in both eras.

use super::prompter::{Prompter, Stage, heard, tool};
use super::*;
use crate::base::limits::SUBSCRIPTIONS_MAX;
use crate::mcp::List;

fn subscribe(method: &str, uri: &str) -> String {
    request("1", &format!("resources/{method}"), &format!(r#"{{"uri":"{uri}"}}"#))
}

fn listen(id: &str, wanted: &str) -> String {
    request(id, "subscriptions/listen", &format!(r#"{{"notifications":{wanted},{META}}}"#))
}

const UPDATED: &str = "notifications/resources/updated";

#[test]
fn a_session_hears_of_lists_and_of_what_it_subscribed_to() {
    let stage = Stage::agreed("2025-06-18");
    assert!(stage.notices().is_empty());
    assert_eq!(ask(&stage.session, &subscribe("subscribe", "test://a"))["result"], json!({}));
    // Twice is as good as once.
    ask(&stage.session, &subscribe("subscribe", "test://a"));
    ask(&stage.session, &subscribe("subscribe", "test://b"));
    stage.prompter.touch("test://a");
    stage.prompter.change(List::Tools);
    stage.prompter.change(List::Resources);
    let mut told = stage.notices();
    told.sort_by_key(|notice| notice["method"].to_string());
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["method"], "notifications/resources/list_changed");
    assert_eq!((&told[1]["method"], &told[1]["params"]), (&json!(UPDATED), &json!({ "uri": "test://a" })));
    assert_eq!(
        (&told[2]["method"], &told[2]["params"]),
        (&json!("notifications/tools/list_changed"), &json!({}))
    );

    assert_eq!(ask(&stage.session, &subscribe("unsubscribe", "test://a"))["result"], json!({}));
    ask(&stage.session, &subscribe("unsubscribe", "test://never"));
    assert!(stage.notices().is_empty());
    assert_eq!(stage.prompter.touch("test://a"), 0, "nobody watches it any more");
    stage.prompter.touch("test://b");
    assert_eq!(stage.notices().len(), 1);
}

#[test]
fn what_cannot_be_watched_is_not_found() {
    let stage = Stage::agreed("2025-11-25");
    let reply = ask(&stage.session, &subscribe("subscribe", "other://a"));
    assert_eq!((error_code(&reply), &reply["error"]["data"]["uri"]), (-32002, &json!("other://a")));
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        assert_eq!(error_code(&ask(&stage.session, &request("1", method, "{}"))), -32602);
        let stateless = request("1", method, &format!(r#"{{"uri":"test://a",{META}}}"#));
        assert_eq!(error_code(&ask(&stage.session, &stateless)), -32601);
    }
}

#[test]
fn subscriptions_are_bounded_also_while_nobody_hears_them() {
    let stage = Stage::agreed("2025-11-25");
    for n in 0..SUBSCRIPTIONS_MAX {
        assert_eq!(ask(&stage.session, &subscribe("subscribe", &format!("test://{n}")))["result"], json!({}));
    }
    assert_eq!(error_code(&ask(&stage.session, &subscribe("subscribe", "test://more"))), -32000);
    for n in 0..SUBSCRIPTIONS_MAX {
        ask(&stage.session, &subscribe("unsubscribe", &format!("test://{n}")));
    }
    for _ in 0..10 * SUBSCRIPTIONS_MAX {
        for method in ["subscribe", "unsubscribe"] {
            assert_eq!(ask(&stage.session, &subscribe(method, "test://x"))["result"], json!({}));
        }
    }
    assert_eq!(stage.prompter.touch("test://x"), 0, "what is given up goes, though nobody listens");
    assert_eq!(ask(&stage.session, &subscribe("subscribe", "test://more"))["result"], json!({}));
    assert_eq!(*stage.prompter.refused.borrow(), [Reason::Watches]);
}

#[test]
fn who_watches_as_much_as_he_may_is_told_so() {
    let stage = Stage::agreed("2025-11-25");
    assert_eq!(error_code(&ask(&stage.session, &subscribe("subscribe", "test://one-too-many"))), -32000);
    let wanted = r#"{"resourceSubscriptions":["test://a","test://one-too-many"]}"#;
    let Incoming::Refused(code, _) = stage.session.handle(listen("1", wanted).as_bytes(), None) else {
        panic!("it listens")
    };
    assert_eq!(code, calls::BUSY);
    assert_eq!(stage.prompter.touch("test://a"), 0, "all or nothing");
    assert_eq!(*stage.prompter.refused.borrow(), [Reason::Watches; 2]);
}

#[test]
fn what_only_a_session_can_remember_is_not_promised_without_one() {
    let stage = Stage::new();
    let alone = Session::new(Rc::<Prompter>::clone(&stage.prompter), client(), SESSION_REQUESTS_MAX)
        .in_revision(Revision::V2025_11_25);
    let level = request("1", "logging/setLevel", r#"{"level":"debug"}"#);
    for message in [subscribe("subscribe", "test://a"), subscribe("unsubscribe", "test://a"), level] {
        let reply = ask(&alone, &message);
        assert_eq!(error_code(&reply), -32600, "{reply}");
        assert!(error_text(&reply).starts_with("This needs a session"), "{reply}");
    }
    assert_eq!(stage.prompter.touch("test://a"), 0);
}

#[test]
fn listening_is_acknowledged_first_and_ends_when_it_is_taken_back() {
    for id in ["7", r#""\u0061""#] {
        let stage = Stage::new();
        let wanted = r#"{"resourcesListChanged":true,"toolsListChanged":false,"promptsListChanged":true,
            "resourceSubscriptions":["test://a","other://b","test://a"],"another":1}"#;
        let mut flow = stage.begin(&listen(id, wanted));
        stage.prompter.change(List::Tools);
        stage.prompter.change(List::ResourceTemplates);
        assert_eq!(stage.prompter.touch("test://a"), 1, "it is watched once");
        let Some(Some(Outgoing::Word(first))) = flow.next().now_or_never() else { panic!("no word") };
        assert!(
            String::from_utf8_lossy(&first)
                .contains(&format!(r#""io.modelcontextprotocol/subscriptionId":{id}}}"#))
        );
        let first: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
        let granted = json!({ "resourcesListChanged": true, "resourceSubscriptions": ["test://a"] });
        assert_eq!(first["params"]["notifications"], granted);

        let mut told = heard(&mut flow);
        told.sort_by_key(|notice| notice["method"].to_string());
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0]["method"], "notifications/resources/list_changed");
        assert_eq!((&told[1]["method"], &told[1]["params"]["uri"]), (&json!(UPDATED), &json!("test://a")));
        for notice in told {
            let meta = &notice["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
            assert_eq!(meta, &first["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]);
        }
        stage.session.handle(cancel(id).as_bytes(), None);
        assert_eq!(flow.next().now_or_never(), Some(None));
        drop(flow);
        assert_eq!(stage.prompter.touch("test://a"), 0);
        assert!(stage.notices().is_empty());
    }
}

#[test]
fn who_wants_nothing_listens_all_the_same() {
    let stage = Stage::new();
    let mut flow = stage.begin(&listen("1", "{}"));
    let told = heard(&mut flow);
    assert_eq!((told.len(), &told[0]["params"]["notifications"]), (1, &json!({})));
    assert_eq!(flow.next().now_or_never(), None);
    let uris = vec![r#""test://a""#; SUBSCRIPTIONS_MAX + 1].join(",");
    let too_many = format!(r#"{{"resourceSubscriptions":[{uris}]}}"#);
    for wanted in ["[]", "1", r#"{"toolsListChanged":1}"#, &too_many] {
        assert_eq!(error_code(&ask(&stage.session, &listen("2", wanted))), -32602, "{wanted}");
    }
    let nothing = request("2", "subscriptions/listen", &format!("{{{META}}}"));
    assert_eq!(error_code(&ask(&stage.session, &nothing)), -32602);
    let handshake = Stage::agreed("2025-11-25");
    let message = request("2", "subscriptions/listen", r#"{"notifications":{}}"#);
    assert_eq!(error_code(&ask(&handshake.session, &message)), -32601);
}

#[test]
fn a_client_that_says_nothing_more_keeps_only_what_comes_to_an_end() {
    let stage = Stage::new();
    let mut listening = stage.begin(&listen("1", r#"{"toolsListChanged":true}"#));
    assert_eq!(heard(&mut listening).len(), 1);
    let mut working = stage.begin(&tool("2", "wait", ERA));
    stage.session.hear_no_more();
    assert_eq!(listening.next().now_or_never(), Some(None));
    assert_eq!(working.next().now_or_never(), None);
}
