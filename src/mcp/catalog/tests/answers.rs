//! Answers of the tool and contents of resources.

use super::*;

/// Whether a value is what a schema says, as far as ours say something.
pub fn fits(schema: &Value, value: &Value) -> bool {
    let is_of = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        other => panic!("unknown type {other:?}"),
    };
    let types = schema.get("type").is_none_or(is_of);
    let among = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    let required = schema["required"].as_array().into_iter().flatten();
    let complete = required.into_iter().all(|name| value.get(name.as_str().unwrap()).is_some());
    let known = schema.get("properties").is_none_or(|properties| {
        let mut members = value.as_object().into_iter().flatten();
        members.all(|(name, member)| properties.get(name).is_some_and(|schema| fits(schema, member)))
    });
    types && among && complete && known
}

#[test]
fn every_answer_has_a_form_for_programs_that_is_as_it_is_described() {
    CONTENT.set(b"0123456789abc".to_vec());
    let scene = Scene::serving_files();
    let schema = scene.ask("tools/list", json!({}))["tools"][0]["outputSchema"].take();
    let called = |arguments: Value| {
        let result = scene.call(arguments);
        assert_eq!(result["isError"], false, "{result}");
        assert!(fits(&schema, &result["structuredContent"]), "{result}");
        (result["content"][0]["text"].as_str().unwrap().to_owned(), result["structuredContent"].clone())
    };
    let (text, file) = called(json!({ "target": "alpha:/file" }));
    assert_eq!(text, "0123456789\n\n[truncated at 10 bytes]");
    assert_eq!(file, json!({ "kind": "file", "text": text, "size": 10, "truncated": true }));

    let (text, directory) = called(json!({ "target": "alpha:/dir" }));
    assert_eq!(text.lines().count(), 4);
    assert_eq!((&directory["kind"], &directory["truncated"]), (&json!("directory"), &json!(false)));
    let inside = json!({
        "name": "inside", "type": "file", "size": 5, "mode": "0644", "owner": "scout",
    });
    assert_eq!(directory["entries"][2], inside);
    assert_eq!(directory["entries"][3]["target"], "/file");

    let (text, command) = called(json!({ "target": "alpha:/", "query": "fail no" }));
    assert_eq!(text, "[stderr]\nno\n[exit code: 1]");
    let expected = json!({
        "kind": "command", "stdout": "", "stderr": "no", "exit_code": 1,
        "timed_out": false, "truncated": false,
    });
    assert_eq!(command, expected);
    let (_, killed) = called(json!({ "target": "alpha:/", "query": "killed TERM" }));
    assert_eq!((killed.get("exit_code"), &killed["signal"]), (None, &json!("TERM")));
    let (_, late) = called(json!({ "target": "alpha:/", "query": "hang" }));
    assert_eq!((late.get("exit_code"), &late["timed_out"]), (None, &json!(true)));

    let remembered = json!({ "target": "alpha:/page.html", "cache": true });
    let (text, first) = called(remembered.clone());
    assert_eq!((&*text, first.get("age_seconds")), ("<p>", None));
    scene.pass(Duration::from_secs(5));
    let (text, second) = called(remembered);
    assert_eq!(second, json!({ "kind": "cached", "text": text, "age_seconds": 5 }));
    assert_eq!(text, "<p>\n\n[cached 5s ago]");

    let (_, hosts) = called(json!({ "target": "hosts" }));
    let names: Vec<_> = hosts["hosts"].as_array().unwrap().iter().map(|host| &host["name"]).collect();
    assert_eq!(names, ["alpha", "away", "bravo", "charlie", "deep", "far", "localhost"]);
    assert_eq!(
        (&hosts["hosts"][5]["behind"], &hosts["hosts"][5]["status"]),
        (&json!("alpha"), &json!("unknown"))
    );

    let failed = scene.call(json!({ "target": "alpha:/missing" }));
    assert_eq!((&failed["isError"], failed.get("structuredContent")), (&json!(true), None));
}

#[test]
fn files_and_directories_are_resources() {
    CONTENT.set("012345678\u{e9}".into());
    let scene = Scene::serving_files();
    let page = scene.read("scout://alpha/page.html");
    assert_eq!((&page["mimeType"], &page["text"]), (&json!("text/html"), &json!("<p>")));
    assert_eq!(scene.read("alpha://page.html")["text"], "<p>");
    assert_eq!(scene.read("scout://alpha/p%61ge.html")["text"], "<p>");
    let picture = scene.read("scout://alpha/picture.png");
    assert_eq!((&picture["mimeType"], &picture["blob"]), (&json!("image/png"), &json!("iVBORwA=")));
    let cut = scene.read("scout://alpha/file");
    assert_eq!(cut["text"], "012345678\n\n[truncated at 10 bytes]");
    assert_eq!(cut["_meta"], json!({ "scout-mcp/truncatedAt": 10 }));
    let directory = scene.read("scout://alpha/dir");
    assert_eq!(directory["mimeType"], "text/plain");
    assert!(directory["text"].as_str().unwrap().contains("inside"));
    let hosts = scene.read("hosts://list")["text"].as_str().unwrap().to_owned();
    assert!(hosts.starts_with("Available hosts:\n"), "{hosts}");
    assert!(
        hosts.contains("\n  what runs there: alpha://docker, alpha://docker/NAME/logs; also podman, "),
        "{hosts}"
    );
}

#[test]
fn what_is_on_no_host_is_not_found() {
    let scene = Scene::serving_files();
    for (uri, why) in [
        ("scout://alpha/missing", " (Path not found: /missing)"),
        (
            "scout://nobody/x",
            " (Unknown host 'nobody'. Available: alpha, away, bravo, charlie, deep, far, localhost)",
        ),
        ("scout://alpha/a/../b", ""),
        ("hosts://other", ""),
    ] {
        let error = &scene.answer("resources/read", json!({ "uri": uri }))["error"];
        assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32002), &json!(uri)));
        assert_eq!(error["message"], format!("Resource not found: {uri}{why}"));
    }
}

#[test]
fn many_hosts_come_in_pages() {
    let scene = Scene::of(World::with_hosts(RESOURCES_PAGE_MAX));
    let first = scene.ask("resources/list", json!({}));
    assert_eq!(first["resources"].as_array().unwrap().len(), 3 + RESOURCES_PAGE_MAX);
    let second = scene.ask("resources/list", json!({ "cursor": first["nextCursor"] }));
    let home = json!({
        "uri": "scout://localhost/~", "name": "localhost", "title": "Home directory on localhost",
        "mimeType": "text/plain",
    });
    assert_eq!(second, json!({ "resources": [home] }));
    let tools = scene.answer("tools/list", json!({ "cursor": first["nextCursor"] }));
    assert_eq!(tools["error"]["code"], -32602);
}
