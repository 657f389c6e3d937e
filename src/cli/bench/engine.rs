//! Our own fleet, in this process, on all its cores: what a server does, without a protocol in front of it.

use std::future::poll_fn;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::subject::{Subject, failure};
use crate::base::text::SharedText;
use crate::config::{Settings, SharedConfig};
use crate::fleet::net::Net;
use crate::fleet::{Class, ClientId, Fleet, Need, Repeat, Shards};
use crate::io::{Outside, runtime};
use crate::metrics::Recorder;
use crate::rig::{Failure, Operation, Turn};
use crate::scout::{self, Action, Answer, Client, Request, Seen};
use crate::target::{HostName, RemotePath};

/// What every core knows of it.
pub struct Spec {
    pub hosts: Vec<Box<str>>,
    pub file: RemotePath,
    pub directory: RemotePath,
    pub query: SharedText,
    /// A new fleet for each request, with these.
    pub cold: Option<Cold>,
}

/// What a fleet is made from.
#[derive(Clone)]
pub struct Cold {
    pub config: SharedConfig,
    pub settings: Settings,
    pub home: PathBuf,
    pub way_out: WayOut,
}

/// Makes the way out of a fleet to its hosts.
pub type WayOut = fn(Settings, PathBuf, Rc<Recorder>) -> Rc<Outside>;

/// See the module's documentation.
pub struct Engine {
    spec: Arc<Spec>,
    shards: Rc<Shards>,
    client: Client,
    /// The way out of all new fleets, so that they are no more of a crowd to one address than others.
    net: Option<Rc<dyn Net>>,
}

impl Engine {
    pub fn new(spec: Arc<Spec>, shards: Rc<Shards>) -> Self {
        let net = spec.cold.clone().map(|cold| {
            let recorder = Rc::clone(shards.own().recorder());
            let net: Rc<dyn Net> = (cold.way_out)(cold.settings, cold.home, recorder);
            net
        });
        Self { spec, shards, client: Client::ourselves(), net }
    }

    async fn answer(&self, shards: &Shards, turn: Turn) -> Result<(), Failure> {
        let spec = &self.spec;
        let action = match turn.operation {
            Operation::Read => Action::Look { path: spec.file.clone(), may_cache: false },
            Operation::List => Action::Look { path: spec.directory.clone(), may_cache: false },
            Operation::Run => {
                Action::Run { directory: RemotePath::home(), command: SharedText::clone(&spec.query) }
            }
            Operation::Broadcast => return self.broadcast(shards).await,
            // As whatever waits for something: it goes round the event loop once.
            Operation::Nothing => {
                go_round().await;
                return Ok(());
            }
            Operation::Tool => return Ok(()),
        };
        let host = spec.hosts.get(turn.host).map(|name| HostName::parse(name));
        let Some(host) = host.transpose().map_err(|error| failure(&error))? else { return Ok(()) };
        let seen = scout::ask(shards, &self.client, &host, action).await.map_err(|error| failure(&error))?;
        match seen {
            Seen::Ran(output) if output.exit_code() != 0 => {
                let message = format!("the command ended with {}: {}", output.exit_code(), output.text());
                Err(Failure { kind: "exit_code".into(), message })
            }
            _ => Ok(()),
        }
    }

    /// One file of all hosts.
    async fn broadcast(&self, shards: &Shards) -> Result<(), Failure> {
        let targets = self.spec.hosts.iter().map(|host| format!("{host}:{}", self.spec.file));
        let request = Request { targets: targets.collect(), ..Request::default() };
        let answer = scout::scout(shards, &self.client, &request, &|_, _| ()).await;
        match answer.map_err(|error| failure(&error))? {
            Answer::Many(all) if all.succeeded() < all.places.len() => {
                let failed = all.answers.iter().find_map(|answer| answer.said.as_ref().err());
                let message = failed.map_or(String::new(), |error| error.message().to_owned());
                let (good, of) = (all.succeeded(), all.places.len());
                Err(Failure {
                    kind: "part_failed".into(),
                    message: format!("{good} of {of} answered; {message}"),
                })
            }
            _ => Ok(()),
        }
    }

    /// Has a connection to the host, and does nothing with it.
    async fn connect(&self, fleet: &Rc<Fleet>, turn: Turn) -> Result<(), Failure> {
        let Some(host) = self.spec.hosts.get(turn.host) else { return Ok(()) };
        let need = if turn.operation == Operation::Run { Need::Session } else { Need::Files };
        let caller = fleet.caller(Class::Interactive, ClientId::STDIO);
        let connected = caller.work(host, need, Repeat::Safe, async |_| Ok(())).await;
        connected.map_err(|error| failure(&error))
    }

    /// Asks a fleet that knows nobody yet, and takes leave of it behind everybody's back.
    async fn answer_cold(
        &self,
        cold: &Cold,
        net: &Rc<dyn Net>,
        turn: Turn,
        connected: &dyn Fn(),
    ) -> Result<(), Failure> {
        let own = self.shards.own();
        let (config, settings) = (SharedConfig::clone(&cold.config), cold.settings.clone());
        let fleet = Fleet::new(config, settings, Rc::clone(net), own.quotas(), Rc::clone(own.recorder()));
        let answer = async {
            if turn.operation != Operation::Broadcast {
                self.connect(&fleet, turn).await?;
                connected();
            }
            self.answer(&Shards::alone(Rc::clone(&fleet)), turn).await
        };
        let answer = answer.await;
        runtime::spawn(async move { fleet.close().await });
        answer
    }
}

/// Lets others have a turn.
async fn go_round() {
    let mut has_waited = false;
    let wait = poll_fn(|context| match std::mem::replace(&mut has_waited, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    });
    wait.await;
}

impl Subject for Engine {
    fn ask<'a>(&'a self, turn: Turn, connected: &'a dyn Fn()) -> LocalBoxFuture<'a, Result<(), Failure>> {
        match (&self.spec.cold, &self.net) {
            (Some(cold), Some(net)) => self.answer_cold(cold, net, turn, connected).boxed_local(),
            _ => self.answer(&self.shards, turn).boxed_local(),
        }
    }
}
