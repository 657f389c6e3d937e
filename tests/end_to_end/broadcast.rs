//! Many hosts at once, served by few daemons: names of the same address are hosts of their own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{HttpServer, McpPipe, Scout, Sshd};

/// `web1` to `web6` on one daemon, `odd` on another with another home directory, and `down`, where nobody listens.
struct Fleet {
    web: Sshd,
    odd: Sshd,
}

impl Fleet {
    fn new() -> Self {
        Self { web: Sshd::start(), odd: Sshd::start() }
    }

    fn scout(&self) -> Scout {
        let scout = (1..=6).fold(Scout::new(), |scout, n| scout.host(&format!("web{n}"), &self.web.endpoint));
        let scout = scout.host("odd", &self.odd.endpoint);
        scout
            .config("Host down\n HostName 127.0.0.1\n Port 1\n")
            .env("SCOUT_GROUPS", "web=web*,!web6; all=@web,odd,down")
    }

    /// The same file in both home directories, which holds something else in each.
    fn write(&self, name: &str, web: &str, odd: &str) {
        self.web.write(name, web);
        self.odd.write(name, odd);
    }
}

/// A heading, as wide as a page.
fn heading(place: &str) -> String {
    let heading = format!("═══ {place} ");
    format!("{heading}{}", "═".repeat(60 - heading.chars().count()))
}

fn failed(place: &str) -> String {
    let heading = format!("═══ {place} ");
    format!("{heading}[FAILED] {}", "═".repeat(50 - heading.chars().count()))
}

fn sections(client: &mut McpPipe, arguments: Value) -> String {
    client.scout(arguments).text()
}

#[test]
fn targets_have_the_sections_of_old() {
    let fleet = Fleet::new();
    fleet.write("notes", "from web\n", "from odd");
    let mut client = fleet.scout().client();
    let targets = json!(["web1:~/notes", "odd:~/notes", "zz:/x", "web2:/nope"]);
    assert_eq!(
        sections(&mut client, json!({ "targets": targets })),
        [
            &heading("web1:~/notes"),
            "from web\n",
            "",
            &heading("odd:~/notes"),
            "from odd",
            "",
            &failed("zz:/x"),
            "Error: Unknown host: zz",
            "",
            &failed("web2:/nope"),
            "Error: Path not found: /nope",
            "",
            "─── 2/4 hosts succeeded ───",
        ]
        .join("\n")
    );
    let down = sections(&mut client, json!({ "targets": ["web1:~/notes", "down:/x"] }));
    assert!(down.contains(&format!("{}\nError: Cannot connect to down: ", failed("down:/x"))), "{down}");
    assert!(down.ends_with("\n\n─── 1/2 hosts succeeded ───"), "{down}");
    let listing = sections(&mut client, json!({ "targets": ["web1:~"] }));
    assert!(listing.contains(" notes\n\n───"), "{listing}");
    let none = client.scout(json!({ "targets": ["zz:/x"] })).tool_error();
    assert!(none.ends_with("─── 0/1 hosts succeeded ───"), "{none}");
    // It was once shown as if it were whole (a read of many hosts hid that it was cut).
    fleet.web.write("long", "0123456789");
    let mut cut = fleet.scout().env("SCOUT_MAX_FILE_SIZE", 4).client();
    let text = sections(&mut cut, json!({ "targets": ["web1:~/long"] }));
    assert!(text.contains("\n0123\n\n[truncated at 4 bytes]\n\n"), "{text}");
}

/// Defect D14 of the system before: `grep` that finds nothing was a failure without its output.
#[test]
fn a_command_that_exits_with_something_else_than_zero_has_its_output() {
    let fleet = Fleet::new();
    fleet.write("notes", "one\n", "two\n");
    let mut client = fleet.scout().client();
    let targets = json!(["web1:~", "odd:~"]);
    assert_eq!(
        sections(&mut client, json!({ "targets": targets, "query": "grep -n one notes gone" })),
        [
            &heading("web1:~"),
            "notes:1:one",
            "---\nErrors:\ngrep: gone: No such file or directory",
            "Exit code: 2",
            "",
            &heading("odd:~"),
            "\n---\nErrors:\ngrep: gone: No such file or directory",
            "Exit code: 2",
            "",
            "─── 2/2 hosts succeeded ───",
        ]
        .join("\n")
    );
    let refused = client.scout(json!({ "targets": targets, "query": "whoami" })).tool_error();
    assert!(refused.contains("\nError: Command failed: Command 'whoami' not allowed."), "{refused}");
}

#[test]
fn wrong_targets_are_told_as_of_old() {
    let fleet = Fleet::new();
    let mut client = fleet.scout().client();
    let mut told = |targets: Value| client.scout(json!({ "targets": targets })).tool_error();
    assert_eq!(
        told(json!(["web1:/x", "Hosts"])),
        "Error: broadcast targets must be 'host:/path', not 'hosts'"
    );
    assert_eq!(
        told(json!(["foo"])),
        "Error parsing target 'foo': Invalid target 'foo'. Expected 'host:/path' or 'hosts'"
    );
    assert_eq!(
        told(json!(["web1:/a/../b"])),
        "Error parsing target 'web1:/a/../b': Path traversal not allowed: /a/../b"
    );
    assert_eq!(
        told(json!(["a;b:/x"])),
        "Error parsing target 'a;b:/x': Host contains invalid characters: 'a;b'"
    );
}

