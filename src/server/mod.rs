//! Wiring: a fleet, a protocol, a transport.

pub mod access;
mod configuration;
pub mod descriptors;
mod drain;
mod health;
mod http;
mod recent;
mod reload;
mod stats;
mod stdio;

pub use configuration::{Configuration, Fresh};
pub use drain::{Drain, Held};
pub use health::{Health, Verdict};
pub use http::{Failures, Listening, Part, listen};
pub use reload::keep_up;
pub use stats::Stats;
pub use stdio::serve_stdio;
