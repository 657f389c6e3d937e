//! What people, agents and peers get wrong: each with a message that says so, and a server that goes on serving.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use crate::support::{Endpoint, Fake, Key, KeyType, McpPipe, Relay, Scout, Sshd};

#[test]
fn lines_that_are_no_requests() {
    let mut client = Scout::new().client();
    let cases: [(&[u8], i64); 7] = [
        (b"{\"jsonrpc\": \"2.0\", \"id\": 1,", -32700),
        (b"nonsense", -32700),
        (b"\xff\xfe\x00", -32700),
        (b"\"text\"", -32600),
        (b"42", -32600),
        (b"{}", -32600),
        (b"{\"jsonrpc\": \"1.0\", \"method\": \"ping\"}", -32600),
    ];
    for (line, code) in cases {
        client.send_raw(line);
        let (got, message) = client.wait_for_null().error();
        assert_eq!(got, code, "{}: {message}", String::from_utf8_lossy(line));
        assert!(!message.is_empty());
    }
    client.send_raw(b"");
    lives(&mut client);
}

#[test]
fn a_line_of_twenty_megabytes() {
    let mut client = Scout::new().client();
    let start =
        br#"{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"scout","arguments":{"target":""#;
    let line = [start.as_slice(), &vec![b'a'; 20_000_000], br#""}}}"#].concat();
    client.send_raw(&line);
    let (code, message) = client.wait_for_null().error();
    assert_eq!(code, -32600, "{message}");
    assert!(message.contains("4194304"), "what the limit is: {message}");
    lives(&mut client);
}

#[test]
fn unknown_methods_and_tools() {
    let mut client = Scout::new().client();
    let (code, message) = client.request("no/such", json!({})).error();
    assert_eq!(code, -32601);
    assert!(message.contains("no/such"), "{message}");
    let (code, message) = client.request("tools/call", json!({ "name": "nope", "arguments": {} })).error();
    assert_eq!(code, -32602);
    assert!(message.contains("nope"), "{message}");
    let (code, _) = client.request("tools/call", json!({ "arguments": {} })).error();
    assert_eq!(code, -32602);
    let (code, _) = client.request("tools/call", json!([1, 2])).error();
    assert_eq!(code, -32602);
    lives(&mut client);
}

#[test]
fn arguments_of_the_wrong_type() {
    let mut client = Scout::new().client();
    let cases = [
        (json!({ "target": 5 }), "target"),
        (json!({ "target": ["hosts"] }), "target"),
        (json!({ "target": "hosts", "query": { "a": 1 } }), "query"),
        (json!({ "target": "hosts", "query": 1.5 }), "query"),
        (json!({ "target": "hosts", "no_such_argument": 1 }), "no_such_argument"),
    ];
    for (arguments, word) in cases {
        let message = client.scout(arguments.clone()).failure();
        assert!(message.contains(word), "{arguments}: {message}");
    }
    let (code, _) = client.request("tools/call", json!({ "name": "scout", "arguments": "hosts" })).error();
    assert_eq!(code, -32602);
    lives(&mut client);
}

#[test]
fn targets_that_name_nothing() {
    let sshd = Sshd::start();
    let long = format!("h1:/{}", "x".repeat(10_000));
    let host = format!("{}:/x", "h".repeat(254));
    let cases = [
        ("foo", "Invalid target 'foo'. Expected 'host:/path' or 'hosts'"),
        ("", "Invalid target ''. Expected 'host:/path' or 'hosts'"),
        (":/x", "Host cannot be empty"),
        ("h1:", "Path cannot be empty"),
        ("h1:/a\0b", "Path contains null byte"),
        ("zz:/x", "Unknown host 'zz'. Available: alpha, h1, localhost"),
        ("a;b:/x", "Host contains invalid characters: 'a;b'"),
        (&host, "Host name too long: 254 chars"),
        ("h1:/a/../b", "Path traversal not allowed: /a/../b"),
        (&long, "too long"),
    ];
    let scout = Scout::with(&sshd.endpoint).host("alpha", &sshd.endpoint);
    let mut client = scout.client();
    for (target, text) in cases {
        let message = client.scout(json!({ "target": target })).tool_error();
        assert!(message.starts_with("Error: "), "{target:?}: {message}");
        assert!(message.contains(text), "{target:?}: {message}");
        assert!(message.len() < 600, "an input is not repeated at length: {} bytes", message.len());
    }
    for target in ["foo", ":/x", "h1:", "zz:/x"] {
        scout.run(&["read", target]).failure();
    }
    client.close();
    assert_eq!(sshd.connections(), 0, "none of it reached a host");
}

#[test]
fn an_offline_host() {
    let sshd = Sshd::start();
    let message = refusal(&Fake::offline(&sshd).endpoint);
    assert!(message.contains("refused"), "{message}");
}

#[test]
fn a_name_that_does_not_resolve() {
    let scout = Scout::new().config("Host h1\n  HostName no-such-host.invalid\n");
    let message = scout.client().scout(json!({ "target": "h1:/x" })).tool_error();
    assert!(message.starts_with("Error: Cannot connect to h1: "), "{message}");
    assert!(message.contains("no-such-host.invalid"), "{message}");
}

#[test]
fn a_port_that_speaks_http() {
    let sshd = Sshd::start();
    let fake = Fake::start(&sshd, |mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n");
    });
    let message = refusal(&fake.endpoint);
    assert!(message.contains("HTTP") && message.contains("SSH"), "{message}");
}

