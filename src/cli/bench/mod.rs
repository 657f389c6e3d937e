//! `bench`: a fleet to measure with.
//!
//! Needs no configuration: what is measured is named on the command line.

mod fleet;

use std::process::ExitCode;

use clap::Subcommand;

use crate::base::Result;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Play a fleet of SSH hosts on the loopback addresses of this machine
    Fleet(fleet::Options),
}

/// What of the arguments of every subcommand matters here.
pub struct Common {
    /// `--cores`, as it was written.
    pub cores: Option<String>,
}

/// Errors: those of the subcommand.
pub fn run(command: Bench, common: &Common) -> Result<ExitCode> {
    match command {
        Bench::Fleet(options) => fleet::run(&options, common),
    }
}
