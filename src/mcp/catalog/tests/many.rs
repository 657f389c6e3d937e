//! Many hosts in one call: lists of hosts, groups, batches.

use super::*;
use answers::fits;

/// Three hosts, of which the last serves another file.
fn scene(access: Access) -> Scene {
    let scene = Scene::with(World::new(), access);
    for host in ["alpha", "bravo", "charlie"] {
        scene.host(host).server.borrow_mut().sftp = Some(files);
    }
    CONTENT.set(b"another".to_vec());
    scene.call(json!({ "target": "charlie:/file" }));
    CONTENT.set(b"content".to_vec());
    scene
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("a text")
}

fn schema(scene: &Scene, tool: &str) -> Value {
    let listed = scene.ask("tools/list", json!({}));
    let found = listed["tools"].as_array().unwrap().iter().find(|listed| listed["name"] == tool);
    found.expect("it is offered")["outputSchema"].clone()
}

#[test]
fn what_many_hosts_say_has_a_form_for_programs() {
    let scene = scene(Access::all());
    let told = scene.call(json!({ "target": "@known,deep:/file" }));
    assert!(fits(&schema(&scene, "scout"), &told["structuredContent"]), "{told}");
    assert!(text(&told).starts_with("2 hosts agree, 1 differ, 1 failed\n\n═══ alpha, bravo ═"), "{told}");
    let file = |text: &str| json!({ "kind": "file", "text": text, "size": 7, "truncated": false });
    let many = &told["structuredContent"];
    assert_eq!((&many["kind"], &many["succeeded"], &many["failed"]), (&json!("many"), &json!(3), &json!(1)));
    assert_eq!(
        many["results"][0],
        json!({ "targets": ["alpha:/file", "bravo:/file"], "answer": file("content") })
    );
    assert_eq!(many["results"][1], json!({ "targets": ["charlie:/file"], "answer": file("another") }));
    assert_eq!(many["results"][2]["targets"], json!(["deep:/file"]));
    assert!(many["results"][2]["error"].is_string() && told["isError"] == false, "{told}");

    let sections = scene.call(json!({ "targets": ["bravo:/file", "alpha:/dir"] }));
    assert!(text(&sections).starts_with("═══ bravo:/file ═"), "{sections}");
    assert_eq!(sections["structuredContent"]["results"][1]["answer"]["kind"], "directory");
    let none = scene.call(json!({ "targets": ["alpha:/missing"] }));
    assert_eq!(none["isError"], true);
    assert!(text(&none).ends_with("─── 0/1 hosts succeeded ───"), "{none}");
}

#[test]
fn who_names_several_hosts_to_a_tool_for_one_is_told_which_tools_take_them() {
    let scene = scene(Access::all());
    for (name, more) in [
        ("read", json!({})),
        ("list", json!({})),
        ("find", json!({ "name": "*" })),
        ("search", json!({ "pattern": "x" })),
        ("run", json!({ "command": "ls" })),
    ] {
        for host in ["al*", "@known", "alpha,bravo"] {
            let mut arguments = more.clone();
            arguments["target"] = json!(format!("{host}:/x"));
            let told = scene.ask("tools/call", json!({ "name": name, "arguments": arguments }));
            let expected = format!(
                "Error: One host is expected here, not '{host}'. For several use the tool scout, with target or \
                 targets, or batch"
            );
            assert_eq!((text(&told), &told["isError"]), (expected.as_str(), &json!(true)), "{name}");
        }
    }
    let unknown = json!({ "name": "read", "arguments": { "target": "zz:/x" } });
    assert!(text(&scene.ask("tools/call", unknown)).starts_with("Error: Unknown host 'zz'. Available: "));
}

#[test]
fn wrong_targets_are_told_in_known_words() {
    let scene = scene(Access::all());
    for (targets, message) in [
        (json!(["alpha:/file", "hosts"]), "Error: broadcast targets must be 'host:/path', not 'hosts'"),
        (
            json!(["foo"]),
            "Error parsing target 'foo': Invalid target 'foo'. Expected 'host:/path' or 'hosts'",
        ),
    ] {
        let told = scene.call(json!({ "targets": targets }));
        assert_eq!((text(&told), &told["isError"]), (message, &json!(true)));
    }
    let none = scene.call(json!({ "target": "x*:/file" }));
    assert_eq!(
        text(&none),
        "Error: No host matches 'x*'. Available: alpha, away, bravo, charlie, deep, far, localhost"
    );
}

