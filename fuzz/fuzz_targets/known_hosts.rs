//! See `scout_mcp::testing::fuzz::known_hosts`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::known_hosts::run(data));
