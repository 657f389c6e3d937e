//! Commands on this machine.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use monoio::io::AsyncReadRent;
use monoio::net::UnixStream;

use super::children::{self, End, Group};
use super::memory;
use crate::base::{Error, Kind, Result};
use crate::fleet::{Exit, Shell, Sink, Stream, leash};

/// `sh` in the user's home directory (`/` when there is none), without standard input.
#[derive(Debug)]
pub(super) struct LocalShell {
    pub(super) home: PathBuf,
}

/// What one read of a command's output may bring.
const READ_BYTES: usize = 64 * 1024;

impl Shell for LocalShell {
    fn run<'a>(&'a self, command: &'a [u8], sink: &'a mut dyn Sink) -> LocalBoxFuture<'a, Result<Exit>> {
        self.run_on_leash(command, sink).inspect(|_| memory::note_rest()).boxed_local()
    }
}

impl LocalShell {
    async fn run_on_leash(&self, command: &[u8], sink: &mut dyn Sink) -> Result<Exit> {
        let failed =
            |error: io::Error| Error::new(Kind::Local, format!("Cannot run a command here: {error}"));
        let (stdin, their_stdin) = StdUnixStream::pair().map_err(failed)?;
        let (stdout, their_stdout) = pipe().map_err(failed)?;
        let (stderr, their_stderr) = pipe().map_err(failed)?;
        let arguments = leash::arguments(command)?;
        let mut program = children::program("/bin/sh");
        program
            .args(arguments.map(OsStr::from_bytes))
            .current_dir(if self.home.is_dir() { self.home.as_path() } else { Path::new("/") })
            .stdin(OwnedFd::from(their_stdin))
            .stdout(their_stdout)
            .stderr(their_stderr);
        let running = Group::start(program, End::OfInput).await.map_err(failed)?;
        let leashed = Leashed { running, _stdin: stdin };

        let sink = RefCell::new(sink);
        let streams = futures_util::try_join!(
            pass_on(stdout, Stream::Stdout, &sink),
            pass_on(stderr, Stream::Stderr, &sink)
        );
        match streams {
            // Both streams are at their end, so this is over in a moment.
            Ok(_) => leashed.running.wait().await.map(exit_of).map_err(failed),
            Err(Halt::Enough) => Ok(Exit::Stopped),
            Err(Halt::Failed(error)) => Err(failed(error)),
        }
    }
}

/// Our end of a stream, and the end for the command.
pub(super) fn pipe() -> io::Result<(UnixStream, Stdio)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, Stdio::from(OwnedFd::from(theirs))))
}

enum Halt {
    Enough,
    Failed(io::Error),
}

async fn pass_on(mut from: UnixStream, stream: Stream, sink: &RefCell<&mut dyn Sink>) -> Result<(), Halt> {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    loop {
        buffer.clear();
        let (result, filled) = from.read(buffer).await;
        buffer = filled;
        if result.map_err(Halt::Failed)? == 0 {
            return Ok(());
        }
        if let ControlFlow::Break(()) = sink.borrow_mut().take(stream, &buffer) {
            return Err(Halt::Enough);
        }
    }
}

/// A running command. Its input ends when this is dropped, and with that the command and everything it started.
struct Leashed {
    running: Group,
    _stdin: StdUnixStream,
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code.unsigned_abs()),
        (None, Some(signal)) => Exit::Signal(signal_name(signal)),
        (None, None) => Exit::Stopped,
    }
}

/// The name without `SIG`, as SSH gives it.
fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        10 => "USR1",
        11 => "SEGV",
        12 => "USR2",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => return number.to_string(),
    };
    name.into()
}

#[cfg(test)]
mod tests;
