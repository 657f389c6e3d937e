//! Who may use a server over HTTP, through its listener.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{HttpServer, McpPipe, Scout};

const KEY: &str = "0123456789abcdef-one";
const OTHER: &str = "0123456789abcdef-two";
const READ_AGAIN: &str = "read the configuration again";

/// A server that listens on a port of its own.
struct Server {
    process: McpPipe,
    /// As a client names it.
    host: String,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Server {
    fn start(scout: &Scout) -> Self {
        let process = scout.serve_with(&["--transport", "http", "--port", "0", "--cores", "2"]);
        let line = process.stderr.wait_for("serving MCP at http://");
        let host = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("its address");
        Self { host: host.to_owned(), process }
    }

    /// Sends a message with these headers, on a connection of its own.
    fn post(&self, headers: &str, message: &Value) -> Answer {
        self.post_to(&self.host, headers, message)
    }

    fn post_to(&self, host: &str, headers: &str, message: &Value) -> Answer {
        let body = message.to_string();
        let common = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
                      MCP-Protocol-Version: 2025-11-25\r\nConnection: close\r\n";
        let length = body.len();
        self.send(&format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\n{common}{headers}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        let host = &self.host;
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"))
    }

    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it is read");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn ping(&self, headers: &str) -> Answer {
        self.post(headers, &json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }))
    }

    /// The text that the tool answers.
    fn scout(&self, key: &str, arguments: &Value) -> String {
        let params = json!({ "name": "scout", "arguments": arguments });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = self.post(&with_key(key), &call);
        assert_eq!(answer.status, 200, "{answer:?}");
        let reply: Value = serde_json::from_str(&answer.body).expect("JSON");
        reply["result"]["content"][0]["text"].as_str().expect("a text").to_owned()
    }
}

fn with_key(key: &str) -> String {
    format!("X-API-Key: {key}\r\n")
}

/// A file of keys that the server is told of.
fn with_file(scout: Scout, text: &str) -> (Scout, PathBuf) {
    let path = scout.home().join("keys.toml");
    write_private(&path, text);
    (scout.env("SCOUT_API_KEYS_FILE", path.display()), path)
}

fn write_private(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("the file");
    fs::set_permissions(&new, Permissions::from_mode(0o600)).expect("its mode");
    fs::rename(&new, path).expect("its place");
}

