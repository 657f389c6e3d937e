//! A server that is asked to end.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{McpPipe, Scout, Sshd, eventually, process_running};

const ASKED: &str = "asked to end";

/// A command on the host that waits for the FIFO of this name.
fn slow(client: &mut McpPipe, sshd: &Sshd, fifo: &str) -> u64 {
    let running = client.post_scout(json!({ "target": "h1:/", "query": format!("cat {fifo}") }));
    sshd.log().wait_for("Starting session: command");
    eventually("the command runs", || process_running(&format!("cat {fifo}")));
    running
}

#[test]
fn what_is_under_way_is_finished() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let mut client = Scout::with(&sshd.endpoint).client();
    let running = slow(&mut client, &sshd, &fifo);
    client.signal(Signal::TERM);
    client.stderr.wait_for(ASKED);
    assert!(!client.has_answer(running));
    fs::write(&fifo, "late").unwrap();
    assert_eq!(client.wait(running).text(), "late");
    assert_eq!(client.wait_for_exit().code(), Some(0));
}

#[test]
fn nothing_new_is_begun() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let mut client = Scout::with(&sshd.endpoint).client();
    let running = slow(&mut client, &sshd, &fifo);
    client.signal(Signal::INT);
    client.stderr.wait_for(ASKED);
    let ignored = client.post("ping", json!({}));
    fs::write(&fifo, "late").unwrap();
    assert_eq!(client.wait(running).text(), "late");
    assert_eq!(client.wait_for_exit().code(), Some(0));
    assert!(!client.has_answer(ignored));
}

#[test]
fn what_takes_too_long_is_ended_on_the_host_too() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_DRAIN_TIMEOUT", "200ms").client();
    let running = slow(&mut client, &sshd, &fifo);
    client.signal(Signal::TERM);
    assert_eq!(client.wait_for_exit().code(), Some(0));
    client.stderr.wait_for("not everything was finished within 0.2 s");
    assert!(!client.has_answer(running));
    eventually("the command is ended", || !process_running(&format!("cat {fifo}")));
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::TERM, Signal::INT)] {
        let mut client = Scout::with(&sshd.endpoint).env("SCOUT_DRAIN_TIMEOUT", "1h").client();
        slow(&mut client, &sshd, &fifo);
        client.signal(first);
        client.stderr.wait_for(ASKED);
        client.signal(second);
        assert_eq!(client.wait_for_exit().signal(), Some(second.as_raw()));
        eventually("the command is ended", || !process_running(&format!("cat {fifo}")));
    }
}

#[test]
fn without_work_it_ends_at_once() {
    let mut client = Scout::new().client();
    client.signal(Signal::TERM);
    assert_eq!(client.wait_for_exit().code(), Some(0));
}

#[test]
fn neither_who_listens_nor_who_took_everything_back_keeps_it() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let listening = || {
        let mut client = Scout::new().env("SCOUT_DRAIN_TIMEOUT", "1h").serve();
        client.post("subscriptions/listen", json!({ "_meta": meta, "notifications": {} }));
        // Messages are taken in their order.
        client.request("tools/list", json!({ "_meta": meta })).result();
        client
    };
    let mut client = listening();
    client.signal(Signal::TERM);
    assert_eq!(client.wait_for_exit().code(), Some(0));
    assert!(listening().close().success());

    let mut client = Scout::with(&sshd.endpoint).client();
    let running = slow(&mut client, &sshd, &fifo);
    client.cancel(running);
    assert!(client.close().success());
}

/// `serve` over HTTP on two cores, and where.
fn serve_http(scout: Scout) -> (McpPipe, String) {
    let server = scout.env("SCOUT_CORES", 2).serve_with(&["--transport", "http", "--port", "0"]);
    let line = server.stderr.wait_for("serving MCP at http://");
    let address =
        line.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/mcp")).expect("an address");
    let address = address.to_owned();
    (server, address)
}

/// Sends a request; `headers` are whole lines.
fn send(address: &str, line: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    stream
}

/// The next line that begins like this, without that.
fn line_of(from: &mut impl BufRead, start: &str) -> String {
    let lines = from.lines().map(|line| line.expect("text"));
    let mut found = lines.filter_map(|line| line.strip_prefix(start).map(str::to_owned));
    found.next().unwrap_or_else(|| panic!("no line {start}"))
}

