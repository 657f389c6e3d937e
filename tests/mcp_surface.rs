//! What clients see of us is a contract: it changes on purpose only. `UPDATE_GOLDEN=1` rewrites the files.

use std::path::Path;
use std::{env, fs};

use scout_mcp::mcp::{Options, Revision, Surface};
use serde_json::Value;

#[test]
fn tools_of_the_read_only_policy() {
    let surface = Surface::new(&Options::default());
    compare("tools_list.json", surface.tools(Revision::V2025_11_25).get());
}

#[test]
fn tools_of_the_stateless_era() {
    let surface = Surface::new(&Options::default());
    compare("tools_list_stateless.json", surface.tools(Revision::V2026_07_28).get());
}

#[test]
fn tools_where_any_command_is_allowed() {
    let surface = Surface::new(&Options { allow_any_command: true, ..Options::default() });
    compare("tools_list_any_command.json", surface.tools(Revision::V2025_11_25).get());
}

#[test]
fn resources_of_both_eras() {
    let surface = Surface::new(&Options::default());
    compare("resources_list.json", surface.resources(Revision::V2025_11_25).get());
    compare("resources_list_stateless.json", surface.resources(Revision::V2026_07_28).get());
}

#[test]
fn the_list_is_the_same_every_time_and_for_every_handshake_revision() {
    let surface = Surface::new(&Options::default());
    let other = Surface::new(&Options::default());
    for revision in Revision::ALL {
        assert_eq!(surface.tools(revision).get(), other.tools(revision).get());
        if !revision.is_stateless() {
            assert_eq!(surface.tools(revision).get(), surface.tools(Revision::V2024_11_05).get());
        }
    }
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
