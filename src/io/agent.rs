//! The ssh-agent of the user: a socket that lists keys and signs with them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::UnixStream;

use super::runtime::within;
use crate::base::{Error, Kind, Result};
use crate::ssh::agent::{self, AgentKey, Answer, Answers};

/// An agent that asks its user to confirm may take a while; one that hangs must not hold up a login for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where an agent listens.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    socket: PathBuf,
}

impl Agent {
    pub(super) fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
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
        within(PATIENCE, self.exchange(request))
            .await
            .unwrap_or_else(|| Err(self.failed("it does not answer")))
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
