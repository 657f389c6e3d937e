//! What operations need of a host, whether it is at the other end of an SSH connection or this very machine.

use std::ops::ControlFlow;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::link::{Hold, Link};
use crate::base::Result;

pub use crate::ssh::Stream;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Code(u32),
    /// A signal ended it; the name has no `SIG` in front (RFC 4254 §6.10).
    Signal(String),
    /// Its reader had enough, and it was ended by us.
    Stopped,
}

/// Takes a command's output as it comes.
///
/// It is called while the connection is borrowed, so it must not come back to it.
pub trait Sink {
    /// `Break` ends the command.
    fn take(&mut self, stream: Stream, bytes: &[u8]) -> ControlFlow<()>;
}

/// Runs commands on this machine. Implemented by `io/`, which knows processes.
pub trait Shell {
    /// Runs a command line with `sh` in the user's home directory.
    ///
    /// Dropping the future ends the command and everything it started.
    fn run<'a>(&'a self, command: &'a [u8], sink: &'a mut dyn Sink) -> LocalBoxFuture<'a, Result<Exit>>;
}

/// A host, ready for work.
#[derive(Clone)]
pub enum Machine {
    Remote(Hold),
    Local(Rc<dyn Shell>),
}

impl Machine {
    /// Runs a command line with `sh`, in the home directory and without input.
    ///
    /// Dropping the future ends the command on the host as well.
    pub async fn run(&self, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        match self {
            Self::Remote(link) => link.run(command, sink).await,
            Self::Local(shell) => shell.run(command, sink).await,
        }
    }

    /// As [`Machine::run`], a command that may as well run twice, as one that only reads: see [`Link::query`].
    pub async fn query(&self, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        match self {
            Self::Remote(link) => link.query(command, sink).await,
            Self::Local(shell) => shell.run(command, sink).await,
        }
    }

    /// The same, where something may be left running: see [`Link::query_alone`].
    pub async fn query_alone(&self, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        match self {
            Self::Remote(link) => link.query_alone(command, sink).await,
            Self::Local(shell) => shell.run(command, sink).await,
        }
    }

    /// The connection that serves files by SFTP, unless the host is known to have none: see [`Link::serves_files`].
    pub fn files(&self) -> Result<Option<&Rc<Link>>> {
        match self {
            Self::Remote(link) => Ok(link.serves_files()?.then_some(link)),
            Self::Local(_) => Ok(None),
        }
    }
}

/// Keeps both streams of a command, each up to a limit. More than that ends the command.
#[derive(Debug, Default)]
pub struct Collected {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    limit: usize,
}

impl Collected {
    /// `limit` bytes of each stream are kept.
    pub fn up_to(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), ..Self::default() }
    }
}

impl Sink for Collected {
    fn take(&mut self, stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let room = self.limit - kept.len();
        kept.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if bytes.len() > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_not_too_much() {
        let mut output = Collected::up_to(4);
        assert!(output.take(Stream::Stdout, b"1234").is_continue());
        assert!(output.take(Stream::Stderr, b"12").is_continue());
        assert!(output.take(Stream::Stderr, b"345").is_break());
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"1234"[..], &b"1234"[..]));
    }
}
