//! See `scout_mcp::testing::fuzz::settings`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::settings::run(data));
