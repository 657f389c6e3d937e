//! Logs go to standard error: standard output is the protocol, or the result.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::base::{Error, Kind, Result};
use crate::config::Settings;

/// Changes what is logged to what settings say.
pub type Adjust = Box<dyn Fn(&Settings)>;

/// Starts logging as the settings say. Colours only on a terminal.
///
/// Errors: logging was started before.
pub fn start(settings: &Settings) -> Result<Adjust> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(settings))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_filter_reloading();
    let handle = subscriber.reload_handle();
    let failed = |error| Error::new(Kind::Internal, format!("Cannot start logging: {error}"));
    subscriber.try_init().map_err(failed)?;
    Ok(Box::new(move |settings| {
        // It fails only when the subscriber is gone, which is never.
        let _ = handle.reload(filter(settings));
    }))
}

fn filter(settings: &Settings) -> EnvFilter {
    EnvFilter::new(format!("scout_mcp={}", settings.log_level))
}
