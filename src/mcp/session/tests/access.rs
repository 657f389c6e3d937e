//! Clients that may not do everything.

use super::*;
use crate::config::Scope;
use crate::mcp::FORBIDDEN;

fn session(scopes: &[Scope]) -> Session {
    let shards = testing::shards();
    let stats = testing::stats(&shards);
    let access = Access::only(scopes.to_vec(), None).into();
    let catalog = Catalog::new(shards, stats, &Options::default());
    Session::new(catalog, Client { id: ClientId::STDIO, access }, 1).in_revision(Revision::V2025_11_25)
}

fn names(session: &Session, list: &str, member: &str) -> Vec<String> {
    let reply = ask(session, &request("1", list, "{}"));
    let entries = reply["result"][member].as_array().expect("a list");
    entries.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn only_what_is_of_use_to_a_client_is_listed() {
    for (scopes, has_run) in [(&[Scope::Read][..], false), (&[Scope::Command], true), (&Scope::ALL, true)] {
        let tools = names(&session(scopes), "tools/list", "tools");
        assert_eq!((&*tools[0], tools.contains(&"run".to_owned())), ("scout", has_run));
    }
    let transfers = session(&[Scope::Transfer]);
    assert_eq!(names(&transfers, "tools/list", "tools"), ["hosts", "transfer"]);
    assert!(names(&transfers, "resources/list", "resources").is_empty());
    assert_eq!(names(&session(&[Scope::Read]), "resources/list", "resources").len(), 4);
    assert!(names(&transfers, "prompts/list", "prompts").is_empty());
    assert_eq!(names(&session(&[Scope::Read]), "prompts/list", "prompts"), ["compare_config"]);
}

#[test]
fn a_tool_that_is_not_listed_is_refused_by_name() {
    let session = session(&[Scope::Transfer]);
    let refused = ask(&session, &call("1", r#"{"target":"localhost:/x"}"#));
    let text = "Forbidden: this needs the scope 'read', which your key does not have";
    assert_eq!((error_code(&refused), error_text(&refused)), (-32010, text));
    let stateless = request("1", "tools/call", &format!(r#"{{"name":"scout",{META}}}"#));
    assert!(matches!(session.handle(stateless.as_bytes(), None), Incoming::Refused(FORBIDDEN, _)));
    assert_eq!(error_code(&ask(&session, &request("2", "tools/call", r#"{"name":"x"}"#))), -32602);
}

#[test]
fn what_a_listed_tool_may_not_do_is_told_to_the_model() {
    let reads = session(&[Scope::Read]);
    let reply = ask(&reads, &call("1", r#"{"target":"localhost:/x","query":"ls"}"#));
    assert_eq!(reply["result"]["isError"], true);
    let text = "Error: Forbidden: this needs the scope 'command', which your key does not have";
    assert_eq!(reply["result"]["content"][0]["text"], text);
    assert_eq!(ask(&reads, &call("2", r#"{"target":"localhost:/x"}"#))["result"]["isError"], false);
}

#[test]
fn resources_are_for_those_who_may_read() {
    let read = request("1", "resources/read", r#"{"uri":"scout://stats"}"#);
    let refused = ask(&session(&[Scope::Command]), &read);
    assert!(error_text(&refused).contains("the scope 'read'"), "{refused}");
    assert!(ask(&session(&[Scope::Read]), &read)["result"]["contents"][0]["text"].is_string());
}
