//! Progress and log messages of calls.

use super::*;

fn heard(scene: &Scene, arguments: Value) -> Vec<Value> {
    let meta = json!({ "progressToken": "t" });
    scene.hear("tools/call", json!({ "name": "scout", "arguments": arguments, "_meta": meta }))
}

#[test]
fn a_command_tells_how_long_it_runs_already() {
    let scene = Scene::new();
    let heard = heard(&scene, json!({ "target": "alpha:/", "query": "task long 3500" }));
    let progress: Vec<_> =
        heard.iter().filter(|message| message["method"] == "notifications/progress").collect();
    let seconds: Vec<_> = progress.iter().map(|message| message["params"]["progress"].as_f64()).collect();
    assert_eq!(seconds, [Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(progress[2]["params"]["message"], "running for 3 s");
    assert!(progress[0]["params"].get("total").is_none());
    let unasked = scene.call(json!({ "target": "alpha:/", "query": "task long 3500" }));
    assert_eq!(unasked["isError"], false);
}

#[test]
fn the_host_list_tells_how_many_have_been_checked() {
    let scene = Scene::new();
    scene.host("charlie").never_answers.set(true);
    let heard = heard(&scene, json!({ "target": "hosts" }));
    let last = &heard[heard.len() - 2]["params"];
    assert_eq!((&last["progress"], &last["total"]), (&json!(6.0), &json!(6.0)));
    let counts: Vec<_> = heard.iter().filter_map(|message| message["params"]["progress"].as_f64()).collect();
    assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
}

#[test]
fn what_is_slow_or_cut_is_said_to_who_reads_along() {
    CONTENT.set(b"0123456789abc".to_vec());
    let scene = Scene::serving_files();
    let read = json!({ "name": "scout", "arguments": { "target": "alpha:/file" } });
    let said = scene.hear("tools/call", read.clone());
    let data = json!({ "message": "truncated", "target": "alpha:/file", "bytes": 10 });
    assert_eq!(said[0]["params"], json!({ "level": "info", "logger": "scout", "data": data }));
    assert_eq!(said.len(), 2);
    let slow = json!({ "name": "scout", "arguments": { "target": "alpha:/", "query": "task slow 2000" } });
    let said = scene.hear("tools/call", slow);
    assert_eq!((said.len(), &said[0]["params"]["level"]), (2, &json!("notice")));
    assert_eq!(said[0]["params"]["data"]["message"], "slow");
    scene.ask("logging/setLevel", json!({ "level": "error" }));
    assert_eq!(scene.hear("tools/call", read).len(), 1);
}
