//! `bench`: measures fleets and servers, shows and compares what came of it, and plays a fleet to measure with.
//!
//! What is done, when, and what is made of it is decided in [`crate::rig`]; here it is tied to what is measured:
//!
//! | file | holds |
//! |---|---|
//! | `options` | the arguments of `bench run`, and the plan that they make |
//! | `run` | a measurement from its start to its files |
//! | `crew` | the generators of all cores, and what goes between them and the one that conducts |
//! | `conduct` | the order of a measurement: rounds, steps, warm-ups, samples, and how it goes |
//! | `generator` | the loops of one core |
//! | `subject` | what is measured: our own `engine`, a server over `web`, or over the streams of a `program` |
//! | `mcp` | what is said to a server, and what its answers mean |
//! | `sampler` | what processes take meanwhile |
//! | `progress` | how it goes, on a terminal |
//! | `redact` | the command line without secrets |
//! | `compare`, `report` | what is made of files of measurements |
//! | `fleet` | a fleet to measure with |

mod compare;
mod conduct;
mod crew;
mod engine;
mod fleet;
mod generator;
mod mcp;
mod options;
mod program;
mod progress;
mod redact;
mod report;
mod run;
mod sampler;
mod subject;
mod web;

use std::process::ExitCode;

use clap::Subcommand;

use super::output::{Format, Output};
use crate::base::Result;
use crate::base::time::Duration;
use crate::config::Overrides;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Measure latency and throughput: of hosts, of an MCP server, or of simulated hosts
    ///
    /// Without --url, --command or --fleet the engine of this program asks the hosts of your SSH configuration, in this
    /// process. Steps follow each other: each --concurrency is a closed loop, whose users ask again as soon as they are
    /// answered; each --rate is an open loop, which asks so often whether answers come or not, and counts the time of each
    /// request from when it was due. Exit codes: 0; 1 for more errors than --max-errors; 2 for arguments that make no sense.
    #[command(after_help = options::EXAMPLES)]
    Run(Box<options::Options>),
    /// Compare two measurements of the same plan; exits 1 where the second is worse than allowed
    Compare(compare::Options),
    /// Show a measurement again, or write its report
    Report(report::Options),
    /// Play a fleet of SSH hosts on the loopback addresses of this machine
    Fleet(fleet::Options),
}

/// What of the arguments of every subcommand matters here.
pub struct Common {
    /// `--cores`, as it was written.
    pub cores: Option<String>,
    pub overrides: Overrides,
    pub format: Format,
}

/// Errors: those of the subcommand.
pub fn run(command: Bench, common: &Common) -> Result<ExitCode> {
    let output = Output::new(common.format);
    match command {
        Bench::Run(options) => run::run(&options, common, output),
        Bench::Compare(options) => compare::run(&options, output),
        Bench::Report(options) => report::run(&options, output),
        Bench::Fleet(options) => fleet::run(&options, common),
    }
}

/// A time as people write it: `10ms`, `1.5s`, `500us`; 0 needs no unit.
fn duration(text: &str) -> std::result::Result<Duration, String> {
    const EXPECTED: &str = "expected a time as 500us, 10ms or 1.5s";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(EXPECTED.into()),
    };
    let seconds: f64 = number.parse().map_err(|_| EXPECTED)?;
    Duration::try_from_secs_f64(seconds * unit).map_err(|_| EXPECTED.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, micros) in [
            ("0", 0),
            ("500us", 500),
            ("10ms", 10_000),
            ("1.5s", 1_500_000),
            ("1m", 60_000_000),
            ("1h", 3_600_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_micros(micros)), "{text}");
        }
        for text in ["", "10", "ms", "-1s", "1d", "1e400s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
