//! `stats`: the figures of running servers.

use std::path::PathBuf;

use super::output::Output;
use crate::base::{Error, Kind, Result};
use crate::io::stats;
use crate::metrics::Report;

/// Prints what every server of this user says, or the one that has this process number. One that does not answer is
/// complained of, the others are shown.
///
/// Errors: there is none, or none answers.
pub async fn show(folders: &[PathBuf], pid: Option<u32>, mut output: Output) -> Result<()> {
    let (mut reports, mut failed) = (Vec::new(), None);
    for found in stats::read_all(folders, pid).await {
        match found.said.and_then(|said| Report::from_json(&said)) {
            Ok(report) => reports.push(report),
            Err(error) => {
                if let Some(error) = failed.replace(error) {
                    output.complain(&error);
                }
            }
        }
    }
    match (reports.is_empty(), failed) {
        (true, Some(error)) => return Err(error),
        (true, None) => {
            let which = pid.map_or_else(String::new, |pid| format!(" with process number {pid}"));
            let places: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
            let text = format!(
                "No server of yours{which} is running: there is no socket in {}",
                places.join(" or ")
            );
            return Err(Error::new(Kind::Local, text));
        }
        (false, Some(error)) => output.complain(&error),
        (false, None) => {}
    }
    output.reports(&reports)
}
