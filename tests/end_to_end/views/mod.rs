//! What the software of a host says, asked of stand-ins that answer as the real programs do. A test for each text that
//! agents know of.

mod containers;
mod others;
mod projects;

use serde_json::{Value, json};

use crate::support::{Endpoint, McpPipe, Programs, Scout, Sshd, program};

/// A host with some programs, and a client that knows it as `h1`.
struct Scene {
    programs: Programs,
    sshd: Sshd,
    client: McpPipe,
}

impl Scene {
    fn new(programs: &[&str]) -> Self {
        Self::with(programs, Scout::with)
    }

    fn with(programs: &[&str], scout: impl FnOnce(&Endpoint) -> Scout) -> Self {
        Self::of(Programs::new(programs), scout)
    }

    fn of(programs: Programs, scout: impl FnOnce(&Endpoint) -> Scout) -> Self {
        let sshd = Sshd::builder().config(&programs.config()).start();
        let client = scout(&sshd.endpoint).client();
        Self { programs, sshd, client }
    }

    /// The one content of a resource.
    fn contents(&mut self, uri: &str) -> Value {
        let result = self.client.request("resources/read", json!({ "uri": uri })).result();
        assert_eq!(result["contents"].as_array().map(Vec::len), Some(1), "{result}");
        result["contents"][0].clone()
    }

    /// Its text, which the tool gives as well.
    fn text(&mut self, uri: &str) -> String {
        let text = self.contents(uri)["text"].as_str().expect("a text").to_owned();
        assert_eq!(self.client.read(uri), text);
        text
    }

    /// Why a resource cannot be read, which the tool says as well.
    fn error(&mut self, uri: &str) -> String {
        let (code, message) = self.client.request("resources/read", json!({ "uri": uri })).error();
        let told = self.client.scout(json!({ "target": uri })).tool_error();
        let told = told.strip_prefix("Error: ").expect("a beginning").to_owned();
        match code {
            -32002 => assert_eq!(message, format!("Resource not found: {uri} ({told})")),
            _ => assert_eq!(message, told),
        }
        told
    }
}

fn heading(title: &str) -> String {
    format!("# {title}\n{}\n", "=".repeat(50))
}

#[test]
fn a_view_is_one_command_on_the_host() {
    let mut scene = Scene::new(&["docker", "kubectl", "zpool", "systemctl"]);
    scene.programs.put("shop/a.yml", "services: {}");
    let views = [
        "docker",
        "docker/web/logs",
        "compose",
        "compose/shop",
        "zfs",
        "k8s",
        "systemd",
        "processes",
        "network",
        "disk",
    ];
    for (count, view) in (1..).zip(views) {
        scene.contents(&format!("h1://{view}"));
        scene.sshd.log().wait_for_count("Starting session: command", count);
    }
    assert_eq!(scene.sshd.log().count("Starting session: command"), views.len());
    assert_eq!(scene.sshd.connections(), 1);
}

#[test]
fn absent_software_says_so_in_a_line_and_harms_nothing() {
    let mut scene = Scene::new(&[]);
    for (view, text) in [
        ("docker", "# Docker Containers on h1\n\nDocker is not available on this host."),
        ("podman", "# Podman Containers on h1\n\nPodman is not available on this host."),
        ("compose", "# Docker Compose Projects on h1\n\nDocker Compose is not available on this host."),
        ("k8s", "# Kubernetes on h1\n\nkubectl is not available on this host."),
        ("systemd", "# systemd on h1\n\nsystemd is not available on this host."),
    ] {
        assert_eq!(scene.text(&format!("h1://{view}")), text);
    }
    for (view, message) in [
        ("docker/web/logs", "Docker is not available on h1: there is no program 'docker'"),
        ("podman/web/stats", "Podman is not available on h1: there is no program 'podman'"),
        ("compose/shop", "Docker is not available on h1: there is no program 'docker'"),
        ("compose/shop/logs", "Docker is not available on h1: there is no program 'docker'"),
        ("k8s/default/pods", "kubectl is not available on h1"),
        ("systemd/nginx", "systemd is not available on h1"),
    ] {
        assert_eq!(scene.error(&format!("h1://{view}")), message);
    }
    // Nothing was tried twice, and neither the circuit breaker nor the connection takes it for a failure.
    assert_eq!(scene.sshd.log().count("Starting session: command"), 22);
    assert!(scene.client.read("h1:/proc/version").contains("Linux"));
    assert_eq!(scene.sshd.connections(), 1);
}

