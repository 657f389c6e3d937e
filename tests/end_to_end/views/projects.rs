//! Projects of Docker Compose.

use serde_json::json;

use super::{Scene, heading};

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
