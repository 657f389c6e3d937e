//! Measurements that are compared, and shown again.

use std::fs;

use serde_json::{Value, json};

use super::measure;
use crate::support::Scout;

#[test]
fn the_same_passes_and_what_is_slower_does_not() {
    let scout = Scout::new();
    let measured = measure(&scout, &["--hosts", "localhost", "-c", "1,2", "--rounds", "3"]);
    measured.check();
    assert_eq!(measured.steps().len(), 6);
    let write = |name: &str, results: &Value| {
        fs::write(scout.home().join(name), results.to_string()).expect("a file");
    };
    let slower = |factor: f64| {
        let mut results = measured.results.clone();
        for step in results["steps"].as_array_mut().expect("steps") {
            for time in ["p50_us", "p99_us"] {
                step["latency"][time] = (step["latency"][time].as_f64().expect("a time") * factor).into();
            }
        }
        results
    };
    let mut other = measured.results.clone();
    other["plan"]["hosts"] = json!(7);
    other["plan"]["details"] = json!(["read /etc/motd"]);
    write("slower.json", &slower(1.11));
    write("slow.json", &slower(1.09));
    write("other.json", &other);
    let compare =
        |arguments: &[&str]| scout.run(&[&["bench", "compare", "results.json"], arguments].concat());

    let same = compare(&["results.json"]).text();
    assert!(
        same.contains("Medians of 3 and 3 rounds") && same.ends_with("Nothing is worse than allowed\n"),
        "{same}"
    );
    assert_eq!(compare(&["slow.json"]).code, Some(0));
    let worse = compare(&["slower.json"]);
    assert_eq!(worse.code, Some(1), "{worse:?}");
    let text = String::from_utf8(worse.stdout).expect("UTF-8");
    assert!(text.contains("+11.0 %") && text.contains("4 of 10 figures are worse than allowed"), "{text}");
    assert_eq!(compare(&["slower.json", "--latency", "12"]).code, Some(0));
    let refused = compare(&["other.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.failure().contains(
        "they did not do the same: details: read /etc/hostname and read /etc/motd; hosts: 1 and 7"
    ));
    let verdict = scout.run(&["--json", "bench", "compare", "results.json", "slower.json"]);
    assert_eq!((verdict.code, &verdict.json()["passes"]), (Some(1), &json!(false)));

    let again = scout.run(&["bench", "report", "results.json"]).text();
    assert_eq!(again, measured.text);
}
