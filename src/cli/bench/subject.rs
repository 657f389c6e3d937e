//! What is measured: something that can be asked, by each core for itself.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::engine::{self, Engine};
use super::program::{self, Program};
use super::web::{self, Web};
use crate::base::time::Duration;
use crate::base::{Error, Kind};
use crate::fleet::Shards;
use crate::io::runtime;
use crate::rig::{Failure, Turn};

/// One core's way to what is measured.
pub trait Subject {
    /// Asks for one thing, and waits until it is there. `connected` is told where a connection is made for this request
    /// alone, as soon as it is of use.
    ///
    /// Errors: it is not, or not as it should be.
    fn ask<'a>(&'a self, turn: Turn, connected: &'a dyn Fn()) -> LocalBoxFuture<'a, Result<(), Failure>>;
}

/// What every core makes its own from.
#[derive(Clone)]
pub enum Spec {
    Engine(Arc<engine::Spec>),
    Web(Arc<web::Spec>),
    Program(Arc<program::Spec>),
}

impl Spec {
    /// The hosts that take turns.
    pub fn hosts(&self) -> &[Box<str>] {
        match self {
            Self::Engine(spec) => &spec.hosts,
            Self::Web(spec) => &spec.hosts,
            Self::Program(spec) => &spec.hosts,
        }
    }

    pub fn open(self, shards: Rc<Shards>) -> Rc<dyn Subject> {
        match self {
            Self::Engine(spec) => Rc::new(Engine::new(spec, shards)),
            Self::Web(spec) => Rc::new(Web::new(spec)),
            Self::Program(spec) => Rc::new(Program::new(spec)),
        }
    }
}

/// What comes of a request within its time.
pub async fn in_time(
    limit: Duration,
    request: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let late = || {
        let text = format!("no answer after {}s", limit.as_secs_f64());
        Err(failure(&Error::new(Kind::RequestTimeout, text)))
    };
    runtime::within(limit, request).await.unwrap_or_else(late)
}

/// As what an error of ours counts.
pub fn failure(error: &Error) -> Failure {
    Failure { kind: error.kind().label().into(), message: error.message().to_owned() }
}
