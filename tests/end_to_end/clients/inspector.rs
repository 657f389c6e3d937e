//! The command line of the Inspector: a run is one request. It knows no completion, and shows no progress.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{CONTENT, KEY, Scene, over_both};
use crate::support::{eventually, node, process_running};

#[test]
fn the_inspector() {
    over_both(inspect);
}

fn inspect(scene: &Scene) {
    let listed = answer(scene, &["--method", "tools/list", "--strict"]);
    assert_eq!(listed["tools"][0]["name"], "scout");
    let read = answer(scene, &["--method", "resources/read", "--uri", &scene.resource]);
    assert_eq!(read["contents"][0]["text"], CONTENT);
    for tool in ["scout", "read"] {
        let called = answer(scene, &call(tool, &json!({ "target": scene.file })));
        assert_eq!(called["content"][0]["text"], CONTENT, "{tool}");
    }

    // In two pieces, so that the Inspector's own command line is not taken for the host's.
    let (head, tail) = scene.marker.split_at(1);
    let sleep = json!({ "target": "h1:/", "query": format!("sleep {head}'{tail}'") });
    let mut running = command(scene, &call("scout", &sleep)).spawn().expect("it starts");
    eventually("sleep runs", || process_running(&scene.marker));
    // It is gone without a word, as when somebody closes its window.
    running.kill().expect("it runs");
    eventually("sleep is gone", || !process_running(&scene.marker));
    running.wait().expect("its status");
}

fn call(tool: &str, arguments: &Value) -> [String; 6] {
    let arguments = arguments.to_string();
    ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", &arguments].map(str::to_owned)
}

fn answer(scene: &Scene, arguments: &[impl AsRef<str>]) -> Value {
    let output = command(scene, arguments).output().expect("node runs");
    assert!(output.status.success(), "{output:?}");
    let mut answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer["result"].take()
}

fn command(scene: &Scene, arguments: &[impl AsRef<str>]) -> Command {
    let mut command = node("clients", "@modelcontextprotocol/inspector/clients/cli/build/index.js");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // It keeps a catalogue there.
    command.env("HOME", scene.scout.home());
    match scene.url() {
        Some(url) => {
            command.args([&url, "--header", &format!("Authorization: Bearer {KEY}")]);
        }
        None => {
            for (name, value) in scene.scout.environment() {
                command.args(["-e", &format!("{name}={value}")]);
            }
            let server = scene.scout.command();
            command.arg(server.get_program()).args(server.get_args()).arg("serve");
        }
    }
    command.args(["--format", "json"]).args(arguments.iter().map(AsRef::as_ref));
    command
}
