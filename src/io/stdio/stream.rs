//! One of our own standard streams: a pipe, a socket, a terminal, a file, and perhaps shared with other programs.
//!
//! io_uring waits for every one of these, so it is the event loop that reads and writes. A thread does it where there is
//! no io_uring (epoll knows no files, and wants descriptors changed that are not ours alone), and where the ring refuses,
//! as it does a stream that someone has made non-blocking on an older kernel.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use monoio::buf::IoBuf;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

use super::super::blocking::Threads;
use super::super::runtime;

/// Where the stream stands; no other place can be named in a pipe (io_uring_enter(2), `IORING_OP_READ`).
const HERE: u64 = u64::MAX;

/// A read of ours may wait for ever.
static STREAMS: Threads = Threads::new();

/// A read that is under way must not be dropped: what it reads would be lost.
pub(super) struct Stream {
    file: Arc<File>,
    ring: Option<monoio::fs::File>,
}

impl Stream {
    /// To be called on the event loop. The stream itself stays open when this is dropped.
    ///
    /// Errors: no descriptors are left.
    pub(super) fn of(stream: impl AsFd) -> io::Result<Self> {
        let file = File::from(stream.as_fd().try_clone_to_owned()?);
        let ring = match runtime::has_ring() {
            true => Some(monoio::fs::File::from_std(file.try_clone()?)?),
            false => None,
        };
        Ok(Self { file: Arc::new(file), ring })
    }

    /// Fills an empty buffer with what has come, up to its capacity; 0 at the end of input.
    pub(super) async fn read(&self, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        if let Some(ring) = &self.ring {
            let (read, filled) = ring.read_at(buffer, HERE).await;
            if read.is_ok() {
                return (read, filled);
            }
            buffer = filled;
        }
        let file = Arc::clone(&self.file);
        let read = STREAMS.run(move || {
            let read =
                when_ready(&file, PollFlags::IN, || rustix::io::read(&file, spare_capacity(&mut buffer)));
            (read, buffer)
        });
        read.await.unwrap_or_else(|error| (Err(io::Error::other(error)), Vec::new()))
    }

    /// Lets a pipe take so much at once, if it is a pipe and the system gives it.
    pub(super) fn widen(&self, bytes: usize) {
        if fcntl_getpipe_size(&*self.file).is_ok_and(|size| size < bytes) {
            // Slower is all that it is without.
            let _ = fcntl_setpipe_size(&*self.file, bytes);
        }
    }

    /// Whether nobody can read what would be written: the other end of the pipe, the socket or the terminal is closed.
    pub(super) fn is_deserted(&self) -> bool {
        // Hanging up is told unasked (poll(2)).
        let mut asked = [PollFd::new(&*self.file, PollFlags::empty())];
        retry_on_intr(|| poll(&mut asked, Some(&Timespec::default()))).is_ok_and(|told| told > 0)
    }

    /// Writes the whole buffer and gives it back.
    pub(super) async fn write_all(&self, mut buffer: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        let mut written = 0;
        if let Some(ring) = &self.ring {
            while written < buffer.len() {
                let (result, slice) = ring.write_at(buffer.slice(written..), HERE).await;
                buffer = slice.into_inner();
                match result {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => written += bytes,
                }
            }
        }
        if written == buffer.len() {
            return (Ok(()), buffer);
        }
        let file = Arc::clone(&self.file);
        let write = STREAMS.run(move || (write_all(&file, &buffer[written..]), buffer));
        write.await.unwrap_or_else(|error| (Err(io::Error::other(error)), Vec::new()))
    }
}

