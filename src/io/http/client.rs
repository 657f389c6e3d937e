//! A connection to a server, which is asked one thing after the other.

use std::io;
use std::net::SocketAddr;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

use super::Trust;
use super::tls::{Broken, Session};
use crate::base::limits::RIG_ANSWER_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use crate::http::{Answer, Answers};
use crate::io::connect::{Origin, connect};
use crate::io::resolver::resolve;

/// What one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// Where a server listens, and whether over TLS.
#[derive(Debug, Clone)]
pub struct Place {
    host: String,
    addresses: Vec<SocketAddr>,
    trust: Option<Trust>,
}

/// See the module's documentation.
pub struct Client {
    stream: TcpStream,
    tls: Option<Box<Session>>,
    answers: Answers,
    buffer: Vec<u8>,
    has_heard: bool,
}

impl Place {
    /// The addresses of a name; `trust` where it is to prove that it is the one.
    ///
    /// Errors: it has none.
    pub async fn of(host: &str, port: u16, trust: Option<Trust>) -> Result<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let addresses = resolve(&host, port).await?;
        match addresses.is_empty() {
            true => Err(Error::new(Kind::Unreachable, format!("{host} has no address"))),
            false => Ok(Self { host, addresses, trust }),
        }
    }
}

impl Client {
    /// Errors: nobody listens there; it is not whom we trust.
    pub async fn connect(place: &Place) -> Result<Self> {
        let stream = connect(&place.addresses, &Origin::default(), 1).await?;
        let tls = place.trust.as_ref().map(|trust| trust.session(&place.host).map(Box::new)).transpose()?;
        let answers = Answers::new(RIG_ANSWER_BYTES_MAX);
        let buffer = Vec::with_capacity(READ_BYTES);
        let mut client = Self { stream, tls, answers, buffer, has_heard: false };
        client.greet().await?;
        Ok(client)
    }

    /// Over TLS, until both sides know each other.
    async fn greet(&mut self) -> Result<()> {
        while let Some(tls) = &mut self.tls {
            let (output, is_ready) = (tls.take_output(), tls.is_ready());
            self.write(output).await?;
            if is_ready {
                break;
            }
            if self.read().await? == 0 {
                return Err(Error::new(
                    Kind::ConnectionLost,
                    "the server ended the connection while TLS began",
                ));
            }
            self.plain().await?;
        }
        Ok(())
    }

    /// Sends a request and waits for its answer. When the future is dropped, the connection is of no use any more.
    ///
    /// Errors: the connection is lost; the answer is no HTTP.
    pub async fn ask(&mut self, request: Vec<u8>) -> Result<Answer> {
        let request = match &mut self.tls {
            Some(tls) => tls.seal(&request),
            None => request,
        };
        self.has_heard = false;
        self.write(request).await?;
        while self.read().await? > 0 {
            let is_over = self.plain().await?;
            self.has_heard |= !self.buffer.is_empty();
            if let Some(answer) = self.answers.take(&self.buffer)? {
                return Ok(answer);
            }
            if is_over {
                break;
            }
        }
        self.answers.end()
    }

    /// Whether anything came of the answer to the last request.
    pub fn has_heard(&self) -> bool {
        self.has_heard
    }

    async fn write(&mut self, bytes: Vec<u8>) -> Result<()> {
        let (sent, _) = self.stream.write_all(bytes).await;
        sent.map(drop).map_err(|error| lost(&error))
    }

    /// Fills the buffer with what has come; 0 when nothing more will come.
    async fn read(&mut self) -> Result<usize> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let (read, filled) = self.stream.read(buffer).await;
        self.buffer = filled;
        read.map_err(|error| lost(&error))
    }

    /// Puts what it says in place of what has come; whether the server has said its last.
    async fn plain(&mut self) -> Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(false) };
        let mut plain = Vec::with_capacity(READ_BYTES);
        let heard = tls.handle_input(&self.buffer, |part| plain.extend_from_slice(part));
        let output = tls.take_output();
        self.buffer = plain;
        if !output.is_empty() {
            // An alert to a server that is not trusted; that it did not arrive says less than the reason for it.
            let written = self.write(output).await;
            if heard.is_ok() {
                written?;
            }
        }
        match heard {
            Ok(()) => Ok(false),
            Err(Broken::Closed) => Ok(true),
            Err(Broken::Rules(error)) => Err(Error::new(Kind::Unreachable, format!("TLS failed: {error}"))),
        }
    }
}

fn lost(error: &io::Error) -> Error {
    Error::new(Kind::ConnectionLost, format!("the connection is lost: {error}"))
}
