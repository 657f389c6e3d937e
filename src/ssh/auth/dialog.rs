//! Keyboard-interactive (RFC 4256): the server asks, in as many rounds as it likes, within bounds.

use zeroize::Zeroizing;

use super::attempts::Attempts;
use super::waiting::Request;
use super::{Method, Step, Tried};
use crate::base::limits::{SSH_AUTH_PROMPTS_MAX, SSH_PACKET_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::ssh::error::Error;
use crate::ssh::number;
use crate::ssh::text::sanitise_line;
use crate::ssh::wire::{Reader, Write};

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Safe to show.
    pub text: String,
    /// What is typed may be seen; a question for a secret says no.
    pub echo: bool,
}

/// What the server wants to know at once. It may only want to say something: then there are no prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    /// Safe to show, as the instruction.
    pub name: String,
    pub instruction: String,
    pub prompts: Vec<Prompt>,
}

impl Prompts {
    /// RFC 4256 §3.2.
    fn read(payload: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "USERAUTH_INFO_REQUEST";
        let mut reader = Reader::new(payload);
        let text = |reader: &mut Reader<'_>| {
            let text = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
            Ok::<_, Error>(sanitise_line(text, SSH_TEXT_BYTES_MAX))
        };
        reader.u8(WHAT)?;
        let (name, instruction) = (text(&mut reader)?, text(&mut reader)?);
        reader.string(SSH_TEXT_BYTES_MAX, WHAT)?;
        let count = reader.u32(WHAT)?;
        if count > SSH_AUTH_PROMPTS_MAX {
            return Err(Error::TooManyPrompts { count });
        }
        let prompt = |_| Ok(Prompt { text: text(&mut reader)?, echo: reader.bool(WHAT)? });
        let prompts = (0..count).map(prompt).collect::<Result<_, Error>>()?;
        Ok(Self { name, instruction, prompts })
    }
}

/// Begins a dialogue (RFC 4256 §3.1). No submethods: the server knows best how its users log in.
pub(super) fn begin(attempts: Attempts) -> Result<Step, Error> {
    let mut payload = attempts.request(Method::KeyboardInteractive.name());
    payload.put_string(b"");
    payload.put_string(b"");
    attempts.send(Request::Dialog, payload)
}

/// The server asks.
pub(super) fn asked(attempts: Attempts, payload: &[u8]) -> Result<Step, Error> {
    let prompts = Prompts::read(payload)?;
    Ok(Step::Answer(Answering { attempts, count: prompts.prompts.len() }, prompts))
}

/// Waits for answers from our side.
pub struct Answering {
    attempts: Attempts,
    count: usize,
}

impl Answering {
    /// One answer for each prompt; missing ones are empty, others are left out (RFC 4256 §3.4 wants as many).
    ///
    /// # Errors
    /// Too many requests.
    pub fn provide(self, answers: &[&str]) -> Result<Step, Error> {
        let answers = || answers.iter().copied().chain(std::iter::repeat("")).take(self.count);
        // Reserved first: a buffer that grows leaves its content behind.
        let bytes = answers().map(|answer| 4 + answer.len()).sum::<usize>();
        let mut payload = Zeroizing::new(Vec::with_capacity(1 + 4 + bytes));
        payload.push(number::USERAUTH_INFO_RESPONSE);
        payload.put_u32(self.count as u32);
        answers().for_each(|answer| payload.put_string(answer.as_bytes()));
        self.attempts.send(Request::Dialog, payload)
    }

    /// There are no answers: the method is not used again. A new request ends the dialogue (RFC 4256 §3.1).
    ///
    /// # Errors
    /// Nothing is left to try.
    pub fn decline(mut self, server: Option<&str>) -> Result<Step, Error> {
        self.attempts.drop_method(Method::KeyboardInteractive);
        self.attempts.next(server)
    }

    pub fn tried(&self) -> &Tried {
        &self.attempts.tried
    }
}
