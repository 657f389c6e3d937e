//! This program once more, in a process of its own.

use std::io::{self, BufRead, BufReader, PipeReader};
use std::process::Stdio;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::children::{self, End, Group};
use crate::base::{Error, Kind, Result};

/// See the module's documentation. It ends when this is dropped.
pub struct Again {
    _process: Group,
    /// Stays open, so that it may go on to complain.
    _said: BufReader<PipeReader>,
}

impl Again {
    /// Starts it with other arguments, and waits for the first line that it says on standard error: that it is ready.
    ///
    /// Errors: it cannot be started; it ended instead, with what it said.
    pub fn start(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let failed = |error: io::Error| Error::new(Kind::Local, error.to_string());
        let (said, their_stderr) = io::pipe().map_err(failed)?;
        let mut program = children::program(std::env::current_exe().map_err(failed)?);
        program.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(their_stderr);
        let mut process = Group::start_here(program, End::HangUp).map_err(failed)?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line).map_err(failed)?;
        let line = line.trim_end();
        // What ends at once has said why, and not that it is ready.
        let complaint = line.strip_prefix("scout-mcp: ").or_else(|| line.strip_prefix("error: "));
        match complaint {
            None if process.try_wait().map_err(failed)?.is_none() => {
                Ok(Self { _process: process, _said: said })
            }
            told => Err(Error::new(Kind::InvalidArgument, told.unwrap_or(line))),
        }
    }
}

/// This process ends when the one that has started it does, however that may end.
///
/// Errors: it is gone already; the kernel does not do it.
pub fn end_with_parent() -> Result<()> {
    let failed = |what: &str| Error::new(Kind::Local, format!("Cannot end with who started us: {what}"));
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| failed(&error.to_string()))?;
    // Process 1 takes those whose own parent was gone before it could be told.
    match getppid().is_some_and(|parent| parent.as_raw_nonzero().get() > 1) {
        true => Ok(()),
        false => Err(failed("it is gone")),
    }
}