#[test]
fn who_asked_by_http_is_answered_first() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let (mut server, address) = serve_http(Scout::with(&sshd.endpoint));
    let idle = TcpStream::connect(&address).unwrap();
    let call = waiting_for(&fifo);
    let asking = send(&address, "POST /mcp", "", &call.to_string());
    eventually("the command runs", || process_running(&format!("cat {fifo}")));
    server.signal(Signal::TERM);
    server.stderr.wait_for(ASKED);
    // Nobody else is served, and whoever looks after the server sees why.
    for (line, body) in [("GET /health/ready", ""), ("POST /mcp", &*call.to_string())] {
        let mut asked = BufReader::new(send(&address, line, "", body));
        assert!(line_of(&mut asked, "HTTP/1.1 ").starts_with("503 "), "{line}");
    }
    let mut living = BufReader::new(send(&address, "GET /health/live", "", ""));
    assert!(line_of(&mut living, "HTTP/1.1 ").starts_with("200 "));
    fs::write(&fifo, "late").unwrap();
    let answer = std::io::read_to_string(asking).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("late"), "{answer}");
    // Who has not asked for anything is not waited for.
    assert_eq!(std::io::read_to_string(idle).unwrap(), "");
    assert_eq!(server.wait_for_exit().code(), Some(0));
}

#[test]
fn who_is_not_answered_in_time_by_http_is_told_so() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let (mut server, address) = serve_http(Scout::with(&sshd.endpoint).env("SCOUT_DRAIN_TIMEOUT", "200ms"));
    let call = waiting_for(&fifo).to_string();
    // Of two, each comes to its own core, or both come to one.
    let asking = [(); 2].map(|()| send(&address, "POST /mcp", "", &call));
    let in_session = send(&address, "POST /mcp", &in_session(&address), &call);
    eventually("the commands run", || process_running(&format!("cat {fifo}")));
    sshd.log().wait_for_count("Starting session: command", 3);
    server.signal(Signal::TERM);
    for stream in asking.into_iter().chain([in_session]) {
        let answer = std::io::read_to_string(stream).unwrap();
        let is_told =
            answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""id":1,"error":{"code":-32000"#);
        assert!(is_told && answer.contains("The server is about to end"), "{answer}");
    }
    assert_eq!(server.wait_for_exit().code(), Some(0));
    eventually("the command is ended", || !process_running(&format!("cat {fifo}")));
}

#[test]
fn a_request_by_http_can_be_taken_back_from_a_server_that_takes_leave() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let (mut server, address) = serve_http(Scout::with(&sshd.endpoint).env("SCOUT_DRAIN_TIMEOUT", "1h"));
    let session = in_session(&address);
    let asking = send(&address, "POST /mcp", &session, &waiting_for(&fifo).to_string());
    eventually("the command runs", || process_running(&format!("cat {fifo}")));
    server.signal(Signal::TERM);
    server.stderr.wait_for(ASKED);
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    let mut cancelled = BufReader::new(send(&address, "POST /mcp", &session, &cancel.to_string()));
    assert_eq!(line_of(&mut cancelled, "HTTP/1.1 "), "202 Accepted");
    assert!(std::io::read_to_string(asking).unwrap().starts_with("HTTP/1.1 202 "));
    assert_eq!(server.wait_for_exit().code(), Some(0));
}

/// A call of a command on the host that waits for the FIFO of this name.
fn waiting_for(fifo: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "scout", "arguments": { "target": "h1:/", "query": format!("cat {fifo}") } },
    })
}

/// The header of a new session.
fn in_session(address: &str) -> String {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "0" },
        },
    });
    let mut begun = BufReader::new(send(address, "POST /mcp", "", &initialize.to_string()));
    format!("Mcp-Session-Id: {}\r\n", line_of(&mut begun, "mcp-session-id: "))
}

#[test]
fn who_only_listens_by_http_is_not_waited_for() {
    let (mut server, address) = serve_http(Scout::new().env("SCOUT_DRAIN_TIMEOUT", "1h"));
    let mut notices = BufReader::new(send(&address, "GET /mcp", &in_session(&address), ""));
    assert_eq!(line_of(&mut notices, "HTTP/1.1 "), "200 OK");
    let listen = json!({
        "jsonrpc": "2.0", "id": 2, "method": "subscriptions/listen",
        "params": { "notifications": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let labels = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n";
    let mut listening = BufReader::new(send(&address, "POST /mcp", labels, &listen.to_string()));
    assert!(line_of(&mut listening, "data: ").contains("acknowledged"));
    server.signal(Signal::TERM);
    assert_eq!(server.wait_for_exit().code(), Some(0));
    // Both were told all there was to say.
    for mut stream in [notices, listening] {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    }
}

#[test]
fn subcommands_end_as_ever() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    // A shell that runs tests in the background has them, and all that they start, ignore INT.
    let scout = Scout::with(&sshd.endpoint).after(r#"exec env --default-signal=INT "$0" "$@""#);
    let mut client = scout.start(&["run", "h1:/", &format!("cat {fifo}")]);
    sshd.log().wait_for("Starting session: command");
    client.signal(Signal::INT);
    assert_eq!(client.wait_for_exit().signal(), Some(Signal::INT.as_raw()));
}
