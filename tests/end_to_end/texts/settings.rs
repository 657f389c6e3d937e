//! Variables of the environment, which keep their names and what they mean.

use std::slice;

use super::Ask::Scout;
use super::stage::{Stage, Variables};
use super::{Row, check, differ, same};
use crate::support::{HttpServer, Scout as Binary};

const HOSTS: &str = r#"{"target": "hosts"}"#;
const HELLO: &str = r#"{"target": "alpha:{home}/hello"}"#;

const TABLE: &[(Variables, Row)] = &[
    (
        &[("SCOUT_ALLOWLIST", "alpha, down")],
        same(
            Scout(HOSTS),
            "Available hosts:\n  [✓] alpha (online) -> {alpha}\n  [✗] down (offline) -> {down}",
        ),
    ),
    (
        &[("SCOUT_BLOCKLIST", "alpha,down,localhost")],
        same(Scout(HOSTS), "Available hosts:\n  [✓] beta (online) -> {beta}"),
    ),
    (
        &[("SCOUT_ALLOWLIST", "alpha"), ("SCOUT_BLOCKLIST", "alpha")],
        same(Scout(HOSTS), "Available hosts:\n  [✓] alpha (online) -> {alpha}"),
    ),
    (
        &[("SCOUT_ALLOWLIST", "alpha")],
        same(Scout(r#"{"target": "beta:/x"}"#), "Error: Unknown host 'beta'. Available: alpha"),
    ),
    (
        &[("SCOUT_ALLOWLIST", "al*")],
        differ(
            Scout(HOSTS),
            "No SSH hosts configured.",
            "Available hosts:\n  [✓] alpha (online) -> {alpha}",
            "lists of hosts knew no patterns",
        ),
    ),
    (&[("SCOUT_BLOCKLIST", "*")], same(Scout(HOSTS), "No SSH hosts configured.")),
    (&[("SCOUT_MAX_FILE_SIZE", "3")], same(Scout(HELLO), "hel\n\n[truncated at 3 bytes]")),
    (&[("MCP_CAT_MAX_FILE_SIZE", "3")], same(Scout(HELLO), "hel\n\n[truncated at 3 bytes]")),
    (
        &[("MCP_CAT_MAX_FILE_SIZE", "2"), ("SCOUT_MAX_FILE_SIZE", "3")],
        same(Scout(HELLO), "hel\n\n[truncated at 3 bytes]"),
    ),
    (
        &[("SCOUT_COMMAND_TIMEOUT", "1")],
        differ(
            Scout(r#"{"target": "alpha:{home}", "query": "cat silence"}"#),
            "[exit code: 124]",
            "[timed out after 1s; the command was ended]\n[exit code: 124]",
            "what 124 means is said",
        ),
    ),
    (
        &[("MCP_CAT_COMMAND_TIMEOUT", "1")],
        same(Scout(r#"{"target": "alpha:{home}", "query": "cat silence"}"#), "…[exit code: 124]"),
    ),
];

#[test]
fn variables_mean_what_they_meant() {
    for (variables, row) in TABLE {
        check(&mut Stage::of_files(variables), slice::from_ref(row));
    }
}

#[test]
fn a_server_is_told_by_variables_to_serve_http() {
    for transport in ["http", "HTTP"] {
        let scout = Binary::new()
            .env("SCOUT_TRANSPORT", transport)
            .env("SCOUT_HTTP_HOST", "127.0.0.2")
            .env("SCOUT_HTTP_PORT", 0);
        let server = HttpServer::of(scout.serve());
        assert!(server.door.address().starts_with("127.0.0.2:"), "{}", server.door.address());
        assert_eq!(server.door.get("/health").body, "OK");
    }
}
