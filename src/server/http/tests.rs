//! Requests as they come over the wire, and what is answered, without sockets. `testing::shards()` never answers for a path
//! that contains `wait`.

use core::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::base::time::now;
use crate::config::{Access, KeySource, Scope, Secret, Settings, SharedKeys};
use crate::fleet::ClientId;
use crate::http::{Body, Connection, Intake, Step};
use crate::mcp::{Catalog, Options};
use crate::server::Stats;
use crate::server::access::Door;
use crate::testing;

mod leave;
mod sessions;

/// The sites of a process with so many cores.
fn sites(cores: usize, has_sessions: bool) -> (Vec<Rc<Front>>, Vec<Receiver<Errand>>) {
    sites_behind(None, cores, has_sessions)
}

fn sites_behind(
    keys: Option<SharedKeys>,
    cores: usize,
    has_sessions: bool,
) -> (Vec<Rc<Front>>, Vec<Receiver<Errand>>) {
    let settings = Settings { rate_limit_per_minute: 0, ..testing::settings() };
    sites_with(&settings, keys, cores, has_sessions)
}

fn sites_with(
    settings: &Settings,
    keys: Option<SharedKeys>,
    cores: usize,
    has_sessions: bool,
) -> (Vec<Rc<Front>>, Vec<Receiver<Errand>>) {
    let (senders, errands) = lines(cores);
    let door = Door::new(IpAddr::V4(Ipv4Addr::LOCALHOST), settings, keys, now()).unwrap();
    let site = |here| {
        let shards = testing::shards();
        let stats = testing::stats(&shards);
        let catalog = Catalog::new(Rc::clone(&shards), stats, &Options::default());
        let guard = Rc::new(Guard::new(Arc::clone(&door), Rc::clone(shards.own().recorder())));
        let (drain, sessions) = (Drain::default(), has_sessions.then(|| Sessions::new(here)));
        let probes = Probes::new(Rc::clone(&shards), drain.clone(), Stats::new(Rc::clone(&shards)));
        let site = Site::new(sessions, shards, catalog, probes, 100, senders.clone(), drain);
        Rc::new(Front { site, guard })
    };
    ((0..cores).map(site).collect(), errands)
}

fn site() -> Rc<Front> {
    sites(1, true).0.remove(0)
}

const NEIGHBOUR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A request as the wire brings it: its first line, its headers, its body.
fn request(line: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let text =
        format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}");
    let mut connection = Connection::new(Rc::new(Intake::default()), now());
    connection.handle_input(text.as_bytes(), now());
    match connection.poll(now()) {
        Step::Request(request) => request,
        step => panic!("{text}: {step:?}"),
    }
}

fn post(headers: &[(&str, &str)], message: &Value) -> Request {
    let json = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    request("POST /mcp", &[&json, headers].concat(), &message.to_string())
}

/// What came back: the status, the session if one was given, the body.
#[derive(Debug)]
struct Answer {
    status: u16,
    session: Option<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_else(|| panic!("{self:?}"))
    }
}

async fn answer(site: &Rc<Front>, request: Request, from: IpAddr) -> Answer {
    let peer = Peer { address: from, is_encrypted: false };
    let response = site.call(request, peer).await;
    let session = response.header("mcp-session-id").map(str::to_owned);
    let body = match response.body {
        Body::Empty => Vec::new(),
        Body::Full(body) => body,
        Body::Streamed(streamed) => streamed.pieces.collect::<Vec<_>>().await.concat(),
    };
    Answer { status: response.status.code(), session, body: String::from_utf8(body).unwrap() }
}

fn ask(site: &Rc<Front>, request: Request) -> Answer {
    answer(site, request, NEIGHBOUR).now_or_never().expect("an answer at once")
}

fn initialize(version: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": version, "capabilities": {}}})
}

fn call(target: &str) -> Value {
    let arguments = json!({ "target": target });
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "scout", "arguments": arguments}})
}

fn ping() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})
}

