//! A host of the [`World`](super::world::World): a small SSH server behind a wire that delays, cuts and swallows.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use event_listener::EventListener;
use futures_util::future::{self, Either, select};

use super::logins::{Login, Logins};
use super::ssh_server::{Server, ServerConfig};
use super::tally::Tally;
use super::timers::now;
use super::world::Scene;
use crate::base::jitter::Jitter;
use crate::base::limits::{CONNECT_TIMEOUT_DEFAULT, PROBE_TIMEOUT};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use crate::fleet::net::Hop;
use crate::fleet::ramp::{self, Refusal};
use crate::fleet::{Link, LinkOptions, Memory, Tunnel};

/// How a host and the way to it behave. What a connection is like is settled when it is made, but for `is_mute`.
pub struct SimHost {
    pub server: RefCell<ServerConfig>,
    /// What counts its logins; several hosts may be addresses of the same one.
    pub daemon: RefCell<Rc<Daemon>>,
    /// What a dial fails with.
    pub refusal: RefCell<Option<Error>>,
    /// Dials never end.
    pub never_answers: Cell<bool>,
    /// What the server sends does not arrive any more.
    pub is_mute: Cell<bool>,
    /// One way.
    pub delay: Cell<Duration>,
    /// Bytes arrive in pieces drawn from this seed.
    pub pieces: Cell<Option<u64>>,
    /// After login the wire breaks once the client has received this many bytes. For the next connection only.
    pub cut: Cell<Option<usize>>,
    /// For the next connection only.
    pub refuses_next_key: Cell<bool>,
    /// As in [`LinkOptions`].
    pub sessions: Cell<usize>,
    pub idle_timeout: Cell<Duration>,
    probes: Cell<usize>,
    /// A dial takes a login from here: it costs a time, and little or no computing.
    pub logins: RefCell<Option<Rc<Logins>>>,
    /// How often each command `task NAME MILLISECONDS` was started, which ends by itself after that time.
    pub tasks: RefCell<BTreeMap<String, usize>>,
    /// What several hosts count together.
    pub tally: RefCell<Arc<Tally>>,
    dials: Cell<usize>,
    port: Cell<u16>,
    dialling: Cell<usize>,
    connections: RefCell<Vec<Rc<Connection>>>,
}

/// Stands for the user's key, which is another one each time.
pub(super) const USER_KEY: &[u8] = b"the user's";

/// The port that every host lets us connect to.
const ECHO: u16 = 7;

/// A connection, seen from the host.
pub struct Connection {
    server: RefCell<Server>,
    is_open: Cell<bool>,
    is_broken: Cell<bool>,
}

impl Default for SimHost {
    fn default() -> Self {
        Self {
            server: RefCell::default(),
            daemon: RefCell::default(),
            refusal: RefCell::default(),
            never_answers: Cell::default(),
            is_mute: Cell::default(),
            delay: Cell::new(Duration::from_millis(10)),
            pieces: Cell::default(),
            cut: Cell::default(),
            refuses_next_key: Cell::default(),
            sessions: Cell::new(8),
            idle_timeout: Cell::new(Duration::from_secs(60)),
            probes: Cell::default(),
            logins: RefCell::default(),
            tasks: RefCell::default(),
            tally: RefCell::default(),
            dials: Cell::default(),
            port: Cell::default(),
            dialling: Cell::default(),
            connections: RefCell::default(),
        }
    }
}

impl SimHost {
    /// Dials begun so far.
    pub fn dials(&self) -> usize {
        self.dials.get()
    }

    /// Where the last one went.
    pub fn port(&self) -> u16 {
        self.port.get()
    }

    /// Probes begun so far.
    pub fn probes(&self) -> usize {
        self.probes.get()
    }

    /// Dials under way.
    pub fn dialling(&self) -> usize {
        self.dialling.get()
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.connections.borrow().iter().filter(|connection| connection.is_open.get()).count()
    }

    /// The connection that was made last.
    pub fn last(&self) -> Rc<Connection> {
        Rc::clone(self.connections.borrow().last().expect("a connection was made"))
    }

