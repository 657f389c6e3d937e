//! The rig: what is measured, how it is counted, and how it is told. Pure: it takes `now`, and knows neither sockets nor
//! fleets nor MCP.
//!
//! A [`Plan`] says what is done and under which loads; [`Ticks`] and [`Turns`] say when the next request is due, and where
//! it goes. Each core counts in a [`Tally`] of its own, which are added up and become a [`Step`] of the [`Results`]: the
//! one form of a measurement, which is a file, from which tables, charts and comparisons are made.
//!
//! | file | holds |
//! |---|---|
//! | `plan` | operations, loads, and for how long |
//! | `schedule` | when requests are due, and what each of them is |
//! | `tally`, `series`, `buckets` | what one core counts while it happens |
//! | `results`, `distribution` | what is kept of it, and shown |
//! | `table`, `hgrm`, `html` | the forms in which it is shown |
//! | `compare` | whether one measurement is worse than another |

mod buckets;
pub mod compare;
mod distribution;
pub mod hgrm;
pub mod html;
mod plan;
mod results;
mod schedule;
mod series;
pub mod table;
mod tally;
#[cfg(test)]
mod tests;
mod unit;

pub use distribution::{Distribution, Point};
pub use plan::{Extent, Load, Mix, Operation, Plan, Weighted};
pub use results::{Costs, ErrorCount, HostResult, Machine, Results, Spent, Step};
pub use schedule::{Ticks, Turn, Turns};
pub use series::Moment;
pub use tally::{Failure, Tally};
pub use unit::{count, decimal_size, duration, time_of};
