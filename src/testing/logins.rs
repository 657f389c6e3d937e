//! Logins to the small SSH server: step by step, at once, or made in advance.

use std::cell::RefCell;
use std::iter;

use super::ssh_server::{Server, ServerConfig};
use super::timers::now;
use super::world_host::USER_KEY;
use crate::base::time::{Duration, Instant};
use crate::crypto::sign::Ed25519;
use crate::fleet::{Link, Memory};
use crate::ssh::wire::Write;
use crate::ssh::{Client, ClientConfig, Event, Haste, PublicIdentity};

/// Logins for whoever dials, whichever host it is.
pub struct Logins {
    config: ServerConfig,
    time: Duration,
    crypto: Crypto,
    stock: RefCell<Vec<Login>>,
}

/// What a login computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crypto {
    /// Nothing: this many were made before, under a key that everybody knows. When they are used up, others are made
    /// when they are needed.
    None { stock: usize },
    /// Everything, of both sides.
    Real,
}

impl Logins {
    /// A dial takes `time`.
    pub fn new(config: ServerConfig, time: Duration, crypto: Crypto) -> Self {
        let count = match crypto {
            Crypto::None { stock } => stock,
            Crypto::Real => 0,
        };
        let stock = iter::repeat_with(|| keyed(config.clone())).take(count).collect();
        Self { config, time, crypto, stock: RefCell::new(stock) }
    }

    pub(super) fn time(&self) -> Duration {
        self.time
    }

    pub(super) fn take(&self) -> Login {
        if let Some(login) = self.stock.borrow_mut().pop() {
            return login;
        }
        match self.crypto {
            Crypto::None { .. } => keyed(self.config.clone()),
            Crypto::Real => finished(Login::new(self.config.clone(), haste(), now())),
        }
    }
}

fn keyed(config: ServerConfig) -> Login {
    finished(Login::keyed(config, haste(), now()))
}

/// As on a host never seen before.
fn haste() -> Haste {
    Memory::default().haste(USER_KEY)
}

/// Done, with what a link asks for before.
fn finished(mut login: Login) -> Login {
    Link::prepare(&mut login.client, &Memory::default());
    login.finish(now())
}

/// A client and its server past login.
pub fn log_in(config: ServerConfig, now: Instant) -> (Client, Server) {
    let login = Login::new(config, Haste::None, now).finish(now);
    (login.client, login.server)
}

/// A client and its server on the way there.
pub(super) struct Login {
    pub client: Client,
    pub server: Server,
    key: Ed25519,
}

impl Login {
    pub fn new(config: ServerConfig, haste: Haste, now: Instant) -> Self {
        let (client_config, key) = client_config(haste);
        Self { client: Client::new(client_config, now), server: Server::new(config), key }
    }

    /// With the key exchange behind it.
    fn keyed(config: ServerConfig, haste: Haste, now: Instant) -> Self {
        let (client_config, key) = client_config(haste);
        let mut server = Server::new(config);
        Self { client: server.keyed_client(client_config, now), server, key }
    }

    /// Goes all the way, without delay.
    fn finish(mut self, now: Instant) -> Self {
        while !self.client.is_ready() {
            let question = self.question();
            let answer = self.answer(&question);
            self.take(&answer, now);
        }
        self
    }

    pub fn question(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.client.poll_transmit(&mut out) {}
        out
    }

    pub fn answer(&mut self, question: &[u8]) -> Vec<u8> {
        self.server.handle_input(question).expect("the client keeps the rules");
        let mut out = Vec::new();
        assert!(self.server.poll_transmit(&mut out), "the server has an answer");
        out
    }

    pub fn take(&mut self, answer: &[u8], now: Instant) {
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

fn client_config(haste: Haste) -> (ClientConfig, Ed25519) {
    let (key, public) = Ed25519::generate();
    let mut config = ClientConfig::new("me");
    config.haste = haste;
    config.identities.extend(PublicIdentity::from_blob(&named(&public)));
    (config, key)
}

/// An Ed25519 key or signature with its name (RFC 8709 §4, §6).
fn named(value: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    blob.put_string(b"ssh-ed25519");
    blob.put_string(value);
    blob
}
