//! See `scout_mcp::testing::fuzz::rpc`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::rpc::run(data));
