//! What else than tool calls goes over the pipe: resources, changes, completion, progress.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Scout, Sshd};

fn stateless() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

#[test]
fn files_of_a_host_are_read_completed_and_listed_with_their_attributes() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content");
    let directory = file.rsplit_once('/').unwrap().0;
    let mut client = Scout::with(&sshd.endpoint).client();
    let uri = format!("scout://h1{file}");
    let read = client.request("resources/read", json!({ "uri": uri })).result();
    assert_eq!(
        (&read["contents"][0]["text"], &read["contents"][0]["mimeType"]),
        (&json!("content"), &json!("text/plain"))
    );
    let typed = format!("{}/not", directory.trim_start_matches('/'));
    let params = json!({
        "ref": { "type": "ref/resource", "uri": "scout://{host}/{+path}" },
        "argument": { "name": "path", "value": typed },
        "context": { "arguments": { "host": "h1" } },
    });
    let completed = client.request("completion/complete", params).result();
    assert_eq!(completed["completion"]["values"], json!([file.trim_start_matches('/')]));

    let listed = client.scout(json!({ "target": format!("h1:{directory}") })).result();
    let entries = listed["structuredContent"]["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == "notes.txt").unwrap();
    assert_eq!((&entry["type"], &entry["size"]), (&json!("file"), &json!(7)));
    assert!(entry["mtime"].as_u64().is_some_and(|time| time > 1_700_000_000), "{entry}");
    assert!(entry["owner"].as_str().is_some_and(|owner| !owner.is_empty()), "{entry}");
    assert!(entry["mode"].as_str().is_some_and(|mode| mode.starts_with('0')), "{entry}");
    let missing = client.request("resources/read", json!({ "uri": format!("{uri}.gone") })).error();
    assert_eq!(missing.0, -32002);
    assert!(client.close().success());
}

#[test]
fn a_file_that_changes_is_told_to_who_subscribed_and_to_who_listens() {
    let sshd = Sshd::start();
    let file = sshd.write("watched", "before");
    let scout = Scout::with(&sshd.endpoint);
    let (mut older, mut newer) = (scout.client(), scout.serve());
    let uri = format!("scout://h1{file}");
    assert_eq!(older.request("resources/subscribe", json!({ "uri": uri })).result(), json!({}));
    let wanted = json!({ "resourceSubscriptions": [uri], "resourcesListChanged": true });
    let listening =
        newer.post("subscriptions/listen", json!({ "notifications": wanted, "_meta": stateless() }));
    let acknowledged = newer.wait_for_notice("notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged[0]["params"]["notifications"], wanted);
    // Both have seen what is there now.
    sshd.log().wait_for_count("Starting session: subsystem 'sftp'", 2);
    assert_eq!(older.read(&format!("h1:{file}")), "before");
    let read =
        json!({ "name": "scout", "arguments": { "target": format!("h1:{file}") }, "_meta": stateless() });
    assert_eq!(newer.request("tools/call", read).text(), "before");
    fs::write(&file, "and after").unwrap();
    assert_eq!(older.wait_for_notice("notifications/resources/updated")[0]["params"], json!({ "uri": uri }));
    let told = newer.wait_for_notice("notifications/resources/updated");
    assert_eq!(told[0]["params"]["uri"], uri);
    assert_eq!(told[0]["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], listening);
    // Who still listens does not keep the server from its end.
    assert!(older.close().success() && newer.close().success());
}

#[test]
fn a_reload_that_changes_the_hosts_is_told() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    let _scout = scout.host("h2", &sshd.endpoint);
    client.wait_for_notice("notifications/resources/list_changed");
    let listed = client.request("resources/list", json!({})).result();
    assert!(
        listed["resources"].as_array().unwrap().iter().any(|entry| entry["uri"] == "scout://h2/~"),
        "{listed}"
    );
    assert!(client.close().success());
}

#[test]
fn a_long_command_tells_its_seconds() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let mut client = Scout::with(&sshd.endpoint).client();
    let call = json!({
        "name": "scout",
        "arguments": { "target": "h1:/", "query": format!("cat {fifo}") },
        "_meta": { "progressToken": 7 },
    });
    let running = client.post("tools/call", call);
    let told = client.wait_for_notice("notifications/progress");
    assert_eq!(
        (&told[0]["params"]["progressToken"], &told[0]["params"]["progress"]),
        (&json!(7), &json!(1.0))
    );
    fs::write(&fifo, "late").unwrap();
    assert_eq!(client.wait(running).text(), "late");
    assert!(client.close().success());
}
