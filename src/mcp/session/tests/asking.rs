//! Lists in pages, resources that are not there, and completion: what a request has to say, and what it gets.

use super::prompter::{ENTRIES, PAGE, Stage};
use super::*;

const LISTS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
    ("prompts/list", "prompts"),
];

#[test]
fn lists_come_in_pages() {
    let stage = Stage::agreed("2025-06-18");
    for (method, kind) in LISTS {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let params =
                cursor.map_or_else(|| "{}".into(), |cursor: Value| format!(r#"{{"cursor":{cursor}}}"#));
            let page = &ask(&stage.session, &request("1", method, &params))["result"];
            seen.extend(page[kind].as_array().expect(method).clone());
            match page.get("nextCursor") {
                Some(next) => cursor = Some(next.clone()),
                None => break,
            }
            assert_eq!(seen.len() % PAGE, 0);
        }
        assert_eq!(seen, (0..ENTRIES).map(Value::from).collect::<Vec<_>>(), "{method}");
    }
}

#[test]
fn cursors_that_nobody_gave_are_refused() {
    let stage = Stage::agreed("2025-11-25");
    for (method, _) in LISTS {
        for cursor in [r#""x""#, r#""""#, r#""5""#, "2", "[]", r#""\ud800""#] {
            let reply = ask(&stage.session, &request("1", method, &format!(r#"{{"cursor":{cursor}}}"#)));
            assert_eq!(error_code(&reply), -32602, "{method} {cursor}");
        }
        let none = ask(&stage.session, &request("1", method, r#"{"cursor":null}"#));
        assert!(none.get("result").is_some(), "{method}");
    }
}

#[test]
fn resources_that_are_not_there_and_those_that_turn_out_not_to_be() {
    let handshake = Stage::agreed("2025-11-25");
    let stateless = Stage::new();
    for uri in ["test://nowhere", "test://gone"] {
        let now = request("1", "resources/read", &format!(r#"{{"uri":"{uri}",{META}}}"#));
        let before = request("1", "resources/read", &format!(r#"{{"uri":"{uri}"}}"#));
        for (stage, message, code) in [(&handshake, &before, -32002), (&stateless, &now, -32602)] {
            let reply = ask(&stage.session, message);
            assert_eq!((error_code(&reply), &reply["error"]["data"]["uri"]), (code, &json!(uri)));
            assert!(error_text(&reply).starts_with(&format!("Resource not found: {uri}")), "{reply}");
        }
    }
}

fn complete(of: &str, argument: &str, context: &str) -> String {
    request("1", "completion/complete", &format!(r#"{{"ref":{of},"argument":{argument}{context}}}"#))
}

#[test]
fn completion_knows_what_is_asked_and_what_is_known() {
    let stage = Stage::agreed("2025-06-18");
    let argument = r#"{"name":"host","value":"we"}"#;
    for (of, context, expected) in [
        (r#"{"type":"ref/prompt","name":"p"}"#, "", "prompt p host we []"),
        (
            r#"{"type":"ref/resource","uri":"x://{a}"}"#,
            r#","context":{"arguments":{"a":"b"}}"#,
            r#"resource x://{a} host we [("a", "b")]"#,
        ),
        (r#"{"type":"ref/prompt","name":"p","title":"P"}"#, r#","context":{}"#, "prompt p host we []"),
    ] {
        let completion = &ask(&stage.session, &complete(of, argument, context))["result"]["completion"];
        let values = json!({ "values": [expected], "total": 1, "hasMore": false });
        assert_eq!(completion, &values);
    }
}

#[test]
fn completion_says_what_is_wrong_with_the_question() {
    let stage = Stage::agreed("2025-11-25");
    let (of, argument) = (r#"{"type":"ref/prompt","name":"p"}"#, r#"{"name":"host","value":"we"}"#);
    for (message, part) in [
        (request("1", "completion/complete", "{}"), "params.ref is missing"),
        (complete("[]", argument, ""), "params.ref must be an object, not an array"),
        (complete("{}", argument, ""), "params.ref.type is missing"),
        (complete(r#"{"type":"ref/tool"}"#, argument, ""), "must be ref/prompt or ref/resource"),
        (complete(r#"{"type":"ref/prompt"}"#, argument, ""), "params.ref.name is missing"),
        (complete(r#"{"type":"ref/resource"}"#, argument, ""), "params.ref.uri is missing"),
        (complete(of, "1", ""), "params.argument must be an object, not a number"),
        (complete(of, r#"{"value":""}"#, ""), "params.argument.name is missing"),
        (complete(of, r#"{"name":"a"}"#, ""), "params.argument.value is missing"),
        (complete(of, r#"{"name":"a","value":1}"#, ""), "params.argument.value must be a string"),
        (complete(of, argument, r#","context":1"#), "params.context must be an object, not a number"),
        (
            complete(of, argument, r#","context":{"arguments":[]}"#),
            "params.context.arguments must be an object, not an array",
        ),
        (
            complete(of, argument, r#","context":{"arguments":{"a":1}}"#),
            "params.context.arguments.a must be a string, not a number",
        ),
    ] {
        let reply = ask(&stage.session, &message);
        assert_eq!(error_code(&reply), -32602, "{message}");
        assert!(error_text(&reply).contains(part), "{message}: {reply}");
    }
}
