//! Resources in both eras.

use super::*;
use crate::metrics::{Counter, Reason, TargetType};

fn read(id: &str, uri: &str) -> String {
    request(id, "resources/read", &format!(r#"{{"uri":"{uri}"}}"#))
}

fn stateless(method: &str, members: &str) -> String {
    request("1", method, &format!("{{{members}{META}}}"))
}

#[test]
fn figures_are_read_in_two_forms() {
    let session = agreed("2025-06-18");
    for id in ["1", "2", "3"] {
        ask(&session, &call(id, r#"{"target":"localhost:/x"}"#));
    }
    let listed = ask(&session, &request("4", "resources/list", "{}"));
    let uris: Vec<_> = listed["result"]["resources"].as_array().unwrap().iter().map(|r| &r["uri"]).collect();
    assert_eq!(uris, ["hosts://list", "scout://stats", "scout://stats.json", "scout://localhost/~"]);

    let text = &ask(&session, &read("5", "scout://stats"))["result"]["contents"];
    assert_eq!(text.as_array().unwrap().len(), 1);
    assert_eq!((&text[0]["uri"], &text[0]["mimeType"]), (&json!("scout://stats"), &json!("text/plain")));
    let line = text[0]["text"].as_str().unwrap().lines().find(|line| line.starts_with("requests_total"));
    assert_eq!(line.unwrap().split_whitespace().collect::<Vec<_>>(), ["requests_total", "path", "3"]);

    let json = &ask(&session, &read("6", "scout://stats.json"))["result"];
    assert_eq!(json["contents"][0]["mimeType"], "application/json");
    assert!(json.get("ttlMs").is_none());
    let figures: Value = serde_json::from_str(json["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(figures["counters"]["requests_total"], json!({ "path": 3 }));
    let calls = &figures["histograms"][r#"mcp_operation_duration_seconds{tool="scout",success="true"}"#];
    assert_eq!(calls["count"], 3);
}

#[test]
fn the_stateless_era_says_how_long_they_keep() {
    let session = fresh();
    let listed = &ask(&session, &stateless("resources/list", ""))["result"];
    assert!(listed["ttlMs"].as_u64().unwrap() > 0);
    assert_eq!(listed["resultType"], "complete");
    let read = &ask(&session, &stateless("resources/read", r#""uri":"scout://stats","#))["result"];
    assert_eq!((&read["ttlMs"], &read["cacheScope"]), (&json!(0), &json!("private")));
    let templates = &ask(&session, &stateless("resources/templates/list", ""))["result"];
    assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "scout://{host}/{+path}");
    assert_eq!(error_code(&ask(&session, &stateless("resources/read", r#""uri":"scout://no","#))), -32602);
}

#[test]
fn what_is_not_there_is_not_found() {
    let session = agreed("2025-11-25");
    let reply = ask(&session, &read("1", "scout://stats/"));
    let why = "Unknown host 'stats'. Available: localhost";
    assert_eq!(error_code(&reply), -32002);
    assert_eq!(error_text(&reply), format!("Resource not found: scout://stats/ ({why})"));
    assert_eq!(reply["error"]["data"]["uri"], "scout://stats/");
    let reply = ask(&session, &read("1", "hosts://stats"));
    assert_eq!((error_code(&reply), error_text(&reply)), (-32002, "Resource not found: hosts://stats"));
    assert_eq!(reply["error"]["data"]["uri"], "hosts://stats");
    for params in ["{}", r#"{"uri":7}"#] {
        assert_eq!(error_code(&ask(&session, &request("2", "resources/read", params))), -32602, "{params}");
    }
    for list in ["tools/list", "resources/list", "resources/templates/list"] {
        assert_eq!(error_code(&ask(&session, &request("3", list, r#"{"cursor":"x"}"#))), -32602, "{list}");
    }
    assert_eq!(error_code(&ask(&fresh(), &read("4", "scout://stats"))), -32600);
}

#[test]
fn refusals_and_calls_taken_back_are_counted() {
    let shards = testing::shards();
    let stats = testing::stats(&shards);
    let catalog = Catalog::new(Rc::clone(&shards), stats, &Options::default());
    let session = Session::new(catalog, client(), 1);
    ask(&session, &request("0", "initialize", r#"{"protocolVersion":"2025-06-18"}"#));
    let waiting = pending(&session, &call("1", r#"{"target":"localhost:/wait"}"#));
    assert_eq!(error_code(&ask(&session, &call("2", r#"{"target":"localhost:/x"}"#))), -32000);
    assert_eq!(error_code(&ask(&session, &read("3", "scout://stats"))), -32000);
    drop(waiting);
    ask(&session, &call("4", r#"{"target":"nonsense"}"#));
    let snapshot = shards.own().snapshot();
    for (counter, count) in [
        (Counter::Rejected(Reason::Client), 2),
        (Counter::Requests(TargetType::Path), 1),
        (Counter::Requests(TargetType::Invalid), 1),
        (Counter::RequestErrors(crate::base::Kind::Cancelled), 1),
        (Counter::RequestErrors(crate::base::Kind::InvalidTarget), 1),
    ] {
        assert_eq!(snapshot.counter(counter), count, "{counter:?}");
    }
}
