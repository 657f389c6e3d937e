//! The login of one connection: where [`auth`](super::auth) is, what the server said besides.

use super::auth::{self, Answering, Asking, Attempts, Method, PublicIdentity, Signing, Step, Tried, Waiting};
use super::error::{Error, Phase};
use super::event::{Event, Events};
use super::ident;
use super::kex::derive::ExchangeHash;
use super::number;
use super::text::sanitise;
use super::transport::Transport;
use super::wire::Reader;
use crate::base::limits::{
    SSH_BANNER_BYTES_MAX, SSH_BANNERS_MAX, SSH_IDLE_MESSAGES_MAX, SSH_PACKET_BYTES_MAX,
};

enum State {
    /// The host key is not accepted yet.
    Before,
    /// The service is asked for, and this server gets no request ahead of its answer.
    Knocking(Attempts),
    Signing(Signing),
    Asking(Asking),
    Answering(Answering),
    Waiting(Waiting),
    Done(Tried),
    Failed(Tried),
}

/// Before the login has begun.
static NOTHING: Tried = Tried {
    identities: Vec::new(),
    passwords: 0,
    dialogs: 0,
    refused: Vec::new(),
    accepted: None,
    partial: 0,
};

/// What only the owner can give, or the word that it does not.
pub(crate) enum Given<'a> {
    /// A signature blob.
    Signature(&'a [u8]),
    NoSignature,
    Password(&'a str),
    NoPassword,
    Answers(&'a [&'a str]),
    NoAnswers,
}

pub(crate) struct Login {
    state: State,
    /// What the login begins with.
    plan: Option<Plan>,
    /// `server-sig-algs`, once the server has sent it.
    server: Option<String>,
    banners: u32,
}

struct Plan {
    user: String,
    methods: Vec<Method>,
    identities: Vec<PublicIdentity>,
    prompts: u32,
}

impl Login {
    pub fn new(user: String, methods: Vec<Method>, identities: Vec<PublicIdentity>, prompts: u32) -> Self {
        let plan = Some(Plan { user, methods, identities, prompts });
        Self { state: State::Before, plan, server: None, banners: 0 }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// The first key is on its way with its signature, and nothing was refused yet.
    pub fn expects_success(&self) -> bool {
        matches!(&self.state, State::Waiting(waiting) if waiting.is_at_first_key())
    }

    pub fn tried(&self) -> &Tried {
        match &self.state {
            State::Before => &NOTHING,
            State::Knocking(attempts) => attempts.tried(),
            State::Signing(wait) => wait.tried(),
            State::Asking(wait) => wait.tried(),
            State::Answering(wait) => wait.tried(),
            State::Waiting(wait) => wait.tried(),
            State::Done(tried) | State::Failed(tried) => tried,
        }
    }

    /// The host is trusted: asks for the service and for the first signature, both for the same write where the server
    /// takes them so.
    pub fn begin(
        &mut self,
        session_id: ExchangeHash,
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        let Some(plan) = self.plan.take() else { return Ok(()) };
        transport.send(|out| out.extend_from_slice(&auth::service_request()));
        let attempts = Attempts::new(&plan.user, plan.methods, plan.identities, plan.prompts, session_id);
        if !ident::takes_login_with_keys(transport.server_ident()) {
            return self.keep(State::Knocking(attempts));
        }
        let step = attempts.next(self.server.as_deref())?;
        self.follow(step, transport, events);
        Ok(())
    }

    /// What the owner was asked for. Does nothing when something else was.
    ///
    /// # Errors
    /// Nothing is left to try. Terminal.
    pub fn given(
        &mut self,
        given: Given<'_>,
        transport: &mut Transport,
        events: &mut Events,
    ) -> Result<(), Error> {
        let (state, server) = (self.take(), self.server.as_deref());
        let step = match (state, given) {
            (State::Signing(wait), Given::Signature(signature)) => wait.sign(signature)?,
            (State::Signing(wait), Given::NoSignature) => wait.decline(server)?,
            (State::Asking(wait), Given::Password(password)) => wait.provide(password)?,
            (State::Asking(wait), Given::NoPassword) => wait.decline(server)?,
            (State::Answering(wait), Given::Answers(answers)) => wait.provide(answers)?,
            (State::Answering(wait), Given::NoAnswers) => wait.decline(server)?,
            (other, _) => return self.keep(other),
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
        let step = match self.take() {
            State::Knocking(attempts) => attempts.begin(payload, self.server.as_deref())?,
            State::Signing(signing) => return self.keep(State::Signing(signing.handle(payload)?)),
            State::Waiting(waiting) => {
                waiting.handle(payload, self.server.as_deref()).inspect_err(|error| self.end(error))?
            }
            State::Done(_) => return Err(Error::UnexpectedMessage { number, phase: Phase::Connected }),
            State::Before | State::Asking(_) | State::Answering(_) | State::Failed(_) => {
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
            Step::Ask(asking) => {
                events.push_back(Event::Password);
                State::Asking(asking)
            }
            Step::Answer(answering, prompts) => {
                events.push_back(Event::Prompts(prompts));
                State::Answering(answering)
            }
            Step::Send(waiting, payload) => {
                transport.send(|out| out.extend_from_slice(&payload));
                State::Waiting(waiting)
            }
            Step::Wait(waiting) => State::Waiting(waiting),
            Step::Done(tried) => {
                events.push_back(Event::Ready);
                State::Done(tried)
            }
        };
    }

    /// The state, to be replaced. Until then, or when that fails, what was tried is all there is.
    fn take(&mut self) -> State {
        let failed = State::Failed(self.tried().clone());
        std::mem::replace(&mut self.state, failed)
    }

    /// The answer that ended the login counts too.
    fn end(&mut self, error: &Error) {
        if let Error::AuthRejected { tried, .. } | Error::AuthPartial { tried, .. } = error {
            self.state = State::Failed(tried.clone());
        }
    }

    fn keep(&mut self, state: State) -> Result<(), Error> {
        self.state = state;
        Ok(())
    }

    fn banner(&mut self, payload: &[u8], events: &mut Events) -> Result<(), Error> {
        const WHAT: &str = "USERAUTH_BANNER";
        let number = number::USERAUTH_BANNER;
        match self.state {
            State::Knocking(_)
            | State::Signing(_)
            | State::Asking(_)
            | State::Answering(_)
            | State::Waiting(_) => {}
            State::Done(_) => return Err(Error::UnexpectedMessage { number, phase: Phase::Connected }),
            State::Before | State::Failed(_) => {
                return Err(Error::UnexpectedMessage { number, phase: Phase::Authentication });
            }
        }
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let text = reader.string(SSH_PACKET_BYTES_MAX, WHAT)?;
        self.banners += 1;
        if self.banners <= SSH_BANNERS_MAX {
            events.push_back(Event::Banner(sanitise(text, SSH_BANNER_BYTES_MAX)));
        }
        // Those that nobody sees are no better than IGNORE.
        if self.banners > SSH_IDLE_MESSAGES_MAX { Err(Error::IdleMessages) } else { Ok(()) }
    }
}
