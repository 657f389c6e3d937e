//! Our own standard streams, for a protocol of lines. Threads carry them: stdin may be a pipe, a file, a terminal or
//! a socket, and not all of these can be awaited.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use async_channel::{Receiver, Sender};
use event_listener::Event;

use super::cpus;
use crate::base::limits;

/// Lines read ahead of the program.
const LINES_AHEAD: usize = 64;
/// Lines written that standard output has not taken, and their bytes: one answer may be a hundred megabytes.
const LINES_BEHIND: usize = 1024;
const BYTES_BEHIND: usize = 8 * 1024 * 1024;
/// Lines that one write may carry.
const LINES_PER_WRITE: usize = 64;

/// A line from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Text(Vec<u8>),
    /// Longer than a message may be; nothing of it was kept.
    TooLong,
}

/// The lines of standard input. It closes at the end of input.
pub fn lines() -> Receiver<Line> {
    let (sender, receiver) = async_channel::bounded(LINES_AHEAD);
    // Without its thread the channel is closed at once, as at the end of input.
    let _ = thread::Builder::new().name("stdin".into()).spawn(move || {
        cpus::unpin();
        if let Err(error) = read_lines(&mut io::stdin().lock(), limits::MESSAGE_BYTES_MAX, &sender) {
            tracing::warn!(%error, "standard input failed");
        }
    });
    receiver
}

/// Where lines for standard output go.
pub struct Output {
    lines: Sender<Vec<u8>>,
    behind: Arc<Behind>,
    writer: thread::JoinHandle<()>,
}

/// How far standard output is behind, in bytes, and news of its progress.
#[derive(Default)]
struct Behind {
    bytes: AtomicUsize,
    progress: Event,
}

/// Nobody reads standard output any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Output {
    /// Starts the thread that writes.
    pub fn start() -> io::Result<Self> {
        let (lines, receiver) = async_channel::bounded(LINES_BEHIND);
        let behind = Arc::new(Behind::default());
        let progress = Arc::clone(&behind);
        let writer = thread::Builder::new().name("stdout".into()).spawn(move || {
            cpus::unpin();
            if let Err(error) = write_lines(&mut io::stdout().lock(), &receiver, &progress) {
                tracing::debug!(%error, "standard output is closed");
                receiver.close();
                progress.progress.notify(usize::MAX);
            }
        })?;
        Ok(Self { lines, behind, writer })
    }

    /// Hands over a line without its end, once there is room for it.
    pub async fn send(&self, line: Vec<u8>) -> Result<(), Closed> {
        loop {
            let progress = self.behind.progress.listen();
            if self.behind.bytes.load(Ordering::Acquire) < BYTES_BEHIND || self.lines.is_closed() {
                break;
            }
            progress.await;
        }
        self.behind.bytes.fetch_add(line.len(), Ordering::AcqRel);
        self.lines.send(line).await.map_err(|_| Closed)
    }

    /// Waits until everything is written.
    pub fn finish(self) {
        drop(self.lines);
        // A thread that panicked has nothing more to write.
        let _ = self.writer.join();
    }
}

fn read_lines(from: &mut impl BufRead, bytes_max: usize, to: &Sender<Line>) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        let read = from.by_ref().take(bytes_max as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        let line = if !ended && read > bytes_max {
            from.skip_until(b'\n')?;
            Line::TooLong
        } else {
            line.pop_if(|last| *last == b'\r');
            Line::Text(line)
        };
        if to.send_blocking(line).is_err() {
            return Ok(());
        }
    }
}

fn write_lines(to: &mut impl Write, from: &Receiver<Vec<u8>>, behind: &Behind) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Ok(line) = from.recv_blocking() {
        buffer.clear();
        append(&mut buffer, &line);
        let mut lines = 1;
        while lines < LINES_PER_WRITE
            && let Ok(line) = from.try_recv()
        {
            append(&mut buffer, &line);
            lines += 1;
        }
        to.write_all(&buffer)?;
        to.flush()?;
        behind.bytes.fetch_sub(buffer.len() - lines, Ordering::AcqRel);
        behind.progress.notify(usize::MAX);
    }
    Ok(())
}

fn append(buffer: &mut Vec<u8>, line: &[u8]) {
    buffer.extend_from_slice(line);
    buffer.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8], bytes_max: usize) -> Vec<Line> {
        let (sender, receiver) = async_channel::unbounded();
        read_lines(&mut io::BufReader::with_capacity(3, input), bytes_max, &sender).unwrap();
        drop(sender);
        std::iter::from_fn(|| receiver.recv_blocking().ok()).collect()
    }

    fn text(line: &str) -> Line {
        Line::Text(line.into())
    }

    #[test]
    fn splits_lines_and_skips_what_is_too_long() {
        assert_eq!(read(b"one\r\n\ntwo", 8), [text("one"), text(""), text("two")]);
        assert_eq!(read(b"12345678\n123456789\nnext\n", 8), [text("12345678"), Line::TooLong, text("next")]);
        assert_eq!(read(b"123456789", 8), [Line::TooLong]);
        assert_eq!(read(b"", 8), []);
    }

    #[test]
    fn writes_each_line_with_its_end() {
        let (sender, receiver) = async_channel::unbounded();
        for line in ["a", "b"] {
            sender.try_send(line.as_bytes().to_vec()).unwrap();
        }
        drop(sender);
        let behind = Behind { bytes: AtomicUsize::new(2), ..Behind::default() };
        let mut out = Vec::new();
        write_lines(&mut out, &receiver, &behind).unwrap();
        assert_eq!(out, b"a\nb\n");
        assert_eq!(behind.bytes.into_inner(), 0);
    }
}
