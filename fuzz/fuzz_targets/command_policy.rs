//! See `scout_mcp::testing::fuzz::command_policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::command_policy::run(data));
