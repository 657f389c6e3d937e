//! Our own standard streams, for a protocol of lines.

mod line;
mod stream;

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use event_listener::Event;

use super::runtime;
use crate::base::limits;
pub use line::Line;
pub(super) use line::Splitter;
use stream::Stream;

/// What one read may bring: as much as a pipe holds.
const READ_BYTES: usize = 64 * 1024;
/// Lines read ahead of the program.
const LINES_AHEAD: usize = 64;
/// Lines written that standard output has not taken, and their bytes: one answer may be a hundred megabytes.
const LINES_BEHIND: usize = 1024;
const BYTES_BEHIND: usize = 8 * 1024 * 1024;
/// How much a pipe is to take at once: an answer of a megabyte would wake its reader and us sixteen times by turns. The most that
/// Linux gives to everybody (pipe(7), `pipe-max-size`); memory is taken for what is in it only.
const WIDE_PIPE_BYTES: usize = 1024 * 1024;
/// Lines that one write may carry.
const LINES_PER_WRITE: usize = 64;
/// What a write needed is kept for the next, up to so much.
const BUFFER_BYTES_KEPT: usize = 64 * 1024;
/// How often a look is taken whether anybody still reads.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The lines of standard input. It closes at the end of input.
///
/// Errors: no descriptors are left.
pub fn lines() -> io::Result<Receiver<Line>> {
    let stdin = Stream::of(io::stdin())?;
    let (sender, receiver) = async_channel::bounded(LINES_AHEAD);
    runtime::spawn(async move {
        if let Err(error) = read_lines(&stdin, limits::MESSAGE_BYTES_MAX, &sender).await {
            tracing::warn!(%error, "standard input failed");
        }
    });
    Ok(receiver)
}

/// Where lines for standard output go.
pub struct Output {
    stream: Rc<Stream>,
    lines: Sender<Vec<u8>>,
    behind: Rc<Behind>,
    /// Closed once everything is written.
    end: Receiver<()>,
}

/// How far standard output is behind, in bytes, and news of its progress.
#[derive(Default)]
struct Behind {
    bytes: Cell<usize>,
    progress: Event,
}

/// Nobody reads standard output any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Output {
    /// Errors: no descriptors are left.
    pub fn start() -> io::Result<Self> {
        let stdout = Stream::of(io::stdout())?;
        stdout.widen(WIDE_PIPE_BYTES);
        Ok(Self::to(stdout))
    }

    fn to(stream: Stream) -> Self {
        let stream = Rc::new(stream);
        let (lines, receiver) = async_channel::bounded(LINES_BEHIND);
        let (is_at_work, end) = async_channel::bounded(1);
        let behind = Rc::new(Behind::default());
        let (to, progress) = (Rc::clone(&stream), Rc::clone(&behind));
        runtime::spawn(async move {
            let _is_at_work: Sender<()> = is_at_work;
            if let Err(error) = write_lines(&to, &receiver, &progress).await {
                tracing::debug!(%error, "standard output is closed");
                receiver.close();
                progress.progress.notify(usize::MAX);
            }
        });
        Self { stream, lines, behind, end }
    }

    /// Hands over a line without its end, once there is room for it.
    pub async fn send(&self, line: Vec<u8>) -> Result<(), Closed> {
        while self.behind.bytes.get() >= BYTES_BEHIND && !self.lines.is_closed() {
            self.behind.progress.listen().await;
        }
        self.behind.bytes.update(|bytes| bytes + line.len());
        self.lines.send(line).await.map_err(|_| Closed)
    }

    /// Waits until nobody reads any more, which writing would tell only when there is something to write.
    pub async fn deserted(&self) {
        while !self.stream.is_deserted() {
            runtime::sleep_until(runtime::now() + LOOK_EVERY).await;
        }
    }

    /// Waits until everything is written.
    pub async fn finish(self) {
        drop(self.lines);
        // Nothing is ever said there.
        let _ = self.end.recv().await;
    }
}

async fn read_lines(from: &Stream, bytes_max: usize, to: &Sender<Line>) -> io::Result<()> {
    let mut splitter = Splitter::new(bytes_max);
    let mut buffer = Vec::with_capacity(READ_BYTES);
    loop {
        let (read, filled) = from.read(buffer).await;
        if read? == 0 {
            if let Some(line) = splitter.end() {
                // Nobody is left who would miss it.
                let _ = to.send(line).await;
            }
            return Ok(());
        }
        let mut bytes = &filled[..];
        while let Some(line) = splitter.next(&mut bytes) {
            if to.send(line).await.is_err() {
                return Ok(());
            }
        }
        buffer = filled;
        buffer.clear();
    }
}

async fn write_lines(to: &Stream, from: &Receiver<Vec<u8>>, behind: &Behind) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Ok(line) = from.recv().await {
        append(&mut buffer, line);
        let mut lines = 1;
        while lines < LINES_PER_WRITE
            && let Ok(line) = from.try_recv()
        {
            append(&mut buffer, line);
            lines += 1;
        }
        let bytes = buffer.len() - lines;
        let (written, sent) = to.write_all(buffer).await;
        written?;
        behind.bytes.update(|behind| behind - bytes);
        behind.progress.notify(usize::MAX);
        buffer = sent;
        buffer.clear();
        buffer.shrink_to(BUFFER_BYTES_KEPT);
    }
    Ok(())
}

/// A line that is alone in its write is not copied.
fn append(buffer: &mut Vec<u8>, mut line: Vec<u8>) {
    if buffer.is_empty() && line.len() > buffer.capacity() {
        std::mem::swap(buffer, &mut line);
    } else {
        buffer.extend_from_slice(&line);
    }
    buffer.push(b'\n');
}

#[cfg(test)]
mod tests;
