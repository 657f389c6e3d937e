//! Changes of files and of hosts, told over HTTP, in both eras.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Events, HttpServer, Scout, Sshd};

/// Writes a file again and again, longer each time, until it is dropped.
struct Restless(Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>);

impl Restless {
    fn writes(path: &str) -> Self {
        let (end, ended) = mpsc::channel();
        let path = path.to_owned();
        let writer = thread::spawn(move || {
            let mut content = String::new();
            while ended.recv_timeout(Duration::from_millis(200)) == Err(mpsc::RecvTimeoutError::Timeout) {
                content.push('x');
                fs::write(&path, &content).expect("the file");
            }
        });
        Self(Some((end, writer)))
    }
}

impl Drop for Restless {
    fn drop(&mut self) {
        if let Some((end, writer)) = self.0.take() {
            drop(end);
            writer.join().expect("it writes");
        }
    }
}

/// The header of a new session.
fn begin(server: &HttpServer) -> String {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "0" },
        },
    });
    let begun = server.door.post(&[], initialize.to_string().as_bytes());
    begun.header("mcp-session-id").expect("a session").to_owned()
}

fn ask(server: &HttpServer, session: Option<&str>, method: &str, params: &Value) -> Value {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut headers = vec![("MCP-Protocol-Version", "2025-11-25")];
    headers.extend(session.map(|session| ("Mcp-Session-Id", session)));
    server.door.post(&headers, message.to_string().as_bytes()).json()
}

/// `subscriptions/listen` of 2026-07-28.
fn listen(server: &HttpServer, wanted: &Value) -> Events {
    let listen = json!({
        "jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen",
        "params": { "notifications": wanted, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen")];
    server.door.listen("POST /mcp", &headers, listen.to_string().as_bytes())
}

#[test]
fn a_file_that_changes_is_told_over_http_to_clients_of_both_eras() {
    let sshd = Sshd::start();
    let file = sshd.write("watched", "");
    let server = HttpServer::start(&Scout::with(&sshd.endpoint).env("SCOUT_CORES", 2));
    let uri = format!("scout://h1{file}");
    let session = begin(&server);
    let subscribed = ask(&server, Some(&session), "resources/subscribe", &json!({ "uri": uri }));
    assert_eq!(subscribed["result"], json!({}));
    let mut older = server.door.listen("GET /mcp", &[("Mcp-Session-Id", &session)], b"");
    let wanted = json!({ "resourceSubscriptions": [uri], "resourcesListChanged": true });
    let mut newer = listen(&server, &wanted);
    let acknowledged = newer.next().expect("an acknowledgement");
    assert_eq!(acknowledged["params"]["notifications"], wanted);

    let restless = Restless::writes(&file);
    let (older_told, newer_told) = (older.next().expect("a word"), newer.next().expect("a word"));
    drop(restless);
    for told in [&older_told, &newer_told] {
        assert_eq!(told["method"], "notifications/resources/updated");
        assert_eq!(told["params"]["uri"], uri);
    }
    assert_eq!(newer_told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 7);
    // Whoever comes again takes the place of who listened before.
    let _again = server.door.listen("GET /mcp", &[("Mcp-Session-Id", &session)], b"");
    while older.next().is_some() {}
}

#[test]
fn without_a_session_nobody_is_promised_what_only_a_session_remembers() {
    let server = HttpServer::start(&Scout::new());
    for (method, params) in [
        ("resources/subscribe", json!({ "uri": "hosts://list" })),
        ("resources/unsubscribe", json!({ "uri": "hosts://list" })),
        ("logging/setLevel", json!({ "level": "debug" })),
    ] {
        let alone = ask(&server, None, method, &params);
        assert_eq!(alone["error"]["code"], -32600, "{method}: {alone}");
        assert_eq!(ask(&server, Some(&begin(&server)), method, &params)["result"], json!({}), "{method}");
    }
}

#[test]
fn one_client_cannot_have_a_core_do_nothing_but_look() {
    const REFUSED: &str = "rejected_total{reason=\"watches\"} 1";
    let scout = Scout::new().config("Host a\nHostName 127.0.0.1\nPort 1\n\n");
    let server = HttpServer::start(&scout.env("SCOUT_CORES", 1).env("SCOUT_RATE_LIMIT_PER_MINUTE", 0));
    let uris: Vec<_> = (0..100).map(|number| format!("scout://a/{number}")).collect();
    let wanted = json!({ "resourceSubscriptions": uris });
    let mut listening: Vec<_> = (0..2).map(|_| listen(&server, &wanted)).collect();
    for events in &mut listening {
        assert!(
            events.next().is_some_and(|word| word["method"] == "notifications/subscriptions/acknowledged")
        );
    }
    let mut one_more = listen(&server, &wanted);
    assert!(one_more.next().is_none());
    assert!(server.door.get("/metrics").body.contains(REFUSED));
    // What is no longer heard is no longer looked at.
    listening.pop();
    crate::support::eventually("there is room again", || {
        listen(&server, &wanted).next().is_some_and(|word| word["method"] != Value::Null)
    });
}
