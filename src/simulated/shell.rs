//! A shell that is kept for several commands (`fleet/kept_shell.rs`), as its host sees it: commands come as lines of input,
//! one after the other, and tell their beginning and their ends by marks on both streams.

use super::session::Exit;
use super::words;
use crate::base::limits::SSH_PACKET_BYTES_MAX;

pub struct Shell {
    /// Of the command that runs.
    number: String,
    input: Vec<u8>,
}

/// What a shell tells of a command that a signal has ended.
const KILLED: u32 = 137;

impl Shell {
    /// The shell that a command line starts, with its first command; `None` where it starts none.
    pub fn started(line: &str) -> Option<(Self, String)> {
        let (number, command) = words::kept_shell(line)?;
        Some((Self { number, input: Vec::new() }, command))
    }

    /// Takes input; false when a line is longer than it reads.
    pub fn handle_input(&mut self, bytes: &[u8]) -> bool {
        self.input.extend_from_slice(bytes);
        self.input.len() <= SSH_PACKET_BYTES_MAX
    }

    /// The next command, if it is there. Empty lines are none.
    pub fn next_command(&mut self) -> Option<String> {
        while let Some(end) = memchr::memchr(b'\n', &self.input) {
            let line: Vec<_> = self.input.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some((number, command)) = line.trim_end_matches('\n').split_once(' ') {
                number.clone_into(&mut self.number);
                return Some(command.to_owned());
            }
        }
        None
    }

    /// What stands before the first command's output.
    pub fn begin(&self) -> String {
        format!("\x01({}\n", self.number)
    }

    /// What stands behind a command's output.
    pub fn end(&self, exit: &Exit) -> String {
        let status = match exit {
            Exit::Status(status) => *status,
            Exit::Signal(_) | Exit::None => KILLED,
        };
        format!("\x01){} {status}\n", self.number)
    }
}
