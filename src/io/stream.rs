//! What carries the bytes of a connection: a TCP socket, a tunnel through another link, or a program.
//!
//! Every connection waits in a read, and has room for all that may come of one: what is rare is boxed.
//!
//! A read of a socket is never dropped while the connection lives, only cancelled: dropping it would lose what it has
//! read.

use std::io;
use std::rc::Rc;

use futures_util::FutureExt;
use monoio::io::{
    AsyncWriteRentExt, CancelHandle, CancelableAsyncReadRent, Canceller, OwnedReadHalf, OwnedWriteHalf,
    Splitable,
};
use monoio::net::{TcpStream, UnixStream};

use super::proxy_command::{Complaint, Program, Running};
use super::runtime::within;
use super::socket::QuickAck;
use crate::base::limits;
use crate::fleet::Tunnel;

/// Both directions.
pub(super) struct Stream {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

pub(super) enum Reader {
    Tcp(OwnedReadHalf<TcpStream>, QuickAck, CancelHandle),
    Tunnel(Rc<Tunnel>),
    Program(OwnedReadHalf<UnixStream>, Rc<Complaint>, CancelHandle),
}

pub(super) enum Writer {
    Tcp(OwnedWriteHalf<TcpStream>, Canceller),
    Tunnel(Rc<Tunnel>),
    Program(OwnedWriteHalf<UnixStream>, Running, Canceller),
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        let (quick_ack, canceller) = (QuickAck::on(&stream), Canceller::new());
        let (reader, writer) = stream.into_split();
        Self {
            reader: Reader::Tcp(reader, quick_ack, canceller.handle()),
            writer: Writer::Tcp(writer, canceller),
        }
    }
}

impl From<Tunnel> for Stream {
    fn from(tunnel: Tunnel) -> Self {
        let tunnel = Rc::new(tunnel);
        Self { reader: Reader::Tunnel(Rc::clone(&tunnel)), writer: Writer::Tunnel(tunnel) }
    }
}

impl From<Program> for Stream {
    fn from(program: Program) -> Self {
        let canceller = Canceller::new();
        let Program { stream, running } = program;
        let (reader, writer) = stream.into_split();
        Self {
            reader: Reader::Program(reader, Rc::clone(&running.complaint), canceller.handle()),
            writer: Writer::Program(writer, running, canceller),
        }
    }
}

impl Reader {
    /// Fills an empty buffer with what has come, up to its capacity; 0 when nothing more will come.
    pub(super) async fn read(&mut self, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        match self {
            Self::Tcp(half, quick_ack, cancel) => {
                quick_ack.arm();
                half.cancelable_read(buffer, cancel.clone()).await
            }
            Self::Tunnel(tunnel) => {
                let bytes_max = buffer.capacity();
                let read = tunnel.read(&mut buffer, bytes_max).await;
                (read.map_err(io::Error::other), buffer)
            }
            Self::Program(half, complaint, cancel) => {
                match half.cancelable_read(buffer, cancel.clone()).await {
                    (Ok(0) | Err(_), buffer) => (Err(complaint.ended().boxed_local().await), buffer),
                    read => read,
                }
            }
        }
    }
}

impl Writer {
    /// Sends the whole buffer and gives it back.
    pub(super) async fn write_all(&mut self, buffer: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        match self {
            Self::Tcp(half, _) => {
                let (sent, buffer) = half.write_all(buffer).await;
                (sent.map(drop), buffer)
            }
            Self::Tunnel(tunnel) => {
                let sent = tunnel.write(&buffer).await;
                (sent.map_err(io::Error::other), buffer)
            }
            Self::Program(half, running, _) => match half.write_all(buffer).await {
                (Ok(_), buffer) => (Ok(()), buffer),
                (Err(_), buffer) => (Err(running.complaint.ended().boxed_local().await), buffer),
            },
        }
    }

    /// Ends the connection, on which everything has been said; the reader's wait ends too.
    pub(super) async fn close(self) {
        match self {
            Self::Tcp(_, read) => drop(read.cancel()),
            Self::Tunnel(tunnel) => {
                within(limits::FAREWELL_PATIENCE, tunnel.finished()).await;
                tunnel.close();
            }
            Self::Program(half, running, read) => {
                read.cancel();
                drop((half, running));
            }
        }
    }
}
