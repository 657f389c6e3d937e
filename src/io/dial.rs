//! Makes a connection: the way there, the handshake, the host's key, the login.

use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;

use super::credentials::Credentials;
use super::host_key::Acquaintance;
use super::key_files::{KeyFiles, KeyPaths};
use super::memory::note_rest;
use super::path::Path;
use super::rounds::Rounds;
use super::runtime::within;
use super::stream::Stream;
use super::terms::{Guard, terms};
use super::{connection, runtime};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, time};
use crate::config::known_hosts::Sources;
use crate::config::{HostConfig, KnownHosts, Settings};
use crate::fleet::net::Hop;
use crate::fleet::ramp::{self, Ramp, Refusal};
use crate::fleet::{Link, LinkOptions, Memory, errors};
use crate::metrics::{Histogram, Recorder};
use crate::ssh::{self, Client, ClientConfig, Event, Phase};

/// What one read of a handshake may bring: the longest messages, lists of algorithms and keys, have a kilobyte or two, and
/// a whole fleet may shake hands at once. As much as an idle connection waits with, which takes its place.
const READ_BYTES: usize = 2 * 1024;

/// What is being waited for, at every moment.
pub(super) type Stage = Cell<&'static str>;

/// What all dials of a core work with.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) settings: Rc<Settings>,
    pub(super) ramp: Rc<Ramp>,
    pub(super) recorder: Rc<Recorder>,
    pub(super) guard: Guard,
    pub(super) files: Rc<Files>,
}

/// The files that dials read.
#[derive(Default)]
pub(super) struct Files {
    known_hosts: Rounds<Sources, KnownHosts>,
    keys: Rounds<KeyPaths, KeyFiles>,
}

/// Connects and logs in, through `hop` where there is one. The link is carried from then on.
///
/// Errors, each beginning with `Cannot connect to HOST`: whatever goes wrong on the way, or the connect timeout, which
/// covers all of it.
pub(super) async fn dial(
    means: &Means,
    host: &HostConfig,
    memory: Rc<Memory>,
    hop: Option<Hop>,
) -> Result<Rc<Link>> {
    let limit = host.connect_timeout.unwrap_or(means.settings.connect_timeout);
    let through = hop.as_ref().map_or_else(String::new, |hop| format!(" (through {})", hop.name));
    let stage = Cell::new("reading keys");
    let late = || {
        let text = format!("timeout after {}s while {}{through}", limit.as_secs_f64(), stage.get());
        Err(Error::new(Kind::ConnectTimeout, text))
    };
    let connecting = connect(means, host, memory, hop, limit, &stage);
    let result = within(limit, Box::pin(connecting)).await.unwrap_or_else(late);
    note_rest();
    result.map_err(|error| error.context(format_args!("Cannot connect to {}", host.alias)))
}

async fn connect(
    means: &Means,
    host: &HostConfig,
    memory: Rc<Memory>,
    hop: Option<Hop>,
    limit: Duration,
    stage: &Stage,
) -> Result<Rc<Link>> {
    let Means { settings, ramp, recorder, guard, files } = means;
    let address = ramp::address(host, hop.as_ref().map(|hop| &*hop.name));
    let known_hosts = files.known_hosts.read(Sources::of(host), |sources| KnownHosts::load_all(&sources));
    let until = time::now() + limit;
    let (path, known_hosts, credentials) = futures_util::try_join!(
        Path::find(host, hop, stage),
        known_hosts,
        Credentials::find(settings, host, &files.keys, Rc::clone(&memory), limit),
    )?;
    known_hosts.require_usable()?;
    let config = terms(settings, host, &known_hosts, *guard)?;
    let acquaintance = Acquaintance::new(host, &known_hosts);
    let mut login = Login { host, acquaintance, credentials, stage, memory: &memory, limit, recorder, ramp };
    stage.set("waiting for other connections to it to be made");
    let sleep = |pause| runtime::sleep_until(time::now() + pause);
    let (stream, mut client) =
        ramp.climb(&address, sleep, async || login.along(&path, config.clone()).await).await?;
    client.rely_on_login(until);
    memory.note_guess(client.preferences().copied());
    let options = LinkOptions {
        host: host.alias.as_str().into(),
        sessions: settings.max_sessions_per_connection,
        keeps_shells: settings.kept_shells,
        idle_timeout: settings.idle_timeout,
        clock: time::now,
        memory,
        recorder: Rc::clone(recorder),
        env: host.send_env.iter().chain(&host.set_env).cloned().collect(),
    };
    let link = Link::new(client, options);
    connection::drive(stream, &link);
    Ok(link)
}

