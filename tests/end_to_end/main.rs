//! The built binary against real SSH servers: one program, so that all tests share the machine's cores.
//!
//! `scripts/test` installs what it needs. With `SCOUT_TEST_WITHOUT_IO_URING=1` every test runs with io_uring refused.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod auth;
mod bad_input;
mod bench;
mod broadcast;
mod cli;
mod clients;
mod commands;
mod compliance;
mod concurrency;
mod conformance;
mod cores;
mod crowd;
mod distance;
mod drain;
mod fixtures;
mod guesses;
mod haste;
mod health;
mod host_keys;
mod jumps;
mod looks;
mod matrix;
mod mcp_stdio;
mod parity;
mod passwords;
mod pool;
mod readme;
mod reads;
mod rekey;
mod reload;
mod resilience;
mod runtime;
mod servers;
mod shells;
mod simulated;
mod stats;
mod subscriptions;
mod surface;
mod texts;
mod transfers;
mod views;
mod ways;
