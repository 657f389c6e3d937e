//! See `scout_mcp::testing::fuzz::ssh_packet`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::ssh_packet::run(data));
