//! A host of the [`World`](super::world::World): a small SSH server behind a wire that delays, cuts and swallows.

use std::cell::{Cell, Ref, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;

use event_listener::EventListener;
use futures_util::future::{self, Either, select};

use super::ssh_server::{Server, ServerConfig};
use super::world::{Scene, now};
use crate::base::limits::CONNECT_TIMEOUT_DEFAULT;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use crate::crypto::sign::Ed25519;
use crate::fleet::net::Hop;
use crate::fleet::{Link, LinkOptions, Memory, Tunnel};
use crate::ssh::wire::Write;
use crate::ssh::{Client, ClientConfig, Event, Haste, PublicIdentity};

/// How a host and the way to it behave. What a connection is like is settled when it is made, but for `is_mute`.
pub struct SimHost {
    pub server: RefCell<ServerConfig>,
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
    dials: Cell<usize>,
    dialling: Cell<usize>,
    connections: RefCell<Vec<Rc<Connection>>>,
}

/// Stands for the user's key, which is another one each time.
const USER_KEY: &[u8] = b"the user's";

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
            refusal: RefCell::default(),
            never_answers: Cell::default(),
            is_mute: Cell::default(),
            delay: Cell::new(Duration::from_millis(10)),
            pieces: Cell::default(),
            cut: Cell::default(),
            refuses_next_key: Cell::default(),
            sessions: Cell::new(8),
            idle_timeout: Cell::new(Duration::from_secs(60)),
            dials: Cell::default(),
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

    pub(super) async fn dial(
        self: &Rc<Self>,
        scene: &Scene,
        host: &HostConfig,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> Result<Rc<Link>> {
        self.dials.set(self.dials.get() + 1);
        self.dialling.set(self.dialling.get() + 1);
        let _dialling = Dialling(self);
        let tunnel = match hop {
            Some(hop) => Some(hop.link.await?.tunnel(&host.hostname, ECHO).await?),
            None => None,
        };
        let (mut client, server) = self.connect_in_time(scene, &memory).await?;
        if client.is_ready() {
            memory.keys.note_taken(USER_KEY, true);
        }
        client.rely_on_login(now() + CONNECT_TIMEOUT_DEFAULT);
        let connection = Rc::new(Connection {
            server: RefCell::new(server),
            is_open: Cell::new(true),
            is_broken: Cell::new(false),
        });
        self.connections.borrow_mut().push(Rc::clone(&connection));
        let options = LinkOptions {
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
            until_cut: self.cut.take(),
            seed: self.pieces.get(),
        };
        scene.spawn(wire.carry(scene.clone()));
        Ok(link)
    }

    /// As [`connect`](Self::connect), in the time that the host has taught that it takes.
    async fn connect_in_time(&self, scene: &Scene, memory: &Memory) -> Result<(Client, Server)> {
        let (begun, patience) = (now(), &memory.patience);
        let limit = patience.borrow().connect_timeout(CONNECT_TIMEOUT_DEFAULT);
        let late = scene.sleep_until(begun + limit);
        let Either::Left((connected, _)) = select(pin!(self.connect(scene, memory)), late).await else {
            if limit < CONNECT_TIMEOUT_DEFAULT {
                patience.borrow_mut().note_cut_short();
            }
            let text = format!("Cannot connect: timeout after {}s", limit.as_secs_f64());
            return Err(Error::new(Kind::ConnectTimeout, text));
        };
        if connected.is_ok() {
            patience.borrow_mut().note_connect(now() - begun);
        }
        connected
    }

    /// As far as the client goes before its link takes over.
    async fn connect(&self, scene: &Scene, memory: &Memory) -> Result<(Client, Server)> {
        // TCP's own round trip.
        scene.sleep_until(now() + 2 * self.delay.get()).await;
        if self.never_answers.get() {
            future::pending::<()>().await;
        }
        if let Some(error) = self.refusal.borrow().clone() {
            return Err(error);
        }
        memory.note_round_trip(2 * self.delay.get());
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
        Ok((login.client, login.server))
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

/// A client and its server past login.
pub fn log_in(config: ServerConfig, now: Instant) -> (Client, Server) {
    let mut login = Login::new(config, Haste::None, now);
    while !login.client.is_ready() {
        let question = login.question();
        let answer = login.answer(&question);
        login.take(&answer, now);
    }
    (login.client, login.server)
}

/// A client and its server on the way there.
struct Login {
    client: Client,
    server: Server,
    key: Ed25519,
}

impl Login {
    fn new(config: ServerConfig, haste: Haste, now: Instant) -> Self {
        let (key, public) = Ed25519::generate();
        let mut client_config = ClientConfig::new("me");
        client_config.haste = haste;
        client_config.identities.extend(PublicIdentity::from_blob(&named(&public)));
        Self { client: Client::new(client_config, now), server: Server::new(config), key }
    }

    fn question(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.client.poll_transmit(&mut out) {}
        out
    }

    fn answer(&mut self, question: &[u8]) -> Vec<u8> {
        self.server.handle_input(question).expect("the client keeps the rules");
        let mut out = Vec::new();
        assert!(self.server.poll_transmit(&mut out), "the server has an answer");
        out
    }

    fn take(&mut self, answer: &[u8], now: Instant) {
        self.client.handle_input(answer, now).expect("the server lets us in");
        while !self.client.is_ready()
            && let Some(event) = self.client.poll_event()
        {
            let answered = match event {
                Event::HostKey(_) => self.client.accept_host_key(),
                Event::Sign { data, .. } => self.client.provide_signature(&named(&self.key.sign(&data))),
                _ => Ok(()),
            };
            answered.expect("the connection goes on");
        }
    }
}

/// An Ed25519 key or signature with its name (RFC 8709 §4, §6).
fn named(value: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    blob.put_string(b"ssh-ed25519");
    blob.put_string(value);
    blob
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
    until_cut: Option<usize>,
    seed: Option<u64>,
}

impl Wire {
    async fn carry(mut self, scene: Scene) {
        while !self.link.has_ended() {
            let changed = self.link.listen();
            while self.turn() {}
            let due = [self.to_server.front(), self.to_client.front()].into_iter().flatten();
            let next = due.map(|(at, _)| *at).chain(self.link.poll_timeout()).min();
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
        let mut out = Vec::new();
        if self.connection.server.borrow_mut().poll_transmit(&mut out) && !self.host.is_mute.get() {
            self.to_client.push_back((arrival, out));
            moved = true;
        }
        while let Some((_, bytes)) = self.to_client.pop_front_if(|(at, _)| *at <= now()) {
            self.deliver(&bytes);
            moved = true;
        }
        if self.connection.server().is_closed && self.to_client.is_empty() {
            self.link.handle_eof();
        }
        moved && !self.link.has_ended()
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