    /// A host that does not let itself be dialled is not there.
    pub(super) async fn probe(&self, scene: &Scene) -> bool {
        self.probes.set(self.probes.get() + 1);
        let time = if self.never_answers.get() { PROBE_TIMEOUT } else { 2 * self.delay.get() };
        scene.sleep_until(now() + time).await;
        !self.never_answers.get() && self.refusal.borrow().is_none()
    }

    pub(super) async fn dial(
        self: &Rc<Self>,
        scene: &Scene,
        host: &HostConfig,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> Result<Rc<Link>> {
        self.dials.set(self.dials.get() + 1);
        self.port.set(host.port);
        self.tally.borrow().note_dial();
        self.dialling.set(self.dialling.get() + 1);
        let _dialling = Dialling(self);
        let address = ramp::address(host, hop.as_ref().map(|hop| &*hop.name));
        let hop = match hop {
            Some(hop) => Some(hop.link.await?),
            None => None,
        };
        let sleep = |pause| scene.sleep_until(now() + pause);
        let knock =
            async || self.in_time(scene, &memory, self.log_in(scene, host, &memory, hop.as_ref())).await;
        let (Login { mut client, server, .. }, tunnel) = scene.ramp().climb(&address, sleep, knock).await?;
        if client.is_ready() {
            memory.keys.note_taken(USER_KEY, true);
        }
        client.rely_on_login(now() + CONNECT_TIMEOUT_DEFAULT);
        let connection = Rc::new(Connection {
            server: RefCell::new(server),
            is_open: Cell::new(true),
            is_broken: Cell::new(false),
        });
        self.keep(Rc::clone(&connection));
        let options = LinkOptions {
            keeps_shells: true,
            host: host.alias.as_str().into(),
            sessions: self.sessions.get(),
            idle_timeout: self.idle_timeout.get(),
            clock: now,
            memory,
            recorder: Rc::clone(&scene.recorder),
            env: Rc::default(),
        };
        let link = Link::new(client, options);
        let wire = Wire {
            host: Rc::clone(self),
            link: Rc::clone(&link),
            connection,
            tunnel,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            tasks: Vec::new(),
            until_cut: self.cut.take(),
            seed: self.pieces.get(),
        };
        scene.spawn(wire.carry(scene.clone()));
        Ok(link)
    }

    /// Gives a login the time that the host has taught that it takes.
    async fn in_time<T>(
        &self,
        scene: &Scene,
        memory: &Memory,
        login: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let (begun, patience) = (now(), &memory.patience);
        let limit = patience.borrow().connect_timeout(CONNECT_TIMEOUT_DEFAULT);
        let Either::Left((connected, _)) = select(pin!(login), scene.sleep_until(begun + limit)).await else {
            if limit < CONNECT_TIMEOUT_DEFAULT {
                patience.borrow_mut().note_cut_short();
            }
            let text = format!("Cannot connect: timeout after {}s", limit.as_secs_f64());
            return Err(Error::new(Kind::ConnectTimeout, text).into());
        };
        if connected.is_ok() {
            patience.borrow_mut().note_connect(now() - begun);
        }
        connected
    }

    async fn log_in(
        &self,
        scene: &Scene,
        host: &HostConfig,
        memory: &Memory,
        hop: Option<&Rc<Link>>,
    ) -> Result<(Login, Option<Tunnel>), Refusal> {
        let tunnel = match hop {
            Some(hop) => Some(hop.tunnel(&host.hostname, ECHO).await?),
            None => None,
        };
        let logins = self.logins.borrow().clone();
        // TCP's own round trip, where it is not a part of something longer.
        let time = logins.as_ref().map_or(2 * self.delay.get(), |logins| logins.time());
        scene.sleep_until(now() + time).await;
        let daemon = Rc::clone(&self.daemon.borrow());
        let _startup = daemon.accept()?;
        if self.never_answers.get() {
            future::pending::<()>().await;
        }
        if let Some(error) = self.refusal.borrow().clone() {
            if error.kind() == Kind::Authentication {
                memory.logins.borrow_mut().note_refused(&error, now());
            }
            return Err(error.into());
        }
        memory.note_round_trip(2 * self.delay.get());
        if let Some(logins) = logins {
            return Ok((logins.take(), tunnel));
        }
        let mut server = self.server.borrow().clone();
        if self.refuses_next_key.take() {
            server.accepts = Some(Vec::new());
        }
        let mut login = Login::new(server, memory.haste(USER_KEY), now());
        Link::prepare(&mut login.client, memory);
        while !login.client.is_ready() && !login.client.starts_early() {
            let question = login.question();
            scene.sleep_until(now() + self.delay.get()).await;
            let answer = login.answer(&question);
            scene.sleep_until(now() + self.delay.get()).await;
            login.take(&answer, now());
        }
        Ok((login, tunnel))
    }

    /// Connections that are over are kept only as long as one may be the last.
    fn keep(&self, connection: Rc<Connection>) {
        self.tally.borrow().note_open();
        let mut connections = self.connections.borrow_mut();
        connections.retain(|connection| connection.is_open());
        connections.push(connection);
    }
}

/// What accepts connections, and drops those that have not logged in when there are too many.
#[derive(Debug)]
pub struct Daemon {
    /// sshd's `MaxStartups`: from `begin` on three in ten are dropped, more and more up to `full`, and then all.
    pub begin: Cell<usize>,
    pub full: Cell<usize>,
    startups: Cell<usize>,
    busiest: Cell<usize>,
    dropped: Cell<usize>,
}

impl Default for Daemon {
    fn default() -> Self {
        let none = || Cell::new(usize::MAX);
        let zero = || Cell::new(0);
        Self { begin: none(), full: none(), startups: zero(), busiest: zero(), dropped: zero() }
    }
}

impl Daemon {
    /// The most that were logging in at once, and how many were dropped.
    pub fn load(&self) -> (usize, usize) {
        (self.busiest.get(), self.dropped.get())
    }

