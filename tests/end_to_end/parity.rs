//! What users of the Scout MCP that there was before would name, one feature a test, as far as no other test is that
//! feature already: `docs/parity.md` has the table.

use std::fs;

use serde_json::{Value, json};

use crate::support::{McpPipe, Scout, Sshd};

/// Two hosts, and a client of a server that offers the one tool there was.
struct Scene {
    alpha: Sshd,
    beta: Sshd,
    scout: Scout,
    client: McpPipe,
}

impl Scene {
    fn new() -> Self {
        let (alpha, beta) = (Sshd::start(), Sshd::start());
        let scout = Scout::new().host("alpha", &alpha.endpoint).host("beta", &beta.endpoint);
        let scout = scout.env("SCOUT_TOOLS", "scout").env("SCOUT_BLOCKLIST", "localhost");
        Self { client: scout.client(), alpha, beta, scout }
    }

    fn says(&mut self, arguments: Value) -> String {
        self.client.scout(arguments).text()
    }

    fn refuses(&mut self, arguments: Value) -> String {
        self.client.scout(arguments).tool_error()
    }

    /// The one content of a resource.
    fn resource(&mut self, uri: &str) -> Value {
        self.client.request("resources/read", json!({ "uri": uri })).result()["contents"][0].clone()
    }

    /// A file of the server's machine.
    fn here(&self, name: &str) -> String {
        self.scout.home().join(name).to_str().expect("a UTF-8 path").to_owned()
    }
}

#[test]
fn tree_of_a_directory() {
    let mut scene = Scene::new();
    scene.alpha.write("site/conf.d/deep/er/x", "");
    scene.alpha.write("site/main.conf", "");
    let tree = scene.says(json!({ "target": "alpha:~/site", "tree": true }));
    assert_eq!(tree, "~/site\n├── conf.d\n│   └── deep\n│       └── er\n└── main.conf");
    let shallow = scene.says(json!({ "target": "alpha:~/site", "tree": true, "depth": 1 }));
    assert_eq!(shallow, "~/site\n├── conf.d\n└── main.conf");
}

#[test]
fn find_below_a_directory_down_to_a_depth() {
    let mut scene = Scene::new();
    let (upper, lower) = (scene.alpha.write("f/a.conf", ""), scene.alpha.write("f/x/b.conf", ""));
    let target = format!("alpha:{}", scene.alpha.path("f"));
    let all = scene.says(json!({ "target": target, "find": "*.conf" }));
    assert_eq!(all, format!("{upper}\n{lower}"));
    assert_eq!(scene.says(json!({ "target": target, "find": "*.conf", "depth": 1 })), upper);
    let none = scene.says(json!({ "target": target, "find": "*.zzz" }));
    assert_eq!(none, format!("No files matching '*.zzz' found in {}", scene.alpha.path("f")));
    let deep = scene.refuses(json!({ "target": target, "find": "*", "depth": 11 }));
    assert_eq!(deep, "Error: Find failed: depth must be 1-10, got 11");
}

#[test]
fn diff_of_a_file_on_two_hosts() {
    let mut scene = Scene::new();
    let (a, b) = (scene.alpha.write("app.conf", "one\ntwo\n"), scene.beta.write("app.conf", "one\n2\n"));
    let (at_a, at_b) = (format!("alpha:{a}"), format!("beta:{b}"));
    let diff = scene.says(json!({ "target": at_a, "diff": at_b }));
    assert_eq!(diff, format!("--- {a}\n+++ {b}\n@@ -1,2 +1,2 @@\n one\n-two\n+2"));
    fs::write(&b, "one\ntwo\n").expect("a file");
    let same = scene.says(json!({ "target": at_a, "diff": at_b }));
    assert_eq!(same, format!("Files are identical:\n  {at_a}\n  {at_b}"));
}

