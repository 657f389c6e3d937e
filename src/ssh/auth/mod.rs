//! Login (RFC 4252): public keys, passwords, and keyboard-interactive (RFC 4256), a type per wait.
//!
//! The first key is offered with its signature at once, without asking whether it would do: where it does, which is
//! nearly always, that saves a round trip. Must not know where signatures, passwords and answers come from.
//!
//! [`attempts`] decides what is tried next; [`publickey`], [`password`] and [`dialog`] wait for what only the owner can
//! give; [`waiting`] waits for the server.

mod attempts;
mod dialog;
mod password;
mod publickey;
mod waiting;

pub use attempts::Attempts;
pub use dialog::{Answering, Prompt, Prompts};
pub use password::Asking;
pub use publickey::{CERTIFICATE, PublicIdentity, SignRequest, Signing};
pub use waiting::Waiting;

use std::fmt;

use zeroize::Zeroizing;

use super::error::{Error, Phase};
use super::number;
use super::wire::{NameList, Reader, Write};
use crate::base::limits::{SSH_EXTENSIONS_MAX, SSH_NAME_LIST_BYTES_MAX, SSH_TEXT_BYTES_MAX};

const USERAUTH: &[u8] = b"ssh-userauth";
const CONNECTION: &[u8] = b"ssh-connection";

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    PublicKey,
    KeyboardInteractive,
    Password,
}

impl Method {
    /// In the order in which OpenSSH prefers them.
    pub const ALL: [Self; 3] = [Self::PublicKey, Self::KeyboardInteractive, Self::Password];

    /// The name on the wire and in `PreferredAuthentications`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublicKey => "publickey",
            Self::KeyboardInteractive => "keyboard-interactive",
            Self::Password => "password",
        }
    }
}

/// What a login has tried so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// Signed and not accepted: by their index. The last one may still be waiting for the server's answer.
    pub identities: Vec<usize>,
    pub passwords: u32,
    /// Keyboard-interactive requests.
    pub dialogs: u32,
    /// The method of each password and dialogue that the server has refused. Not there: one that it has not answered.
    pub refused: Vec<Method>,
    /// The identity that was accepted last.
    pub accepted: Option<usize>,
    /// Methods that were accepted without being enough.
    pub partial: u32,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, accepted) = (self.identities.len(), usize::from(self.accepted.is_some()));
        let parts = [
            (keys + accepted, "key"),
            (self.passwords as usize, "password"),
            (self.dialogs as usize, "keyboard-interactive dialogue"),
        ];
        let mut is_first = true;
        for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
            let comma = if std::mem::take(&mut is_first) { "" } else { ", " };
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{comma}{count} {what}{plural}")?;
        }
        if is_first { f.write_str("nothing") } else { Ok(()) }
    }
}

/// What a wait turned into.
pub enum Step {
    /// A signature is needed.
    Sign(Signing, SignRequest),
    /// The user's password is needed.
    Ask(Asking),
    /// The server's questions need answers.
    Answer(Answering, Prompts),
    /// This payload has to be sent.
    Send(Waiting, Zeroizing<Vec<u8>>),
    /// Nothing to do.
    Wait(Waiting),
    Done(Tried),
}

/// The payload that asks for the login service; goes before everything else here.
pub fn service_request() -> Vec<u8> {
    let mut out = vec![number::SERVICE_REQUEST];
    out.put_string(USERAUTH);
    out
}

/// `server-sig-algs` of an EXT_INFO (RFC 8308 §3.1), when it is there.
pub fn server_signature_algorithms(payload: &[u8]) -> Result<Option<String>, Error> {
    const WHAT: &str = "EXT_INFO";
    let mut reader = Reader::new(payload);
    reader.u8(WHAT)?;
    let count = reader.u32(WHAT)?;
    if count > SSH_EXTENSIONS_MAX {
        return Err(Error::TooLong { what: WHAT, max: SSH_EXTENSIONS_MAX as usize });
    }
    let mut algorithms = None;
    for _ in 0..count {
        let name = reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
        let value = reader.string(SSH_NAME_LIST_BYTES_MAX, WHAT)?;
        if name == b"server-sig-algs" {
            algorithms = Some(NameList::new(value, WHAT)?.0.to_owned());
        }
    }
    Ok(algorithms)
}

fn unexpected(message: u8) -> Error {
    Error::UnexpectedMessage { number: message, phase: Phase::Authentication }
}