    fn accept(&self) -> Result<Startup<'_>, Refusal> {
        if self.drops() {
            self.dropped.set(self.dropped.get() + 1);
            let error = Error::new(Kind::Refused, "Exceeded MaxStartups");
            return Err(Refusal { error, may_pass: true });
        }
        self.startups.set(self.startups.get() + 1);
        self.busiest.set(self.busiest.get().max(self.startups.get()));
        Ok(Startup(self))
    }

    /// As sshd decides it, with the luck of a generator that begins with what came before.
    fn drops(&self) -> bool {
        let (startups, begin, full) = (self.startups.get(), self.begin.get(), self.full.get());
        if startups < begin || startups >= full {
            return startups >= full;
        }
        let per_cent = 30 + 70 * (startups - begin) / (full - begin);
        let luck = (self.dropped.get() * 31 + startups) as u64;
        let draw = Jitter::new(luck).around(Duration::from_secs(100)) - Duration::from_secs(50);
        draw.as_secs() < per_cent as u64
    }
}

struct Startup<'a>(&'a Daemon);

impl Drop for Startup<'_> {
    fn drop(&mut self) {
        self.0.startups.set(self.0.startups.get() - 1);
    }
}

impl Connection {
    pub fn server(&self) -> Ref<'_, Server> {
        self.server.borrow()
    }

    pub fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// The wire breaks; the client hears of it with the next bytes.
    pub fn break_off(&self) {
        self.is_broken.set(true);
    }

    /// Ends every subsystem, as if its process had died.
    pub fn end_subsystems(&self) {
        self.server.borrow_mut().end_subsystems();
    }

    /// From now on it runs no commands.
    pub fn forbid_commands(&self) {
        self.server.borrow_mut().config.runs_commands = false;
    }

    /// Closes the sessions that nothing was started in.
    pub fn end_unused(&self) {
        self.server.borrow_mut().end_unused();
    }
}

struct Dialling<'a>(&'a SimHost);

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        self.0.dialling.set(self.0.dialling.get() - 1);
    }
}

/// Carries the bytes of one connection.
struct Wire {
    host: Rc<SimHost>,
    link: Rc<Link>,
    connection: Rc<Connection>,
    /// Stands for the way through a hop: what breaks it breaks this connection.
    tunnel: Option<Tunnel>,
    to_server: VecDeque<(Instant, Vec<u8>)>,
    to_client: VecDeque<(Instant, Vec<u8>)>,
    /// When they end, their channels, and their names.
    tasks: Vec<(Instant, usize, String)>,
    until_cut: Option<usize>,
    seed: Option<u64>,
}