fn waiting_for(phase: Phase) -> &'static str {
    match phase {
        Phase::Ident => "waiting for its version string",
        Phase::KeyExchange => "exchanging keys",
        Phase::Authentication | Phase::Connected => "logging in",
    }
}

/// What a login needs besides the connection.
struct Login<'a> {
    host: &'a HostConfig,
    acquaintance: Acquaintance<'a>,
    credentials: Credentials<'a>,
    stage: &'a Stage,
    memory: &'a Memory,
    /// The connect timeout.
    limit: Duration,
    recorder: &'a Recorder,
    ramp: &'a Ramp,
}

/// Why a login failed.
struct Failure {
    error: Error,
    cause: Cause,
    /// The server said so while we were logging in (`MaxAuthTries`).
    is_dismissal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The server hung up before it knew who we are: it may be too busy (`MaxStartups`).
    TurnedAway,
    /// The two sides did not understand each other's key exchange.
    Misunderstood,
    /// The server ended the login in its middle.
    CutShort,
    Other,
}

impl Cause {
    /// The server hung up.
    fn of_end(phase: Phase) -> Self {
        match phase {
            Phase::Ident | Phase::KeyExchange => Self::TurnedAway,
            Phase::Authentication => Self::CutShort,
            Phase::Connected => Self::Other,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, cause: Cause::Other, is_dismissal: false }
    }
}

