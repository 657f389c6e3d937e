//! MCP servers that are measured: ours over both transports, and one that is not ours.

use super::measure;
use crate::support::{HttpServer, Scout, Sshd, test_file};

const BINARY: &str = env!("CARGO_BIN_EXE_scout-mcp");

/// A home with one host, and a file there.
fn home(sshd: &Sshd) -> Scout {
    sshd.write("notes.txt", "content\n");
    // As many requests as there may be.
    Scout::with(&sshd.endpoint).env("SCOUT_RATE_LIMIT_PER_MINUTE", 0)
}

const ASKED: [&str; 6] = ["--hosts", "h1", "--path", "~/notes.txt", "-c", "4"];

#[test]
fn over_their_standard_streams() {
    let sshd = Sshd::start();
    let scout = home(&sshd);
    let command = format!("{BINARY} serve");
    for era in [&[][..], &["--stateless"]] {
        let measured = measure(&scout, &[&ASKED[..], &["--command", &command, "--rate", "50"], era].concat());
        measured.check();
        let step = &measured.steps()[0];
        assert_eq!(measured.results["plan"]["subject"], "stdio");
        assert!(step["server"]["cpu_us_per_request"].as_f64() > Some(0.0), "{step}");
        assert!(step["server"]["memory_bytes"].as_u64() > Some(1 << 20), "{step}");
    }
    let cold = measure(
        &scout,
        &["--hosts", "h1", "--cold", "--requests", "2", "--command", &command, "--warmup", "0"],
    );
    assert_eq!(cold.steps()[0]["done"], 2);
}

#[test]
fn over_http_in_both_eras() {
    let sshd = Sshd::start();
    let scout = home(&sshd);
    let server = HttpServer::start(&scout);
    let (url, pid) = (server.door.url(), server.process.pid().to_string());
    for era in [&[][..], &["--stateless"], &["--cold"]] {
        let measured =
            measure(&scout, &[&ASKED[..], &["--url", &url, "--pid", &pid, "--rate", "50"], era].concat());
        measured.check();
        assert_eq!(measured.results["plan"]["subject"], "http");
        assert!(measured.steps()[0]["server"]["memory_bytes"].as_u64() > Some(1 << 20));
    }
    // One connection to the host did it all.
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn keys_are_shown_to_servers_and_to_nobody_else() {
    let sshd = Sshd::start();
    let scout = home(&sshd).env("SCOUT_API_KEYS", "a-secret-that-is-long-enough-to-be-a-key");
    let server = HttpServer::start(&scout);
    let url = server.door.url();
    let refused =
        scout.run(&["bench", "run", "--url", &url, "--hosts", "h1", "--warmup", "0", "-d", "100ms"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("no host answers as it should"), "{refused:?}");
    let scout = scout.env("SCOUT_BENCH_API_KEY", "a-secret-that-is-long-enough-to-be-a-key");
    let measured = measure(&scout, &[&ASKED[..], &["--url", &url]].concat());
    measured.check();
    assert!(!measured.results.to_string().contains("a-secret"), "{}", measured.results);
}

#[test]
fn a_server_that_limits_the_rate_is_told_apart() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let server = HttpServer::start(&scout);
    let file = scout.home().join("results.json");
    let outcome = scout.run(&[
        "bench",
        "run",
        "--url",
        &server.door.url(),
        "--hosts",
        "h1",
        "--operation",
        "list",
        "--directory",
        "~",
        "--warmup",
        "0",
        "-d",
        "300ms",
        "-c",
        "2",
        "--export-json",
        file.to_str().expect("a UTF-8 path"),
    ]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let results = super::read(&file);
    let errors = results["steps"][0]["errors"].as_array().expect("errors");
    assert_eq!(errors[0]["kind"], "http_429", "{results}");
    assert!(errors[0]["example"].as_str().is_some_and(|text| text.starts_with("the server limits the rate")));
}

#[test]
fn a_server_that_is_not_ours_and_stalls() {
    let scout = Scout::new();
    let command = format!("/usr/bin/python3 {} 40", test_file("support/echo_server.py").display());
    let tool = ["--command", &command, "--tool", "echo", "--arguments", r#"{"words":"{host}"}"#];
    let measured =
        measure(&scout, &[&tool[..], &["--rate", "100", "--duration", "1s", "--warmup", "0"]].concat());
    measured.check();
    let latency = &measured.steps()[0]["latency"];
    // One request in a hundred stalled for 400 ms; forty were due meanwhile, and waited.
    assert!(latency["p90_us"].as_f64() > Some(200_000.0), "{latency}");
    let file = scout.home().join("results.json");
    let unknown = ["--command", &command, "--tool", "other", "--arguments", "{}", "-d", "100ms", "-w", "0"];
    let outcome = scout.run(&[&["bench", "run"], &unknown[..]].concat());
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("no such tool"), "{outcome:?} {}", file.display());
}
