//! What the software of a host says, asked of stand-ins that answer as the real programs do. A test for each text that
//! agents know of.

use serde_json::{Value, json};

use crate::support::{Endpoint, McpPipe, Programs, Scout, Sshd, eventually, process_running, program};

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
fn docker_containers_are_listed() {
    let mut scene = Scene::new(&["docker"]);
    let list = heading("Docker Containers on h1")
        + "\n● web\n    Status: Up 2 days (healthy)\n    Image:  nginx:1.27\n    Logs:   h1://docker/web/logs\n"
        + "\n○ db\n    Status: Exited (137) 3 hours ago\n    Image:  postgres:16\n    Logs:   h1://docker/db/logs";
    assert_eq!(scene.text("h1://docker"), list);
    assert_eq!(scene.text("scout://h1/:docker"), list);
    assert_eq!(scene.contents("h1://docker")["mimeType"], "text/plain");
    let structured =
        scene.client.scout(json!({ "target": "h1://docker" })).result()["structuredContent"].clone();
    assert_eq!((&structured["kind"], &structured["text"]), (&json!("view"), &json!(list)));
    let db = json!({
        "name": "db", "state": "exited", "status": "Exited (137) 3 hours ago", "image": "postgres:16", "ports": "",
        "id": "0c1d2e3f4a5b",
    });
    assert_eq!(structured["rows"][1], db);
}

