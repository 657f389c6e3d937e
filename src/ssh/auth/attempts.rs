//! What has been tried, what is left, and which of it comes next.

use zeroize::Zeroizing;

use super::password::Asking;
use super::publickey::{Choice, PublicIdentity};
use super::waiting::{Request, Waiting};
use super::{CONNECTION, Method, Step, Tried, USERAUTH, dialog, unexpected};
use crate::base::limits::{SSH_AUTH_REQUESTS_MAX, SSH_TEXT_BYTES_MAX};
use crate::ssh::error::Error;
use crate::ssh::kex::derive::ExchangeHash;
use crate::ssh::number;
use crate::ssh::wire::{NameList, Reader, Write};

/// See the module's documentation.
pub struct Attempts {
    user: String,
    pub(super) session_id: ExchangeHash,
    /// Most preferred first. A method that is used up is taken out.
    methods: Vec<Method>,
    pub(super) identities: Vec<PublicIdentity>,
    /// The identity to offer next.
    pub(super) next: usize,
    /// How often a password may still be asked for, and how many dialogues may still be begun.
    passwords_left: u32,
    dialogs_left: u32,
    requests: u32,
    /// The methods the server named last.
    allowed: Option<String>,
    pub(super) tried: Tried,
    /// The first answer has to be SERVICE_ACCEPT.
    pub(super) is_served: bool,
}

impl Attempts {
    /// `prompts` is how often a password may be asked for, and as often how many dialogues may be begun.
    pub fn new(
        user: &str,
        methods: Vec<Method>,
        identities: Vec<PublicIdentity>,
        prompts: u32,
        session_id: ExchangeHash,
    ) -> Self {
        Self {
            user: user.to_owned(),
            session_id,
            methods,
            identities,
            next: 0,
            passwords_left: prompts,
            dialogs_left: prompts,
            requests: 0,
            allowed: None,
            tried: Tried::default(),
            is_served: false,
        }
    }

    /// The next request: with the most preferred method that the server names and that is not used up. Before the
    /// server has named any, only a key is worth a guess; without one it is asked what it takes.
    ///
    /// # Errors
    /// Nothing is left to try, or [`Error::AuthRounds`].
    pub fn next(mut self, server: Option<&str>) -> Result<Step, Error> {
        if self.requests >= SSH_AUTH_REQUESTS_MAX {
            return Err(Error::AuthRounds { tried: self.tried });
        }
        loop {
            let candidate = self.methods.iter().copied().find(|method| self.is_allowed(*method));
            match candidate {
                Some(Method::PublicKey) => match self.next_key(server) {
                    Some((identity, algorithm)) => {
                        let choice = if server.is_some() { Choice::Known } else { Choice::Guessed };
                        return Ok(self.sign(identity, algorithm, choice));
                    }
                    None => self.drop_method(Method::PublicKey),
                },
                _ if self.allowed.is_none() => return self.ask_what_is_allowed(),
                Some(Method::KeyboardInteractive) if self.dialogs_left > 0 => {
                    self.dialogs_left -= 1;
                    self.tried.dialogs += 1;
                    return dialog::begin(self);
                }
                Some(Method::Password) if self.passwords_left > 0 => {
                    self.passwords_left -= 1;
                    return Ok(Step::Ask(Asking { attempts: self }));
                }
                Some(used_up) => self.drop_method(used_up),
                None => return Err(self.give_up()),
            }
        }
    }

    /// This method is not used again.
    pub(super) fn drop_method(&mut self, method: Method) {
        self.methods.retain(|known| *known != method);
    }

    /// The server's list of what can continue (RFC 4252 §5.1).
    pub(super) fn allow(&mut self, methods: String) {
        self.allowed = Some(methods);
    }

    pub(super) fn is_allowed(&self, method: Method) -> bool {
        self.allowed.as_deref().is_none_or(|names| NameList(names).contains(method.name()))
    }

    fn next_key(&mut self, server: Option<&str>) -> Option<(usize, String)> {
        while let Some(identity) = self.identities.get(self.next) {
            let index = self.next;
            self.next += 1;
            if let Some(algorithm) = identity.choose(server) {
                return Some((index, algorithm));
            }
        }
        None
    }

    /// RFC 4252 §5.2.
    fn ask_what_is_allowed(self) -> Result<Step, Error> {
        let payload = self.request("none");
        self.send(Request::None, payload)
    }

    /// The request that went out or is about to go is the first one, with the first key.
    pub fn is_at_first_key(&self) -> bool {
        self.next == 1 && self.allowed.is_none()
    }

    /// The front of a USERAUTH_REQUEST.
    pub(super) fn request(&self, method: &str) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::new());
        out.push(number::USERAUTH_REQUEST);
        out.put_string(self.user.as_bytes());
        out.put_string(CONNECTION);
        out.put_string(method.as_bytes());
        out
    }

    /// # Errors
    /// [`Error::AuthRounds`].
    pub(super) fn send(mut self, request: Request, payload: Zeroizing<Vec<u8>>) -> Result<Step, Error> {
        self.requests += 1;
        if self.requests > SSH_AUTH_REQUESTS_MAX {
            return Err(Error::AuthRounds { tried: self.tried });
        }
        Ok(Step::Send(Waiting { attempts: self, request }, payload))
    }

    /// The answer to the request for the service has come before any other request was made.
    ///
    /// # Errors
    /// The service is refused, or there is no way to log in.
    pub fn begin(mut self, payload: &[u8], server: Option<&str>) -> Result<Step, Error> {
        self.accept_service(payload)?;
        self.next(server)
    }

    pub fn tried(&self) -> &Tried {
        &self.tried
    }

    pub(super) fn accept_service(&mut self, payload: &[u8]) -> Result<(), Error> {
        const WHAT: &str = "SERVICE_ACCEPT";
        let mut reader = Reader::new(payload);
        let message = reader.u8(WHAT)?;
        if message != number::SERVICE_ACCEPT || self.is_served {
            return Err(unexpected(message));
        }
        if reader.string(SSH_TEXT_BYTES_MAX, WHAT)? != USERAUTH {
            return Err(Error::WrongService);
        }
        self.is_served = true;
        Ok(())
    }

    fn give_up(self) -> Error {
        let methods = self.allowed.unwrap_or_default();
        match self.tried.partial {
            0 => Error::AuthRejected { tried: self.tried, methods },
            _ => Error::AuthPartial { tried: self.tried, methods },
        }
    }
}