fn write_all(file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = when_ready(file, PollFlags::OUT, || rustix::io::write(file, bytes))?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Does what would block, on a stream that may have been made non-blocking.
fn when_ready<T>(
    file: &File,
    events: PollFlags,
    mut io: impl FnMut() -> rustix::io::Result<T>,
) -> io::Result<T> {
    loop {
        match retry_on_intr(&mut io) {
            Err(Errno::AGAIN) => drop(retry_on_intr(|| poll(&mut [PollFd::new(file, events)], None))?),
            result => return Ok(result?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, pipe};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use futures_util::future::join;
    use rustix::fs::{OFlags, fcntl_setfl};

    use super::*;

    /// More than a pipe holds.
    const BYTES: usize = 300_000;

    /// The reading and the writing end of what programs are given as their streams.
    fn ends() -> Vec<(OwnedFd, OwnedFd)> {
        let (reader, writer) = pipe().unwrap();
        let (lazy_reader, lazy_writer) = pipe().unwrap();
        for end in [lazy_reader.as_fd(), lazy_writer.as_fd()] {
            fcntl_setfl(end, OFlags::NONBLOCK).unwrap();
        }
        let (socket, other) = UnixStream::pair().unwrap();
        vec![
            (reader.into(), writer.into()),
            (lazy_reader.into(), lazy_writer.into()),
            (socket.into(), other.into()),
        ]
    }

    /// The stream as it is, or as it is without io_uring.
    fn stream(end: OwnedFd, is_on_ring: bool) -> Stream {
        let stream = Stream::of(end).unwrap();
        if is_on_ring { stream } else { Stream { ring: None, ..stream } }
    }

    async fn read_all(from: &Stream) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let (read, bytes) = from.read(Vec::with_capacity(5_000)).await;
            assert_eq!(read.unwrap(), bytes.len());
            if bytes.is_empty() {
                return all;
            }
            all.extend(bytes);
        }
    }

    #[test]
    fn streams_of_any_kind_are_read_and_written_at_once() {
        runtime::run(async {
            for is_on_ring in [true, false] {
                for (reader, writer) in ends() {
                    let (reader, writer) = (stream(reader, is_on_ring), stream(writer, is_on_ring));
                    let sent: Vec<u8> = (0..BYTES).map(|n| n.to_le_bytes()[0]).collect();
                    let send = async {
                        writer.write_all(sent.clone()).await.0.unwrap();
                        drop(writer);
                    };
                    assert!(join(read_all(&reader), send).await.0 == sent);
                }
            }
        })
        .unwrap();
    }

    #[test]
    fn a_file_is_read_and_written_from_where_it_stands() {
        runtime::run(async {
            for is_on_ring in [true, false] {
                let mut file = tempfile::tempfile().unwrap();
                let shared = stream(file.try_clone().unwrap().into(), is_on_ring);
                for piece in ["one ", "two ", "three"] {
                    shared.write_all(piece.into()).await.0.unwrap();
                }
                file.seek(SeekFrom::Start(4)).unwrap();
                assert_eq!(read_all(&shared).await, b"two three");
            }
        })
        .unwrap();
    }

    #[test]
    fn a_stream_is_deserted_once_its_other_end_is_closed() {
        runtime::run(async {
            for (reader, writer) in ends() {
                let writer = stream(writer, false);
                assert!(!writer.is_deserted());
                drop(reader);
                assert!(writer.is_deserted());
            }
            assert!(!stream(tempfile::tempfile().unwrap().into(), false).is_deserted());
        })
        .unwrap();
    }

    #[test]
    fn a_pipe_is_widened_and_nothing_else() {
        runtime::run(async {
            let (_reader, writer) = pipe().unwrap();
            let size = fcntl_getpipe_size(&writer).unwrap();
            let writer = stream(writer.into(), false);
            for (asked, got) in [(2 * size, 2 * size), (size, 2 * size)] {
                writer.widen(asked);
                assert_eq!(fcntl_getpipe_size(&*writer.file), Ok(got));
            }
            stream(tempfile::tempfile().unwrap().into(), false).widen(2 * size);
        })
        .unwrap();
    }

    #[test]
    fn a_pipe_without_a_reader_is_an_error() {
        runtime::run(async {
            for is_on_ring in [true, false] {
                let (reader, writer) = pipe().unwrap();
                drop(reader);
                let (written, _) = stream(writer.into(), is_on_ring).write_all(b"x".to_vec()).await;
                assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            }
        })
        .unwrap();
    }
}
