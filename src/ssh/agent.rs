//! Messages of an ssh-agent (draft-ietf-sshm-ssh-agent), sans-IO: requests as bytes to write, answers read from
//! bytes in any segmentation. Answers come in the order of the requests.

use super::error::Error;
use super::wire::{Reader, Write};
use crate::base::limits::{SSH_AGENT_KEYS_MAX, SSH_AGENT_MESSAGE_BYTES_MAX, SSH_KEY_BYTES_MAX};

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const EXTENSION_FAILURE: u8 = 28;

const FLAG_RSA_SHA2_256: u32 = 2;
const FLAG_RSA_SHA2_512: u32 = 4;

const WHAT: &str = "agent message";

/// A key the agent holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentKey {
    /// The public key as on the wire.
    pub blob: Vec<u8>,
    pub comment: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Keys(Vec<AgentKey>),
    /// A signature blob.
    Signature(Vec<u8>),
    /// The agent does not do it: no such key, locked, or its user said no.
    Refused,
}

/// Asks for the list of keys.
pub fn list_request() -> Vec<u8> {
    message(|out| out.push(REQUEST_IDENTITIES))
}

/// Asks for a signature of `blob`'s key over `data` with `algorithm`.
pub fn sign_request(blob: &[u8], algorithm: &str, data: &[u8]) -> Vec<u8> {
    let flags = match algorithm {
        name if name.starts_with("rsa-sha2-256") => FLAG_RSA_SHA2_256,
        name if name.starts_with("rsa-sha2-512") => FLAG_RSA_SHA2_512,
        _ => 0,
    };
    message(|out| {
        out.push(SIGN_REQUEST);
        out.put_string(blob);
        out.put_string(data);
        out.put_u32(flags);
    })
}

/// Collects what the agent writes.
#[derive(Debug, Default)]
pub struct Answers {
    buffer: Vec<u8>,
}

impl Answers {
    pub fn handle_input(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole answer.
    ///
    /// # Errors
    /// A message that is too long or malformed. Terminal.
    pub fn poll(&mut self) -> Result<Option<Answer>, Error> {
        let Some((header, rest)) = self.buffer.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*header) as usize;
        if length > SSH_AGENT_MESSAGE_BYTES_MAX {
            return Err(Error::TooLong { what: WHAT, max: SSH_AGENT_MESSAGE_BYTES_MAX });
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let answer = answer(body)?;
        self.buffer.drain(..header.len() + length);
        Ok(Some(answer))
    }
}

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = Vec::new();
    write(&mut body);
    let mut out = Vec::with_capacity(4 + body.len());
    out.put_string(&body);
    out
}

fn answer(body: &[u8]) -> Result<Answer, Error> {
    let mut reader = Reader::new(body);
    match reader.u8(WHAT)? {
        IDENTITIES_ANSWER => keys(reader).map(Answer::Keys),
        SIGN_RESPONSE => Ok(Answer::Signature(reader.string(SSH_KEY_BYTES_MAX, WHAT)?.to_vec())),
        FAILURE | EXTENSION_FAILURE => Ok(Answer::Refused),
        _ => Err(Error::Malformed { what: WHAT }),
    }
}

fn keys(mut reader: Reader<'_>) -> Result<Vec<AgentKey>, Error> {
    let count = reader.u32(WHAT)?;
    if count > SSH_AGENT_KEYS_MAX {
        return Err(Error::TooLong { what: "agent key list", max: SSH_AGENT_KEYS_MAX as usize });
    }
    let mut keys = Vec::new();
    for _ in 0..count {
        let blob = reader.string(SSH_AGENT_MESSAGE_BYTES_MAX, WHAT)?.to_vec();
        let comment = String::from_utf8_lossy(reader.string(SSH_AGENT_MESSAGE_BYTES_MAX, WHAT)?).into_owned();
        keys.push(AgentKey { blob, comment });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list() -> Vec<u8> {
        message(|out| {
            out.push(IDENTITIES_ANSWER);
            out.put_u32(1);
            out.put_string(b"blob");
            out.put_string(b"me@here");
        })
    }

    #[test]
    fn answers_are_read_in_any_segmentation() {
        let mut bytes = list();
        bytes.extend(message(|out| out.push(FAILURE)));
        let mut answers = Answers::default();
        let mut got = Vec::new();
        for byte in bytes {
            answers.handle_input(&[byte]);
            got.extend(answers.poll().unwrap());
        }
        let key = AgentKey { blob: b"blob".to_vec(), comment: "me@here".into() };
        assert_eq!(got, [Answer::Keys(vec![key]), Answer::Refused]);
    }

    #[test]
    fn rsa_signatures_are_asked_for_by_flag() {
        assert!(sign_request(b"k", "rsa-sha2-512", b"d").ends_with(&[0, 0, 0, 4]));
        assert!(sign_request(b"k", "rsa-sha2-256", b"d").ends_with(&[0, 0, 0, 2]));
        assert!(sign_request(b"k", "ssh-ed25519", b"d").ends_with(&[0, 0, 0, 0]));
    }

    #[test]
    fn long_messages_and_lists_are_refused() {
        let mut answers = Answers::default();
        answers.handle_input(&[0xff; 4]);
        assert!(answers.poll().is_err());
        let mut answers = Answers::default();
        answers.handle_input(&message(|out| {
            out.push(IDENTITIES_ANSWER);
            out.put_u32(u32::MAX);
        }));
        assert!(answers.poll().is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_panic(bytes: Vec<u8>) {
            let _ = answer(&bytes);
        }
    }
}
