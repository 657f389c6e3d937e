//! Wiring: a fleet, a protocol, a transport.

mod stdio;

pub use stdio::serve_stdio;