/// A request of 2026-07-28 with its headers.
fn stateless(method: &str, mut params: Value) -> (Vec<(&'static str, String)>, Value) {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut headers =
        vec![("mcp-protocol-version", "2026-07-28".to_owned()), ("mcp-method", method.to_owned())];
    if let Some(name) = params["name"].as_str() {
        headers.push(("mcp-name", name.to_owned()));
    }
    (headers, json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

fn sent((headers, message): &(Vec<(&'static str, String)>, Value)) -> Request {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    post(&headers, message)
}

#[test]
fn a_message_without_a_session_stands_for_itself() {
    let site = site();
    for version in [None, Some("2025-03-26"), Some("2025-06-18"), Some("2025-11-25")] {
        let headers: Vec<_> = version.map(|version| ("mcp-protocol-version", version)).into_iter().collect();
        let listed = ask(&site, post(&headers, &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})));
        assert_eq!((listed.status, listed.session.as_deref()), (200, None), "{version:?}");
        assert!(listed.json()["result"]["tools"].is_array());
        assert_eq!(ask(&site, post(&headers, &ping())).json()["result"], json!({}));
    }
    let listed = ask(&site, sent(&stateless("tools/list", json!({}))));
    assert_eq!((listed.status, &listed.json()["result"]["resultType"]), (200, &json!("complete")));
    let noted = ask(&site, post(&[], &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
    assert_eq!((noted.status, noted.body.as_str()), (202, ""));
}

#[test]
fn what_a_request_must_say_of_itself() {
    let site = site();
    let body = ping().to_string();
    let json = ("content-type", "application/json");
    for (line, headers, status) in [
        ("POST /mcp", vec![], 415),
        ("POST /mcp", vec![("content-type", "text/json")], 415),
        ("POST /mcp", vec![("content-type", "Application/JSON; charset=utf-8")], 200),
        ("POST /mcp", vec![json, ("accept", "text/html")], 406),
        ("POST /mcp", vec![json, ("accept", "application/json;q=0, text/html")], 406),
        ("POST /mcp", vec![json, ("accept", "*/*")], 200),
        ("POST /mcp?x=1", vec![json], 200),
        ("GET /mcp", vec![], 405),
        ("DELETE /mcp", vec![], 405),
        ("PUT /mcp", vec![json], 405),
        ("POST /mcp/", vec![json], 404),
        ("POST /", vec![json], 404),
    ] {
        assert_eq!(ask(&site, request(line, &headers, &body)).status, status, "{line} {headers:?}");
    }
    let events = ask(&site, request("POST /mcp", &[json, ("accept", "text/event-stream")], &body));
    assert_eq!((events.status, events.body.starts_with("event: message\ndata: {")), (200, true));
}

#[test]
fn wrong_requests_have_the_status_that_the_revision_wants() {
    let site = site();
    let unknown = json!({"jsonrpc": "2.0", "id": 1, "method": "no/such"});
    let handshake = [("mcp-protocol-version", "2025-11-25")];
    let answer = ask(&site, post(&handshake, &unknown));
    assert_eq!((answer.status, answer.code()), (200, -32601));
    let answer = ask(&site, sent(&stateless("no/such", json!({}))));
    assert_eq!((answer.status, answer.code()), (404, -32601));
    let answer = ask(&site, sent(&stateless("tools/call", json!({"name": "no"}))));
    assert_eq!((answer.status, answer.code()), (400, -32602));
    let answer = ask(&site, post(&[("mcp-protocol-version", "1999-01-01")], &ping()));
    assert_eq!((answer.status, answer.code()), (400, -32022));
    for older in ["initialize", "ping", "logging/setLevel", "resources/subscribe"] {
        let answer = ask(&site, sent(&stateless(older, json!({"protocolVersion": "2025-11-25"}))));
        assert_eq!((answer.status, answer.code()), (404, -32601), "{older}");
        assert_eq!(answer.session, None);
    }
    for broken in ["", "{", "[]", "7", "\"\\ud800\"", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}"] {
        let broken = request("POST /mcp", &[("content-type", "application/json")], broken);
        let answer = ask(&site, broken);
        assert!(answer.status == 400 && [-32700, -32600].contains(&answer.code()), "{answer:?}");
    }
}

#[test]
fn headers_must_say_what_the_body_says() {
    let site = site();
    let right = stateless("tools/call", json!({"name": "scout", "arguments": {"target": "localhost:/x"}}));
    assert_eq!(ask(&site, sent(&right)).status, 200);
    for (header, value) in
        [("mcp-method", "tools/list"), ("mcp-name", "other"), ("mcp-protocol-version", "2025-11-25")]
    {
        let mut wrong = right.clone();
        wrong.0.iter_mut().filter(|(name, _)| *name == header).for_each(|(_, said)| *said = value.to_owned());
        let answer = ask(&site, sent(&wrong));
        assert_eq!((answer.status, answer.code()), (400, -32020), "{header}");
        wrong.0.retain(|(name, _)| *name != header);
        let answer = ask(&site, sent(&wrong));
        assert_eq!((answer.status, answer.code()), (400, -32020), "without {header}");
    }
    let mut wrapped = right;
    wrapped
        .0
        .iter_mut()
        .filter(|(name, _)| *name == "mcp-name")
        .for_each(|(_, said)| *said = "=?base64?c2NvdXQ=?=".to_owned());
    assert_eq!(ask(&site, sent(&wrapped)).status, 200);
}

#[test]
fn what_headers_say_twice_they_do_not_say() {
    let site = site();
    let right = stateless("tools/call", json!({"name": "scout", "arguments": {"target": "localhost:/x"}}));
    for (header, value) in
        [("mcp-method", "tools/call"), ("mcp-name", "other"), ("mcp-protocol-version", "2026-07-28")]
    {
        let mut twice = right.clone();
        twice.0.push((header, value.to_owned()));
        let answer = ask(&site, sent(&twice));
        assert_eq!((answer.status, answer.code()), (400, -32020), "{header}");
    }
    let id = ask(&site, post(&[], &initialize("2025-11-25"))).session.expect("a session");
    let in_session = ("mcp-session-id", id.as_str());
    assert_eq!(ask(&site, post(&[in_session, in_session], &ping())).status, 404);
}

#[test]
fn nothing_is_done_in_a_version_that_nobody_knows() {
    let site = site();
    let id = ask(&site, post(&[], &initialize("2025-11-25"))).session.expect("a session");
    let in_session = ("mcp-session-id", id.as_str());
    let unknown = [in_session, ("mcp-protocol-version", "1999-01-01")];
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(ask(&site, post(&unknown, &note)).status, 400);
    for line in ["GET /mcp", "DELETE /mcp"] {
        assert_eq!(ask(&site, request(line, &unknown, "")).status, 400, "{line}");
    }
    assert_eq!(ask(&site, post(&[in_session], &note)).status, 202);
    assert_eq!(ask(&site, post(&[in_session], &ping())).status, 200, "the session is still there");
}

#[test]
fn the_requests_of_a_batch_are_counted() {
    let site = sites_with(&testing::settings(), None, 1, true).0.remove(0);
    let version = [("mcp-protocol-version", "2025-03-26")];
    let batch = |count| {
        Value::Array((0..count).map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "ping"})).collect())
    };
    let status = |count| ask(&site, post(&version, &batch(count))).status;
    assert_eq!([status(6), status(6), status(4), status(1)], [200, 429, 200, 429]);
}

#[test]
fn everybody_may_know_whether_it_lives_and_who_has_a_key_what_it_does() {
    const KEY: &str = "0123456789abcdef-one";
    let source = KeySource::new(Some(&Secret::new(KEY.to_owned().into())), None).unwrap().unwrap();
    let site = sites_behind(Some(source.load().unwrap().into()), 1, true).0.remove(0);
    let get = |path: &str, headers: &[_]| ask(&site, request(&format!("GET {path}"), headers, ""));
    for (path, body) in
        [("/health", "OK"), ("/health/live", r#"{"status":"ok"}"#), ("/health/ready", r#"{"status":"ok"}"#)]
    {
        let told = get(path, &[]);
        assert_eq!((told.status, told.body.as_str()), (200, body), "{path}");
        assert_eq!(ask(&site, request(&format!("POST {path}"), &[], "")).status, 405, "{path}");
    }
    for path in ["/metrics", "/health/", "/"] {
        assert_eq!(get(path, &[]).status, 401, "{path}");
    }
    let figures = site.site.shards.own().snapshot();
    let count =
        |path, status| figures.counter(Counter::Http(Answered::new(Method::Get, Endpoint::at(path), status)));
    assert_eq!((count("/health", 200), count("/metrics", 401), count("/", 401)), (1, 1, 2));
}

#[test]
fn what_only_tells_is_for_who_takes_events() {
    let (headers, message) = stateless("subscriptions/listen", json!({ "notifications": {} }));
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.extend([("content-type", "application/json"), ("accept", "application/json")]);
    assert_eq!(ask(&site(), request("POST /mcp", &headers, &message.to_string())).status, 406);
}

#[test]
fn a_batch_holds_nothing_of_the_stateless_era() {
    let (_, message) = stateless("subscriptions/listen", json!({ "notifications": {} }));
    let answer = ask(&site(), post(&[("mcp-protocol-version", "2025-03-26")], &json!([message])));
    assert_eq!((answer.status, &answer.json()[0]["error"]["code"]), (200, &json!(-32600)));
}