#[test]
fn no_docker_containers() {
    let mut scene = Scene::new(&["docker"]);
    scene.programs.put("docker.empty", "");
    let text = "# Docker Containers on h1\n\nNo containers found (or Docker not available).";
    assert_eq!(scene.text("h1://docker"), text);
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
fn logs_of_a_container() {
    let mut scene = Scene::new(&["docker"]);
    let text = "2026-01-31T12:30:00.000000000Z GET / 200\n2026-01-31T12:30:01.000000000Z upstream timed out";
    assert_eq!(scene.contents("h1://docker/web/logs")["text"], text);
    assert_eq!(scene.programs.calls(), ["docker logs --timestamps --tail 100 web"]);
    assert_eq!(scene.contents("h1://docker/web/logs?lines=5&since=2h")["text"], text);
    assert_eq!(scene.programs.calls(), ["docker logs --timestamps --tail 5 --since=7200s web"]);
    assert_eq!(scene.text("h1://docker/db/logs"), "(no logs available)");
}

#[test]
fn a_container_as_json_and_its_stats() {
    let mut scene = Scene::new(&["docker"]);
    let inspected = scene.contents("h1://docker/web/inspect");
    assert_eq!(inspected["mimeType"], "application/json");
    let container: Value = serde_json::from_str(inspected["text"].as_str().unwrap()).unwrap();
    assert_eq!(container[0]["State"]["Running"], true);
    let stats = "# Docker Stats: web@h1\n\nCPU:       0.15%\nMemory:    23.45MiB / 1.9GiB (1.20%)\n\
        Network:   1.2kB / 640B (in / out)\nBlock I/O: 12.3MB / 4.1kB (read / written)\nProcesses: 5";
    assert_eq!(scene.text("h1://docker/web/stats"), stats);
}

#[test]
fn a_missing_container() {
    let mut scene = Scene::new(&["docker", "podman"]);
    for engine in ["docker", "podman"] {
        for view in ["logs", "inspect", "stats"] {
            let list = format!("Use h1://{engine} to see available containers.");
            let message = format!("Container 'gone' not found on h1. {list}");
            assert_eq!(scene.error(&format!("h1://{engine}/gone/{view}")), message);
        }
    }
    // The address in the message leads somewhere.
    assert!(scene.text("h1://docker").starts_with("# Docker Containers on h1\n"));
}

#[test]
fn a_docker_daemon_that_is_down() {
    let mut scene = Scene::new(&["docker"]);
    scene.programs.put("docker.down", "");
    let said =
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    for view in ["docker", "docker/web/logs", "docker/web/stats", "compose/shop", "compose/shop/logs"] {
        assert_eq!(scene.error(&format!("h1://{view}")), format!("Docker error on h1: Docker error: {said}"));
    }
    scene.programs.remove("docker.down");
    assert!(scene.text("h1://docker").contains("● web"));
}

#[test]
fn a_docker_socket_without_permission() {
    let mut scene = Scene::new(&["docker"]);
    scene.programs.put("docker.denied", "");
    let message = scene.error("h1://docker");
    assert!(
        message.starts_with("Docker error on h1: Docker error: permission denied while trying"),
        "{message}"
    );
}

#[test]
fn a_docker_daemon_that_hangs() {
    let mut scene =
        Scene::with(&["docker"], |endpoint| Scout::with(endpoint).env("SCOUT_COMMAND_TIMEOUT", 1));
    let marker = format!("4343.{}", std::process::id());
    scene.programs.put("docker.hangs", &marker);
    let reading = scene.client.post("resources/read", json!({ "uri": "h1://docker" }));
    eventually("docker runs", || process_running(&marker));
    assert_eq!(scene.client.wait(reading).error().1, "No answer within 1s; the command was ended");
    eventually("docker is gone", || !process_running(&marker));
    scene.programs.remove("docker.hangs");
    assert!(scene.text("h1://docker").contains("● web"));
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
fn podman_containers_are_listed() {
    let mut scene = Scene::new(&["podman"]);
    let list = heading("Podman Containers on h1")
        + "\n● web\n    Status: Up 2 days\n    Image:  docker.io/library/nginx:1.27\n    Logs:   h1://podman/web/logs";
    assert_eq!(scene.text("h1://podman"), list);
    assert_eq!(scene.text("h1://podman/web/logs"), "2026-01-31T12:30:00.000000000+00:00 GET / 200");
    assert_eq!(scene.contents("h1://podman/web/inspect")["mimeType"], "application/json");
    assert!(scene.text("h1://podman/web/stats").starts_with("# Podman Stats: web@h1\n\nCPU:       0.15%\n"));
}

#[test]
fn compose_projects_are_listed_with_stopped_ones() {
    let mut scene = Scene::new(&["docker"]);
    let list = heading("Docker Compose Projects on h1")
        + "\n● shop\n    Status: running(2), exited(1)\n    Config: /srv/shop/a.yml,/srv/shop/b.yml\n"
        + "    View:   h1://compose/shop\n    Logs:   h1://compose/shop/logs\n"
        + "\n○ blog\n    Status: exited(1)\n    Config: /srv/blog/docker-compose.yml\n"
        + "    View:   h1://compose/blog\n    Logs:   h1://compose/blog/logs";
    assert_eq!(scene.text("h1://compose"), list);
}

#[test]
fn no_compose_projects() {
    let mut scene = Scene::new(&["docker"]);
    scene.programs.put("docker.empty", "");
    let text = "# Docker Compose Projects on h1\n\nNo projects found (or Docker Compose not available).";
    assert_eq!(scene.text("h1://compose"), text);
    scene.programs.put("compose.missing", "");
    let text = "# Docker Compose Projects on h1\n\nDocker Compose is not available on this host.";
    assert_eq!(scene.text("h1://compose"), text);
    assert_eq!(scene.error("h1://compose/shop/logs"), "Docker Compose is not available on h1");
}

#[test]
fn all_files_of_a_compose_project() {
    let mut scene = Scene::new(&["docker"]);
    let (a, b) = (scene.programs.path("shop/a.yml"), scene.programs.path("shop/b.yml"));
    scene.programs.put("shop/a.yml", "services:\n  web: {}\n");
    scene.programs.put("shop/b.yml", "services: {} # \u{1}scout missing\n");
    let contents = scene.contents("h1://compose/shop");
    let text = format!(
        "# Compose: shop@h1\n# File: {}\n\nservices:\n  web: {{}}\n\n# File: {}\n\nservices: {{}} # scout missing",
        a.display(),
        b.display()
    );
    assert_eq!((&contents["text"], &contents["mimeType"]), (&json!(text), &json!("text/yaml")));
    // One file whose name holds a comma, and a path that is seen from the project's directory.
    scene.programs.put("shop/a.yml,/x", "");
    scene.programs.put("blog/docker-compose.yml", "services: {}");
    let file = scene.programs.path("blog/docker-compose.yml");
    let text = format!("# Compose: blog@h1\n# File: {}\n\nservices: {{}}", file.display());
    assert_eq!(scene.text("h1://compose/blog"), text);
}

#[test]
fn a_compose_file_that_cannot_be_read() {
    let mut scene = Scene::new(&["docker"]);
    let file = scene.programs.path("blog/docker-compose.yml");
    let message = format!("Cannot read compose file: {}", file.display());
    assert_eq!(scene.error("h1://compose/blog"), message);
}

#[test]
fn a_missing_compose_project() {
    let mut scene = Scene::new(&["docker"]);
    for view in ["gone", "gone/logs"] {
        assert_eq!(
            scene.error(&format!("h1://compose/{view}")),
            "Compose project 'gone' not found on h1. Use h1://compose to see available projects."
        );
    }
}

#[test]
fn logs_of_a_compose_project() {
    let mut scene = Scene::new(&["docker"]);
    let text =
        "web-1  | 2026-01-31T12:30:00.000000000Z GET / 200\ndb-1   | 2026-01-31T12:30:01.000000000Z ready";
    assert_eq!(scene.contents("h1://compose/shop/logs?lines=7&since=10m")["text"], text);
    let asked = "docker compose --project-name shop logs --no-color --timestamps --tail 7 --since=600s";
    assert_eq!(scene.programs.calls().last().map(String::as_str), Some(asked));
}

#[test]
fn zfs_pools() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let overview = heading("ZFS Overview: h1")
        + "\n## Pools\n"
        + "\n● rpool (ONLINE)\n    Size:  464G\n    Used:  100G (21%)\n    Free:  364G\n    View:  h1://zfs/rpool\n"
        + "\n○ tank (DEGRADED)\n    Size:  9.06T\n    Used:  8.64T (95%)\n    Free:  430G\n    View:  h1://zfs/tank\n"
        + "\n## Quick Links\n\n  Snapshots: h1://zfs/snapshots\n  rpool datasets: h1://zfs/rpool/datasets\n"
        + "  tank datasets: h1://zfs/tank/datasets";
    assert_eq!(scene.text("h1://zfs"), overview);
    let status = scene.text("h1://zfs/tank");
    assert!(status.starts_with("# ZFS Pool: tank@h1\n\n  pool: tank\n state: DEGRADED\n"), "{status}");
    assert!(status.ends_with("errors: No known data errors"), "{status}");
    scene.programs.put("zfs.empty", "");
    assert_eq!(scene.text("h1://zfs"), "# ZFS on h1\n\nZFS is installed but no pools are configured.");
}

#[test]
fn a_missing_zfs_pool() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    assert_eq!(scene.error("h1://zfs/gone"), "Pool 'gone' not found on h1. Available pools: rpool, tank");
    assert_eq!(
        scene.error("h1://zfs/gone/datasets"),
        "Pool 'gone' not found or has no datasets on h1. Use h1://zfs to see available pools."
    );
}

