//! Wiring: a fleet, a protocol, a transport.

mod stats;
mod stdio;

pub use stats::Stats;
pub use stdio::serve_stdio;
