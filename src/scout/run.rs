//! Running a command in a directory.

use std::time::Duration;

use super::command::{Command, Policy};
use crate::base::text::lossy;
use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Collected, Exit, Need, Repeat};
use crate::metrics::Counter;
use crate::target::RemotePath;

/// What a command printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub end: End,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Code(u32),
    /// By a signal; its name has no `SIG` in front.
    Signal(String),
    /// By us: one stream reached the output limit, in bytes.
    TooMuchOutput(u64),
    /// By us: it took longer than this.
    TimedOut(Duration),
}

impl Output {
    /// The output for an agent.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        let stdout = lossy(&self.stdout);
        if !stdout.is_empty() {
            parts.push(stdout.trim_end_matches('\n').to_owned());
        }
        if !self.stderr.is_empty() {
            let stderr = lossy(&self.stderr);
            parts.push(format!("[stderr]\n{}", stderr.trim_end_matches('\n')));
        }
        match &self.end {
            End::Code(0) => {}
            End::Code(code) => parts.push(format!("[exit code: {code}]")),
            End::Signal(signal) => parts.push(format!("[killed by signal {signal}]")),
            End::TooMuchOutput(limit) => {
                parts.push(format!("[truncated at {limit} bytes; the command was ended]"));
            }
            End::TimedOut(limit) => {
                let seconds = limit.as_secs_f64();
                parts.push(format!("[timed out after {seconds}s; the command was ended]\n[exit code: 124]"));
            }
        }
        if parts.is_empty() { "(no output)".into() } else { parts.join("\n") }
    }

    /// The limit that the output has reached, in bytes.
    pub fn cut_at(&self) -> Option<u64> {
        match self.end {
            End::TooMuchOutput(limit) => Some(limit),
            _ => None,
        }
    }

    /// The status a shell would give: the command's own, 128 and the signal's number, 124 for one that was ended.
    pub fn exit_code(&self) -> u8 {
        match &self.end {
            End::Code(code) => u8::try_from(*code).unwrap_or(u8::MAX),
            End::Signal(name) => 128 + signal_number(name),
            End::TimedOut(_) | End::TooMuchOutput(_) => 124,
        }
    }
}

/// Runs a command line in `directory`, as far as the policy of the settings allows it.
///
/// Errors: the command is refused (before anything is sent), those of the connection. However it ends, nothing of it
/// is left running on the host.
pub async fn run(caller: &Caller, host: &str, directory: &RemotePath, command: &str) -> Result<Output> {
    let settings = caller.settings();
    let (policy, repeat) = match settings.allow_any_command {
        false => (Policy::ReadOnly, Repeat::Safe),
        true => (Policy::Any, Repeat::Never),
    };
    let command = Command::parse(command, policy)?.to_shell_in(directory.as_str().as_bytes());
    let limit = settings.max_output_size;
    let timeout = settings.command_timeout;
    let ran = caller
        .work(host, Need::Session, repeat, async |machine| {
            let mut output = Collected::up_to(limit);
            let exit = async {
                match repeat {
                    Repeat::Safe => machine.query(&command, &mut output).await.map(Some),
                    Repeat::Never => machine.run(&command, &mut output).await.map(Some),
                }
            };
            let exit = caller.within(timeout, exit, || Ok(None)).await?;
            let end = match exit {
                Some(Exit::Code(code)) => End::Code(code),
                Some(Exit::Signal(signal)) => End::Signal(signal),
                Some(Exit::Stopped) => End::TooMuchOutput(limit),
                None => {
                    caller.recorder().count(Counter::RequestTimeouts);
                    End::TimedOut(timeout)
                }
            };
            Ok(Output { stdout: output.stdout, stderr: output.stderr, end })
        })
        .await;
    ran.map_err(|error| match (repeat, error.kind()) {
        // Who asked has to find out before he asks again.
        (Repeat::Never, Kind::ConnectionLost) => {
            Error::new(error.kind(), format!("{}; the command may have run", error.message()))
        }
        _ => error,
    })
}

/// The signals of RFC 4254 §6.10, numbered as on Linux.
fn signal_number(name: &str) -> u8 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "ABRT" => 6,
        "FPE" => 8,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stdout: &str, stderr: &str, end: End) -> Output {
        Output { stdout: stdout.into(), stderr: stderr.into(), end }
    }

    #[test]
    fn tells_both_streams_and_the_end() {
        assert_eq!(output("", "", End::Code(0)).text(), "(no output)");
        assert_eq!(output("a\n", "", End::Code(0)).text(), "a");
        assert_eq!(output("a\n", "b\n", End::Code(2)).text(), "a\n[stderr]\nb\n[exit code: 2]");
        assert_eq!(output("", "", End::Signal("KILL".into())).text(), "[killed by signal KILL]");
    }

    #[test]
    fn exits_as_a_shell_would() {
        assert_eq!(output("", "", End::Code(3)).exit_code(), 3);
        assert_eq!(output("", "", End::Signal("KILL".into())).exit_code(), 137);
        assert_eq!(output("", "", End::TimedOut(Duration::from_secs(1))).exit_code(), 124);
    }
}
