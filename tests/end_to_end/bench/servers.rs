//! MCP servers that are measured: ours over both transports, and one that is not ours.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use rcgen::{CertificateParams, KeyPair};

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
fn over_https_where_the_server_is_trusted() {
    let sshd = Sshd::start();
    let scout = home(&sshd);
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name").self_signed(&key);
    let files = ["cert.pem", "key.pem"].map(|name| scout.home().join(name));
    let [certificate_file, key_file] = files.each_ref().map(|file| file.to_str().expect("a UTF-8 path"));
    fs::write(certificate_file, certificate.expect("a certificate").pem()).expect("a file");
    fs::write(key_file, key.serialize_pem()).expect("a file");
    let secret = ["--tls-cert", certificate_file, "--tls-key", key_file];
    let server = scout.serve_with(&[&["--transport", "http", "--port", "0"], &secret[..]].concat());
    let line = server.stderr.wait_for("serving MCP at https://");
    let (_, url) = line.split_once(" at ").expect("an address");
    for more in [&[][..], &["--cold"]] {
        let trusting = ["--url", url, "--ca-file", certificate_file];
        measure(&scout, &[&ASKED[..], &trusting, more].concat()).check();
    }
    let refused = scout.run(&["bench", "run", "--url", url, "--hosts", "h1", "-n", "1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("TLS failed: invalid peer certificate"), "{refused:?}");
    let broken = ["bench", "run", "--url", url, "--hosts", "h1", "--ca-file", key_file];
    let nobody = scout.run(&broken);
    assert!(nobody.stderr.contains("no authority is trusted here"), "{nobody:?}");
}

/// Answers one request on each connection, and closes it when the next one comes: at once, or in the middle of an answer.
fn forgetful(begins_to_answer: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let body = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
            let _ = stream.read(&mut request);
            if begins_to_answer {
                let _ = stream.write_all(head.as_bytes());
            }
        }
    });
    format!("http://{address}/mcp")
}

#[test]
fn what_a_server_did_not_begin_to_answer_on_an_idle_connection_is_asked_again() {
    let scout = Scout::new();
    let asked = [
        "--hosts",
        "h1",
        "--stateless",
        "-c",
        "1",
        "-n",
        "6",
        "--warmup",
        "0",
        "--max-errors",
        "100%",
        "--url",
    ];
    let outcome = |url: &str| {
        let measured = measure(&scout, &[&asked[..], &[url]].concat());
        let step = &measured.steps()[0];
        (step["done"].as_u64(), step["failed"].as_u64())
    };
    assert_eq!(outcome(&forgetful(false)), (Some(6), Some(0)));
    // The first comes on the connection on which every host was asked once.
    assert_eq!(outcome(&forgetful(true)), (Some(3), Some(3)));
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
