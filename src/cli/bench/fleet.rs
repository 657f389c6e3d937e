//! `bench fleet`: plays hosts until it is told to stop.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Common;
use crate::base::limits::SIMULATED_HOSTS_MAX;
use crate::base::{Error, Kind, Result};
use crate::io::signals::EndRequest;
use crate::io::site::Site;
use crate::io::{again, runtime};
use crate::simulated::Plan;

#[derive(Debug, Args)]
pub struct Options {
    /// How many hosts
    #[arg(long, value_name = "N", default_value_t = 100)]
    hosts: usize,
    /// The port that all of them listen on; 0 is a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Where ssh_config, key and known_hosts are written, the working directory by default
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// End when the process ends that has started this one
    #[arg(long, hide = true)]
    with_parent: bool,
}

/// Errors: an argument makes no sense, the fleet cannot be played.
pub fn run(options: &Options, common: &Common) -> Result<ExitCode> {
    let plan = plan(options, common)?;
    if options.with_parent {
        again::end_with_parent()?;
    }
    let end = EndRequest::new()?;
    let site = Site::start(&plan, &options.folder)?;
    let mut err = io::stderr();
    // When standard error is closed, there is nobody left to tell.
    let _ = writeln!(
        err,
        "{} hosts on port {}: ssh -F {} host0001",
        plan.hosts,
        site.port(),
        site.ssh_config().display()
    );
    runtime::run(end.heard()).map_err(|error| Error::new(Kind::Local, error.to_string()))??;
    drop(site);
    Ok(ExitCode::SUCCESS)
}

fn plan(options: &Options, common: &Common) -> Result<Plan> {
    let wrong = |text: String| Error::new(Kind::InvalidArgument, text);
    if !(1..=SIMULATED_HOSTS_MAX).contains(&options.hosts) {
        return Err(wrong(format!("--hosts: {} is not from 1 to {SIMULATED_HOSTS_MAX}", options.hosts)));
    }
    let cores = match &common.cores {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|cores| (1..=64).contains(cores))
            .ok_or_else(|| wrong(format!("--cores: '{text}' is not a number from 1 to 64")))?,
    };
    Ok(Plan { hosts: options.hosts, port: options.port, cores })
}
