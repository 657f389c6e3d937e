//! A program that is spoken to over its standard streams, a line at a time. Its standard error goes to ours, or nowhere.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::Stdio;

use async_channel::{Receiver, Sender};
use monoio::io::{
    AsyncWriteRentExt, CancelHandle, CancelableAsyncReadRent, Canceller, OwnedReadHalf, OwnedWriteHalf,
    Splitable,
};
use monoio::net::UnixStream;

use super::children::{self, End, Group};
use super::runtime;
use super::stdio::{Line, Splitter};
use crate::base::limits::{MESSAGE_BYTES_MAX, RIG_ANSWER_BYTES_MAX};
use crate::base::{Error, Kind, Result};

/// What one read may bring.
const READ_BYTES: usize = 256 * 1024;
/// Lines that wait to be read by us, and to be written.
const LINES_AHEAD: usize = 1024;

/// See the module's documentation. The program and all that it started end when this is dropped.
pub struct Partner {
    program: RefCell<Option<Group>>,
    id: u32,
    lines: Receiver<Line>,
    sayings: Sender<Vec<u8>>,
    reading: RefCell<Canceller>,
}

impl Partner {
    /// Starts a command line of the user's shell. `is_heard` lets him read what it complains of.
    ///
    /// Errors: it cannot be started.
    pub async fn start(command: &str, is_heard: bool) -> Result<Self> {
        let failed = |error: io::Error| Error::new(Kind::Local, format!("Cannot start '{command}': {error}"));
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        let mut program = children::user_shell(&format!("exec {command}"));
        program
            .stdin(OwnedFd::from(theirs.try_clone().map_err(failed)?))
            .stdout(OwnedFd::from(theirs))
            .stderr(if is_heard { Stdio::inherit() } else { Stdio::null() });
        let program = Group::start(program, End::HangUp).await.map_err(failed)?;
        let id = program.id().unwrap_or_default();
        ours.set_nonblocking(true).map_err(failed)?;
        let (reader, writer) = UnixStream::from_std(ours).map_err(failed)?.into_split();
        let (heard, lines) = async_channel::bounded(LINES_AHEAD);
        let (sayings, said) = async_channel::bounded(LINES_AHEAD);
        let reading = Canceller::new();
        runtime::spawn(read(reader, reading.handle(), heard));
        runtime::spawn(write(writer, said));
        Ok(Self { program: RefCell::new(Some(program)), id, lines, sayings, reading: RefCell::new(reading) })
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Says a line, given without its end.
    ///
    /// Errors: it does not listen any more.
    pub async fn say(&self, mut line: Vec<u8>) -> Result<()> {
        line.push(b'\n');
        self.sayings.send(line).await.map_err(|_| gone())
    }

    /// What it says, line by line, up to its end.
    pub fn lines(&self) -> Receiver<Line> {
        self.lines.clone()
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.program.take();
        self.reading.take().cancel();
    }
}

fn gone() -> Error {
    Error::new(Kind::ConnectionLost, "the program has ended, or closed its standard streams")
}

async fn read(mut from: OwnedReadHalf<UnixStream>, cancel: CancelHandle, heard: Sender<Line>) {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let mut splitter = Splitter::new(RIG_ANSWER_BYTES_MAX.max(MESSAGE_BYTES_MAX));
    loop {
        buffer.clear();
        let (read, filled) = from.cancelable_read(buffer, cancel.clone()).await;
        buffer = filled;
        if !read.is_ok_and(|read| read > 0) {
            break;
        }
        let mut bytes = buffer.as_slice();
        while let Some(line) = splitter.next(&mut bytes) {
            if heard.send(line).await.is_err() {
                return;
            }
        }
    }
    if let Some(last) = splitter.end() {
        let _ = heard.send(last).await;
    }
}

/// All lines that wait leave in one write.
async fn write(mut to: OwnedWriteHalf<UnixStream>, said: Receiver<Vec<u8>>) {
    while let Ok(mut bytes) = said.recv().await {
        while bytes.len() < READ_BYTES
            && let Ok(more) = said.try_recv()
        {
            bytes.extend_from_slice(&more);
        }
        if to.write_all(bytes).await.0.is_err() {
            said.close();
        }
    }
}