impl Wire {
    async fn carry(mut self, scene: Scene) {
        while !self.link.has_ended() {
            let changed = self.link.listen();
            while self.turn() {}
            let due = [self.to_server.front(), self.to_client.front()].into_iter().flatten();
            let due = due.map(|(at, _)| *at).chain(self.tasks.iter().map(|(at, ..)| *at));
            let next = due.chain(self.link.poll_timeout()).min();
            match next {
                _ if self.link.has_ended() => {}
                Some(at) => drop(select(pin!(self.change(changed)), scene.sleep_until(at)).await),
                None => self.change(changed).await,
            }
            if self.link.poll_timeout().is_some_and(|at| at <= now()) {
                self.link.handle_timeout(now());
            }
        }
        self.link.handle_closed();
        self.turn();
        let mut server = self.connection.server.borrow_mut();
        for (_, bytes) in self.to_server.drain(..) {
            server.handle_input(&bytes).expect("the client keeps the rules");
        }
        self.connection.is_open.set(false);
        self.host.tally.borrow().note_closed();
    }

    /// A change of the link, or the end of the way.
    async fn change(&self, changed: EventListener) {
        let Some(tunnel) = &self.tunnel else { return changed.await };
        let mut echoed = Vec::new();
        let broken = pin!(tunnel.read(&mut echoed, 1));
        if let Either::Right((end, _)) = select(changed, broken).await {
            let error = end.err().map_or_else(|| ErrorKind::UnexpectedEof.into(), io::Error::other);
            self.link.handle_loss(&error);
        }
    }

    /// Moves what can be moved now; whether there was anything.
    fn turn(&mut self) -> bool {
        let arrival = now() + self.host.delay.get();
        let mut out = Vec::new();
        while self.link.poll_transmit(&mut out) {}
        let mut moved = !out.is_empty();
        if moved {
            self.to_server.push_back((arrival, out));
        }
        while let Some((_, bytes)) = self.to_server.pop_front_if(|(at, _)| *at <= now()) {
            let handled = self.connection.server.borrow_mut().handle_input(&bytes);
            handled.expect("the client keeps the rules");
            moved = true;
        }
        self.tend_tasks();
        let mut out = Vec::new();
        if self.connection.server.borrow_mut().poll_transmit(&mut out) && !self.host.is_mute.get() {
            self.to_client.push_back((arrival, out));
            moved = true;
        }
        while let Some((_, bytes)) = self.to_client.pop_front_if(|(at, _)| *at <= now()) {
            self.deliver(&bytes);
            moved = true;
        }
        if self.connection.server().is_closed() && self.to_client.is_empty() {
            self.link.handle_eof();
        }
        moved && !self.link.has_ended()
    }

    fn tend_tasks(&mut self) {
        let mut server = self.connection.server.borrow_mut();
        while let Some((channel, task)) = server.poll_task() {
            let (name, time) = task.split_once(' ').expect("a name and a time");
            *self.host.tasks.borrow_mut().entry(name.to_owned()).or_default() += 1;
            let time = Duration::from_millis(time.parse().expect("milliseconds"));
            self.tasks.push((now() + time, channel, name.to_owned()));
        }
        for (_, channel, name) in self.tasks.extract_if(.., |(at, ..)| *at <= now()) {
            server.end_task(channel, &name);
        }
    }

    fn deliver(&mut self, mut bytes: &[u8]) {
        if self.connection.is_broken.get() {
            return self.link.handle_loss(&ErrorKind::TimedOut.into());
        }
        while !bytes.is_empty() && !self.link.has_ended() {
            let length = self.piece(bytes.len()).min(self.until_cut.unwrap_or(usize::MAX));
            let (piece, rest) = bytes.split_at(length);
            self.link.handle_input(piece, now());
            bytes = rest;
            if let Some(left) = &mut self.until_cut {
                *left -= length;
                if *left == 0 {
                    self.link.handle_loss(&ErrorKind::TimedOut.into());
                }
            }
        }
    }

    fn piece(&mut self, length: usize) -> usize {
        let Some(seed) = &mut self.seed else { return length };
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + (*seed >> 33) as usize % length.min(5000)
    }
}