#[test]
fn who_shows_no_key_or_a_wrong_one_is_told_so_and_the_log_shows_no_key() {
    let server = Server::start(&Scout::new().env("SCOUT_API_KEYS", format!("{KEY},{OTHER}")));
    assert_eq!(server.ping(&with_key(KEY)).status, 200);
    assert_eq!(server.ping(&format!("Authorization: Bearer {OTHER}\r\n")).status, 200);
    let missing = server.ping("");
    assert_eq!((missing.status, missing.body.as_str()), (401, r#"{"error":"Missing API key"}"#));
    assert!(missing.head.contains("\r\nwww-authenticate: bearer"), "{missing:?}");
    let wrong = server.ping(&with_key("open-sesame-open-sesame"));
    assert_eq!((wrong.status, wrong.body.as_str()), (401, r#"{"error":"Invalid API key"}"#));
    let line = server.process.stderr.wait_for("refused key ");
    let digits = line.split("refused key ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{line}");
    let log = server.process.stderr.text();
    assert!(!log.contains("sesame") && !log.contains(KEY), "{log}");
}

#[test]
fn a_key_is_for_its_scopes_and_hosts_and_for_as_long_as_it_is_there() {
    let read = format!("[[key]]\nkey = '{KEY}'\nscopes = ['read']\nhosts = ['local*']\n");
    let all = format!("[[key]]\nname = 'all'\nkey = '{OTHER}'\n");
    let scout =
        Scout::new().config("Host db1\nHostName 127.0.0.1\nPort 1\n\n").env("SCOUT_RATE_LIMIT_PER_MINUTE", 0);
    let (scout, path) = with_file(scout, &format!("{read}{all}"));
    let file = scout.home().join("greeting");
    fs::write(&file, "hello").unwrap();
    let target = format!("localhost:{}", file.display());
    let server = Server::start(&scout);

    assert_eq!(server.scout(KEY, &json!({ "target": target })), "hello");
    let query = json!({ "target": "localhost:/", "query": "cat /etc/hostname" });
    assert!(server.scout(KEY, &query).contains("the scope 'command'"));
    assert!(!server.scout(OTHER, &query).contains("scope"));
    let hidden = server.scout(KEY, &json!({ "target": "db1:/x" }));
    assert_eq!(hidden, "Error: Unknown host 'db1'. Available: localhost");
    let hosts = json!({ "target": "hosts" });
    assert!(!server.scout(KEY, &hosts).contains("db1") && server.scout(OTHER, &hosts).contains("db1"));

    write_private(&path, &all);
    server.process.stderr.wait_for(READ_AGAIN);
    // On every core: connections go to one or the other.
    for _ in 0..8 {
        assert_eq!(server.ping(&with_key(KEY)).status, 401);
        assert_eq!(server.ping(&with_key(OTHER)).status, 200);
    }
}

#[test]
fn a_key_that_is_taken_away_opens_nothing_on_connections_that_are_open() {
    let (one, two) = (format!("[[key]]\nkey = '{KEY}'\n"), format!("[[key]]\nkey = '{OTHER}'\n"));
    let (scout, path) = with_file(Scout::new(), &format!("{one}{two}"));
    let server = HttpServer::start(&scout.env("SCOUT_CORES", 2).env("SCOUT_RATE_LIMIT_PER_MINUTE", 0));
    let listen = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": { "notifications": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let labels = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen")];
    let listening = |key| {
        let headers = [&labels[..], &[("X-API-Key", key)]].concat();
        let mut events = server.door.listen("POST /mcp", &headers, listen.to_string().as_bytes());
        assert!(
            events.next().is_some_and(|word| word["method"] == "notifications/subscriptions/acknowledged")
        );
        events
    };
    let (mut gone, _stays) = (listening(KEY), listening(OTHER));
    let idle = TcpStream::connect(server.door.address()).unwrap();
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n", server.door.address());
    let ask = |headers: &str| {
        (&idle).write_all(format!("{head}{headers}\r\n").as_bytes()).unwrap();
        let mut reader = BufReader::new(&idle);
        let mut lines = reader.by_ref().lines().map(Result::unwrap);
        let status = lines.next().unwrap();
        let length = lines.take_while(|line| !line.is_empty());
        let length =
            length.filter_map(|line| line.strip_prefix("content-length: ").map(str::to_owned)).last();
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        status
    };
    assert_eq!(ask(&with_key(KEY)), "HTTP/1.1 200 OK");
    assert_eq!(ask(&with_key("0123456789abcdef-no")), "HTTP/1.1 401 Unauthorized");
    assert_eq!(ask(&with_key(KEY)), "HTTP/1.1 200 OK");
    write_private(&path, &two);
    server.process.stderr.wait_for(READ_AGAIN);
    assert!(gone.next().is_none(), "who listens with it hears no more");
    assert_eq!(ask(&with_key(KEY)), "HTTP/1.1 401 Unauthorized");
    assert_eq!(ask(&with_key(OTHER)), "HTTP/1.1 200 OK");
}

#[test]
fn figures_are_for_those_who_may_read_and_health_is_for_everybody() {
    let keys = format!(
        "[[key]]\nkey = '{KEY}'\nscopes = ['read']\n[[key]]\nkey = '{OTHER}'\nscopes = ['command']\n"
    );
    let server = Server::start(&with_file(Scout::new(), &keys).0);
    assert_eq!(server.get("/metrics", &with_key(KEY)).status, 200);
    let refused = server.get("/metrics", &with_key(OTHER));
    assert!(refused.status == 403 && refused.body.contains("the scope 'read'"), "{refused:?}");
    assert!(refused.head.contains("insufficient_scope"), "{refused:?}");
    assert_eq!(server.get("/metrics", "").status, 401);
    assert!((0..20).all(|_| server.get("/health", "").status == 200), "and never too often");
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back_whichever_core_he_asks() {
    let scout = Scout::new().env("SCOUT_API_KEYS", KEY).env("SCOUT_RATE_LIMIT_PER_MINUTE", 1);
    let server = Server::start(&scout);
    let answers: Vec<_> = (0..11).map(|_| server.ping(&with_key(KEY))).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [[200; 10].as_slice(), &[429]].concat());
    let late = &answers[10];
    let seconds = late.head.split("\r\nretry-after: ").nth(1).and_then(|rest| rest.lines().next());
    let seconds: u64 = seconds.and_then(|seconds| seconds.parse().ok()).expect("whole seconds");
    assert!((1..=60).contains(&seconds), "{late:?}");
    assert!(late.body.starts_with(r#"{"error":"Rate limit exceeded. Retry after "#), "{late:?}");
    assert!(late.body.ends_with(r#" seconds."}"#), "{late:?}");
    // Nobody who is not our proxy is anybody else by saying so, and wrong keys have a limit of their own.
    let forged: Vec<_> = (0..11)
        .map(|number| {
            server.ping(&format!("X-Forwarded-For: 192.0.2.{number}\r\nX-API-Key: wrong\r\n")).status
        })
        .collect();
    assert_eq!(forged, [[401; 10].as_slice(), &[429]].concat());
}

#[test]
fn pages_of_others_and_names_that_are_not_ours_are_refused() {
    let server = Server::start(&Scout::new());
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    assert_eq!(server.ping("Origin: https://evil.example\r\n").status, 403);
    assert_eq!(server.ping("Origin: null\r\n").status, 403);
    assert_eq!(server.post_to("evil.example", "", &ping).status, 403);
    let page = server.ping("Origin: http://localhost:3000\r\n");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("\r\naccess-control-allow-origin: http://localhost:3000"), "{page:?}");
    assert_eq!(server.post_to("localhost:80", "", &ping).status, 200);
}

#[test]
fn other_machines_are_not_served_without_keys() {
    let serve = ["serve", "--transport", "http", "--port", "0", "--host", "0.0.0.0"];
    let refused = Scout::new().run(&serve);
    assert_eq!(refused.code, Some(2));
    assert!(refused.failure().contains("Refusing to serve HTTP on 0.0.0.0 without API keys"));
    let weak = Scout::new().env("SCOUT_API_KEYS", "sesame").run(&serve);
    assert_eq!(weak.code, Some(2));
    let message = weak.failure();
    assert!(message.contains("SCOUT_API_KEYS: key 1 is weak") && !message.contains("sesame"), "{message}");
    let scout = Scout::new();
    let allowed = scout.serve_with(&[&serve[1..], &["--allow-unauthenticated"]].concat());
    allowed.stderr.wait_for("serving MCP at http://0.0.0.0:");
}
