//! What one core counts and measures, and what becomes of it when somebody asks. Knows neither MCP nor SSH.
//!
//! A [`Recorder`] belongs to one core and is written to in passing: an addition to a cell, an increment in a histogram of
//! fixed size; nothing is allocated, formatted or shared. When somebody asks, every core hands out a [`Snapshot`]; these
//! are added up and become a [`Report`], which is what people and programs see.
//!
//! | file | holds |
//! |---|---|
//! | `names` | what there is to count and measure, with the names, labels and units that monitoring knows |
//! | `recorder` | one core's figures, and the request that ends as one number |
//! | `snapshot` | figures that may leave their core |
//! | `report` | percentiles, and their form as JSON |
//! | `table` | the report for people |
//! | `http` | what is told apart of requests by HTTP |
//! | `prometheus` | everything as Prometheus reads it; `help` says there what each figure is |

mod help;
mod http;
mod names;
mod prometheus;
mod recorder;
mod report;
mod snapshot;
mod table;

pub use http::{Answered, Endpoint, Method};
pub use names::{Circuit, Counter, Gauge, Histogram, Operation, Reason, TargetType, Unit};
pub use prometheus::{EXPOSITION, exposition};
pub use recorder::{Recorder, Request};
pub use report::{Process, Report, Source};
pub use snapshot::Snapshot;

#[cfg(test)]
mod tests;