#[test]
fn what_hosts_agree_on_is_told_once_with_the_difference_of_the_others() {
    let fleet = Fleet::new();
    let lines = |of: &str| -> String { (0..40).map(|n| format!("line {n} of {of}\n")).collect() };
    let (web, odd) = (lines("all"), lines("all").replace("line 20 of all", "line 20 of odd"));
    fleet.write("nginx.conf", &web, &odd);
    let mut client = fleet.scout().client();
    let text = client.read("@all:~/nginx.conf");
    let (before, rest) = text.split_once("\n\n═══ odd ").expect("the other one");
    assert_eq!(
        before,
        format!(
            "5 hosts agree, 1 differ, 1 failed\n\n{}\n{}",
            heading("web1, web2, web3, web4, web5"),
            web.trim_end()
        )
    );
    let difference = "\n--- web1:~/nginx.conf\n+++ odd:~/nginx.conf\n@@ -18,7 +18,7 @@\n line 17 of all\n";
    assert!(rest.contains(difference), "{rest}");
    assert!(rest.contains("\n-line 20 of all\n+line 20 of odd\n"), "{rest}");
    let failure = rest.lines().last().expect("a line");
    assert!(failure.starts_with("✗ down: Cannot connect to it: "), "{failure}");
    assert_eq!(client.read("web?,!web6:~/nginx.conf").lines().next(), Some("5 hosts agree"));

    let ran = client.query("@web:~", "grep -c line nginx.conf");
    assert_eq!(ran, format!("5 hosts agree\n\n{}\n40", heading("web1, web2, web3, web4, web5")));
    let nothing = client.scout(json!({ "target": "db*:/x" })).tool_error();
    assert_eq!(
        nothing,
        "Error: No host matches 'db*'. Available: down, localhost, odd, web1, web2, web3, web4, web5, web6"
    );
    let hosts = client.read("hosts");
    assert!(hosts.ends_with("\n\nGroups: @all, @web"), "{hosts}");
}

#[test]
fn whatever_is_done_on_one_host_is_done_on_many() {
    let fleet = Fleet::new();
    fleet.write("etc/app.conf", "from web", "from odd");
    fleet.odd.write("etc/more.conf", "");
    let mut client = fleet.scout().client();
    let mut asked = |arguments: Value| client.scout(arguments).text();
    let found = asked(json!({ "target": "web1,web2,odd:~/etc", "find": "*.conf" }));
    assert!(found.starts_with("2 hosts agree, 1 differ\n\n═══ web1, web2 ═"), "{found}");
    assert!(found.contains("more.conf"), "{found}");
    let trees = asked(json!({ "targets": ["web1:~/etc", "odd:~/etc"], "tree": true }));
    assert!(trees.starts_with(&heading("web1:~/etc")) && trees.contains("more.conf"), "{trees}");
    let views = client.scout(json!({ "target": "@web://docker" }));
    let views = views.result()["content"][0]["text"].as_str().expect("a text").to_owned();
    assert!(views.starts_with("5 hosts "), "{views}");
}

/// What the README shows was answered so.
#[test]
fn the_readme_shows_an_answer_that_is_given() {
    const ASKED: &str = "> {\"target\": \"@all:~/nginx.conf\"}\n";
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = readme.split(ASKED).nth(1).and_then(|rest| rest.split("\n```").next()).expect("a transcript");
    let mut parts = shown.split("\n\n═══ ");
    let whole = parts.nth(1).and_then(|part| part.split_once('\n')).expect("what most say").1;
    let (web, other, db) = (Sshd::start(), Sshd::start(), Sshd::start());
    web.write("nginx.conf", format!("{whole}\n"));
    other.write("nginx.conf", format!("{}\n", whole.replace("timeout 65", "timeout 10")));
    let scout = (1..=5).fold(Scout::new(), |scout, n| scout.host(&format!("web{n}"), &web.endpoint));
    let scout = scout.host("web6", &other.endpoint).host("db1", &db.endpoint);
    let mut client = scout.env("SCOUT_GROUPS", "web=web*,!web9; all=@web,db1").client();
    assert_eq!(client.read("@all:~/nginx.conf"), shown);
}

