//! The fleet as one request sees it: on whose behalf, how urgent, until when.

use std::ops::Deref;
use std::rc::Rc;

use super::{Fleet, Machine, Need, Repeat};
use crate::base::Result;
use crate::base::time::Instant;
use crate::config::Settings;

/// What a request may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub class: Class,
    /// Who asks; requests of one client take turns with those of others.
    pub client: ClientId,
    /// Nobody waits for the answer after this.
    pub deadline: Instant,
}

/// How urgent work is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Somebody waits for this one answer.
    Interactive,
    /// One of many that belong together.
    Batch,
    /// Nobody waits.
    Background,
}

/// A client of this process: a connection, an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

impl ClientId {
    /// The one at the other end of the standard streams.
    pub const STDIO: Self = Self(0);
    /// This process itself.
    pub const OURSELVES: Self = Self(u64::MAX);

    /// A client that is told from others by a hash.
    pub const fn of_hash(hash: u64) -> Self {
        match hash {
            0 | u64::MAX => Self(1),
            hash => Self(hash),
        }
    }
}

/// A [`Fleet`] and a claim to its time.
#[derive(Debug, Clone)]
pub struct Caller {
    fleet: Rc<Fleet>,
    claim: Claim,
    /// Where they are not those of the fleet.
    settings: Option<Rc<Settings>>,
}

impl Caller {
    pub fn new(fleet: Rc<Fleet>, claim: Claim) -> Self {
        Self { fleet, claim, settings: None }
    }

    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The same for answers of at most so many bytes, where the settings allow more.
    #[must_use]
    pub fn with_share(self, bytes: u64) -> Self {
        let settings = self.settings();
        if bytes >= settings.max_output_size.max(settings.max_file_size) {
            return self;
        }
        let less = Settings {
            max_output_size: settings.max_output_size.min(bytes),
            max_file_size: settings.max_file_size.min(bytes),
            ..settings.as_ref().clone()
        };
        Self { settings: Some(Rc::new(less)), ..self }
    }

    /// The same as somebody who waits for this one answer.
    #[must_use]
    pub fn urgent(self) -> Self {
        Self { claim: Claim { class: Class::Interactive, ..self.claim }, ..self }
    }

    /// The settings for this request.
    pub fn settings(&self) -> Rc<Settings> {
        self.settings.as_ref().map_or_else(|| self.fleet.settings(), Rc::clone)
    }

    /// The same fleet for work of which nobody awaits the outcome.
    pub fn in_background(&self) -> Self {
        self.fleet.caller(Class::Background, ClientId::OURSELVES)
    }

    /// Does work on a host that takes of it what `need` says; see [`Repeat`] for what happens when the connection breaks
    /// under it.
    pub async fn work<T>(
        &self,
        host: &str,
        need: Need,
        repeat: Repeat,
        work: impl AsyncFnMut(&Machine) -> Result<T>,
    ) -> Result<T> {
        self.fleet.work(&self.claim, host, need, repeat, work).await
    }
}

impl Deref for Caller {
    type Target = Fleet;

    fn deref(&self) -> &Fleet {
        &self.fleet
    }
}
