//! Recorded answers of Docker 20.10 and 28, Podman 3.4 and 5.

use proptest::prelude::*;

use super::*;
use crate::scout::system::View;

const DOCKER_28: &str = r#"{"Command":"\"/docker-entrypoint.…\"","CreatedAt":"2026-01-30 09:12:44 +0000 UTC","ID":"4b3f1d2c9a7e","Image":"nginx:1.27","Labels":"maintainer=NGINX","LocalVolumes":"0","Mounts":"","Names":"web","Networks":"bridge","Platform":null,"Ports":"0.0.0.0:80-\u003e80/tcp, [::]:80-\u003e80/tcp","RunningFor":"2 days ago","Size":"0B","State":"running","Status":"Up 2 days (healthy)"}
{"Command":"\"docker-entrypoint.s…\"","CreatedAt":"2026-01-01 00:00:00 +0000 UTC","ID":"0c1d2e3f4a5b","Image":"postgres:16","Labels":"","LocalVolumes":"1","Mounts":"data","Names":"db,web/db","Networks":"bridge","Platform":null,"Ports":"","RunningFor":"4 weeks ago","Size":"0B","State":"exited","Status":"Exited (137) 3 hours ago"}
"#;

/// No `State` before 20.10.
const DOCKER_19: &str = r#"{"Command":"\"sh\"","CreatedAt":"2020-01-01 00:00:00 +0000 UTC","ID":"4b3f1d2c9a7e","Image":"busybox","Labels":"","LocalVolumes":"0","Mounts":"","Names":"old","Networks":"bridge","Ports":"","RunningFor":"1 second ago","Size":"0B","Status":"Up Less than a second"}"#;

const PODMAN_5: &str = r#"[
  {
    "AutoRemove": false,
    "Command": ["nginx", "-g", "daemon off;"],
    "CreatedAt": "2 days ago",
    "Exited": false,
    "ExitedAt": -62135596800,
    "ExitCode": 0,
    "Id": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Image": "docker.io/library/nginx:1.27",
    "IsInfra": false,
    "Labels": {"maintainer": "NGINX"},
    "Names": ["web"],
    "Pid": 4242,
    "Ports": [{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}],
    "Restarts": 0,
    "State": "running",
    "Status": "Up 2 days",
    "Created": 1769763164
  }
]"#;

/// Without a text for its status.
const PODMAN_3: &str = r#"[{"Command":["sh"],"Created":1640995200,"Exited":true,"Id":"aa86d081884c7d65","Image":"docker.io/library/alpine:3","Names":["job"],"Ports":null,"State":"exited","Status":""}]"#;

fn view(address: &str) -> Containers {
    let mut segments = address.split('/');
    let engine = Engine::named(segments.next().unwrap()).unwrap();
    let of: Vec<_> = segments.collect();
    Containers::read_address(engine, &of, &mut Query::default()).unwrap().unwrap()
}

fn read(address: &str, stdout: &str, stderr: &str, code: u32) -> Result<Shown> {
    view(address).read("web1", &Answer::recorded(stdout, stderr, code))
}

fn listed(engine: &str, list: &str) -> Shown {
    read(engine, &format!("ok\n{list}"), "", 0).unwrap()
}

