//! A pair in a box: a client and the small server, a link that cuts the stream anywhere, and time that only passes
//! when it is told to.

use super::choices;
use super::ssh_server::{Server, ServerConfig};
use crate::base::limits::{SSH_OUT_AND_ANSWERS_BYTES_MAX, SSH_PACKET_BYTES_MAX};
use crate::crypto::sign::Ed25519;
use crate::ssh::wire::Write;
use crate::ssh::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How the link cuts what is written.
#[derive(Debug, Clone, Copy)]
pub enum Link {
    Whole,
    Bytes,
    /// Pieces of seemingly random size, by seed.
    Random(u64),
}

/// Makes a signature blob: algorithm, data.
type Signer = Box<dyn Fn(&str, &[u8]) -> Vec<u8>>;

/// A user's key.
pub struct User {
    pub public: PublicIdentity,
    sign: Signer,
}

impl User {
    /// A new Ed25519 key.
    pub fn new() -> Self {
        let (key, public) = Ed25519::generate();
        let mut blob = Vec::new();
        blob.put_string(b"ssh-ed25519");
        blob.put_string(&public);
        let sign = move |algorithm: &str, data: &[u8]| {
            let mut signature = Vec::new();
            signature.put_string(algorithm.as_bytes());
            signature.put_string(&key.sign(data));
            signature
        };
        Self { public: identity(&blob), sign: Box::new(sign) }
    }

    /// With a certificate of this type that no server takes; the algorithms it was asked to sign with.
    pub fn certified(key_type: &str) -> (Self, Rc<RefCell<Vec<String>>>) {
        let mut blob = Vec::new();
        blob.put_string(key_type.as_bytes());
        let signed = Rc::new(RefCell::new(Vec::new()));
        let asked = Rc::clone(&signed);
        let sign = move |algorithm: &str, _: &[u8]| {
            asked.borrow_mut().push(algorithm.to_owned());
            Vec::new()
        };
        (Self { public: identity(&blob), sign: Box::new(sign) }, signed)
    }

    /// The unencrypted key of a file.
    pub fn from_file(bytes: &[u8]) -> Self {
        let identity = Identity::from_openssh(bytes, None).expect("a key in clear");
        let public = identity.public();
        let sign = move |algorithm: &str, data: &[u8]| identity.sign(algorithm, data).expect("it can sign");
        Self { public, sign: Box::new(sign) }
    }
}

impl Default for User {
    fn default() -> Self {
        Self::new()
    }
}

fn config(users: &[User], change: impl FnOnce(&mut ClientConfig)) -> ClientConfig {
    let mut config = ClientConfig::new("me");
    config.identities = users.iter().map(|user| user.public.clone()).collect();
    change(&mut config);
    config
}

fn identity(blob: &[u8]) -> PublicIdentity {
    PublicIdentity::from_blob(blob).expect("a type that is used")
}

/// Deadlines that one moment may bring.
const TIMEOUTS_MAX: usize = 100;
/// Those of a [link](Link::Bytes) that delivers one at a time; the others come as they are, as each costs a whole call.
const SINGLE_BYTES_MAX: u32 = 512 * 1024;

/// Both ends, moved by hand: a round is one write of each.
pub struct Pair {
    pub client: Client,
    pub server: Server,
    pub users: Vec<User>,
    /// Events besides those the pair answers by itself.
    pub events: Vec<Event>,
    pub error: Option<Error>,
    /// Bytes of every write of either side, in order.
    pub client_writes: Vec<usize>,
    pub now: Instant,
    pub signs: bool,
    /// What is given when asked for, the last one first; when none is left that is declined.
    pub passwords: Vec<&'static str>,
    pub answers: Vec<&'static [&'static str]>,
    link: Link,
    seed: u64,
    single_bytes: u32,
}

impl Pair {
    pub fn new(server: ServerConfig, link: Link) -> Self {
        Self::with(server, link, 1, |_| {})
    }

    pub fn with(
        server: ServerConfig,
        link: Link,
        users: usize,
        change: impl FnOnce(&mut ClientConfig),
    ) -> Self {
        Self::of((0..users).map(|_| User::new()).collect(), server, link, change)
    }

    pub fn of(
        users: Vec<User>,
        server: ServerConfig,
        link: Link,
        change: impl FnOnce(&mut ClientConfig),
    ) -> Self {
        let config = config(&users, change);
        Self::between(users, Server::new(server), link, |_, now| Client::new(config, now))
    }

    /// As [`Pair::with`], but for the first key exchange, which is skipped.
    pub fn keyed(
        server: ServerConfig,
        link: Link,
        users: usize,
        change: impl FnOnce(&mut ClientConfig),
    ) -> Self {
        let users: Vec<User> = (0..users).map(|_| User::new()).collect();
        let config = config(&users, change);
        Self::between(users, Server::new(server), link, |server, now| server.keyed_client(config, now))
    }