#[test]
fn diff_of_a_file_and_expected_content() {
    let mut scene = Scene::new();
    let file = scene.alpha.write("app.conf", "one\n");
    let target = format!("alpha:{file}");
    let same = scene.says(json!({ "target": target, "diff_content": "one\n" }));
    assert_eq!(same, format!("File matches expected content: {file}"));
    let other = scene.says(json!({ "target": target, "diff_content": "" }));
    assert_eq!(other, format!("--- expected\n+++ {file}\n@@ -0,0 +1 @@\n+one"));
}

#[test]
fn the_same_command_on_several_hosts() {
    let mut scene = Scene::new();
    scene.alpha.write("of", "alpha\n");
    scene.beta.write("of", "beta\n");
    let told = scene.says(json!({ "targets": ["alpha:~", "beta:~"], "query": "cat of" }));
    for (host, said) in [("alpha", "\nalpha\n"), ("beta", "\nbeta\n")] {
        let section = told.split(&format!("═══ {host}:~ ")).nth(1).expect("a section");
        assert!(section.trim_start_matches('═').starts_with(said), "{told}");
    }
    assert!(told.ends_with("─── 2/2 hosts succeeded ───"), "{told}");
}

#[test]
fn beam_to_a_host() {
    let mut scene = Scene::new();
    let here = scene.here("report");
    fs::write(&here, vec![b'r'; 1_239]).expect("a file");
    let there = scene.alpha.path("report");
    let told = scene.says(json!({ "target": format!("alpha:{there}"), "beam": here }));
    assert_eq!(told, format!("✓ Uploaded {here} → alpha:{there}\n  Size: 1.21 KB"));
    assert_eq!(fs::read(there).expect("a file"), fs::read(here).expect("a file"));
}

#[test]
fn beam_from_a_host() {
    let mut scene = Scene::new();
    let (there, here) = (scene.alpha.write("report", vec![b'r'; 1_239]), scene.here("report"));
    let told = scene.says(json!({ "target": format!("alpha:{there}"), "beam": here }));
    assert_eq!(told, format!("✓ Downloaded alpha:{there} → {here}\n  Size: 1.21 KB"));
    assert_eq!(fs::read(here).expect("a file"), fs::read(there).expect("a file"));
}

#[test]
fn beam_from_host_to_host() {
    let mut scene = Scene::new();
    let (source, target) = (scene.alpha.write("report", "r"), scene.beta.path("report"));
    let places = [format!("alpha:{source}"), format!("beta:{target}")];
    let told = scene.says(json!({ "beam_source": places[0], "beam_target": places[1] }));
    assert_eq!(told, format!("✓ Streamed {} → {} (remote-to-remote)\n  Size: 1 B", places[0], places[1]));
    assert_eq!(fs::read(target).expect("a file"), b"r");
}

#[test]
fn the_host_list_as_a_resource() {
    let mut scene = Scene::new();
    let list = scene.resource("hosts://list");
    assert_eq!(list["mimeType"], "text/plain");
    let text = list["text"].as_str().expect("a text");
    let endpoint = &scene.alpha.endpoint;
    let line = format!("  [✓] alpha (online) -> {}@{}\n", endpoint.user, endpoint.address);
    assert!(text.starts_with("Available hosts:\n") && text.contains(&line), "{text}");
    assert!(
        text.contains("\n  [✓] beta (online)") && text.contains("what runs there: alpha://docker"),
        "{text}"
    );
}

#[test]
fn a_file_as_a_resource_by_both_of_its_addresses() {
    let mut scene = Scene::new();
    let file = scene.alpha.write("notes.md", "# <b>Notes</b>\n");
    for uri in [format!("scout://alpha{file}"), format!("alpha:/{file}")] {
        let contents = scene.resource(&uri);
        let told = (&contents["text"], &contents["mimeType"]);
        assert_eq!(told, (&json!("# <b>Notes</b>\n"), &json!("text/markdown")), "{uri}");
    }
}

#[test]
fn a_directory_as_a_resource() {
    let mut scene = Scene::new();
    scene.alpha.write("site/main.conf", "x");
    let uri = format!("scout://alpha{}", scene.alpha.path("site"));
    let text = scene.resource(&uri)["text"].as_str().expect("a text").to_owned();
    assert!(text.lines().any(|line| line.starts_with("-rw") && line.ends_with(" main.conf")), "{text}");
    assert_eq!(text, scene.says(json!({ "target": format!("alpha:{}", scene.alpha.path("site")) })));
}