#[test]
fn zfs_datasets() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let row = |name: &str, used: &str, free: &str, refer: &str, at: &str| {
        format!("\n{name:<50} {used:>8} {free:>8} {refer:>8} {at}")
    };
    let table = heading("ZFS Datasets: tank@h1")
        + &row("NAME", "USED", "AVAIL", "REFER", "MOUNTPOINT")
        + &format!("\n{}", "-".repeat(90))
        + &row("tank", "1.50T", "430G", "96K", "/tank")
        + &row("...me-that-is-much-longer-than-its-column-allows", "96K", "1K", "0", "none");
    assert_eq!(scene.text("h1://zfs/tank/datasets"), table);
}

#[test]
fn zfs_snapshots() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let text = scene.text("h1://zfs/snapshots");
    let begin = heading("ZFS Snapshots: h1")
        + "(showing last 50 snapshots)\n\n  tank@daily-11\n      Used: 96K        Created: Mon Jan 26  0:00 2026\n";
    assert!(text.starts_with(&begin), "{text}");
    assert_eq!(text.matches("Created:").count(), 50);
    scene.programs.put("zfs.empty", "");
    assert_eq!(scene.text("h1://zfs/snapshots"), "# ZFS Snapshots: h1\n\nNo snapshots found.");
}

#[test]
fn syslog_from_the_journal() {
    let mut scene = Scene::new(&["journalctl"]);
    let line = "2026-01-31T12:30:00+0000 h1 sshd[812]: Server listening on 0.0.0.0 port 22.";
    assert_eq!(scene.contents("h1://syslog")["text"], format!("# Syslog: h1 (journalctl)\n\n{line}"));
    assert_eq!(scene.programs.calls(), ["journalctl -q --no-pager -o short-iso -n 100"]);
    scene.contents("h1://syslog?unit=ssh.service&since=2026-01-31T12:00:00Z&priority=warn&lines=7");
    assert_eq!(
        scene.programs.calls(),
        [
            "journalctl -q --no-pager -o short-iso -n 7 --since=2026-01-31 12:00:00 UTC --priority=warning --unit=ssh.service"
        ]
    );
    assert_eq!(scene.text("h1://syslog?unit=quiet"), "# Syslog: h1 (journalctl)\n\n(no entries)");
}

#[test]
fn syslog_where_there_is_no_journal_to_read() {
    let mut scene = Scene::new(&["journalctl"]);
    scene.programs.put("journal.denied", "");
    let text = scene.text("h1://syslog");
    let none = "System logs are not available on this host.\n\n\
        Neither journalctl nor /var/log/syslog nor /var/log/messages is accessible.";
    // What the machine of the tests has.
    assert!(text == none || text.starts_with("# Syslog: h1 (/var/log/"), "{text}");
}

