//! Many clients, or one that is many.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::{HttpServer, Scout, eventually};

#[test]
fn a_server_has_the_descriptors_that_it_may_have() {
    let scout = Scout::new().after("ulimit -Sn 64 && ulimit -Hn 4000");
    let server = HttpServer::start(&scout);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.process.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[3..5], ["4000", "4000"], "{line}");
    let warning = server.process.stderr.wait_for("http_max_connections: ");
    assert!(
        warning.contains(" instead of 16384") && warning.contains("no more than 4000 descriptors"),
        "{warning}"
    );
}

#[test]
fn who_comes_too_many_leaves_room_for_what_is_under_way() {
    let scout = Scout::new().after("ulimit -n 256").env("SCOUT_CORES", 1);
    let server = HttpServer::start(&scout);
    let address = server.door.address();
    let crowd: Vec<_> = (0..300).map(|_| TcpStream::connect(address).unwrap()).collect();
    // The last is served, also with what needs descriptors of its own, and the first made room.
    let mut last = crowd.last().unwrap();
    let mut rest = String::new();
    (&crowd[0]).read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "scout", "arguments": { "target": "localhost:/", "query": "cat /etc/hostname" } },
    });
    let call = call.to_string();
    write!(
        last,
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{call}",
        call.len()
    )
    .unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#""exit_code":0"#), "{answer}");
    assert!(!server.process.stderr.text().contains("no connections are taken"));
    drop(crowd);
    eventually("they are gone", || server.door.get("/health").status == 200);
}

#[test]
fn a_batch_is_as_many_requests_as_stand_in_it() {
    let server = HttpServer::start(&Scout::new());
    let batch = |count| {
        let pings: Vec<_> =
            (0..count).map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" })).collect();
        server.door.post(&[("MCP-Protocol-Version", "2025-03-26")], json!(pings).to_string().as_bytes())
    };
    let long = batch(100);
    assert_eq!(long.status, 429);
    assert_eq!(long.body, r#"{"error":"Rate limit exceeded. A batch may hold 10 requests at most."}"#);
    assert_eq!(batch(8).json().as_array().map(Vec::len), Some(8));
    let refused = batch(8);
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
}
