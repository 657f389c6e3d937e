//! Bodies of the fuzz targets in `fuzz/`: each takes bytes and panics when an invariant is broken. They are ordinary
//! code, so that what the fuzzers have collected is replayed by the tests.

pub mod command_policy;
pub mod http_request;
pub mod known_hosts;
pub mod mcp_session;
pub mod rpc;
pub mod seeds;
pub mod settings;
pub mod sftp;
pub mod sse;
pub mod ssh_client;
pub mod ssh_config;
pub mod ssh_packet;
pub mod ssh_wire;
pub mod target_uri;

/// Takes an input.
pub type Body = fn(&[u8]);

/// The targets by name.
pub const TARGETS: [(&str, Body); 13] = [
    ("command_policy", command_policy::run),
    ("http_request", http_request::run),
    ("known_hosts", known_hosts::run),
    ("mcp_session", mcp_session::run),
    ("rpc", rpc::run),
    ("settings", settings::run),
    ("sftp", sftp::run),
    ("sse", sse::run),
    ("ssh_client", ssh_client::run),
    ("ssh_config", ssh_config::run),
    ("ssh_packet", ssh_packet::run),
    ("ssh_wire", ssh_wire::run),
    ("target_uri", target_uri::run),
];

/// What is shown to people: bounded, and nothing that a terminal obeys.
fn check_shown(text: &str, bytes_max: usize) {
    assert!(text.len() <= bytes_max, "{} bytes to be shown", text.len());
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "not fit to be shown: {text:?}");
}

#[cfg(test)]
mod tests;
