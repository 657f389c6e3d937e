//! Programs that carry a connection over their standard streams (`ProxyCommand` of ssh_config(5)).

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::rc::Rc;

use event_listener::Event;
use monoio::io::{CancelHandle, CancelableAsyncReadRent, Canceller};
use monoio::net::UnixStream;

use super::children::{self, End, Group};
use super::runtime;
use super::runtime::within;
use crate::base::{Error, Kind, Result, limits};

/// What one read of a program's stderr may bring.
const READ_BYTES: usize = 4096;

/// A running program.
pub(super) struct Program {
    /// Its stdin and stdout.
    pub(super) stream: UnixStream,
    pub(super) running: Running,
}

/// The program and everything it started end when this is dropped.
pub(super) struct Running {
    _program: Group,
    stderr: Canceller,
    pub(super) complaint: Rc<Complaint>,
}

/// What the program last wrote to stderr: why it ended, when it has.
#[derive(Default)]
pub(super) struct Complaint {
    line: RefCell<Vec<u8>>,
    has_ended: Cell<bool>,
    ended: Event,
}

/// Starts a program as `ssh` does. `host` is named in the log.
pub(super) async fn start(command: &str, host: &str) -> Result<Program> {
    let failed = |error: io::Error| Error::new(Kind::Local, format!("Cannot run the ProxyCommand: {error}"));
    let (stream, theirs) = StdUnixStream::pair().map_err(failed)?;
    let (stderr, their_stderr) = StdUnixStream::pair().map_err(failed)?;
    let mut program = children::user_shell(&format!("exec {command}"));
    program
        .stdin(OwnedFd::from(theirs.try_clone().map_err(failed)?))
        .stdout(OwnedFd::from(theirs))
        .stderr(OwnedFd::from(their_stderr));
    let program = Group::start(program, End::HangUp).await.map_err(failed)?;
    let complaint = Rc::new(Complaint::default());
    let running = Running { _program: program, stderr: Canceller::new(), complaint: Rc::clone(&complaint) };
    let stderr = ours(stderr).map_err(failed)?;
    runtime::spawn(listen(stderr, running.stderr.handle(), complaint, host.to_owned()));
    Ok(Program { stream: ours(stream).map_err(failed)?, running })
}

fn ours(stream: StdUnixStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Logs what the program complains of, line by line, and keeps the last one.
async fn listen(mut stderr: UnixStream, cancel: CancelHandle, complaint: Rc<Complaint>, host: String) {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let mut line = Vec::new();
    loop {
        buffer.clear();
        let (result, filled) = stderr.cancelable_read(buffer, cancel.clone()).await;
        buffer = filled;
        if !result.is_ok_and(|read| read > 0) {
            break;
        }
        for piece in buffer.split_inclusive(|byte| *byte == b'\n') {
            let room = limits::PROXY_LINE_BYTES_MAX - line.len();
            line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") {
                complaint.note(&host, std::mem::take(&mut line));
            }
        }
    }
    complaint.note(&host, line);
    complaint.has_ended.set(true);
    complaint.ended.notify(usize::MAX);
}

impl Complaint {
    fn note(&self, host: &str, line: Vec<u8>) {
        if !line.trim_ascii().is_empty() {
            tracing::debug!(host, stderr = %line.trim_ascii().escape_ascii(), "ProxyCommand");
            self.line.replace(line);
        }
    }

    /// The program has closed its streams: the reason, which may come a moment later.
    pub(super) async fn ended(&self) -> io::Error {
        let ended = self.ended.listen();
        if !self.has_ended.get() {
            within(limits::FAREWELL_PATIENCE, ended).await;
        }
        let line = self.line.borrow();
        io::Error::other(match line.trim_ascii() {
            b"" => "the ProxyCommand ended".to_owned(),
            line => format!("the ProxyCommand ended: {}", line.escape_ascii()),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        std::mem::take(&mut self.stderr).cancel();
    }
}
