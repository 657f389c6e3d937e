//! `bench compare`: whether a measurement is worse than another one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::report::read;
use crate::base::Result;
use crate::cli::output::Output;
use crate::rig::compare::{self, Gates};

#[derive(Debug, Args)]
pub struct Options {
    /// What was measured before
    #[arg(value_name = "BEFORE.json")]
    before: PathBuf,
    /// What was measured after
    #[arg(value_name = "AFTER.json")]
    after: PathBuf,
    /// Per cent that p50 and p99 may be higher
    #[arg(long, value_name = "PERCENT", default_value_t = Gates::default().latency)]
    latency: f64,
    /// Per cent that the rate may be lower
    #[arg(long, value_name = "PERCENT", default_value_t = Gates::default().throughput)]
    throughput: f64,
    /// Per cent that memory may be more
    #[arg(long, value_name = "PERCENT", default_value_t = Gates::default().memory)]
    memory: f64,
    /// How many more of a hundred requests may fail
    #[arg(long, value_name = "POINTS", default_value_t = Gates::default().errors)]
    errors: f64,
}

/// Errors: a file is no measurement; they did not do the same.
pub fn run(options: &Options, mut output: Output) -> Result<ExitCode> {
    let (before, after) = (read(&options.before)?, read(&options.after)?);
    let Options { latency, throughput, memory, errors, .. } = *options;
    let comparison = compare::compare(&before, &after, Gates { latency, throughput, memory, errors })?;
    output.comparison(&comparison)?;
    Ok(if comparison.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
