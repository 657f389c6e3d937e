//! See `scout_mcp::testing::fuzz::target_uri`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::target_uri::run(data));
