//! What a client does not get to see that may not do everything.

use super::*;

fn scene(scopes: &[Scope]) -> Scene {
    let hosts = ["a*"].into_iter().collect();
    let scene = Scene::with(World::new(), Access::only(scopes.to_vec(), Some(hosts)));
    for host in ["alpha", "bravo"] {
        scene.host(host).server.borrow_mut().sftp = Some(files);
    }
    scene
}

fn code(scene: &Scene, method: &str, params: Value) -> i64 {
    scene.answer(method, params)["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn hosts_that_may_not_be_seen_are_nowhere() {
    let scene = scene(&Scope::ALL);
    let listed = scene.ask("resources/list", json!({})).to_string();
    assert!(listed.contains("scout://alpha/~") && !listed.contains("bravo"), "{listed}");
    let hidden = json!({ "uri": "scout://bravo/file" });
    assert_eq!(code(&scene, "resources/read", hidden.clone()), -32002);
    assert_eq!(code(&scene, "resources/subscribe", hidden), -32002);
    assert_eq!(scene.read("scout://alpha/page.html")["text"], "<p>");
    let hosts = scene.read("hosts://list")["text"].to_string();
    assert!(hosts.contains("alpha") && !hosts.contains("bravo"), "{hosts}");
    let named = json!({ "name": "disk_check", "arguments": { "hosts": "bravo" } });
    assert_eq!(code(&scene, "prompts/get", named), -32602);
    let all = scene.ask("prompts/get", json!({ "name": "disk_check" })).to_string();
    assert!(all.contains("alpha:/") && !all.contains("bravo"), "{all}");
    let host = json!({
        "ref": { "type": "ref/prompt", "name": "disk_check" },
        "argument": { "name": "hosts", "value": "" },
    });
    assert_eq!(scene.ask("completion/complete", host)["completion"]["values"], json!(["alpha", "away"]));
}

#[test]
fn who_may_not_read_sees_no_files() {
    let scene = scene(&[Scope::Command]);
    for list in ["resources/list", "resources/templates/list"] {
        assert!(!scene.ask(list, json!({})).to_string().contains("scout://"), "{list}");
    }
    let file = json!({ "uri": "scout://alpha/file" });
    let refused = scene.answer("resources/read", file.clone());
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("Forbidden: "), "{refused}");
    assert_eq!(code(&scene, "resources/subscribe", file), -32002);
    assert_eq!(
        code(&scene, "prompts/get", json!({ "name": "compare_config", "arguments": { "path": "/x" } })),
        -32010
    );
    let path = json!({
        "ref": { "type": "ref/resource", "uri": "scout://{host}/{+path}" },
        "argument": { "name": "path", "value": "" },
        "context": { "arguments": { "host": "alpha" } },
    });
    assert_eq!(scene.ask("completion/complete", path)["completion"]["values"], json!([]));
    assert!(scene.ask("prompts/get", json!({ "name": "disk_check" }))["messages"].is_array());
}
