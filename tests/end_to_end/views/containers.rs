//! Containers of Docker and Podman.

use serde_json::{Value, json};

use super::{Scene, heading};
use crate::support::{Scout, eventually, process_running};

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
fn podman_containers_are_listed() {
    let mut scene = Scene::new(&["podman"]);
    let list = heading("Podman Containers on h1")
        + "\n● web\n    Status: Up 2 days\n    Image:  docker.io/library/nginx:1.27\n    Logs:   h1://podman/web/logs";
    assert_eq!(scene.text("h1://podman"), list);
    assert_eq!(scene.text("h1://podman/web/logs"), "2026-01-31T12:30:00.000000000+00:00 GET / 200");
    assert_eq!(scene.contents("h1://podman/web/inspect")["mimeType"], "application/json");
    assert!(scene.text("h1://podman/web/stats").starts_with("# Podman Stats: web@h1\n\nCPU:       0.15%\n"));
}
