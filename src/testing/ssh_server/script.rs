//! The commands of a server in tests.

use super::ServerConfig;
use crate::simulated::programs::{Programs, Subsystem};
use crate::simulated::session::{Exit, Session};
use crate::simulated::sftp::SftpServer;

pub(super) struct Script {
    /// Makes what the subsystem `sftp` serves.
    sftp: Option<fn() -> SftpServer>,
    runs_commands: bool,
}

impl Script {
    pub fn of(config: &ServerConfig) -> Self {
        Self { sftp: config.sftp, runs_commands: config.runs_commands }
    }

    /// The content of a file of the SFTP server.
    fn print(&self, path: &str, session: &mut Session) {
        let tree = self.sftp.map(|serves| serves());
        let content = tree.as_ref().and_then(|tree| tree.file(path));
        session.print(content.unwrap_or_default());
        session.end(Exit::Status(u32::from(content.is_none())));
    }

    /// What the script answers that shows the content of files: `-- PATH BYTES`, and the rest of it on further lines.
    fn show(&self, script: &str, session: &mut Session) {
        let mut words = script.split_whitespace().skip(1);
        let path = words.next().unwrap_or_default();
        let bytes = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let tree = self.sftp.map(|serves| serves());
        match tree.as_ref().and_then(|tree| tree.file(path)) {
            Some(content) => {
                session.print(b"\x01scout file\n");
                session.print(&content[..content.len().min(bytes)]);
            }
            None => session.print(b"\x01scout other\n"),
        }
        session.end(Exit::Status(0));
    }
}

impl Programs for Script {
    fn run(&self, line: &str, session: &mut Session) -> bool {
        if !self.runs_commands {
            return false;
        }
        let command = bare(line);
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match name {
            "set" => self.show(argument, session),
            "echo" => {
                session.print(argument.as_bytes());
                session.end(Exit::Status(0));
            }
            "printenv" => {
                let values: String = session.env(argument).collect();
                session.print(values.as_bytes());
                session.end(Exit::Status(0));
            }
            "fail" => {
                session.complain(argument.as_bytes());
                session.end(Exit::Status(1));
            }
            "bytes" => {
                let count: usize = argument.parse().unwrap_or_default();
                session.print(&(0..count).map(|at| at as u8).collect::<Vec<_>>());
                session.end(Exit::Status(0));
            }
            "exit" => session.end(Exit::Status(argument.parse().unwrap_or_default())),
            "killed" => session.end(Exit::Signal(argument.to_owned())),
            "cat" if argument.is_empty() => session.echo(),
            "cat" => self.print(argument, session),
            "hang" | "task" => {}
            "stubborn" => session.ignore_signals(),
            "linger" => {
                session.linger();
                session.end(Exit::Status(0));
            }
            _ => return false,
        }
        true
    }

    fn subsystem(&self, name: &str) -> Option<Subsystem> {
        match name {
            "echo" => Some(Subsystem::Echo),
            "sftp" => self.sftp.map(|serves| Subsystem::Sftp(Box::new(serves()))),
            _ => None,
        }
    }
}

/// The command itself: without what a fleet puts around it.
pub(super) fn bare(line: &str) -> &str {
    // Of one on a leash the last word.
    let command = match line.strip_prefix("exec sh ").and_then(|line| line.rsplit_once(" scout ")) {
        Some((_, command)) => command.trim_matches('\''),
        // Of a shell that is kept, behind its number.
        None => match line.rsplit_once(" scout-shell ").and_then(|(_, rest)| rest.split_once(' ')) {
            Some((_, command)) => command.trim_matches('\''),
            None => line,
        },
    };
    // All directories are the same.
    let in_directory = command.strip_prefix("cd ").and_then(|rest| rest.split_once(" && "));
    let command = in_directory.map_or(command, |(_, command)| command);
    // A text that is run as it is stands in quotes.
    command.strip_prefix("eval ").map_or(command, |text| text.trim_matches(['\'', '\\']))
}
