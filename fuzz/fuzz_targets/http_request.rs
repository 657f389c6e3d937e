//! See `scout_mcp::testing::fuzz::http_request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::http_request::run(data));
