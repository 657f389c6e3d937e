//! Six checks of the protocol, for every revision on every transport: who the server is, its tools, wrong parameters,
//! errors, the form of messages, many requests at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde_json::{Value, json};

use crate::support::{HttpServer, McpPipe, Scout};

const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];
const STATELESS: &str = "2026-07-28";
const AT_ONCE: u32 = 50;

type Check = fn(&mut Client);

const CHECKS: [(&str, Check); 6] = [
    ("server_info", server_info),
    ("tool_registration", tool_registration),
    ("parameter_validation", parameter_validation),
    ("error_handling", error_handling),
    ("message_format", message_format),
    ("concurrent_access", concurrent_access),
];

#[test]
fn every_revision_complies_over_stdio() {
    let scout = scout();
    every_check(|| Wire::Stdio(scout.serve()));
}

#[test]
fn every_revision_complies_over_http() {
    let scout = scout();
    every_check(|| Wire::Http { server: HttpServer::start(&scout), session: None });
}

/// Nobody is counted here.
fn scout() -> Scout {
    Scout::new().env("SCOUT_RATE_LIMIT_PER_MINUTE", 0)
}

fn every_check(wire: impl Fn() -> Wire) {
    let mut failed = Vec::new();
    for revision in REVISIONS {
        for (name, check) in CHECKS {
            let checked = || check(&mut Client::begin(revision, wire()));
            if catch_unwind(AssertUnwindSafe(checked)).is_err() {
                failed.push(format!("{revision}: {name}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

// --- the checks ------------------------------------------------------------------------------------------------

fn server_info(client: &mut Client) {
    let info = match client.is_stateless() {
        true => {
            let discovered = client.result("server/discover", json!({}));
            assert!(list(&discovered["supportedVersions"]).contains(&json!(STATELESS)), "{discovered}");
            discovered["_meta"]["io.modelcontextprotocol/serverInfo"].clone()
        }
        false => {
            assert_eq!(client.introduction["protocolVersion"], client.revision);
            client.introduction["serverInfo"].clone()
        }
    };
    assert_eq!(info["name"], "scout-mcp");
    let version = info["version"].as_str().unwrap_or_default();
    let numbers: Vec<_> = version.split('.').filter_map(|part| part.parse::<u64>().ok()).collect();
    assert_eq!((numbers.len(), version), (3, env!("CARGO_PKG_VERSION")), "a semantic version");
}

fn tool_registration(client: &mut Client) {
    let listed = client.result("tools/list", json!({}));
    let tools = list(&listed["tools"]);
    let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.contains(&"scout") && names.len() == tools.len(), "{names:?}");
    for (place, name) in names.iter().enumerate() {
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)), "{name}");
        assert!(!names[..place].contains(name), "{name} is there twice");
    }
    for tool in tools {
        assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    }
    assert_eq!(client.result("tools/list", json!({})), listed, "always in the same order");
}

fn parameter_validation(client: &mut Client) {
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({ "name": 7 })),
        ("tools/call", json!({ "name": "nobody" })),
        ("tools/call", json!({ "name": "scout", "arguments": [] })),
        ("resources/read", json!({})),
        ("resources/read", json!({ "uri": {} })),
        ("tools/list", json!({ "cursor": "nobody gave it" })),
    ] {
        assert_eq!(client.error(method, params.clone()), -32602, "{method} {params}");
    }
    let wrong = json!({ "name": "scout", "arguments": { "target": 7 } });
    match client.revision >= "2025-11-25" {
        true => assert_eq!(client.result("tools/call", wrong)["isError"], true, "the model is told"),
        false => assert_eq!(client.error("tools/call", wrong), -32602),
    }
}

fn error_handling(client: &mut Client) {
    for method in ["no/such/method", "", "tools/LIST", "rpc.discover"] {
        assert_eq!(client.error(method, json!({})), -32601, "{method}");
    }
    for (text, code) in [
        (r#"{"jsonrpc":"2.0","id":1,"method""#, -32700),
        ("{]", -32700),
        ("7", -32600),
        (r#""text""#, -32600),
        ("[]", -32600),
    ] {
        let answer = client.broken(text);
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(code)), "{text}");
    }
    let unknown = json!({ "name": "scout", "arguments": { "target": "nobody:/" } });
    let failed = client.result("tools/call", unknown);
    assert_eq!(failed["isError"], true, "{failed}");
    assert!(!list(&client.result("tools/list", json!({}))["tools"]).is_empty(), "it goes on");
}

fn message_format(client: &mut Client) {
    for id in [json!(0), json!(-7), json!(9_007_199_254_740_991_i64), json!("a"), json!("\u{fc} \"\\")] {
        for (method, outcome) in [("tools/list", "result"), ("no/such/method", "error")] {
            let answer = client.answer(&client.request(id.clone(), method, json!({})));
            let members: Vec<_> = answer.as_object().expect("an object").keys().collect();
            assert_eq!(members.len(), 3, "{answer}");
            assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &id));
            assert!(answer[outcome].is_object(), "{answer}");
        }
    }
    let error = client.answer(&client.request(json!(1), "no/such/method", json!({})))["error"].clone();
    assert!(error["code"].is_i64() && error["message"].is_string(), "{error}");
    let batch =
        json!([client.request(json!("x"), "ping", json!({})), client.request(json!("y"), "ping", json!({}))]);
    match client.revision {
        "2025-03-26" => assert_eq!(list(&client.batch(&batch)).len(), 2),
        _ => assert_eq!(client.broken(&batch.to_string())["error"]["code"], -32600),
    }
    client.note("notifications/initialized");
}

