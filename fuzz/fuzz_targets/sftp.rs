//! See `scout_mcp::testing::fuzz::sftp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scout_mcp::testing::fuzz::sftp::run(data));
