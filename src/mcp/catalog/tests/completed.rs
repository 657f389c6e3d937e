//! Completion of hosts and remote paths.

use super::*;

fn values(scene: &Scene, of: Value, name: &str, value: &str, known: Value) -> Value {
    let params = json!({
        "ref": of,
        "argument": { "name": name, "value": value },
        "context": { "arguments": known },
    });
    scene.ask("completion/complete", params)["completion"]["values"].clone()
}

fn template() -> Value {
    json!({ "type": "ref/resource", "uri": "scout://{host}/{+path}" })
}

fn prompt(name: &str) -> Value {
    json!({ "type": "ref/prompt", "name": name })
}

#[test]
fn hosts_and_their_paths_are_completed() {
    let scene = Scene::serving_files();
    assert_eq!(
        values(&scene, template(), "host", "a", json!({})),
        json!(["alpha", "away", "bravo", "charlie", "far", "localhost"])
    );
    let at_alpha = json!({ "host": "alpha" });
    assert_eq!(
        values(&scene, template(), "path", "", at_alpha.clone()),
        json!(["dir/", "file", "page.html", "picture.png"])
    );
    assert_eq!(values(&scene, template(), "path", "dir/in", at_alpha.clone()), json!(["dir/inside"]));
    assert_eq!(values(&scene, template(), "path", "missing/", at_alpha), json!([]));

    assert_eq!(values(&scene, prompt("disk_check"), "hosts", "alpha,b", json!({})), json!(["alpha,bravo"]));
    let on = json!({ "hosts": "alpha, bravo" });
    assert_eq!(
        values(&scene, prompt("compare_config"), "path", "/p", on),
        json!(["/page.html", "/picture.png"])
    );
    assert_eq!(
        values(&scene, prompt("find_errors"), "since", "1", json!({})),
        json!(["10m", "1h", "12h", "1d"])
    );
}

#[test]
fn of_a_host_that_is_unknown_or_slow_nothing_is_said() {
    let scene = Scene::serving_files();
    for known in [json!({}), json!({ "host": "nobody" }), json!({ "hosts": "" })] {
        assert_eq!(values(&scene, template(), "path", "", known), json!([]));
    }
    scene.host("alpha").never_answers.set(true);
    let begun = scene.now();
    assert_eq!(values(&scene, template(), "path", "", json!({ "host": "alpha" })), json!([]));
    assert_eq!(scene.now() - begun, COMPLETION_PATIENCE);
}

#[test]
fn what_has_no_arguments_says_so() {
    let scene = Scene::new();
    for (of, message) in [
        (prompt("nope"), "Unknown prompt: nope"),
        (prompt("disk_check"), "disk_check has no argument 'nope'"),
        (template(), "scout://{host}/{+path} has no argument 'nope'"),
        (json!({ "type": "ref/resource", "uri": "x://{y}" }), "Unknown resource template: x://{y}"),
    ] {
        let params = json!({ "ref": of, "argument": { "name": "nope", "value": "" } });
        let error = &scene.answer("completion/complete", params)["error"];
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!(message)));
    }
}

#[test]
fn prompts_ask_many_hosts_with_one_call() {
    let scene = Scene::new();
    let prompt =
        scene.ask("prompts/get", json!({ "name": "compare_config", "arguments": { "path": "/etc/hosts" } }));
    assert_eq!(prompt["messages"][0]["role"], "user");
    let text = prompt["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains(r#"{"target":"*:/etc/hosts"}"#), "{text}");
    assert!(prompt["description"].is_string());
    for params in [json!({ "name": "nope" }), json!({ "name": "compare_config" }), json!({})] {
        assert_eq!(scene.answer("prompts/get", params)["error"]["code"], -32602);
    }
}
