//! What every layer may use and nothing else of ours stands above: bounds, errors, the clock and who waits for it, chance,
//! quoting, escapes.

pub mod error;
pub mod jitter;
pub mod limits;
pub mod percent;
pub mod refusal;
pub mod shell;
pub mod text;
pub mod time;
pub mod waiters;

pub use error::{Error, Fault, Kind, Result};
