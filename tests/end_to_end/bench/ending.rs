//! A measurement that somebody ends before it is over.

use rustix::process::Signal;

use super::read;
use crate::support::{Scout, Sshd, eventually};

#[test]
fn what_was_measured_so_far_is_told() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let path = |name: &str| scout.home().join(name).to_str().expect("a UTF-8 path").to_owned();
    let (json, html, seen) = (path("results.json"), path("report.html"), sshd.path("seen"));
    // Every request leaves a mark, so that it can be seen from here.
    let query = format!("echo >> {seen}");
    let mut run = scout.start(&[
        "bench",
        "run",
        "--hosts",
        "h1",
        "--operation",
        "run",
        "--query",
        &query,
        "--allow-any-command",
        "--warmup",
        "0",
        "-c",
        "1,2",
        "--duration",
        "60s",
        "--export-json",
        &json,
        "--export-html",
        &html,
    ]);
    // The first of them asks whether the host is there.
    eventually("some requests are measured", || std::fs::read(&seen).is_ok_and(|marks| marks.len() > 5));
    run.signal(Signal::INT);
    let status = run.wait_for_exit();
    assert_eq!(status.code(), Some(0), "{}", run.stderr.text());
    let results = read(&json.into());
    assert_eq!(results["interrupted"], true);
    let steps = results["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 1, "{results}");
    assert!(steps[0]["done"].as_u64() >= Some(4) && steps[0]["unfinished"].as_u64() == Some(1), "{results}");
    assert!(steps[0]["seconds"].as_f64() < Some(30.0), "{results}");
    let report = std::fs::read_to_string(html).expect("a report");
    assert!(report.contains("The measurement was ended before all of it was done."), "{report}");
}
