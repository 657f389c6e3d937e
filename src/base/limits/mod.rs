//! Every bound of the program, with its unit and its reason. Names end in the unit and `_MAX` or `_MIN`.
//!
//! A bound that a user may change is a setting (`config/settings/`); what stands here is its default and its range.

mod config;
mod fleet;
mod http;
mod mcp;
mod metrics;
mod operations;
mod rig;
mod simulated;
mod ssh;
mod time;

pub use config::*;
pub use fleet::*;
pub use http::*;
pub use mcp::*;
pub use metrics::*;
pub use operations::*;
pub use rig::*;
pub use simulated::*;
pub use ssh::*;
pub use time::*;