#[test]
fn what_is_offered_as_resources_is_told() {
    let mut scene = Scene::new();
    let listed = scene.client.request("resources/list", json!({})).result();
    let templates = scene.client.request("resources/templates/list", json!({})).result();
    let (listed, templates) = (listed.to_string(), templates.to_string());
    assert!(
        listed.contains("\"hosts://list\"") && listed.contains("alpha") && listed.contains("beta"),
        "{listed}"
    );
    for known in ["docker", "compose", "zfs", "syslog", "scout://{host}/"] {
        assert!(templates.contains(known), "{known}: {templates}");
    }
}

#[test]
fn an_unknown_host_is_answered_with_those_that_there_are() {
    let mut scene = Scene::new();
    let expected = "Unknown host 'zz'. Available: alpha, beta";
    assert_eq!(scene.refuses(json!({ "target": "zz:/x" })), format!("Error: {expected}"));
    let (code, message) = scene.client.request("resources/read", json!({ "uri": "scout://zz/x" })).error();
    assert_eq!((code, message), (-32002, format!("Resource not found: scout://zz/x ({expected})")));
}

#[test]
fn an_answer_is_text_where_it_was_a_page() {
    let mut scene = Scene::new();
    scene.alpha.write("site/<img src=x onerror=alert(1)>", "<p>");
    let uri = format!("scout://alpha{}", scene.alpha.path("site"));
    let contents = scene.resource(&uri);
    assert_eq!(contents["mimeType"], "text/plain");
    assert!(
        contents["text"].as_str().is_some_and(|text| text.ends_with(" <img src=x onerror=alert(1)>")),
        "{contents}"
    );
    let result = scene.client.scout(json!({ "target": "alpha:~/site" })).result();
    assert_eq!(result["content"][0]["type"], "text");
    assert_eq!(result["content"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_ping_is_answered() {
    assert_eq!(Scout::new().client().request("ping", json!({})).result(), json!({}));
}

#[test]
fn a_request_that_takes_long_is_logged() {
    let sshd = Sshd::start();
    sshd.fifo("silence");
    let scout = Scout::with(&sshd.endpoint);
    let run = |scout: &Scout| scout.run(&["scout", "h1:~", "--query", "cat silence"]).stderr;
    let scout = scout.env("SCOUT_COMMAND_TIMEOUT", "1").env("SCOUT_SLOW_THRESHOLD_MS", "500");
    let log = run(&scout);
    assert!(log.contains("slow request") && log.contains("h1:~") && !log.contains("cat silence"), "{log}");
    let quiet = run(&scout.env("SCOUT_LOG_LEVEL", "error"));
    assert!(!quiet.contains("slow request"), "{quiet}");
}

#[test]
fn hosts_are_those_of_the_ssh_configuration() {
    let sshd = Sshd::start();
    let (address, user) = (sshd.endpoint.address, &sshd.endpoint.user);
    let (ip, port, identity) = (address.ip(), address.port(), sshd.endpoint.identity.display());
    let scout = Scout::new().known_hosts(&sshd.endpoint.known_hosts()).config(&format!(
        "Host web1 web2\n  HostName \"{ip}\"\n  Port={port}\n  Port 1\n\
         Host db* !db9\n  User nobody\n\
         Host *\n  User {user}\n  IdentityFile {identity}\n  IdentitiesOnly yes\n"
    ));
    let mut client = scout.env("SCOUT_BLOCKLIST", "localhost").client();
    let place = format!("{user}@{address}");
    let expected =
        format!("Available hosts:\n  [✓] web1 (online) -> {place}\n  [✓] web2 (online) -> {place}");
    assert_eq!(client.read("hosts"), expected);
    assert!(client.read("web2:/proc/version").starts_with("Linux"));
}
