//! The built binary against real SSH servers: one program, so that all tests share the machine's cores.

#[path = "../support/mod.rs"]
mod support;

mod fixtures;
