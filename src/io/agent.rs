//! The ssh-agent of the user: a socket that lists keys and signs with them.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::UnixStream;

use super::runtime::within;
use crate::base::{Error, Kind, Result};
use crate::ssh::agent::{self, AgentKey, Answer, Answers};

/// Where an agent listens.
#[derive(Debug)]
pub(super) struct Agent {
    socket: PathBuf,
    /// One that asks its user to confirm may take a while; one that hangs must leave time for other keys.
    patience: Duration,
    /// It has hung once, and is not asked again.
    is_stuck: Cell<bool>,
}

impl Agent {
    pub(super) fn at(socket: &Path, patience: Duration) -> Self {
        Self { socket: socket.to_owned(), patience, is_stuck: Cell::new(false) }
    }

    /// The keys it holds.
    pub(super) async fn keys(&self) -> Result<Vec<AgentKey>> {
        match self.ask(agent::list_request()).await? {
            Answer::Keys(keys) => Ok(keys),
            _ => Err(self.failed("it does not list its keys")),
        }
    }

    /// A signature over `data`, as SSH encodes it.
    pub(super) async fn sign(&self, key: &[u8], algorithm: &str, data: &[u8]) -> Result<Vec<u8>> {
        match self.ask(agent::sign_request(key, algorithm, data)).await? {
            Answer::Signature(signature) => Ok(signature),
            _ => Err(self.failed("it does not sign with this key")),
        }
    }

    async fn ask(&self, request: Vec<u8>) -> Result<Answer> {
        if !self.is_stuck.get()
            && let Some(answer) = within(self.patience, self.exchange(request)).await
        {
            return answer;
        }
        self.is_stuck.set(true);
        Err(self.failed("it does not answer"))
    }

    async fn exchange(&self, request: Vec<u8>) -> Result<Answer> {
        let broken = |error: std::io::Error| self.failed(&error.to_string());
        let mut stream = UnixStream::connect(&self.socket).await.map_err(broken)?;
        stream.write_all(request).await.0.map_err(broken)?;
        let mut answers = Answers::default();
        loop {
            if let Some(answer) = answers.poll().map_err(|error| self.failed(&error.to_string()))? {
                return Ok(answer);
            }
            let (read, more) = stream.read(Vec::with_capacity(16 * 1024)).await;
            if read.map_err(broken)? == 0 {
                return Err(self.failed("it closed the connection"));
            }
            answers.handle_input(&more);
        }
    }

    fn failed(&self, reason: &str) -> Error {
        Error::new(Kind::Local, format!("ssh-agent at {}: {reason}", self.socket.display()))
    }
}
