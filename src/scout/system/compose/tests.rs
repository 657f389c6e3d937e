//! Recorded answers of Compose 2.

use proptest::prelude::*;

use super::*;

const LISTED: &str = r#"[{"Name":"shop","Status":"running(2), exited(1)","ConfigFiles":"/srv/shop/a.yml,/srv/shop/b.yml"},{"Name":"blog","Status":"exited(1)","ConfigFiles":"/srv/blog/docker-compose.yml"}]"#;

fn read(view: &Compose, stdout: &str, stderr: &str, code: u32) -> Result<Shown> {
    view.read("web1", &Answer::recorded(stdout, stderr, code))
}

fn files(stdout: &str) -> Result<Shown> {
    read(&Compose::files("shop").unwrap(), stdout, "", 0)
}

fn logs(stdout: &str, code: u32) -> Result<Shown> {
    read(&Compose::logs("shop", &mut Query::default()).unwrap(), stdout, "", code)
}

#[test]
fn projects_are_listed_with_those_that_are_stopped() {
    let shown = read(&Compose::List, &format!("ok\n{LISTED}\n"), "", 0).unwrap();
    assert_eq!(
        shown.text,
        "# Docker Compose Projects on web1\n\
         ==================================================\n\
         \n\
         ● shop\n    Status: running(2), exited(1)\n    Config: /srv/shop/a.yml,/srv/shop/b.yml\n    \
         View:   web1://compose/shop\n    Logs:   web1://compose/shop/logs\n\
         \n\
         ○ blog\n    Status: exited(1)\n    Config: /srv/blog/docker-compose.yml\n    \
         View:   web1://compose/blog\n    Logs:   web1://compose/blog/logs"
    );
    assert_eq!(shown.rows.unwrap().column("name"), ["shop", "blog"]);
}

#[test]
fn no_projects_are_an_answer() {
    let text = read(&Compose::List, "ok\n[]\n", "", 0).unwrap().text;
    assert_eq!(
        text,
        "# Docker Compose Projects on web1\n\nNo projects found (or Docker Compose not available)."
    );
}

#[test]
fn without_compose_it_says_so() {
    let text = read(&Compose::List, "no-compose\n", "", 0).unwrap().text;
    assert_eq!(text, "# Docker Compose Projects on web1\n\nDocker Compose is not available on this host.");
    assert_eq!(logs("no-compose\n", 0).unwrap_err().message(), "Docker Compose is not available on web1");
    assert_eq!(
        files("absent\n").unwrap_err().message(),
        "Docker is not available on web1: there is no program 'docker'"
    );
}

#[test]
fn all_files_of_a_project_are_shown() {
    let shown = files(
        "ok\n\u{1}scout file /srv/shop/a.yml\nservices:\n  web: {}\n\u{1}scout file /srv/shop/b.yml\nservices: {}",
    )
    .unwrap();
    assert_eq!(
        shown.text,
        "# Compose: shop@web1\n# File: /srv/shop/a.yml\n\nservices:\n  web: {}\n\n# File: /srv/shop/b.yml\n\nservices: {}"
    );
    assert_eq!(shown.media, Media::Yaml);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let none = files("ok\n\u{1}scout unreadable /srv/shop/a.yml\n").unwrap_err();
    assert_eq!(none.message(), "Cannot read compose file: /srv/shop/a.yml");
    let some = files("ok\n\u{1}scout file /a.yml\nx: 1\n\u{1}scout unreadable /b.yml\n").unwrap();
    assert!(some.text.ends_with("x: 1\n\n# Cannot read compose file: /b.yml"), "{}", some.text);
    assert_eq!(
        files("ok\n").unwrap_err().message(),
        "The containers of 'shop' on web1 do not tell its compose files"
    );
}

#[test]
fn a_project_that_is_missing_is_told_with_the_list() {
    for missing in [files("missing\n"), logs("missing\n", 0)] {
        let error = missing.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        assert_eq!(
            error.message(),
            "Compose project 'shop' not found on web1. Use web1://compose to see available projects."
        );
    }
}

#[test]
fn a_daemon_that_is_down_is_told() {
    let said =
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    let message = format!("Docker error on web1: Docker error: {said}");
    assert_eq!(read(&Compose::List, "ok\n", said, 1).unwrap_err().message(), message);
    assert_eq!(read(&Compose::files("p").unwrap(), "failed\n", said, 1).unwrap_err().message(), message);
    assert_eq!(logs(&format!("ok\n{said}\n"), 1).unwrap_err().message(), message);
}

#[test]
fn logs_come_as_they_are() {
    let line = "web-1  | 2026-01-31T12:30:00.000000000Z GET / 200";
    assert_eq!(logs(&format!("ok\n{line}\n"), 0).unwrap().text, line);
    assert_eq!(logs("ok\n", 0).unwrap().text, "(no logs available)");
}

proptest! {
    #[test]
    fn never_panics(stdout in "[\\[\\]{}\":,a-z\u{1}\n ]{0,80}", code in 0_u32..2) {
        let _ = read(&Compose::List, &stdout, &stdout, code);
        let _ = files(&stdout);
        let _ = logs(&stdout, code);
    }
}
