//! Logs go to standard error: standard output is the protocol, or the result.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::base::{Error, Kind, Result};
use crate::config::Settings;

/// Starts logging as the settings say. Colours only on a terminal.
///
/// Errors: logging was started before.
pub fn start(settings: &Settings) -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("scout_mcp={}", settings.log_level)))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| Error::new(Kind::Internal, format!("Cannot start logging: {error}")))
}