    fn between(
        users: Vec<User>,
        mut server: Server,
        link: Link,
        client: impl FnOnce(&mut Server, Instant) -> Client,
    ) -> Self {
        let now = crate::base::time::now();
        let seed = if let Link::Random(seed) = link { seed } else { 0 };
        Self {
            client: client(&mut server, now),
            server,
            users,
            events: Vec::new(),
            error: None,
            client_writes: Vec::new(),
            now,
            signs: true,
            passwords: Vec::new(),
            answers: Vec::new(),
            link,
            seed,
            single_bytes: 0,
        }
    }

    /// Moves bytes until both sides have nothing more to say.
    pub fn run(&mut self) -> &mut Self {
        while self.round() {}
        self
    }

    /// One write of each side. False when neither had anything.
    pub fn round(&mut self) -> bool {
        let out = self.client_output();
        let sent = !out.is_empty();
        if sent {
            self.client_writes.push(out.len());
            self.server.handle_input(&out).expect("the client keeps the rules");
        }
        let mut out = Vec::new();
        self.server.poll_transmit(&mut out);
        let received = !out.is_empty();
        self.deliver(&out);
        if self.server.is_closed() && !received && !sent && self.error.is_none() {
            self.error = self.client.handle_eof().err();
        }
        (sent || received) && self.error.is_none()
    }

    /// Everything the client wants to be sent.
    pub fn client_output(&mut self) -> Vec<u8> {
        self.answer_events();
        let (mut out, mut before) = (Vec::new(), 0);
        while self.client.poll_transmit(&mut out) {
            let write = out.len() - before;
            assert!(write <= SSH_OUT_AND_ANSWERS_BYTES_MAX + SSH_PACKET_BYTES_MAX, "{write} bytes at once");
            before = out.len();
        }
        self.answer_events();
        out
    }

    /// Everything the server wants to be sent, without a word of the client.
    pub fn hear(&mut self) -> &mut Self {
        let mut out = Vec::new();
        self.server.poll_transmit(&mut out);
        self.deliver(&out);
        self
    }

    /// Bytes of the server, cut by the link.
    pub fn deliver(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.error.is_none() {
            let (piece, later) = rest.split_at(self.piece(rest.len()));
            self.error = self.client.handle_input(piece, self.now).err();
            self.answer_events();
            rest = later;
        }
    }

    fn piece(&mut self, len: usize) -> usize {
        match self.link {
            Link::Whole => len,
            Link::Bytes => {
                self.single_bytes += 1;
                if self.single_bytes <= SINGLE_BYTES_MAX { 1 } else { len }
            }
            Link::Random(_) => {
                self.seed = choices::next(self.seed);
                1 + (self.seed >> 33) as usize % len.min(5000)
            }
        }
    }

    /// Answers what the client asks; keeps what it tells.
    pub fn answer_events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            let result = match event {
                Event::HostKey(_) => self.client.accept_host_key(),
                Event::Sign { identity, algorithm, data } if self.signs => {
                    let signature = (self.users[identity].sign)(&algorithm, &data);
                    self.client.provide_signature(&signature)
                }
                Event::Sign { .. } => self.client.decline_signature(),
                Event::Password => match self.passwords.pop() {
                    Some(password) => self.client.provide_password(password),
                    None => self.client.decline_password(),
                },
                Event::Prompts(prompts) => {
                    self.events.push(Event::Prompts(prompts));
                    match self.answers.pop() {
                        Some(answers) => self.client.provide_answers(answers),
                        None => self.client.decline_answers(),
                    }
                }
                other => {
                    self.events.push(other);
                    Ok(())
                }
            };
            self.error = self.error.take().or(result.err());
        }
    }

    /// Lets time go by without a word of the server.
    pub fn advance(&mut self, by: Duration) {
        self.now += by;
        for _ in 0..TIMEOUTS_MAX {
            if self.error.is_some() || self.client.poll_timeout().is_none_or(|at| at > self.now) {
                return;
            }
            self.error = self.client.handle_timeout(self.now).err();
        }
        panic!("a deadline that has passed stays");
    }

    /// Opens a session and runs a command on it to its end, feeding `input`; its standard output.
    pub fn exec(&mut self, command: &str, input: &[u8]) -> Vec<u8> {
        let channel = self.client.open_session().expect("room for a channel");
        self.client.exec(channel, command.as_bytes());
        self.finish(channel, input)
    }

    /// The rest of the output of a session, fed with `input`, once it has ended.
    pub fn finish(&mut self, channel: ChannelId, input: &[u8]) -> Vec<u8> {
        let (mut rest, mut output) = (input, Vec::new());
        loop {
            rest = &rest[self.client.send(channel, rest)..];
            if rest.is_empty() && !input.is_empty() {
                self.client.send_eof(channel);
            }
            let moved = self.round();
            output.extend_from_slice(self.client.received(channel, Stream::Stdout));
            let count = self.client.received(channel, Stream::Stdout).len();
            self.client.consume(channel, Stream::Stdout, count);
            if self.events.contains(&Event::Closed(channel)) || self.error.is_some() {
                return output;
            }
            assert!(
                moved || count > 0,
                "no progress with {} bytes left, {} received",
                rest.len(),
                output.len()
            );
        }
    }
}
