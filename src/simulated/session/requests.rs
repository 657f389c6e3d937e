//! What a client starts in a session, and how that ends: commands, shells that are kept, subsystems, signals.

use super::{Exit, Session, WHAT, Work};
use crate::base::limits::{SIMULATED_ENV_MAX, SSH_PACKET_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::base::time::Instant;
use crate::simulated::programs::{Programs, Subsystem};
use crate::simulated::server::transport::Transport;
use crate::simulated::shell::Shell;
use crate::simulated::weather::Sky;
use crate::ssh::wire::Reader;
use crate::ssh::{Error, number};

impl Session {
    /// A request of the client; how many operations were done for it.
    pub(super) fn request(
        &mut self,
        mut reader: Reader<'_>,
        programs: &dyn Programs,
        transport: &mut Transport,
        sky: &Sky,
        now: Instant,
    ) -> Result<usize, Error> {
        let kind = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?;
        let wants_reply = reader.bool(WHAT)?;
        let (is_known, operations) = match kind {
            "exec" => (self.run(reader.text(SSH_PACKET_BYTES_MAX, WHAT)?, programs, sky, now), 1),
            "subsystem" => (self.start(reader.text(SSH_TEXT_BYTES_MAX, WHAT)?, programs), 0),
            "env" => {
                let name = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?.to_owned();
                let value = reader.text(SSH_TEXT_BYTES_MAX, WHAT)?.to_owned();
                let has_room = self.env.len() < SIMULATED_ENV_MAX;
                self.env.extend(has_room.then_some((name, value)));
                (has_room, 0)
            }
            "signal" => {
                self.end_by(reader.text(SSH_TEXT_BYTES_MAX, WHAT)?);
                (true, 0)
            }
            _ => (false, 0),
        };
        if wants_reply && !self.closes {
            let answer = if is_known { number::CHANNEL_SUCCESS } else { number::CHANNEL_FAILURE };
            self.say(answer, transport);
        }
        Ok(operations)
    }

    fn run(&mut self, line: &str, programs: &dyn Programs, sky: &Sky, now: Instant) -> bool {
        let Some((shell, command)) = Shell::started(line) else {
            return self.run_command(line, programs, sky, now);
        };
        self.mark(&shell.begin());
        self.shell = Some(shell);
        self.run_command(&command, programs, sky, now)
    }

    /// What a shell has been told to run; how many commands.
    pub(super) fn run_lines(&mut self, programs: &dyn Programs, sky: &Sky, now: Instant) -> usize {
        let mut count = 0;
        while let Some(command) = self.shell.as_mut().and_then(Shell::next_command) {
            self.run_command(&command, programs, sky, now);
            count += 1;
        }
        count
    }

    fn run_command(&mut self, line: &str, programs: &dyn Programs, sky: &Sky, now: Instant) -> bool {
        self.work = Work::Command;
        let before = self.output.len();
        let is_known = programs.run(line, self);
        self.mark_end();
        if matches!(self.work, Work::Command) {
            let time = sky.operation() + std::mem::take(&mut self.takes);
            self.hold(self.output.len() - before, time, now);
        }
        is_known
    }

    /// Ends, and the shell with it if there is one.
    pub(super) fn end_shell(&mut self, exit: Exit) {
        self.shell = None;
        self.end(exit);
    }

    /// In a shell, what would have ended the session is told by marks, and the session goes on.
    pub(super) fn mark_end(&mut self) {
        let Some(shell) = &self.shell else { return };
        // There is no input to repeat.
        let echoes = matches!(self.work, Work::Echo);
        let Some(exit) = self.exit.take().or_else(|| echoes.then_some(Exit::Status(0))) else { return };
        let mark = shell.end(&exit);
        self.work = Work::Command;
        self.mark(&mark);
    }

    fn mark(&mut self, mark: &str) {
        self.print(mark.as_bytes());
        self.complain(mark.as_bytes());
    }

    fn start(&mut self, name: &str, programs: &dyn Programs) -> bool {
        let found = programs.subsystem(name);
        let is_known = found.is_some();
        self.work = match found {
            Some(Subsystem::Sftp(sftp)) => Work::Sftp(sftp),
            Some(Subsystem::Echo) => Work::Echo,
            None => Work::Command,
        };
        is_known
    }

    /// A signal for what runs: what it has not printed by now is lost.
    fn end_by(&mut self, signal: &str) {
        if self.is_stubborn && signal != "KILL" {
            return;
        }
        self.output.truncate(self.output.len() - self.held_bytes);
        self.held.clear();
        self.held_bytes = 0;
        self.end_shell(Exit::Signal(signal.to_owned()));
    }
}
