//! What clients see of us is a contract: it changes on purpose only. `UPDATE_GOLDEN=1` rewrites the files.

use std::path::Path;
use std::{env, fs};

use scout_mcp::config::{Access, ToolSet};
use scout_mcp::fleet::ClientId;
use scout_mcp::mcp::{Catalog, Client, Incoming, Options, Revision, Session};
use scout_mcp::testing;
use serde_json::{Value, json};

/// What a server offers on its standard streams.
fn everything() -> Options {
    Options { transfers: true, ..Options::default() }
}

#[test]
fn tools_of_the_read_only_policy() {
    compare("tools_list.json", &listed(&everything(), Revision::V2025_11_25, "tools"));
}

#[test]
fn tools_of_the_stateless_era() {
    compare("tools_list_stateless.json", &listed(&everything(), Revision::V2026_07_28, "tools"));
}

#[test]
fn tools_where_any_command_is_allowed() {
    let options = Options { allow_any_command: true, ..everything() };
    compare("tools_list_any_command.json", &listed(&options, Revision::V2025_11_25, "tools"));
}

#[test]
fn the_only_tool() {
    let options = Options { tools: ToolSet::Scout, ..everything() };
    compare("tools_list_scout.json", &listed(&options, Revision::V2025_11_25, "tools"));
}

#[test]
fn only_tools_that_write_nothing_promise_so() {
    let read_only = |options: &Options| {
        let listed = listed(options, Revision::V2025_11_25, "tools");
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let tools = listed["tools"].as_array().expect("a list").clone();
        let is_read_only = |tool: &Value| tool["annotations"]["readOnlyHint"] == true;
        let beams = |tool: &Value| tool["inputSchema"]["properties"]["beam"].is_object();
        assert!(tools.iter().all(|tool| !(is_read_only(tool) && beams(tool))), "{tools:?}");
        let promising = tools.iter().filter(|tool| is_read_only(tool));
        promising.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let all = ["scout", "hosts", "read", "list", "find", "search", "run", "diff", "batch"];
    assert_eq!(read_only(&everything()), all);
    // Alone it is the one that transfers, where anybody may.
    let alone = Options { tools: ToolSet::Scout, ..everything() };
    assert_eq!(read_only(&alone), Vec::<String>::new());
    assert_eq!(read_only(&Options { transfers: false, ..alone }), ["scout"]);
}

#[test]
fn an_agents_context_pays_for_few_words() {
    for (tools, bytes_max) in [(ToolSet::Scout, 3_000), (ToolSet::All, 12_000)] {
        let options = Options { tools, ..everything() };
        let listed: Value = serde_json::from_str(&listed(&options, Revision::V2025_11_25, "tools")).unwrap();
        let bytes = serde_json::to_string(&listed).unwrap().len();
        assert!(bytes <= bytes_max, "{tools:?}: {bytes} bytes, at most {bytes_max}");
    }
}

#[test]
fn a_choice_of_tools() {
    let names = |tools| {
        let listed = listed(&Options { tools, ..everything() }, Revision::V2025_11_25, "tools");
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let tools = listed["tools"].as_array().expect("a list").clone();
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(ToolSet::Scout), ["scout"]);
    assert_eq!(names(ToolSet::All), [names(ToolSet::Scout), names(ToolSet::Focused)].concat());
}

#[test]
fn resources_of_both_eras() {
    let options = Options::default();
    compare("resources_list.json", &listed(&options, Revision::V2025_11_25, "resources"));
    compare("resources_list_stateless.json", &listed(&options, Revision::V2026_07_28, "resources"));
}

#[test]
fn resource_templates() {
    compare(
        "resource_templates.json",
        &listed(&Options::default(), Revision::V2025_11_25, "resources/templates"),
    );
}

#[test]
fn prompts() {
    compare("prompts_list.json", &listed(&Options::default(), Revision::V2025_11_25, "prompts"));
}

#[test]
fn what_a_server_says_of_itself() {
    let discovered = asked(&Options::default(), Revision::V2026_07_28, "server/discover");
    compare("discover.json", &discovered);
}

#[test]
fn the_list_is_the_same_every_time_and_for_every_handshake_revision() {
    let options = Options::default();
    for revision in Revision::ALL {
        assert_eq!(listed(&options, revision, "tools"), listed(&options, revision, "tools"));
        if !revision.is_stateless() {
            assert_eq!(listed(&options, revision, "tools"), listed(&options, Revision::V2024_11_05, "tools"));
        }
    }
}

/// The result of the method `{kind}/list`, as a client gets to see it.
fn listed(options: &Options, revision: Revision, kind: &str) -> String {
    asked(options, revision, &format!("{kind}/list"))
}

fn asked(options: &Options, revision: Revision, method: &str) -> String {
    let shards = testing::shards();
    let stats = testing::stats(&shards);
    let client = Client { id: ClientId::STDIO, access: Access::all().into() };
    let session = Session::new(Catalog::new(shards, stats, options), client, 1);
    let session = if revision.is_stateless() { session } else { session.in_revision(revision) };
    let meta = match revision.is_stateless() {
        true => json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientCapabilities": {},
        }),
        false => json!({}),
    };
    let params = json!({ "_meta": meta });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let Incoming::Reply(reply) = session.handle(request.to_string().as_bytes(), None) else {
        panic!("{method} has no answer")
    };
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    reply["result"].to_string()
}

/// Compares values, not bytes: the order of members is serde_json's affair. Our own version is left open.
fn compare(file: &str, actual: &str) {
    let actual =
        actual.replace(&format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION")), "\"version\":\"*\"");
    let actual: Value = serde_json::from_str(&actual).expect("JSON");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_string_pretty(&actual).expect("JSON") + "\n";
        fs::write(&path, text).expect("the file can be written");
    }
    let golden = fs::read_to_string(&path).expect("the file can be read");
    let golden: Value = serde_json::from_str(&golden).expect("JSON");
    assert_eq!(actual, golden, "{file} is out of date; UPDATE_GOLDEN=1 rewrites it");
}