#[test]
fn a_host_whose_name_is_no_scheme() {
    let mut scene = Scene::with(&["docker"], |endpoint| Scout::new().host("under_score", endpoint));
    let list = scene.text("scout://under_score/:docker");
    assert!(list.contains("\n    Logs:   scout://under_score/:docker/web/logs\n"), "{list}");
    assert!(scene.text("scout://under_score/:docker/web/logs").contains("GET / 200"));
    // The tool takes any name.
    assert_eq!(scene.client.read("under_score://docker"), list);
}

#[test]
fn malformed_names_never_reach_the_host() {
    let mut scene = Scene::new(&["docker"]);
    for (view, message) in [
        ("docker/-v/logs", "Not the name of a container: '-v'"),
        ("docker/$(id)/logs", "Not the name of a container: '$(id)'"),
        ("docker/web/logs?lines=0", "lines must be a number from 1 to 10000, got '0'"),
        ("compose/a.b", "Not the name of a project: 'a.b'"),
        ("zfs/-o", "Not the name of a pool: '-o'"),
        ("k8s/default/pod/A", "Not the name of a resource: 'A'"),
        ("syslog?unit=--root", "Not the name of a unit: '--root'"),
    ] {
        assert_eq!(scene.error(&format!("h1://{view}")), message);
    }
    let above =
        scene.client.request("resources/read", json!({ "uri": "h1://docker/../../etc/passwd" })).error();
    assert_eq!(above.0, -32002);
    assert_eq!(scene.sshd.connections(), 0);
}

#[test]
fn paths_are_still_paths() {
    let mut scene = Scene::new(&["docker"]);
    let file = scene.sshd.write("docker/web/logs", "a file");
    let home = file.strip_suffix("/docker/web/logs").unwrap();
    assert_eq!(scene.client.read(&format!("h1:{home}/docker/web/logs")), "a file");
    assert_eq!(scene.contents(&format!("scout://h1{file}"))["text"], "a file");
    // Nothing that is known of Docker looks so.
    let (_, message) =
        scene.client.request("resources/read", json!({ "uri": "h1://docker/web/data/x" })).error();
    assert!(message.ends_with("(Path not found: /docker/web/data/x)"), "{message}");
}

#[test]
fn hosts_whose_software_says_the_same_are_told_as_one() {
    let programs = Programs::new(&["docker", "kubectl", "zpool", "zfs", "systemctl", "journalctl"]);
    programs.put("shop/a.yml", "services: {}");
    let fleet = Sshd::builder().config(&programs.config()).start();
    let nothing = Programs::new(&[]);
    let odd = Sshd::builder().config(&nothing.config()).start();
    let scout = ["h1", "h2", "h3"].iter().fold(Scout::new(), |scout, name| scout.host(name, &fleet.endpoint));
    let mut client = scout.host("odd", &odd.endpoint).client();
    let views = [
        "docker",
        "docker/web/logs",
        "compose",
        "compose/shop",
        "zfs",
        "zfs/tank",
        "k8s",
        "systemd",
        "syslog",
    ];
    for view in views {
        let target = format!("h?://{view}");
        let result = client.scout(json!({ "target": target })).result();
        let text = result["content"][0]["text"].as_str().expect("a text");
        assert!(text.starts_with("3 hosts agree\n\n═══ h1, h2, h3 ═"), "{view}: {text}");
        assert_eq!(result["structuredContent"]["results"].as_array().map(Vec::len), Some(1), "{result}");
    }
    let text = client.read("h1,h2,odd://docker");
    assert!(text.starts_with("2 hosts agree, 1 differ\n\n═══ h1, h2 ═"), "{text}");
    assert!(text.contains("\n# Docker Containers on {host}\n"), "{text}");
    assert!(text.contains("\n    Logs:   {host}://docker/web/logs\n"), "{text}");
    assert!(
        text.ends_with("\n# Docker Containers on {host}\n\nDocker is not available on this host."),
        "{text}"
    );
    let missing = client.scout(json!({ "target": "h?://docker/nope/logs" })).tool_error();
    assert!(
        missing.starts_with("3 hosts failed\n\n✗ h1, h2, h3: Container 'nope' not found on {host}."),
        "{missing}"
    );
    // Named one by one, each has a section of its own, and its name.
    let sections = client.scout(json!({ "targets": ["h1://docker", "h2://docker"] })).text();
    assert!(sections.contains("# Docker Containers on h2\n"), "{sections}");
}

