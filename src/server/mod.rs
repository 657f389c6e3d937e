//! Wiring: a fleet, a protocol, a transport.

pub mod access;
mod configuration;
mod reload;
mod stats;
mod stdio;

pub use configuration::{Configuration, Fresh};
pub use reload::keep_up;
pub use stats::Stats;
pub use stdio::serve_stdio;