fn error(address: &str, stdout: &str, stderr: &str) -> (Kind, String) {
    let error = read(address, stdout, stderr, 1).unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[test]
fn docker_lists_its_containers() {
    let shown = listed("docker", DOCKER_28);
    assert_eq!(
        shown.text,
        "# Docker Containers on web1\n\
         ==================================================\n\
         \n\
         ● web\n    Status: Up 2 days (healthy)\n    Image:  nginx:1.27\n    Logs:   web1://docker/web/logs\n\
         \n\
         ○ db\n    Status: Exited (137) 3 hours ago\n    Image:  postgres:16\n    Logs:   web1://docker/db/logs"
    );
    let rows = shown.rows.unwrap();
    assert_eq!(rows.column("state"), ["running", "exited"]);
    assert_eq!(rows.column("ports"), ["0.0.0.0:80->80/tcp, [::]:80->80/tcp", ""]);
    assert_eq!(rows.column("id"), ["4b3f1d2c9a7e", "0c1d2e3f4a5b"]);
    assert!(listed("docker", DOCKER_19).text.contains("\n● old\n    Status: Up Less than a second\n"));
}

#[test]
fn podman_lists_its_containers() {
    let shown = listed("podman", PODMAN_5);
    assert!(shown.text.starts_with("# Podman Containers on web1\n====="), "{}", shown.text);
    let entry = "\n● web\n    Status: Up 2 days\n    Image:  docker.io/library/nginx:1.27\n    Logs:   web1://podman/web/logs";
    assert!(shown.text.ends_with(entry), "{}", shown.text);
    let rows = shown.rows.unwrap();
    assert_eq!(
        (rows.column("ports"), rows.column("id")),
        (vec!["0.0.0.0:8080->80/tcp"], vec!["9f86d081884c"])
    );
    assert!(listed("podman", PODMAN_3).text.contains("\n○ job\n    Status: exited\n"));
}

#[test]
fn podman_in_the_place_of_docker_is_understood() {
    let lines = PODMAN_5.trim_matches(['[', ']', '\n']).replace('\n', "");
    assert_eq!(listed("docker", &lines).rows, listed("podman", PODMAN_5).rows);
}

#[test]
fn no_containers_are_an_answer() {
    for list in ["", "[]\n"] {
        let text = listed("docker", list).text;
        assert_eq!(text, "# Docker Containers on web1\n\nNo containers found (or Docker not available).");
    }
}

#[test]
fn without_docker_it_says_so() {
    let text = read("docker", "absent\n", "", 0).unwrap().text;
    assert_eq!(text, "# Docker Containers on web1\n\nDocker is not available on this host.");
    let about_one = "Podman is not available on web1: there is no program 'podman'".to_owned();
    assert_eq!(error("podman/web/logs", "absent\n", ""), (Kind::NotFound, about_one));
}

#[test]
fn a_container_that_is_missing_is_told_with_the_list() {
    let message =
        "Container 'x1' not found on web1. Use web1://docker to see available containers.".to_owned();
    let said = "Error response from daemon: No such container: x1\n";
    assert_eq!(error("docker/x1/logs", &format!("ok\n{said}"), ""), (Kind::NotFound, message.clone()));
    for said in [said, "Error: No such container: x1\n"] {
        assert_eq!(error("docker/x1/inspect", "ok\n[]\n", said), (Kind::NotFound, message.clone()));
        assert_eq!(error("docker/x1/stats", "ok\n", said), (Kind::NotFound, message.clone()));
    }
    for said in [
        "Error: no container with name or ID \"x1\" found: no such container\n",
        "Error: unable to look up x1: no such container x1\n",
    ] {
        assert_eq!(
            error("podman/x1/stats", "ok\n", said),
            (Kind::NotFound, message.replace("docker", "podman"))
        );
    }
}

#[test]
fn a_daemon_that_is_down_is_told() {
    let said =
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    let message = format!("Docker error on web1: Docker error: {said}");
    assert_eq!(error("docker", "ok\n", said), (Kind::Remote, message.clone()));
    assert_eq!(error("docker/web/logs", &format!("ok\n{said}\n"), ""), (Kind::Remote, message));
}

#[test]
fn a_socket_without_permission_is_told() {
    let said = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \
        \"http://%2Fvar%2Frun%2Fdocker.sock/v1.47/containers/json?all=1\": dial unix /var/run/docker.sock: connect: \
        permission denied";
    assert_eq!(
        error("docker", "ok\n", said),
        (Kind::PermissionDenied, format!("Docker error on web1: Docker error: {said}"))
    );
}

#[test]
fn logs_come_as_they_are() {
    let line = "2026-01-31T12:30:00.000000000Z GET / 200";
    assert_eq!(
        read("docker/web/logs", &format!("ok\n{line}\n{line}\n"), "", 0).unwrap().text,
        format!("{line}\n{line}")
    );
    assert_eq!(read("docker/web/logs", "ok\n", "", 0).unwrap().text, "(no logs available)");
    let forged = "ok\n\u{1}scout absent\n";
    assert_eq!(read("docker/web/logs", forged, "", 0).unwrap().text, "\u{1}scout absent");
    let cut = view("docker/web/logs").read("web1", &Answer::cut("ok\nabc")).unwrap();
    assert_eq!((&*cut.text, cut.cut_at), ("abc\n\n[truncated at 6 bytes]", Some(6)));
}

#[test]
fn inspection_is_json() {
    let json = "[\n    {\n        \"Id\": \"4b3f\",\n        \"State\": { \"Running\": true }\n    }\n]";
    let shown = read("docker/web/inspect", &format!("ok\n{json}\n"), "", 0).unwrap();
    assert_eq!((&*shown.text, shown.media), (json, Media::Json));
    let cut = view("docker/web/inspect").read("web1", &Answer::cut("ok\n[{")).unwrap_err();
    assert_eq!(cut.kind(), Kind::TooLarge);
}

#[test]
fn stats_of_both_engines_are_alike() {
    let docker = r#"{"BlockIO":"12.3MB / 4.1kB","CPUPerc":"0.15%","Container":"web","ID":"4b3f1d2c9a7e","MemPerc":"1.20%","MemUsage":"23.45MiB / 1.9GiB","Name":"web","NetIO":"1.2kB / 640B","PIDs":"5"}"#;
    let podman = r#"[{"id":"4b3f1d2c9a7e","name":"web","cpu_time":"1.2s","cpu_percent":"0.15%","avg_cpu":"0.15%","mem_usage":"23.45MiB / 1.9GiB","mem_percent":"1.20%","net_io":"1.2kB / 640B","block_io":"12.3MB / 4.1kB","pids":"5"}]"#;
    let text = "# Docker Stats: web@web1\n\nCPU:       0.15%\nMemory:    23.45MiB / 1.9GiB (1.20%)\n\
        Network:   1.2kB / 640B (in / out)\nBlock I/O: 12.3MB / 4.1kB (read / written)\nProcesses: 5";
    let stats = |engine: &str, said: &str| {
        read(&format!("{engine}/web/stats"), &format!("ok\n{said}"), "", 0).unwrap()
    };
    assert_eq!(stats("docker", docker).text, text);
    assert_eq!(stats("podman", podman).text, text.replace("Docker", "Podman"));
    assert_eq!(stats("docker", docker).rows, stats("podman", podman).rows);
}

#[test]
fn hosts_that_are_no_schemes_get_addresses_all_the_same() {
    let shown = view("docker").read("web_1", &Answer::recorded(&format!("ok\n{DOCKER_19}"), "", 0)).unwrap();
    assert!(shown.text.ends_with("Logs:   scout://web_1/:docker/old/logs"), "{}", shown.text);
    assert!(View::parse("docker/old/logs").unwrap().is_ok());
}

#[test]
fn what_a_caller_asks_for_reaches_the_program() {
    let script = |address: &str| {
        let view = View::parse(address).unwrap().unwrap();
        String::from_utf8(view.question.ask().script().command()).unwrap()
    };
    let logs = script("docker/web/logs?lines=5&since=2h");
    assert!(logs.starts_with("set -- docker web 5 7200s ;"), "{logs}");
    assert!(script("podman/web/logs").starts_with("set -- podman web 100 '' ;"));
}

proptest! {
    #[test]
    fn never_panics(stdout in "[\\[\\]{}\":,a-zA-Z0-9\\\\\n ]{0,80}", code in 0_u32..2) {
        for address in ["docker", "podman", "docker/web/logs", "docker/web/inspect", "podman/web/stats"] {
            let _ = read(address, &format!("ok\n{stdout}"), &stdout, code);
        }
    }
}
