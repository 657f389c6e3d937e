//! The figures of a server: what they say is what was done, whoever asks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{McpPipe, Scout, Sshd, eventually};

const READS: u64 = 20;

#[test]
fn figures_are_what_was_done() {
    let sshd = Sshd::start();
    let file = format!("h1:{}", sshd.write("notes.txt", "content"));
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    for _ in 0..READS {
        assert_eq!(client.read(&file), "content");
    }
    client.query("h1:/", "head -c 1 /etc/hosts");
    client.scout(json!({ "target": "h1:/no/such" })).tool_error();

    let told = figures(&scout, &client);
    let counters = &told["counters"];
    assert_eq!(counters["requests_total"], json!({ "path": READS + 1, "command": 1 }));
    assert_eq!(counters["requests_errors"], json!({ "not_found": 1 }));
    assert_eq!(
        (&counters["connection_pool_misses"], &counters["connection_creation_total"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(counters["connection_pool_hits"], READS + 1);
    assert_eq!(counters["rejected_total"], json!({}));
    assert_eq!(told["gauges"]["connection_pool_size"], 1.0);
    assert!(told["gauges"]["memory_usage_bytes"].as_f64().unwrap() > 1e6);
    assert!(told["gauges"]["open_file_descriptors"].as_f64().unwrap() > 3.0);
    let histogram = |name: &str| &told["histograms"][name];
    for (name, count) in [
        ("request_duration_ms", READS + 2),
        ("connection_creation_duration_ms", 1),
        ("authentication_duration_ms", 1),
        ("file_size_bytes", READS),
        ("output_size_bytes", READS + 1),
    ] {
        assert_eq!(histogram(name)["count"], count, "{name}");
    }
    assert_eq!(histogram("file_size_bytes")["max"], 7.0);
    assert!(histogram("ssh_command_duration_ms")["count"].as_u64().unwrap() >= 1);
    let slowest = histogram("request_duration_ms")["max"].as_f64().unwrap();
    assert!(slowest >= histogram("connection_creation_duration_ms")["max"].as_f64().unwrap());

    // The client may read the same.
    let contents = client.request("resources/read", json!({ "uri": "scout://stats.json" })).result();
    let read: Value = serde_json::from_str(contents["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(&read["counters"], counters);
    assert_eq!(read["histograms"]["request_duration_ms"], told["histograms"]["request_duration_ms"]);
}

#[test]
fn the_figures_of_all_cores_add_up() {
    const HOSTS: u64 = 8;
    let machines: Vec<_> = (0..HOSTS).map(|_| Sshd::start()).collect();
    let aliases =
        machines.iter().enumerate().map(|(number, machine)| (format!("h{number}"), &machine.endpoint));
    let scout = aliases.fold(Scout::new(), |scout, (alias, endpoint)| scout.host(&alias, endpoint));
    let scout = scout.env("SCOUT_CORES", 3);
    let mut client = scout.client();
    for _ in 0..3 {
        let ids: Vec<_> = (0..HOSTS)
            .map(|host| client.post_scout(json!({ "target": format!("h{host}:/etc/hosts") })))
            .collect();
        ids.into_iter().for_each(|id| drop(client.wait(id).text()));
    }
    let told = figures(&scout, &client);
    let (counters, histograms) = (&told["counters"], &told["histograms"]);
    assert_eq!(counters["requests_total"], json!({ "path": 3 * HOSTS }));
    assert_eq!(counters["connection_pool_hits"], 2 * HOSTS);
    assert_eq!(counters["connection_creation_total"], HOSTS);
    assert_eq!(told["gauges"]["connection_pool_size"], HOSTS as f64);
    assert_eq!(histograms["request_duration_ms"]["count"], 3 * HOSTS);
    // The hosts of the first core, and its own figures, come without mail. The two others are told to look after theirs and
    // asked for their figures, and may have all hosts.
    let mail = histograms["lock_wait_duration_ms"]["count"].as_u64().unwrap();
    assert!(mail <= 3 * HOSTS + 2 + 2, "{mail}");
}

#[test]
fn stats_finds_the_servers_of_its_user() {
    let scout = Scout::new();
    let nobody = scout.run(&["stats"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.failure().contains("No server of yours is running: there is no socket in "));

    let (mut first, mut second) = (scout.client(), scout.client());
    let text = scout.run(&["stats"]).text();
    for pid in [first.pid(), second.pid()] {
        assert!(text.contains(&format!(", pid {pid}, up for ")), "{text}");
    }
    assert!(text.contains("\nrequest_duration_ms ") && text.contains("\nrejected_total "), "{text}");
    let pid = second.pid().to_string();
    let json = scout.run(&["stats", "--json", "--pid", &pid]).json();
    assert_eq!(json.as_array().unwrap().len(), 1);
    assert_eq!(json[0]["pid"], second.pid());
    let missing = scout.run(&["stats", "--pid", "1"]).failure();
    assert!(missing.contains("No server of yours with process number 1 is running"), "{missing}");

    assert!(first.close().success());
    assert_eq!(sockets(&scout), [format!("{pid}.sock")]);
    assert!(second.close().success());
    assert!(sockets(&scout).is_empty());
}

#[test]
fn what_a_killed_server_leaves_is_cleared_away() {
    let scout = Scout::new();
    let client = scout.client();
    assert_eq!(sockets(&scout).len(), 1);
    // It is killed.
    drop(client);
    assert_eq!(sockets(&scout).len(), 1);
    // The kernel may take a moment to close the socket of a process that has gone.
    eventually("nobody is found", || scout.run(&["stats"]).stderr.contains("No server of yours is running"));
    assert!(sockets(&scout).is_empty());
}

#[test]
fn a_server_without_a_place_for_its_socket_serves() {
    let scout = Scout::new();
    let cache = scout.home().join(".cache/scout-mcp/run");
    fs::create_dir_all(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
    let runtime = scout.home().join("long".repeat(30));
    let scout = scout.env("XDG_RUNTIME_DIR", runtime.display());
    let mut client = scout.client();
    client.read("hosts");
    client.stderr.wait_for("`scout-mcp stats` will not see this server");
    let log = client.stderr.text();
    assert!(log.contains("at most 107 fit") && log.contains("chmod 700"), "{log}");
}

#[test]
fn the_runtime_directory_is_preferred_and_both_are_asked() {
    let scout = Scout::new();
    let runtime = scout.home().join("runtime");
    fs::create_dir(&runtime).unwrap();
    let below_home = scout.client();
    let scout = scout.env("XDG_RUNTIME_DIR", runtime.display());
    let in_runtime = scout.client();
    assert!(runtime.join(format!("scout-mcp/{}.sock", in_runtime.pid())).exists());
    let text = scout.run(&["stats"]).text();
    for client in [below_home, in_runtime] {
        assert!(text.contains(&format!("pid {}", client.pid())), "{text}");
    }
}

/// What `stats` says of a server.
fn figures(scout: &Scout, client: &McpPipe) -> Value {
    scout.run(&["stats", "--json", "--pid", &client.pid().to_string()]).json()[0].clone()
}

fn sockets(scout: &Scout) -> Vec<String> {
    let folder: PathBuf = scout.home().join(".cache/scout-mcp/run");
    let entries = fs::read_dir(folder).expect("a server was there");
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
