//! A connection to a server, which is asked one thing after the other.

use std::io;
use std::net::SocketAddr;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

use crate::base::limits::RIG_ANSWER_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use crate::http::{Answer, Answers};
use crate::io::connect::{Origin, connect};
use crate::io::resolver::resolve;

/// What one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// Where a server listens.
#[derive(Debug, Clone)]
pub struct Place(Vec<SocketAddr>);

/// See the module's documentation.
pub struct Client {
    stream: TcpStream,
    answers: Answers,
    buffer: Vec<u8>,
}

impl Place {
    /// The addresses of a name.
    ///
    /// Errors: it has none.
    pub async fn of(host: &str, port: u16) -> Result<Self> {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let found = resolve(name, port).await?;
        match found.is_empty() {
            true => Err(Error::new(Kind::Unreachable, format!("{host} has no address"))),
            false => Ok(Self(found)),
        }
    }
}

impl Client {
    /// Errors: nobody listens there.
    pub async fn connect(place: &Place) -> Result<Self> {
        let stream = connect(&place.0, &Origin::default(), 1).await?;
        Ok(Self {
            stream,
            answers: Answers::new(RIG_ANSWER_BYTES_MAX),
            buffer: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends a request and waits for its answer. When the future is dropped, the connection is of no use any more.
    ///
    /// Errors: the connection is lost; the answer is no HTTP.
    pub async fn ask(&mut self, request: Vec<u8>) -> Result<Answer> {
        let (sent, _) = self.stream.write_all(request).await;
        sent.map_err(|error| lost(&error))?;
        loop {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            let (read, filled) = self.stream.read(buffer).await;
            self.buffer = filled;
            match read.map_err(|error| lost(&error))? {
                0 => return self.answers.end(),
                _ => {
                    if let Some(answer) = self.answers.take(&self.buffer)? {
                        return Ok(answer);
                    }
                }
            }
        }
    }
}

fn lost(error: &io::Error) -> Error {
    Error::new(Kind::ConnectionLost, format!("the connection is lost: {error}"))
}
