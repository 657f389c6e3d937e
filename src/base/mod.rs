//! What every layer may use and nothing else of ours stands above: bounds, errors, the clock.

pub mod error;
pub mod limits;
pub mod time;

pub use error::{Error, Fault, Kind, Result};