#[test]
fn a_kubernetes_cluster() {
    let mut scene = Scene::new(&["kubectl"]);
    let overview = scene.text("h1://k8s");
    for part in [
        "# Kubernetes on h1\n=====",
        "\n## Namespaces\n\nNAME          STATUS   AGE\ndefault       Active   9d\n",
        "\n## Nodes\n\nNAME    STATUS",
        "\n## Pods that are not well\n\nNAMESPACE   NAME   READY   STATUS",
        "\nLists: h1://k8s/NAMESPACE/KIND, such as h1://k8s/default/pods",
    ] {
        assert!(overview.contains(part), "{overview}");
    }
    assert!(scene.text("h1://k8s/default/pods").contains("\nweb-0   1/1     Running"));
    assert_eq!(scene.text("h1://k8s/other/pods"), "No pods found in namespace 'other' on h1.");
    assert!(scene.text("h1://k8s/default/pod/web-0").starts_with("Name:             web-0\n"));
    let log = "[pod/web-0/nginx] 2026-01-31T12:30:00.000000000Z GET / 200";
    assert_eq!(scene.contents("h1://k8s/default/pod/web-0/logs?since=1h&lines=3")["text"], log);
    let asked = "kubectl --request-timeout=15s logs web-0 -n default --all-containers --prefix --timestamps --tail=3 \
        --since=3600s";
    assert_eq!(scene.programs.calls().last().map(String::as_str), Some(asked));
}

#[test]
fn values_of_kubernetes_secrets_are_not_asked_for() {
    let mut scene = Scene::new(&["kubectl"]);
    assert_eq!(
        scene.text("h1://k8s/default/secrets").lines().last(),
        Some("credentials   Opaque   1      9d")
    );
    let secret = scene.text("h1://k8s/default/secret/credentials");
    assert!(secret.ends_with("Data\n====\npassword:  12 bytes"), "{secret}");
    assert!(scene.programs.calls().iter().all(|call| !call.contains("json") && !call.contains("yaml")));
}

#[test]
fn missing_kubernetes_resources_and_a_cluster_that_is_down() {
    let mut scene = Scene::new(&["kubectl"]);
    for (view, message) in [
        (
            "default/pod/gone",
            "'pod/gone' not found in namespace 'default' on h1. Use h1://k8s/default/pod to see what there is.",
        ),
        (
            "default/pod/gone/logs",
            "Pod 'gone' not found in namespace 'default' on h1. Use h1://k8s/default/pods to see what there is.",
        ),
        ("default/widgets", "error: the server doesn't have a resource type \"widgets\" (on h1)"),
    ] {
        assert_eq!(scene.error(&format!("h1://k8s/{view}")), message);
    }
    scene.programs.put("cluster.down", "");
    let said =
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?";
    assert_eq!(scene.error("h1://k8s"), format!("Kubernetes error on h1: {said}"));
}

#[test]
fn systemd_units() {
    let mut scene = Scene::new(&["systemctl"]);
    let list = heading("systemd on h1: degraded")
        + "\n✗ nginx.service (failed/failed) A high performance web server\n\
           ● cron.service (active/running) Regular background program processing daemon\n\
           \nStatus of one: h1://systemd/UNIT";
    assert_eq!(scene.text("h1://systemd"), list);
    assert!(scene.text("h1://systemd/nginx").contains("Active: failed (Result: exit-code)"));
    let message = "Unit 'gone' not found on h1. Use h1://systemd to see active units.";
    assert_eq!(scene.error("h1://systemd/gone"), message);
}

#[test]
fn the_machine_itself() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).client();
    let processes = client.scout(json!({ "target": "h1://processes?sort=memory&lines=3" })).result();
    let text = processes["structuredContent"]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("# Processes on h1\nLoad: "), "{text}");
    assert!(text.contains("3 of ") && text.contains(", by memory\n"), "{text}");
    assert_eq!(processes["structuredContent"]["rows"].as_array().map(Vec::len), Some(3));
    let network = client.read("h1://network");
    for part in
        ["# Network of h1\n=====", "## Addresses\n", "127.0.0.1", "## Listening sockets\n", "## Routes\n"]
    {
        assert!(network.contains(part), "{network}");
    }
    assert!(network.contains(&sshd.endpoint.address.port().to_string()), "{network}");
    let disks = client.scout(json!({ "target": "h1://disk" })).result();
    let text = disks["structuredContent"]["text"].as_str().unwrap().to_owned();
    for part in ["## Block devices\n", "## Mounts\n", "## File systems (KiB)\n", "## Inodes\n"] {
        assert!(text.contains(part), "{text}");
    }
    let rows = disks["structuredContent"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["mount"] == "/"), "{text}");
    // This machine is asked alike.
    assert!(client.read("localhost://disk").contains("## Inodes\n"));
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
