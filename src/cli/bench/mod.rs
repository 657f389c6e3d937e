//! `bench`: a fleet to measure with.
//!
//! Needs no configuration: what is measured is named on the command line.

pub mod fleet;

use std::process::ExitCode;

use clap::Subcommand;

use crate::base::Result;
use crate::base::time::Duration;

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
        for (text, micros) in
            [("0", 0), ("500us", 500), ("10ms", 10_000), ("1.5s", 1_500_000), ("1m", 60_000_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_micros(micros)), "{text}");
        }
        for text in ["", "10", "ms", "-1s", "1h", "1e400s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
