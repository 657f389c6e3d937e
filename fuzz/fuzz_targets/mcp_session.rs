//! See `scout_mcp::testing::fuzz::mcp_session`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::mcp_session::run(data));
