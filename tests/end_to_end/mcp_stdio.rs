//! MCP over stdin and stdout, both eras, as a process sees it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{McpPipe, Scout, Sshd};

#[test]
fn every_handshake_revision_is_agreed_on() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        assert_eq!(Scout::new().serve().initialize(version)["protocolVersion"], version);
    }
    for version in ["2026-07-28", "1999-01-01", "nonsense"] {
        assert_eq!(Scout::new().serve().initialize(version)["protocolVersion"], "2025-11-25", "{version}");
    }
    let result = Scout::new().serve().initialize("2025-11-25");
    assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(result["capabilities"]["tools"].is_object(), "{result}");
}

#[test]
fn the_stateless_era_needs_no_handshake() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content");
    let mut client = Scout::with(&sshd.endpoint).serve();
    let discovered = client.request("server/discover", json!({ "_meta": meta() })).result();
    assert_eq!(discovered["resultType"], "complete", "{discovered}");
    assert!(discovered["ttlMs"].is_u64() && discovered["cacheScope"].is_string(), "{discovered}");
    let versions = discovered["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{discovered}");

    let tools = client.request("tools/list", json!({ "_meta": meta() })).result();
    assert_eq!(tools["resultType"], "complete");
    assert_eq!(tools["tools"][0]["name"], "scout");
    let arguments = json!({ "target": format!("h1:{file}") });
    let call = json!({ "name": "scout", "arguments": arguments, "_meta": meta() });
    let reply = client.request("tools/call", call);
    assert_eq!(reply.text(), "content");
    assert_eq!(reply.result()["resultType"], "complete");
    // An older client may begin on the same pipe.
    assert_eq!(client.initialize("2025-11-25")["protocolVersion"], "2025-11-25");
}

#[test]
fn the_stateless_era_must_say_what_it_speaks() {
    let mut client = Scout::new().serve();
    let (code, message) = client.request("server/discover", json!({})).error();
    assert_eq!(code, -32602, "{message}");
    let mut future = meta();
    future["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let reply = client.request("tools/list", json!({ "_meta": future }));
    assert_eq!(reply.error().0, -32022);
    assert!(reply.0["error"]["data"]["supported"].as_array().is_some_and(|versions| !versions.is_empty()));
}

#[test]
fn tools_are_described() {
    let tools = tools(&mut Scout::new().client());
    for tool in &tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    }
    assert_eq!(tools[0]["name"], "scout");
    for argument in ["target", "query"] {
        assert!(tools[0]["inputSchema"]["properties"][argument].is_object(), "{argument}");
    }
}

#[test]
fn who_serves_chooses_the_tools() {
    let sshd = Sshd::start();
    let target = json!({ "target": format!("h1:{}", sshd.write("notes.txt", "content")) });
    let scout = Scout::with(&sshd.endpoint);
    for (choice, offered) in [("scout", &["scout"][..]), ("focused", &["read"]), ("all", &["scout", "read"])]
    {
        let mut client = scout.serve_with(&["--tools", choice]);
        client.initialize("2025-11-25");
        let tools = tools(&mut client);
        for name in ["scout", "read"] {
            let is_offered = offered.contains(&name);
            assert_eq!(tools.iter().any(|tool| tool["name"] == name), is_offered, "{choice}: {tools:?}");
            let reply = client.call(name, target.clone());
            match is_offered {
                true => assert_eq!(reply.text(), "content", "{choice}"),
                false => assert_eq!(reply.error().0, -32602, "{choice}"),
            }
        }
    }
    let by_environment = Scout::new().env("SCOUT_TOOLS", "scout");
    assert_eq!(tools(&mut by_environment.client()).len(), 1);
    let nonsense = Scout::new().run(&["serve", "--tools", "nonsense"]);
    assert!(nonsense.failure().contains("scout, focused or all"));
}

#[test]
fn ids_come_back_as_they_were() {
    let mut client = Scout::new().client();
    for id in [json!("text"), json!(0), json!(-7), json!(9_007_199_254_740_993_u64), json!("1")] {
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }));
        assert_eq!(client.wait(id.clone()).0["id"], id);
    }
}

#[test]
fn batches_are_answered_where_they_were_agreed_on() {
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": "b", "method": "no/such" },
        { "jsonrpc": "2.0", "id": "c", "method": "tools/call",
          "params": { "name": "scout", "arguments": { "target": "localhost:/proc/version" } } },
        17,
    ]);
    let mut client = Scout::new().serve();
    client.initialize("2025-03-26");
    client.send(&batch);
    let answers = client.wait_for_batch();
    assert_eq!(answers.len(), 4, "{answers:?}");
    let answer = |id: Value| answers.iter().find(|answer| answer["id"] == id).unwrap();
    assert!(answer(json!("a"))["result"].is_object());
    assert_eq!(answer(json!("b"))["error"]["code"], -32601);
    assert!(answer(json!("c"))["result"]["content"].is_array());
    assert_eq!(answer(Value::Null)["error"]["code"], -32600);

    let mut client = Scout::new().client();
    client.send(&batch);
    assert_eq!(client.wait_for_null().error().0, -32600);
}

#[test]
fn stdout_holds_mcp_and_nothing_else() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_LOG_LEVEL", "trace").config("Nonsense yes\n");
    let mut client = scout.client();
    // Every wait checks that no stray line has come.
    client.read("hosts");
    client.scout(json!({ "target": "h1:/nope" })).tool_error();
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/no_such" }));
    client.request("ping", json!({})).result();
    assert!(!client.stderr.text().is_empty(), "logs go to stderr");
    assert!(client.close().success());
}

#[test]
fn the_end_of_input_is_the_end() {
    assert!(Scout::new().serve().close().success());
    assert!(Scout::new().client().close().success());
}

#[test]
fn files_and_sockets_serve_as_streams_too() {
    let client = json!({ "name": "test", "version": "0" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string();
    for scout in [Scout::new(), Scout::new().without_io_uring()] {
        let serve = |stdin: OwnedFd, stdout: OwnedFd| {
            let mut command = scout.command();
            command.arg("serve").stdin(stdin).stdout(stdout).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let (input, output) = (scout.home().join("input"), scout.home().join("output"));
        // The last line of a file may lack its end.
        fs::write(&input, format!("{hello}\n{hello}")).unwrap();
        let mut server = serve(File::open(input).unwrap().into(), File::create(&output).unwrap().into());
        assert!(server.wait().unwrap().success());
        assert_eq!(fs::read_to_string(output).unwrap().matches("serverInfo").count(), 2);

        // What Node gives its children; whoever shares it may have made it non-blocking.
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut server = serve(theirs.try_clone().unwrap().into(), theirs.into());
        let mut answers = BufReader::new(ours.try_clone().unwrap()).lines();
        for _ in 0..3 {
            writeln!(ours, "{hello}").unwrap();
            assert!(answers.next().unwrap().unwrap().contains("serverInfo"));
        }
        ours.shutdown(Shutdown::Write).unwrap();
        assert!(server.wait().unwrap().success());
    }
}

fn tools(client: &mut McpPipe) -> Vec<Value> {
    let listed = client.request("tools/list", json!({})).result();
    listed["tools"].as_array().expect("a list").clone()
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "0" },
    })
}
