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
    for view in ["scout://bravo/:docker", "bravo://docker"] {
        assert_eq!(code(&scene, "resources/read", json!({ "uri": view })), -32002);
    }
    assert_eq!(code(&scene, "resources/subscribe", hidden), -32002);
    assert_eq!(scene.read("scout://alpha/page.html")["text"], "<p>");
    let hosts = scene.read("hosts://list")["text"].to_string();
    assert!(hosts.contains("alpha") && !hosts.contains("bravo"), "{hosts}");
    let named = json!({ "name": "disk_check", "arguments": { "hosts": "bravo" } });
    assert_eq!(code(&scene, "prompts/get", named), -32602);
    let all = scene.ask("prompts/get", json!({ "name": "disk_check" })).to_string();
    assert!(all.contains("*:/") && all.contains("alpha:MOUNT") && !all.contains("bravo"), "{all}");
    let host = json!({
        "ref": { "type": "ref/prompt", "name": "disk_check" },
        "argument": { "name": "hosts", "value": "" },
    });
    assert_eq!(scene.ask("completion/complete", host)["completion"]["values"], json!(["alpha", "away"]));
}

#[test]
fn who_may_not_see_a_host_does_not_hear_that_it_comes_or_goes() {
    let scene = scene(&Scope::ALL);
    scene.ask("resources/subscribe", json!({ "uri": "hosts://list" }));
    let told_of = |host: &'static str| {
        let fleet = scene.shards.own();
        let config = scene.changed_config(|text| format!("{text}\nHost {host}\n"));
        fleet.reconfigure(config, (*fleet.settings()).clone());
        scene.notices_within(WATCH_EVERY).len()
    };
    assert_eq!((told_of("charlie"), told_of("another")), (0, 2));
}

#[test]
fn nobody_watches_more_than_his_share() {
    let scene = Scene::serving_files();
    let watch = |client, uri: &str| {
        let client = Client { id: ClientId(client), access: Access::all().into() };
        scene.catalog.watch(&client, uri)
    };
    let held: Vec<_> = (0..WATCHES_PER_CLIENT_MAX).map(|n| watch(1, &format!("scout://alpha/{n}"))).collect();
    assert!(held.iter().all(Result::is_ok));
    for uri in ["scout://alpha/more", "hosts://list"] {
        assert_eq!(watch(1, uri).err(), Some(Unwatched::TooMany));
        assert!(watch(2, uri).is_ok());
    }
    drop(held);
    assert!(watch(1, "hosts://list").is_ok());
}

#[test]
fn who_may_not_read_sees_no_files() {
    let scene = scene(&[Scope::Command]);
    for list in ["resources/list", "resources/templates/list"] {
        assert!(!scene.ask(list, json!({})).to_string().contains("scout://"), "{list}");
    }
    let file = json!({ "uri": "scout://alpha/file" });
    for uri in ["scout://alpha/file", "alpha://docker", "alpha://docker/web/logs"] {
        let refused = scene.answer("resources/read", json!({ "uri": uri }));
        assert!(refused["error"]["message"].as_str().unwrap().starts_with("Forbidden: "), "{refused}");
    }
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
