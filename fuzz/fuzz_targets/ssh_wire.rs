//! See `scout_mcp::testing::fuzz::ssh_wire`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::ssh_wire::run(data));