fn concurrent_access(client: &mut Client) {
    let requests: Vec<_> = (0..AT_ONCE)
        .map(|n| match n % 2 {
            0 => client.request(json!(n), "tools/list", json!({})),
            _ => {
                let hosts = json!({ "name": "scout", "arguments": { "target": "hosts" } });
                client.request(json!(format!("call {n}")), "tools/call", hosts)
            }
        })
        .collect();
    let answers = client.answers(&requests);
    assert_eq!(answers.len(), requests.len());
    for (request, answer) in requests.iter().zip(answers) {
        assert_eq!(answer["id"], request["id"]);
        assert!(answer["result"].is_object(), "{answer}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

// --- clients ---------------------------------------------------------------------------------------------------

enum Wire {
    Stdio(McpPipe),
    Http { server: HttpServer, session: Option<String> },
}

/// A client that speaks one revision.
struct Client {
    revision: &'static str,
    wire: Wire,
    /// What `initialize` was answered with, where there is one.
    introduction: Value,
    asked: u64,
}

impl Client {
    fn begin(revision: &'static str, wire: Wire) -> Self {
        let mut client = Self { revision, wire, introduction: Value::Null, asked: 1_000 };
        if client.is_stateless() {
            return client;
        }
        let info = json!({ "name": "test", "version": "0" });
        let params = json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": info });
        let initialize = client.request(json!("begin"), "initialize", params);
        client.introduction = match &mut client.wire {
            Wire::Stdio(pipe) => {
                pipe.send(&initialize);
                pipe.wait("begin").result()
            }
            Wire::Http { server, session } => {
                let answer = server.door.post(&[], initialize.to_string().as_bytes());
                *session = answer.header("mcp-session-id").map(str::to_owned);
                answer.json()["result"].clone()
            }
        };
        client.note("notifications/initialized");
        client
    }

    fn is_stateless(&self) -> bool {
        self.revision == STATELESS
    }

    /// A request as this revision has it.
    fn request(&self, id: Value, method: &str, mut params: Value) -> Value {
        if self.is_stateless() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": STATELESS,
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
    }

    fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer["result"].is_object(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The code of a request's error.
    fn error(&mut self, method: &str, params: Value) -> i64 {
        let answer = self.ask(method, params);
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {answer}"))
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let request = self.request(json!(self.asked), method, params);
        let answer = self.answer(&request);
        assert_eq!(answer["id"], request["id"]);
        answer
    }

    fn answer(&mut self, request: &Value) -> Value {
        match &mut self.wire {
            Wire::Stdio(pipe) => {
                pipe.send(request);
                pipe.wait(request["id"].clone()).0
            }
            Wire::Http { .. } => self.post(request),
        }
    }

    /// The answers to requests that are under way together, in their order.
    fn answers(&mut self, requests: &[Value]) -> Vec<Value> {
        if let Wire::Stdio(pipe) = &mut self.wire {
            requests.iter().for_each(|request| pipe.send(request));
            return requests.iter().map(|request| pipe.wait(request["id"].clone()).0).collect();
        }
        let asking: Vec<_> = requests.iter().map(|request| thread::spawn(self.posting(request))).collect();
        asking.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    }

    fn post(&self, request: &Value) -> Value {
        self.posting(request)()
    }

    /// Sends a request over HTTP, with the headers that this revision wants.
    fn posting(&self, request: &Value) -> impl FnOnce() -> Value + Send + 'static {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (method, params) = (text(&request["method"]), &request["params"]);
        let name = text(&params["name"]).or_else(|| text(&params["uri"]));
        let mut headers = vec![("MCP-Protocol-Version", Some(self.revision.to_owned()))];
        let is_stateless = self.is_stateless();
        if is_stateless {
            headers.extend([("Mcp-Method", method), ("Mcp-Name", name)]);
        }
        let Wire::Http { server, session } = &self.wire else { panic!("not over HTTP") };
        headers.push(("Mcp-Session-Id", session.clone()));
        let (door, body) = (server.door.clone(), request.to_string());
        move || {
            let headers: Vec<_> =
                headers.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
            let answer = door.post(&headers, body.as_bytes());
            let message = answer.json();
            let status = match message["error"]["code"].as_i64() {
                Some(-32601) if is_stateless => 404,
                Some(_) if is_stateless => 400,
                _ => 200,
            };
            assert_eq!(answer.status, status, "{answer:?}");
            message
        }
    }

    /// What is answered to what is no request.
    fn broken(&mut self, text: &str) -> Value {
        match &mut self.wire {
            Wire::Stdio(pipe) => {
                pipe.send_raw(text.as_bytes());
                pipe.wait_for_null().0
            }
            Wire::Http { server, session } => {
                let version = [("MCP-Protocol-Version", self.revision)];
                let session = session.as_deref().map(|session| ("Mcp-Session-Id", session));
                let headers: Vec<_> = version.into_iter().chain(session).collect();
                let answer = server.door.post(&headers, text.as_bytes());
                assert_eq!(answer.status, 400, "{answer:?}");
                answer.json()
            }
        }
    }

    fn batch(&mut self, batch: &Value) -> Value {
        match &mut self.wire {
            Wire::Stdio(pipe) => {
                pipe.send(batch);
                Value::Array(pipe.wait_for_batch())
            }
            Wire::Http { .. } => self.post(batch),
        }
    }

    /// Nothing is answered to a notification.
    fn note(&mut self, method: &str) {
        let note = json!({ "jsonrpc": "2.0", "method": method });
        match &mut self.wire {
            Wire::Stdio(pipe) => pipe.send(&note),
            Wire::Http { server, session } => {
                let headers: Vec<_> =
                    session.iter().map(|session| ("Mcp-Session-Id", session.as_str())).collect();
                let answer = server.door.post(&headers, note.to_string().as_bytes());
                assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{answer:?}");
            }
        }
    }
}