#[test]
fn peers_that_are_no_ssh_servers() {
    let sshd = Sshd::start();
    // Old versions of the protocol; a flood without an identification; binary noise; a packet of absurd length.
    let first_bytes: [&[u8]; 5] = [
        b"SSH-1.5-ancient\r\n",
        &[b'x'; 300_000],
        &[0; 5_000],
        b"SSH-2.0-ok\r\n\xff\xff\xff\xff\x00\x00\x00\x00",
        b"SSH-2.0-ok\r\nSSH-2.0-again\r\n",
    ];
    for bytes in first_bytes {
        let fake = Fake::start(&sshd, move |mut stream| {
            let _ = stream.write_all(bytes);
            // Holds the line: the client must not wait for its end.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
        let message = refusal(&fake.endpoint);
        assert!(message.len() < 600, "{shown:?}: {} bytes of message", message.len());
        assert!(!message.contains("within"), "{shown:?} is refused, not waited for: {message}");
    }
}

#[test]
fn a_server_that_says_nothing() {
    let sshd = Sshd::start();
    let fake = Fake::start(&sshd, |mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let scout = Scout::with(&fake.endpoint).env("SCOUT_CONNECT_TIMEOUT", 1);
    let message = scout.client().scout(json!({ "target": "h1:/x" })).tool_error();
    assert!(message.starts_with("Error: Cannot connect to h1: ") && message.contains("1s"), "{message}");
}

#[test]
fn a_server_that_says_a_byte_now_and_then() {
    let sshd = Sshd::start();
    // A version string that never ends, then one and a packet that never ends: neither is silence.
    for start in ["", "SSH-2.0-slow\r\n\0\0\x40\x04"] {
        let fake = Fake::start(&sshd, move |mut stream| {
            let _ = stream.write_all(start.as_bytes());
            while stream.write_all(b"S").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let scout = Scout::with(&fake.endpoint).env("SCOUT_CONNECT_TIMEOUT", 1);
        let message = scout.client().scout(json!({ "target": "h1:/x" })).tool_error();
        assert!(message.starts_with("Error: Cannot connect to h1: ") && message.contains("1s"), "{message}");
    }
}

#[test]
fn the_hosts_own_connect_timeout_wins() {
    let sshd = Sshd::start();
    let fake = Fake::start(&sshd, |mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let scout = Scout::new().unknown_host("h1", &fake.endpoint, "ConnectTimeout 1");
    let message = scout.client().scout(json!({ "target": "h1:/x" })).tool_error();
    assert!(message.contains("1s"), "{message}");
}

#[test]
fn a_server_that_closes_in_the_handshake() {
    let sshd = Sshd::start();
    // After nothing, within the identification, the key exchange and the login.
    for bytes in [0, 5, 60, 1_100, 1_700] {
        let relay = Relay::cut_after(&sshd, bytes);
        let known =
            sshd.endpoint.known_hosts().replace(&sshd.endpoint.known_name(), &relay.endpoint.known_name());
        let scout = Scout::new().unknown_host("h1", &relay.endpoint, "").known_hosts(&known);
        let message = scout.client().scout(json!({ "target": "h1:/proc/version" })).tool_error();
        assert!(message.starts_with("Error: Cannot connect to h1: "), "{bytes}: {message}");
        assert!(message.contains("closed") || message.contains("lost"), "{bytes}: {message}");
    }
}

#[test]
fn a_server_that_closes_within_an_answer() {
    let sshd = Sshd::start();
    let file = sshd.write("large", "x".repeat(900_000));
    for line in [json!({ "target": format!("h1:{file}") }), json!({ "target": "h1:~", "query": "cat large" })]
    {
        let relay = Relay::cut_after(&sshd, 200_000);
        let reply = Scout::with(&relay.endpoint).client().scout(line.clone());
        let message = reply.tool_error().to_lowercase();
        assert!(message.contains("h1") || message.contains("onnection"), "{line}: {message}");
        assert!(message.contains("closed") || message.contains("lost"), "{line}: {message}");
    }
}

#[test]
fn a_connection_that_was_lost_is_made_anew() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "x".repeat(30_000)));
    // Enough for two or three reads, each connection.
    let relay = Relay::cut_after(&sshd, 100_000);
    let mut client = Scout::with(&relay.endpoint).client();
    for _ in 0..10 {
        assert_eq!(client.read(&target).len(), 30_000);
    }
}

#[test]
fn a_wrong_host_key() {
    let sshd = Sshd::start();
    let other = Key::generate(&sshd.account.path("other"), KeyType::Ed25519);
    let mut endpoint = sshd.endpoint.clone();
    endpoint.host_keys = vec![other.public];
    let message = refusal(&endpoint);
    assert!(message.contains("CHANGED") && message.contains("ssh-keygen -R"), "{message}");
}

#[test]
fn a_broken_configuration_costs_the_host_that_has_it() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content");
    let scout = Scout::with(&sshd.endpoint).config("Host bad\n  HostName 127.0.0.1\n  Port seventy\n");
    let mut client = scout.client();
    assert_eq!(client.read(&format!("h1:{file}")), "content");
    let message = client.scout(json!({ "target": "bad:/x" })).tool_error();
    let line = std::fs::read_to_string(scout.config_file()).unwrap().lines().count();
    assert!(message.contains(&format!("{}:{line}", scout.config_file().display())), "where: {message}");
    assert!(message.contains("seventy"), "{message}");
}

#[test]
fn missing_configuration_leaves_this_machine() {
    let scout = Scout::new().env("SCOUT_SSH_CONFIG", "/nonexistent/config");
    let outcome = scout.run(&["read", "localhost:/proc/version"]);
    // A file that was asked for by name has to be there.
    assert!(outcome.failure().contains("/nonexistent/config"));
    std::fs::remove_dir_all(scout.home().join(".ssh")).unwrap();
    let mut command = scout.command();
    command.env_remove("SCOUT_SSH_CONFIG").env_remove("SCOUT_KNOWN_HOSTS");
    let output = command.args(["read", "localhost:/proc/version"]).output().unwrap();
    assert!(output.stdout.starts_with(b"Linux"), "{}", String::from_utf8_lossy(&output.stderr));
}

fn refusal(endpoint: &Endpoint) -> String {
    let scout = Scout::with(endpoint);
    let message = scout.client().scout(json!({ "target": "h1:/x" })).tool_error();
    assert!(message.starts_with("Error: Cannot connect to h1: "), "{message}");
    assert!(scout.run(&["read", "h1:/x"]).failure().starts_with("scout-mcp: Cannot connect to h1: "));
    message
}

fn lives(client: &mut McpPipe) {
    assert!(client.request("ping", json!({})).result().is_object());
    assert_ne!(client.read("localhost:/proc/version"), "");
}
