//! What can be started in a session.

use super::session::Session;
use super::sftp::SftpServer;

/// What a host has installed.
pub trait Programs: Send + Sync {
    /// Runs a command line, which says in the session what it has to say; false where nothing can be started.
    fn run(&self, line: &str, session: &mut Session) -> bool;

    /// Starts a subsystem; `None` where there is no such.
    fn subsystem(&self, name: &str) -> Option<Subsystem>;
}

pub enum Subsystem {
    Sftp(Box<SftpServer>),
    /// Repeats what arrives.
    Echo,
}