#[test]
fn a_batch_is_answered_in_order_and_each_of_it_fails_alone() {
    let fleet = Fleet::new();
    fleet.write("notes", "from web", "from odd");
    let mut client = fleet.scout().client();
    let calls = json!([
        { "target": "odd:~/notes" },
        { "target": "down:~/notes" },
        { "target": "web1:~", "query": "cat notes | wc -c" },
        { "target": "web*:~/notes" },
        { "target": "odd:~/nope" },
    ]);
    let reply = client.request("tools/call", json!({ "name": "batch", "arguments": { "calls": calls } }));
    let result = reply.result();
    let results = &result["structuredContent"]["results"];
    assert_eq!(results[0]["answer"]["text"], "from odd");
    assert!(results[1]["error"].as_str().expect("an error").starts_with("Cannot connect to down: "));
    assert_eq!(
        (&results[2]["answer"]["stdout"], &results[2]["answer"]["exit_code"]),
        (&json!("8\n"), &json!(0))
    );
    assert_eq!(results[3]["answer"]["results"][0]["targets"].as_array().map(Vec::len), Some(6));
    assert_eq!(results[4]["error"], "Path not found: ~/nope");
    let text = reply.text();
    assert!(text.contains("\n═══ 3. web1:~ $ cat notes | wc -c ═"), "{text}");
    assert!(text.ends_with("─── 3/5 requests succeeded ───"), "{text}");
    let listed = client
        .request("tools/call", json!({ "name": "hosts", "arguments": { "match": "web*,down" } }))
        .text();
    assert!(listed.contains("[✗] down (offline)") && !listed.contains(" odd "), "{listed}");
}

#[test]
fn a_key_for_some_hosts_knows_no_others() {
    let fleet = Fleet::new();
    fleet.write("notes", "from web", "from odd");
    let scout = fleet.scout();
    let keys = scout.home().join("keys.toml");
    fs::write(&keys, "[[key]]\nkey = '0123456789abcdef-one'\nscopes = ['read']\nhosts = ['web1', 'web2']\n")
        .unwrap();
    fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
    let server = HttpServer::start(&scout.env("SCOUT_API_KEYS_FILE", keys.display()));
    let call = |name: &str, arguments: Value| {
        let params = json!({ "name": name, "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let headers = [("X-API-Key", "0123456789abcdef-one"), ("MCP-Protocol-Version", "2025-11-25")];
        let answer = server.door.post(&headers, message.to_string().as_bytes());
        answer.json()["result"]["content"][0]["text"].as_str().expect("a text").to_owned()
    };
    let scout = |target: &str| call("scout", json!({ "target": target }));
    assert_eq!(scout("*:~/notes"), format!("2 hosts agree\n\n{}\nfrom web", heading("web1, web2")));
    assert_eq!(scout("@all:~/notes"), scout("*:~/notes"));
    assert_eq!(scout("odd*:/x"), "Error: No host matches 'odd*'. Available: web1, web2");
    let targets = call("scout", json!({ "targets": ["odd:~/notes", "web1:~/notes"] }));
    assert!(
        targets.starts_with(&format!("{}\nError: Unknown host: odd\n", failed("odd:~/notes"))),
        "{targets}"
    );
    let hosts = call("hosts", json!({}));
    assert!(hosts.contains(" web2 ") && !hosts.contains("odd") && !hosts.contains("web3"), "{hosts}");
    assert!(hosts.ends_with("\n\nGroups: @all, @web"), "{hosts}");
}

/// Defect D27 of the system before: lists of hosts that knew no patterns.
#[test]
fn patterns_say_which_hosts_there_are() {
    let fleet = Fleet::new();
    fleet.write("notes", "from web", "from odd");
    let mut client = fleet.scout().env("SCOUT_ALLOWLIST", "web*,!web6").client();
    assert_eq!(client.read("*:~/notes").lines().next(), Some("5 hosts agree"));
    assert_eq!(
        client.scout(json!({ "target": "odd:~/notes" })).tool_error(),
        "Error: Unknown host 'odd'. Available: web1, web2, web3, web4, web5"
    );
    let mut client = fleet.scout().env("SCOUT_BLOCKLIST", "web*,down").client();
    assert!(client.scout(json!({ "target": "@web:~/notes" })).tool_error().contains("Groups: @all"));
    assert_eq!(client.read("@all:~/notes").lines().next(), Some("1 host answered"));
}

#[test]
fn groups_are_read_again_with_the_settings() {
    let fleet = Fleet::new();
    fleet.write("notes", "from web", "from odd");
    let scout = fleet.scout().env("SCOUT_GROUPS", "");
    let folder = scout.home().join(".config/scout-mcp");
    fs::create_dir_all(&folder).unwrap();
    let settings = folder.join("settings.toml");
    fs::write(&settings, "[groups]\nsome = ['web1', '@more']\nmore = 'web2'\n").unwrap();
    let mut client = scout.client();
    assert_eq!(client.read("@some:~/notes").lines().next(), Some("2 hosts agree"));
    fs::write(&settings, "[groups]\nsome = ['web*', 'odd']\n").unwrap();
    client.stderr.wait_for("read the configuration again");
    assert_eq!(client.read("@some:~/notes").lines().next(), Some("6 hosts agree, 1 differ"));
    // What contains itself is refused, and what was read before holds.
    fs::write(&settings, "[groups]\nsome = ['@some']\n").unwrap();
    client.stderr.wait_for("@some contains itself: @some has @some");
    assert_eq!(client.read("@some:~/notes").lines().next(), Some("6 hosts agree, 1 differ"));
}
