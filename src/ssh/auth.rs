//! Login by public key (RFC 4252), a type per wait. The first request is signed at once, without asking whether the
//! key would do: where it does, which is nearly always, that saves a round trip. Must not know where signatures
//! come from.

use super::error::{Error, Phase};
use super::kex::derive::ExchangeHash;
use super::number;
use super::text::sanitise_line;
use super::wire::{NameList, Reader, Write};
use crate::base::limits::{
    SSH_AUTH_ATTEMPTS_MAX, SSH_EXTENSIONS_MAX, SSH_KEY_BYTES_MAX, SSH_NAME_LIST_BYTES_MAX, SSH_TEXT_BYTES_MAX,
};

const USERAUTH: &[u8] = b"ssh-userauth";
const CONNECTION: &[u8] = b"ssh-connection";
const PUBLICKEY: &str = "publickey";
/// What OpenSSH appends to the names of algorithms used with a certificate (PROTOCOL.certkeys).
const CERTIFICATE: &str = "-cert-v01@openssh.com";

/// A key the user can sign with, wherever its secret half is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicIdentity {
    /// The public key as on the wire.
    pub blob: Vec<u8>,
    /// Signature algorithms it can be used with, most preferred first.
    pub algorithms: Vec<String>,
}

impl PublicIdentity {
    /// From a public key or certificate blob, as an ssh-agent lists it. `None` for types nobody should use (DSA) and
    /// for what is no key.
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let key_type = Reader::new(blob).text(SSH_KEY_BYTES_MAX, "key type").ok()?;
        let algorithms: &[&str] = match key_type {
            "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256"],
            "ssh-rsa-cert-v01@openssh.com" => {
                &["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"]
            }
            "" | "ssh-dss" | "ssh-dss-cert-v01@openssh.com" => return None,
            other => &[other],
        };
        Some(Self {
            blob: blob.to_vec(),
            algorithms: algorithms.iter().map(|name| name.to_string()).collect(),
        })
    }
}

/// A signature the machine asks for: `algorithm` of the identity with this index over `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    pub identity: usize,
    pub algorithm: String,
    pub data: Vec<u8>,
}

/// What a wait turned into.
pub enum Step {
    /// A signature is needed.
    Sign(Signing, SignRequest),
    /// This payload has to be sent.
    Send(Waiting, Vec<u8>),
    /// Nothing to do.
    Wait(Waiting),
    Done,
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

/// What has been tried and what is left.
pub struct Attempts {
    user: String,
    session_id: ExchangeHash,
    identities: Vec<PublicIdentity>,
    next: usize,
    tried: u32,
    asked_none: bool,
    /// The first answer has to be SERVICE_ACCEPT.
    is_served: bool,
}

/// The algorithm was chosen before the server had said which it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Guessed,
    Known,
}

impl Attempts {
    pub fn new(user: &str, identities: Vec<PublicIdentity>, session_id: ExchangeHash) -> Self {
        Self {
            user: user.to_owned(),
            session_id,
            identities,
            next: 0,
            tried: 0,
            asked_none: false,
            is_served: false,
        }
    }

    /// The next request: with the next identity, or, when nothing can be signed at all, with none, which tells what
    /// the server would take. `methods` is what it said last.
    ///
    /// # Errors
    /// Nothing is left to try.
    pub fn next(mut self, server: Option<&str>, methods: &str) -> Result<Step, Error> {
        while self.tried < SSH_AUTH_ATTEMPTS_MAX && self.next < self.identities.len() {
            let identity = self.next;
            self.next += 1;
            if let Some(algorithm) = self.identities[identity].choose(server) {
                let choice = if server.is_some() { Choice::Known } else { Choice::Guessed };
                return Ok(self.sign(identity, algorithm, choice));
            }
        }
        if self.tried == 0 && !self.asked_none {
            self.asked_none = true;
            let mut out = Vec::new();
            self.put_head(&mut out, "none");
            return Ok(Step::Send(Waiting { attempts: self, identity: None }, out));
        }
        Err(Error::AuthRejected { tried: self.tried, methods: methods.to_owned() })
    }

    fn sign(self, identity: usize, algorithm: String, choice: Choice) -> Step {
        let mut data = Vec::new();
        data.put_string(&self.session_id);
        let start = data.len();
        self.put_head(&mut data, PUBLICKEY);
        data.put_bool(true);
        data.put_string(algorithm.as_bytes());
        data.put_string(&self.identities[identity].blob);
        let request = data[start..].to_vec();
        let signing = Signing { attempts: self, identity, algorithm: algorithm.clone(), choice, request };
        Step::Sign(signing, SignRequest { identity, algorithm, data })
    }

    fn put_head(&self, out: &mut Vec<u8>, method: &str) {
        out.push(number::USERAUTH_REQUEST);
        out.put_string(self.user.as_bytes());
        out.put_string(CONNECTION);
        out.put_string(method.as_bytes());
    }
}