impl Login<'_> {
    /// Logs in, again at once where the server ended a login of which something is left to try.
    async fn along(
        &mut self,
        path: &Path<'_>,
        mut config: ClientConfig,
    ) -> Result<(Stream, Client), Refusal> {
        loop {
            self.credentials.apply(&mut config);
            config.guess = self.memory.take_guess();
            let mut client = Client::new(config.clone(), time::now());
            let failure = match self.attempt(path, &mut client).await {
                Ok(stream) => {
                    if client.is_ready() {
                        self.credentials.learn(&client);
                        self.credentials.learn_passwords(&client, false);
                    }
                    return Ok((stream, client));
                }
                Err(failure) => failure,
            };
            self.credentials.learn_passwords(&client, failure.is_dismissal);
            if failure.cause == Cause::CutShort {
                if self.credentials.go_on(&client) {
                    tracing::debug!(host = self.host.alias, reason = %failure.error, "going on with the login");
                    continue;
                }
                let error = Error::new(Kind::Authentication, failure.error.message());
                let error = self.credentials.explain(error);
                if failure.is_dismissal {
                    self.credentials.note_refused(&error);
                }
                return Err(error.into());
            }
            if failure.error.kind() == Kind::Authentication {
                self.credentials.learn(&client);
                self.credentials.note_refused(&failure.error);
            }
            let may_pass = failure.cause == Cause::TurnedAway && path.may_be_opened_again();
            return Err(Refusal { error: failure.error, may_pass });
        }
    }

    /// One way to a login, which may take as long as this host has taught that it takes.
    async fn attempt(&self, path: &Path<'_>, client: &mut Client) -> Result<Stream, Failure> {
        let (begun, patience) = (time::now(), &self.memory.patience);
        let limit = patience.borrow().connect_timeout(self.limit);
        let attempt = async { self.on(path.open(self.stage).await?, client).await };
        let Some(result) = within(limit, attempt).await else {
            if limit < self.limit {
                patience.borrow_mut().note_cut_short();
            }
            let text = format!("timeout after {}s while {}", limit.as_secs_f64(), self.stage.get());
            return Err(Error::new(Kind::ConnectTimeout, text).into());
        };
        if result.is_ok() {
            patience.borrow_mut().note_connect(time::now() - begun);
        }
        result
    }

    /// Shakes hands and logs in, or comes so far that the rest is as good as done: then work need not wait for it. Every
    /// answer to what one read brought leaves in one write.
    async fn on(&self, mut stream: Stream, client: &mut Client) -> Result<Stream, Failure> {
        Link::prepare(client, self.memory);
        let mut out = Vec::new();
        let mut input = Vec::with_capacity(READ_BYTES);
        let mut failure: Option<Failure> = None;
        let mut sent = time::now();
        let mut begun_login = None;
        loop {
            // Boxed, or every dial had room for all that may be asked of it, however long it waits for the host.
            if let Err(error) = Box::pin(self.answer(client, sent)).await {
                failure.get_or_insert(error.into());
            }
            // Also after a failure: the peer is told why, as far as it still listens.
            out.clear();
            if client.poll_transmit(&mut out) {
                sent = time::now();
                let (result, sent) = stream.writer.write_all(out).await;
                out = sent;
                if let Err(error) = result {
                    failure.get_or_insert_with(|| self.lost(client, &error));
                }
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
            if let (Some(begun), true) = (begun_login, client.is_ready()) {
                self.recorder.time(Histogram::Login, time::now() - begun);
            }
            if client.is_ready() || client.starts_early() {
                return Ok(stream);
            }
            if client.phase() == Phase::Authentication {
                begun_login.get_or_insert_with(time::now);
            }
            self.stage.set(waiting_for(client.phase()));
            input.clear();
            let (result, filled) = stream.reader.read(input).await;
            input = filled;
            let fed = match result.map_err(|error| self.lost(client, &error))? {
                0 => client.handle_eof(),
                _ => client.handle_input(&input, time::now()),
            };
            failure = fed.err().map(|error| self.failed(&error, client));
        }
    }

    fn lost(&self, client: &Client, error: &std::io::Error) -> Failure {
        let text = format!("connection lost while {}: {error}", self.stage.get());
        let hung_up = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        let cause = if hung_up { Cause::of_end(client.phase()) } else { Cause::Other };
        Failure { error: Error::new(Kind::ConnectionLost, text), cause, is_dismissal: false }
    }

    fn failed(&self, error: &ssh::Error, client: &Client) -> Failure {
        use ssh::Error as E;
        let cause = match error {
            E::TurnedAway { .. } => Cause::TurnedAway,
            E::Closed { phase } => Cause::of_end(*phase),
            E::HostSignature
            | E::KexValue
            | E::StrictKex { .. }
            | E::UnexpectedInKex { .. }
            | E::Disconnected { phase: Phase::KeyExchange, .. } => Cause::Misunderstood,
            E::Disconnected { phase: Phase::Authentication, .. } | E::AuthRounds { .. } => Cause::CutShort,
            // Some servers answer what was opened too early as if the login were done.
            E::UnexpectedMessage { phase: Phase::Authentication, .. } if client.is_hasty() => Cause::CutShort,
            _ => Cause::Other,
        };
        let is_dismissal = matches!(error, E::Disconnected { phase: Phase::Authentication, .. });
        Failure { error: self.explain(error), cause, is_dismissal }
    }

    /// Answers what the handshake asks.
    async fn answer(&self, client: &mut Client, sent: Instant) -> Result<()> {
        while let Some(event) = client.poll_event() {
            match event {
                Event::HostKey(key) => {
                    // What the server computes for it is little beside a way that is long, unless many log in at once:
                    // then it tells how busy everybody is.
                    if !self.ramp.is_crowded() {
                        self.memory.note_round_trip(time::now() - sent);
                    }
                    match self.acquaintance.verify(key).await {
                        Ok(trust) => self.credentials.meet(trust),
                        Err(refusal) => {
                            client.reject_host_key();
                            return Err(refusal);
                        }
                    }
                    client.accept_host_key().map_err(|error| self.explain(&error))?;
                }
                Event::Sign { identity, algorithm, data } => {
                    let signed = self.credentials.sign(identity, &algorithm, &data, client).await;
                    signed.map_err(|error| self.explain(&error))?;
                }
                Event::Password => {
                    self.credentials.give_password(client).await.map_err(|error| self.explain(&error))?;
                }
                Event::Prompts(asked) => {
                    self.credentials.answer(&asked, client).await.map_err(|error| self.explain(&error))?;
                }
                Event::Banner(text) => tracing::info!(host = self.host.alias, banner = text, "banner"),
                // What comes after it is for the link.
                Event::Ready => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    fn explain(&self, error: &ssh::Error) -> Error {
        self.credentials.explain(errors::from_ssh(&self.host.hostname, error))
    }
}