#[test]
fn a_batch_is_answered_in_its_order() {
    let scene = scene(Access::all());
    let calls = json!([
        { "target": "bravo:/file" },
        { "target": "hosts" },
        { "target": "alpha:/", "query": "fail no" },
        { "target": "alpha:/missing" },
        { "target": "@known:/file" },
    ]);
    let told = scene.ask("tools/call", json!({ "name": "batch", "arguments": { "calls": calls } }));
    assert!(fits(&schema(&scene, "batch"), &told["structuredContent"]), "{told}");
    let results = told["structuredContent"]["results"].as_array().unwrap();
    let kinds: Vec<_> = results.iter().map(|result| &result["answer"]["kind"]).collect();
    assert_eq!(kinds, [&json!("file"), &json!("hosts"), &json!("command"), &Value::Null, &json!("many")]);
    assert_eq!(results[2]["answer"]["exit_code"], 1);
    assert_eq!(results[3], json!({ "error": "Path not found: /missing" }));
    assert!(text(&told).ends_with("─── 4/5 requests succeeded ───") && told["isError"] == false, "{told}");

    let wrong = |arguments: Value| {
        let told = scene.answer("tools/call", json!({ "name": "batch", "arguments": arguments }));
        told["error"]["message"]
            .as_str()
            .or(told["result"]["content"][0]["text"].as_str())
            .unwrap()
            .to_owned()
    };
    assert!(wrong(json!({})).contains("Argument 'calls' is missing"));
    let unknown = wrong(json!({ "calls": [{ "target": "alpha:/" }, { "path": "/" }] }));
    assert!(unknown.contains("Call 2: Unknown argument 'path'"), "{unknown}");
    assert!(wrong(json!({ "calls": [] })).contains("A batch has 1 to 100 items, not 0"));
}

#[test]
fn progress_counts_places() {
    let scene = scene(Access::all());
    let meta = json!({ "progressToken": "t" });
    let arguments = json!({ "target": "@known:/file", "query": "echo hi" });
    let heard = scene.hear("tools/call", json!({ "name": "scout", "arguments": arguments, "_meta": meta }));
    let last = &heard[heard.len() - 2]["params"];
    assert_eq!(
        (&last["progress"], &last["total"], &last["message"]),
        (&json!(3.0), &json!(3.0), &json!("places done"))
    );
}

#[test]
fn hosts_are_listed_as_far_as_they_are_asked_for() {
    let scene = scene(Access::all());
    let listed = |list: &str| {
        let told = scene.ask("tools/call", json!({ "name": "hosts", "arguments": { "match": list } }));
        let hosts = told["structuredContent"]["hosts"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = hosts.iter().map(|host| host["name"].as_str().unwrap().to_owned()).collect();
        (names, told)
    };
    let (names, told) = listed("@known,!bravo");
    assert_eq!(names, ["alpha", "charlie"]);
    assert!(fits(&schema(&scene, "hosts"), &told["structuredContent"]), "{told}");
    assert_eq!(told["structuredContent"]["groups"], json!(["known", "secret"]));
    assert!(text(&told).ends_with("\n\nGroups: @known, @secret"), "{told}");
    assert_eq!(text(&listed("@zz").1), "Error: Unknown group '@zz'. Groups: @known, @secret");
    let all = scene.ask("tools/call", json!({ "name": "hosts" }));
    assert_eq!(all["structuredContent"]["hosts"].as_array().unwrap().len(), 7);
}

#[test]
fn hosts_that_may_not_be_seen_are_in_no_list() {
    let hosts = ["a*", "charlie"].into_iter().collect();
    let scene = scene(Access::only(vec![Scope::Read], Some(hosts)));
    let told = scene.call(json!({ "target": "*,!away:/file" }));
    assert!(text(&told).starts_with("2 hosts, all different\n\n═══ alpha ═"), "{told}");
    assert!(!told.to_string().contains("bravo"), "{told}");
    let group = scene.call(json!({ "target": "@known:/file" }));
    assert_eq!(group["structuredContent"]["succeeded"], 2);
    let secret = scene.call(json!({ "target": "@secret:/file" }));
    assert_eq!(text(&secret), "Error: Unknown group '@secret'. Groups: @known");
    let named = scene.call(json!({ "targets": ["bravo:/file", "zz:/file", "alpha:/file"] }));
    let sections: Vec<_> = text(&named).lines().filter(|line| line.starts_with("Error")).collect();
    assert_eq!(sections, ["Error: Unknown host: bravo", "Error: Unknown host: zz"]);
    let forbidden = "Forbidden: this needs the scope 'command', which your key does not have";
    let run = scene.call(json!({ "target": "@known:/", "query": "ls" }));
    assert_eq!((text(&run), &run["isError"]), (&*format!("Error: {forbidden}"), &json!(true)));
    let calls = json!([{ "target": "alpha:/", "query": "ls" }, { "target": "bravo:/file" }, { "target": "alpha:/file" }]);
    let batch = scene.ask("tools/call", json!({ "name": "batch", "arguments": { "calls": calls } }));
    let errors: Vec<_> = batch["structuredContent"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["error"])
        .collect();
    assert_eq!(errors[0], forbidden);
    assert_eq!(errors[1], "Unknown host 'bravo'. Available: alpha, away, charlie");
    assert_eq!(errors[2], &Value::Null);
}
