//! See `scout_mcp::testing::fuzz::sse`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::sse::run(data));