impl PublicIdentity {
    /// The first algorithm the server takes. Only RSA keys have a choice; for the others OpenSSH does not ask either.
    fn choose(&self, server: Option<&str>) -> Option<String> {
        let first = self.algorithms.first()?;
        match server {
            Some(names) if self.algorithms.len() > 1 => {
                self.algorithms.iter().find(|name| takes(NameList(names), name)).cloned()
            }
            _ => Some(first.clone()),
        }
    }
}

/// `server-sig-algs` names signatures: OpenSSH lists `rsa-sha2-512`, and no certificate types, where it takes both.
fn takes(names: NameList<'_>, algorithm: &str) -> bool {
    names.contains(algorithm)
        || algorithm.strip_suffix(CERTIFICATE).is_some_and(|signature| names.contains(signature))
}

/// Waits for a signature from our side.
pub struct Signing {
    attempts: Attempts,
    identity: usize,
    algorithm: String,
    choice: Choice,
    request: Vec<u8>,
}

impl Signing {
    /// The signature (a signature blob) is here.
    pub fn sign(mut self, signature: &[u8]) -> (Waiting, Vec<u8>) {
        self.request.put_string(signature);
        self.attempts.tried += 1;
        let identity =
            Some(Tried { identity: self.identity, algorithm: self.algorithm, choice: self.choice });
        (Waiting { attempts: self.attempts, identity }, self.request)
    }

    /// Whoever holds the key does not sign: goes on with the next one.
    pub fn decline(self, server: Option<&str>) -> Result<Step, Error> {
        self.attempts.next(server, PUBLICKEY)
    }

    /// SERVICE_ACCEPT may come before the signature.
    pub fn handle(mut self, payload: &[u8]) -> Result<Self, Error> {
        self.attempts.accept_service(payload)?;
        Ok(self)
    }
}

impl Attempts {
    fn accept_service(&mut self, payload: &[u8]) -> Result<(), Error> {
        const WHAT: &str = "SERVICE_ACCEPT";
        let mut reader = Reader::new(payload);
        let message = reader.u8(WHAT)?;
        if message != number::SERVICE_ACCEPT || self.is_served {
            return Err(Error::UnexpectedMessage { number: message, phase: Phase::Authentication });
        }
        if reader.string(SSH_TEXT_BYTES_MAX, WHAT)? != USERAUTH {
            return Err(Error::WrongService);
        }
        self.is_served = true;
        Ok(())
    }
}

struct Tried {
    identity: usize,
    algorithm: String,
    choice: Choice,
}

/// Waits for the server's answer to a request.
pub struct Waiting {
    attempts: Attempts,
    /// `None`: asked without any key.
    identity: Option<Tried>,
}

impl Waiting {
    /// # Errors
    /// Refused for good, or an answer that does not belong here.
    pub fn handle(mut self, payload: &[u8], server: Option<&str>) -> Result<Step, Error> {
        let message = payload.first().copied().unwrap_or_default();
        match message {
            number::USERAUTH_SUCCESS if self.attempts.is_served => Ok(Step::Done),
            number::USERAUTH_FAILURE if self.attempts.is_served => self.refused(payload, server),
            _ => {
                self.attempts.accept_service(payload)?;
                Ok(Step::Wait(self))
            }
        }
    }

    fn refused(self, payload: &[u8], server: Option<&str>) -> Result<Step, Error> {
        const WHAT: &str = "USERAUTH_FAILURE";
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let list = reader.name_list(SSH_NAME_LIST_BYTES_MAX, WHAT)?;
        let is_partial = reader.bool(WHAT)?;
        let methods = sanitise_line(list.0.as_bytes(), SSH_TEXT_BYTES_MAX);
        if !list.contains(PUBLICKEY) {
            return Err(if is_partial {
                Error::AuthPartial { methods }
            } else {
                Error::AuthRejected { tried: self.attempts.tried, methods }
            });
        }
        if let Some(algorithm) = self.second_choice(is_partial, server)
            && let Some(tried) = &self.identity
        {
            let identity = tried.identity;
            return Ok(self.attempts.sign(identity, algorithm, Choice::Known));
        }
        self.attempts.next(server, &methods)
    }

    /// The request was made before the server had named its algorithms, and it takes another one of this key.
    fn second_choice(&self, is_partial: bool, server: Option<&str>) -> Option<String> {
        let tried = self.identity.as_ref()?;
        let names = server?;
        if is_partial || tried.choice == Choice::Known || self.attempts.tried >= SSH_AUTH_ATTEMPTS_MAX {
            return None;
        }
        let algorithm = self.attempts.identities.get(tried.identity)?.choose(Some(names))?;
        (algorithm != tried.algorithm).then_some(algorithm)
    }
}
