//! `bench`: what is measured, of whom, and what comes of it.

mod comparing;
mod ending;
mod report;
mod servers;

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Scout, Sshd};

/// What one run has left behind.
struct Measured {
    text: String,
    results: Value,
}

/// A short measurement that must have gone well.
fn measure(scout: &Scout, arguments: &[&str]) -> Measured {
    let file = scout.home().join("results.json");
    let path = file.to_str().expect("a UTF-8 path");
    let mut all = vec!["bench", "run", "--export-json", path];
    // Short, where nobody says otherwise.
    for usual in [["--warmup", "50ms"], ["--duration", "300ms"]] {
        if !arguments.contains(&usual[0]) {
            all.extend(usual);
        }
    }
    all.extend(arguments);
    let text = scout.run(&all).text();
    Measured { text, results: read(&file) }
}

fn read(file: &PathBuf) -> Value {
    let text = std::fs::read_to_string(file).expect("a file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

impl Measured {
    fn steps(&self) -> &[Value] {
        self.results["steps"].as_array().expect("steps")
    }

    /// Every step has answers, and no errors.
    fn check(&self) {
        for step in self.steps() {
            let count = |name: &str| step[name].as_u64().unwrap_or_else(|| panic!("{name} of {step}"));
            assert!(count("done") > 0 && step["rate"].as_f64() > Some(0.0), "{}", self.text);
            assert_eq!((count("failed"), count("unfinished")), (0, 0), "{}", self.text);
            assert_eq!(count("done"), count("started"), "{}", self.text);
            let latency = &step["latency"];
            let times = ["min_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us"];
            let times = times.map(|name| latency[name].as_f64().expect("a time"));
            assert!(times.is_sorted() && times[0] > 0.0, "{latency}");
            assert!(latency["hdr"].as_str().is_some_and(|hdr| hdr.starts_with("HISTE")), "{latency}");
            let of_hosts = step["hosts"].as_array().expect("hosts").iter();
            let of_hosts: u64 =
                of_hosts.map(|host| host["latency"]["count"].as_u64().expect("a count")).sum();
            assert_eq!(of_hosts, count("done"));
        }
    }
}

#[test]
fn hosts_are_measured_under_every_load() {
    let (one, other) = (Sshd::start(), Sshd::start());
    let file = one.write("notes.txt", "content\n");
    std::fs::write(other.path("notes.txt"), "content\n").expect("a file");
    let scout = Scout::new().host("web1", &one.endpoint).host("web2", &other.endpoint);
    let folder = scout.home().join("percentiles");
    let loads = ["--hosts", "web*", "-c", "1,4", "--rate", "50,50%", "--in-flight", "100"];
    let asked =
        ["--operation", "mixed", "--mix", "read=3,list=1", "--path", "~/notes.txt", "--directory", "~"];
    let exports = ["--export-hgrm", folder.to_str().expect("a UTF-8 path")];
    let measured = measure(&scout, &[&loads[..], &asked, &exports].concat());
    measured.check();
    assert!(file.ends_with("/notes.txt"));
    let loads: Vec<_> = measured.steps().iter().map(|step| step["load"].to_string()).collect();
    assert_eq!(loads, [r#"{"closed":1}"#, r#"{"closed":4}"#, r#"{"open":50.0}"#, r#"{"share":50.0}"#]);
    let [closed_1, closed_4, open, share] = measured.steps() else { panic!("four steps") };
    assert_eq!((&open["started"], &open["asked_rate"]), (&15.into(), &50.0.into()));
    let rate = |step: &Value| step["rate"].as_f64().expect("a rate");
    let best = rate(closed_1).max(rate(closed_4));
    assert!((share["asked_rate"].as_f64().expect("a rate") / best - 0.5).abs() < 0.01);
    let names: Vec<_> =
        closed_4["hosts"].as_array().expect("hosts").iter().map(|host| &host["name"]).collect();
    assert_eq!(names, ["web1", "web2"]);
    assert!(closed_4["generator"]["cpu_us_per_request"].as_f64() > Some(0.0));
    assert!(closed_4["generator"]["memory_bytes"].as_u64() > Some(1 << 20));
    for (load, name) in [("1 at once", "1-at-once-round-1.hgrm"), ("50/s", "50-per-second-round-1.hgrm")] {
        assert!(measured.text.contains(load), "{}", measured.text);
        let percentiles = std::fs::read_to_string(folder.join(name)).expect("percentiles");
        assert!(percentiles.contains("#[Max "), "{percentiles}");
    }
    // Connections were there before anything was counted.
    assert_eq!([one.connections(), other.connections()], [1, 1]);
}

#[test]
fn a_number_of_requests_each_on_a_new_connection() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let cold = ["--hosts", "h1", "--cold", "--requests", "3", "--warmup", "0"];
    let measured = measure(&scout, &[&cold[..], &["--operation", "run", "--query", "ls -d /"]].concat());
    measured.check();
    assert_eq!(measured.steps()[0]["done"], 3);
    assert_eq!(sshd.connections(), 3);
    assert!(measured.text.starts_with("run, cold, 1 host"), "{}", measured.text);
    let [connect, whole] = ["connect", "latency"].map(|times| &measured.steps()[0][times]);
    assert!(
        connect["count"] == 3 && connect["p50_us"].as_f64() < whole["p50_us"].as_f64(),
        "{connect} {whole}"
    );
}

#[test]
fn a_fleet_is_played_for_it() {
    let scout = Scout::new();
    let fleet = ["--fleet", "20", "--latency", "5ms", "--null-crypto", "-c", "20"];
    let measured = measure(&scout, &fleet);
    measured.check();
    let step = &measured.steps()[0];
    assert_eq!(step["hosts"].as_array().map(Vec::len), Some(20));
    assert!(step["latency"]["min_us"].as_f64() > Some(5_000.0), "{}", measured.text);
    let broadcast = measure(&scout, &["--fleet", "20", "--operation", "broadcast", "--requests", "5"]);
    assert_eq!((&broadcast.steps()[0]["done"], &broadcast.steps()[0]["failed"]), (&5.into(), &0.into()));
}

#[test]
fn what_does_not_answer_is_told() {
    let scout = Scout::new();
    let file = scout.home().join("results.json");
    let path = file.to_str().expect("a UTF-8 path");
    let run = |arguments: &[&str]| {
        let fixed = ["bench", "run", "--warmup", "0", "--duration", "300ms", "--export-json", path];
        scout.run(&[&fixed, arguments].concat())
    };
    let partly = run(&["--fleet", "4", "--down", "1", "-c", "2"]);
    assert_eq!(partly.code, Some(1), "{partly:?}");
    let text = String::from_utf8(partly.stdout).expect("UTF-8");
    assert!(text.contains("1 of 4 hosts did not answer at first (unreachable: "), "{text}");
    let results = read(&file);
    let errors = results["steps"][0]["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|error| error["count"].as_u64() > Some(0)), "{results}");
    // Three of four requests are answered well.
    let allowed = run(&["--fleet", "4", "--down", "1", "-c", "2", "--max-errors", "100%"]);
    assert_eq!(allowed.code, Some(0), "{allowed:?}");
    let nobody = run(&["--fleet", "2", "--down", "2"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.failure().contains("nothing was measured, as no host answers as it should: "));
}

#[test]
fn arguments_that_make_no_sense_exit_with_two() {
    let scout = Scout::new();
    for (arguments, part) in [
        (&["run"][..], "--hosts: say which hosts"),
        (&["run", "--hosts", "nobody"], "--hosts: Unknown host 'nobody'"),
        (&["run", "--hosts", "localhost", "--rate", "80%"], "a share needs the highest rate"),
        (&["run", "--hosts", "localhost", "-c", "none"], "'none' is no concurrency"),
        (&["run", "--hosts", "localhost", "-d", "10"], "expected a time"),
        (&["run", "--hosts", "localhost", "--operation", "write"], "'write' is no operation"),
        (&["run", "--hosts", "localhost", "--path", "/a/../b"], "Path traversal"),
        (&["run", "--hosts", "localhost", "--max-errors", "x"], "'x' is no share"),
        (&["run", "--hosts", "localhost", "--latency", "5ms"], "only matters with --fleet"),
        (&["run", "--url", "http://127.0.0.1/mcp", "--ca-file", "x"], "only matters with an https URL"),
        (&["run", "--url", "ftp://127.0.0.1/mcp"], "expected http://host:port/path, or https"),
        (&["run", "--command", "x", "--tool", "t", "--arguments", "[]"], "expected a JSON object"),
        (&["run", "--url", "http://x", "--command", "y"], "cannot be used with"),
        (&["compare", "gone.json", "gone.json"], "gone.json: No such file"),
        (&["compare", ".ssh/config", ".ssh/config"], "no results of `bench run`"),
        (&["report"], "--help"),
        (&["nonsense"], "--help"),
    ] {
        let outcome = scout.run(&[&["bench"], arguments].concat());
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty() && outcome.stderr.contains(part), "{arguments:?}: {outcome:?}");
    }
    let nowhere = scout.run(&["bench", "run", "--hosts", "localhost", "--export-json", "/no/such/file"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.failure().contains("Cannot write /no/such/file"));
}
