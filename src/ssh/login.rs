//! The login of one connection: where [`auth`](super::auth) is, what the server said besides.

use super::auth::{self, Attempts, PublicIdentity, Signing, Step, Waiting};
use super::error::{Error, Phase};
use super::event::{Event, Events};
use super::kex::derive::ExchangeHash;
use super::number;
use super::text::sanitise;
use super::transport::Transport;
use super::wire::Reader;
use crate::base::limits::{SSH_BANNER_BYTES_MAX, SSH_BANNERS_MAX, SSH_PACKET_BYTES_MAX};

enum State {
    /// The host key is not accepted yet.
    Before,
    Signing(Signing),
    Waiting(Waiting),
    Done,
    Failed,
}

pub(crate) struct Login {
    state: State,
    user: String,
    identities: Vec<PublicIdentity>,
    /// `server-sig-algs`, once the server has sent it.
    server: Option<String>,
    banners: usize,
}

impl Login {
    pub fn new(user: String, identities: Vec<PublicIdentity>) -> Self {
        Self { state: State::Before, user, identities, server: None, banners: 0 }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The host is trusted: asks for the service and for the first signature, both for the same write.
    pub fn begin(
        &mut self,
        session_id: ExchangeHash,
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        transport.send(|out| out.extend_from_slice(&auth::service_request()));
        let identities = std::mem::take(&mut self.identities);
        let attempts = Attempts::new(&self.user, identities, session_id);
        let step = attempts.next(self.server.as_deref(), "")?;
        self.follow(step, transport, events);
        Ok(())
    }

    /// The signature that was asked for, or `None` when there will be none. Does nothing when none was asked for.
    pub fn signed(
        &mut self,
        signature: Option<&[u8]>,
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        let signing = match std::mem::replace(&mut self.state, State::Failed) {
            State::Signing(signing) => signing,
            other => {
                self.state = other;
                return Ok(());
            }
        };
        let step = match signature {
            Some(signature) => {
                let (waiting, payload) = signing.sign(signature);
                Step::Send(waiting, payload)
            }
            None => signing.decline(self.server.as_deref())?,
        };
        self.follow(step, transport, events);
        Ok(())
    }

    /// Handles SERVICE_ACCEPT and the answers to login requests.
    ///
    /// # Errors
    /// Refused for good, or a message that does not belong here. Terminal.
    pub fn handle(
        &mut self,
        payload: &[u8],
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        let number = payload.first().copied().unwrap_or_default();
        if number == number::USERAUTH_BANNER {
            return self.banner(payload, events);
        }
        let step = match std::mem::replace(&mut self.state, State::Failed) {
            State::Signing(signing) => {
                self.state = State::Signing(signing.handle(payload)?);
                return Ok(());
            }
            State::Waiting(waiting) => waiting.handle(payload, self.server.as_deref())?,
            State::Done => return Err(Error::UnexpectedMessage { number, phase: Phase::Connected }),
            State::Before | State::Failed => {
                return Err(Error::UnexpectedMessage { number, phase: Phase::Authentication });
            }
        };
        self.follow(step, transport, events);
        Ok(())
    }

    /// EXT_INFO (RFC 8308).
    pub fn handle_extensions(&mut self, payload: &[u8]) -> Result<(), Error> {
        if let Some(algorithms) = auth::server_signature_algorithms(payload)? {
            self.server = Some(algorithms);
        }
        Ok(())
    }

    fn follow(&mut self, step: Step, transport: &mut Transport, events: &mut Events) {
        self.state = match step {
            Step::Sign(signing, request) => {
                events.push_back(request.into());
                State::Signing(signing)
            }
            Step::Send(waiting, payload) => {
                transport.send(|out| out.extend_from_slice(&payload));
                State::Waiting(waiting)
            }
            Step::Wait(waiting) => State::Waiting(waiting),
            Step::Done => {
                events.push_back(Event::Ready);
                State::Done
            }
        };
    }

    fn banner(&mut self, payload: &[u8], events: &mut Events) -> Result<(), Error> {
        const WHAT: &str = "USERAUTH_BANNER";
        let number = number::USERAUTH_BANNER;
        match self.state {
            State::Signing(_) | State::Waiting(_) => {}
            State::Done => return Err(Error::UnexpectedMessage { number, phase: Phase::Connected }),
            State::Before | State::Failed => {
                return Err(Error::UnexpectedMessage { number, phase: Phase::Authentication });
            }
        }
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let text = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
        if self.banners < SSH_BANNERS_MAX {
            self.banners += 1;
            events.push_back(Event::Banner(sanitise(text, SSH_BANNER_BYTES_MAX)));
        }
        Ok(())
    }
}
