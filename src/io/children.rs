//! Programs we start: each with what it starts in a process group of its own, which ends with its owner here.
//!
//! Starting one takes a while and happens on a thread beside the cores, so that the program is not bound to the processor
//! of the core that wants it.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

use super::blocking;
use crate::base::limits;
use crate::base::time::{self, Duration};
use crate::config::SECRET_VARIABLES;

/// How often a program that was asked to end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A program to be started, which inherits everything of our environment but the secrets.
pub(super) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    for variable in SECRET_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// A command line for the user's shell, as ssh runs those of its configuration.
pub(super) fn user_shell(line: &str) -> Command {
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
    let mut shell = program(shell.unwrap_or_else(|| "/bin/sh".into()));
    shell.arg("-c").arg(line);
    shell
}

/// A running program and all that it started. When it is dropped it is made to end, and buried, elsewhere.
#[derive(Debug)]
pub(super) struct Group {
    /// `None` once somebody waits for it.
    child: Option<Child>,
    end: End,
}

/// How a program is made to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It ends by itself as soon as its input does.
    OfInput,
    /// It is asked to, and killed when it does not.
    HangUp,
    Kill,
}

impl Group {
    /// Starts a program. Its ends of pipes go with the builder. When the future is dropped the program is made to end as
    /// soon as it has started.
    pub(super) async fn start(program: Command, end: End) -> io::Result<Self> {
        blocking::run(move || Self::start_here(program, end)).await.map_err(io::Error::other)?
    }

    /// Starts a program from this thread.
    pub(super) fn start_here(mut program: Command, end: End) -> io::Result<Self> {
        let child = program.process_group(0).spawn()?;
        Ok(Self { child: Some(child), end })
    }

    /// The number of its process, as long as it is not buried.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Waits for its end, which must be near: a thread is taken up by it.
    pub(super) async fn wait(mut self) -> io::Result<ExitStatus> {
        let Some(mut child) = self.child.take() else { return Err(io::Error::other("it is over")) };
        blocking::ENDS.run(move || child.wait()).await.map_err(io::Error::other)?
    }

    /// How it ended, if it has. Then it must not be asked again.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Err(io::Error::other("it is over")) };
        let status = child.try_wait()?;
        if status.is_some() {
            // Its number may be somebody else's from now on.
            self.child = None;
        }
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.child.take() else { return };
        match self.end {
            End::OfInput => {}
            End::HangUp => signal(&child, Signal::HUP),
            End::Kill => signal(&child, Signal::KILL),
        }
        let end = self.end;
        blocking::ENDS.start(move || bury(child, end));
    }
}

/// Waits for a program that was made to end, and makes sure that it does.
fn bury(mut child: Child, end: End) {
    if end == End::HangUp {
        let late = time::now() + limits::KILL_GRACE;
        while time::now() < late {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        signal(&child, Signal::KILL);
    }
    let _ = child.wait();
}

/// As long as the child is not buried its number is nobody else's.
fn signal(child: &Child, signal: Signal) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // They may all be gone already.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;

    fn sleeper(output: std::io::PipeWriter) -> Command {
        let mut sleeper = program("/bin/sh");
        // What it starts belongs to it.
        sleeper.args(["-c", "sleep 1000 & wait"]).stdout(output);
        sleeper
    }

    #[test]
    fn what_is_given_up_is_ended_with_all_it_started() {
        for end in [End::HangUp, End::Kill] {
            let (ends, output) = std::io::pipe().unwrap();
            drop(runtime::run(Group::start(sleeper(output), end)).unwrap().unwrap());
            assert_eq!(std::io::read_to_string(ends).unwrap(), "");
        }
    }

    #[test]
    fn what_nobody_waited_for_to_start_is_ended() {
        let (ends, output) = std::io::pipe().unwrap();
        runtime::run(async {
            // Asked for, and given up, whether it has started by then or not.
            let _ = futures_util::poll!(std::pin::pin!(Group::start(sleeper(output), End::Kill)));
        })
        .unwrap();
        assert_eq!(std::io::read_to_string(ends).unwrap(), "");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let missing = runtime::run(Group::start(program("/no/such/program"), End::Kill)).unwrap();
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
