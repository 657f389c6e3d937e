//! What the headers of an HTTP request say against what its body says.

use super::prompter::Stage;
use super::*;

fn refused(stage: &Stage, message: &str, labels: &Labels<'_>) -> (i64, String) {
    let Incoming::Refused(code, reply) = stage.session.handle(message.as_bytes(), Some(labels)) else {
        panic!("{message} was not refused with {labels:?}")
    };
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    assert_eq!(error_code(&reply), i64::from(code.number()));
    (error_code(&reply), error_text(&reply).to_owned())
}

const NOW: Option<&str> = Some("2026-07-28");

#[test]
fn labels_have_to_say_what_the_body_says() {
    let stage = Stage::new();
    let read = request("1", "resources/read", &format!(r#"{{"uri":"test://here",{META}}}"#));
    let right = Labels { version: NOW, method: Some("resources/read"), name: Some("test://here") };
    assert!(matches!(stage.session.handle(read.as_bytes(), Some(&right)), Incoming::Call(_)));
    for (labels, header) in [
        (Labels { version: Some("2025-11-25"), ..right }, "MCP-Protocol-Version"),
        (Labels { version: None, ..right }, "MCP-Protocol-Version"),
        (Labels { method: Some("resources/Read"), ..right }, "Mcp-Method"),
        (Labels { method: None, ..right }, "Mcp-Method"),
        (Labels { name: Some("test://there"), ..right }, "Mcp-Name"),
        (Labels { name: None, ..right }, "Mcp-Name"),
    ] {
        let (code, text) = refused(&stage, &read, &labels);
        assert_eq!(code, -32020, "{labels:?}");
        assert!(text.contains(header), "{labels:?}: {text}");
    }
}

#[test]
fn only_what_has_a_name_needs_its_label() {
    let stage = Stage::new();
    for (method, params, name) in [
        ("tools/list", "", None),
        ("tools/call", r#""name":"levels","#, Some("levels")),
        ("prompts/get", r#""name":"p","#, Some("p")),
        ("completion/complete", COMPLETE, None),
    ] {
        let message = request("1", method, &format!("{{{params}{META}}}"));
        let labels = Labels { version: NOW, method: Some(method), name };
        let taken = stage.session.handle(message.as_bytes(), Some(&labels));
        assert!(matches!(taken, Incoming::Reply(_) | Incoming::Call(_)), "{method}");
    }
}

const COMPLETE: &str = r#""ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""},"#;

#[test]
fn versions_that_do_not_exist_are_told_what_does() {
    let stage = Stage::new();
    let list = request("1", "tools/list", "{}");
    let labels = Labels { version: Some("2099-01-01"), ..Labels::default() };
    assert_eq!(refused(&stage, &list, &labels).0, -32022);
    let body = request("1", "tools/list", &format!("{{{}}}", META.replace("2026-07-28", "1.0")));
    assert_eq!(refused(&stage, &body, &Labels::default()).0, -32022);
    // A header alone makes the request stateless, and then it has to say so itself.
    let labels = Labels { version: NOW, method: Some("tools/list"), name: None };
    let (code, text) = refused(&stage, &list, &labels);
    assert!(code == -32602 && text.contains("lacks"), "{text}");
    assert_eq!(refused(&Stage::new(), &list, &Labels::default()).0, -32600);
}

#[test]
fn older_revisions_have_no_labels_but_their_version() {
    let stage = Stage::agreed("2025-06-18");
    let list = request("1", "tools/list", "{}");
    for version in [None, Some("2025-06-18")] {
        let labels = Labels { version, ..Labels::default() };
        assert!(matches!(stage.session.handle(list.as_bytes(), Some(&labels)), Incoming::Reply(_)));
    }
}