#[test]
fn the_tool_read_and_the_command_read_show_views_too() {
    let programs = Programs::new(&["docker"]);
    let sshd = Sshd::builder().config(&programs.config()).start();
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    let list = client.read("h1://docker");
    let read = client.call("read", json!({ "target": "h1://docker" })).result();
    assert_eq!(read["content"][0]["text"], list);
    let form = &read["structuredContent"];
    assert_eq!((&form["kind"], &form["rows"][0]["name"]), (&json!("view"), &json!("web")), "{form}");
    let part = client.call("read", json!({ "target": "h1://docker/web/logs", "tail": 5 })).tool_error();
    assert_eq!(
        part,
        "Error: Parts and encodings are those of files; //docker/web/logs is none. Logs take ?lines=50&since=2h"
    );
    let malformed = client.call("read", json!({ "target": "h1://docker/-v/logs" })).tool_error();
    assert_eq!(malformed, "Error: Not the name of a container: '-v'");

    assert_eq!(scout.run(&["read", "h1://docker"]).text(), format!("{list}\n"));
    let json = scout.run(&["--json", "read", "h1://docker"]).json();
    assert_eq!((&json["text"], &json["rows"]), (&json!(list), &form["rows"]));
    assert_eq!(scout.run(&["read", "h1://docker/-v/logs"]).code, Some(2));
}

#[test]
fn views_are_not_watched() {
    let mut scene = Scene::new(&["docker"]);
    let (code, message) =
        scene.client.request("resources/subscribe", json!({ "uri": "h1://docker" })).error();
    assert_eq!(code, -32602);
    assert!(message.starts_with("h1://docker cannot be watched: "), "{message}");
}

#[test]
fn names_are_completed() {
    let mut scene = Scene::new(&["docker", "podman", "kubectl", "zpool", "systemctl"]);
    let mut values = |template: &str, name: &str, value: &str, known: Value| {
        let params = json!({
            "ref": { "type": "ref/resource", "uri": format!("scout://{{host}}/:{template}") },
            "argument": { "name": name, "value": value },
            "context": { "arguments": known },
        });
        scene.client.request("completion/complete", params).result()["completion"]["values"].clone()
    };
    let logs = "{engine}/{container}/logs{?lines,since}";
    assert_eq!(
        values(logs, "container", "", json!({ "host": "h1", "engine": "docker" })),
        json!(["web", "db"])
    );
    assert_eq!(values(logs, "container", "w", json!({ "host": "h1", "engine": "podman" })), json!(["web"]));
    assert_eq!(values(logs, "container", "", json!({ "host": "h1", "engine": "rm" })), json!([]));
    assert_eq!(values(logs, "engine", "p", json!({})), json!(["podman"]));
    let on_h1 = json!({ "host": "h1" });
    assert_eq!(values("compose/{project}", "project", "", on_h1.clone()), json!(["shop", "blog"]));
    assert_eq!(values("zfs/{pool}", "pool", "ta", on_h1.clone()), json!(["tank"]));
    assert_eq!(values("systemd/{unit}", "unit", "cron", on_h1), json!(["cron.service"]));
    let in_default = json!({ "host": "h1", "namespace": "default", "kind": "secrets" });
    assert_eq!(values("k8s/{namespace}/{kind}/{name}", "name", "", in_default), json!(["credentials"]));
}

/// Views whose scripts do more than call one program.
const SCRIPTED: [&str; 8] = [
    "docker/web/logs?since=1h",
    "compose/shop",
    "compose/shop/logs",
    "zfs/tank",
    "zfs/snapshots",
    "k8s",
    "syslog?since=2026-01-31T12:00:00",
    "syslog?unit=quiet",
];

fn scripted(scene: &mut Scene) -> Vec<String> {
    scene.programs.put("shop/a.yml", "services: {}");
    let home = scene.programs.path("").display().to_string();
    SCRIPTED.iter().map(|view| scene.text(&format!("h1://{view}")).replace(&home, "/")).collect()
}

#[test]
fn login_shells_and_small_systems_show_the_same() {
    const PROGRAMS: [&str; 5] = ["docker", "kubectl", "zpool", "zfs", "journalctl"];
    let expected = scripted(&mut Scene::new(&PROGRAMS));
    for shell in ["csh", "fish"] {
        let mut scene = Scene::new(&PROGRAMS);
        scene.sshd.account.log_in_with(program(shell, shell).get_program());
        assert_eq!(scripted(&mut scene), expected, "{shell}");
    }
    let mut scene = Scene::of(Programs::of_busybox(&PROGRAMS), Scout::with);
    assert_eq!(scripted(&mut scene), expected, "busybox");
}
