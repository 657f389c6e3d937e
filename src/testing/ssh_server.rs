//! The simulated SSH server with scripted commands, every way to log in, and every way of breaking the rules: hostile
//! where a test asks for it, obedient otherwise.

mod exchange;
mod hostile;
mod keyed;
mod login;
mod script;

use std::ops::Deref;
use std::sync::Arc;

pub use login::Doors;
use login::Progress;
use script::Script;

use super::ssh_server_kex::{CertificateRequest, host_key};
use super::timers::now;
use crate::simulated::keys::HostKey;
use crate::simulated::server::{Fate, Server as Simulated, Terms};
use crate::simulated::session::Exit;
use crate::simulated::sftp::SftpServer;
use crate::simulated::weather::Sky;
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{Cipher, Error, HostKeyAlgorithm, KexAlgorithm, Mac, Phase, SignatureAlgorithm, number};

const WHAT: &str = "client message";
const MAX: usize = 1 << 20;

/// One way of breaking the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The signature over the key exchange has a flipped bit.
    WrongSignature,
    /// An IGNORE in the middle of the first key exchange.
    StrayIgnore,
    /// An IGNORE in front of the first KEXINIT, as one inserts who means to swallow a later packet (Terrapin).
    IgnoreFirst,
    /// Guesses the key exchange method wrongly, and sends a packet of it (RFC 4253 §7.1).
    WrongGuess,
    /// Claims that the login succeeded before it answers the request for the service.
    EarlySuccess,
    /// Data in answer to the request to open a channel.
    DataBeforeOpen,
    /// KEXINIT twice.
    SecondKexinit,
    /// Another host key when keys are renewed.
    ReplaceHostKey,
    /// A key exchange value that makes the secret known to everybody: a point of small order, the number one.
    SmallOrder,
    /// Says nothing more once this phase is reached, and wants the stream closed.
    CloseAt(Phase),
    /// Sends more than the window allows when a command starts.
    OverrunWindow,
    /// Sends data on a channel that nobody opened when a command starts.
    UnknownChannel,
    /// Leaves global requests unanswered.
    Silent,
    /// Asks more questions at once than anyone could answer.
    ManyQuestions,
    /// Hangs up when a channel is opened before login, instead of not understanding it.
    HangUpOnEarlyOpen,
    /// Does not understand the first request to open a channel, though the login before it succeeded.
    ForgetFirstOpen,
}

#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The version string.
    pub ident: &'static str,
    pub kex: KexAlgorithm,
    pub cipher: Cipher,
    /// For a cipher that does not authenticate by itself.
    pub mac: Mac,
    /// Most preferred first; the client decides.
    pub host_keys: Vec<HostKeyAlgorithm>,
    /// For what the certificates among `host_keys` are.
    pub certificate: CertificateRequest,
    pub is_strict: bool,
    /// The one public key that may log in; `None`: whichever signs rightly.
    pub accepts: Option<Vec<u8>>,
    /// What else it takes.
    pub doors: Doors,
    /// `server-sig-algs` to announce.
    pub signature_algorithms: &'static str,
    pub sessions_max: usize,
    /// The number of its first channel; the others follow.
    pub first_channel: u32,
    /// Bytes the client may send on a channel before it is granted more.
    pub window_bytes: u32,
    /// Text before login.
    pub banner: Option<&'static str>,
    pub misbehaviour: Option<Misbehaviour>,
    /// Makes what the subsystem `sftp` serves; `None`: it is refused.
    pub sftp: Option<fn() -> SftpServer>,
    /// Otherwise every command is refused.
    pub runs_commands: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            ident: "SSH-2.0-obedient_1",
            kex: KexAlgorithm::Curve25519,
            cipher: Cipher::Aes128Gcm,
            mac: Mac::HmacSha256Etm,
            host_keys: vec![HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519)],
            certificate: CertificateRequest::default(),
            is_strict: true,
            accepts: None,
            doors: Doors::default(),
            signature_algorithms: "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256",
            sessions_max: 10,
            first_channel: 0,
            window_bytes: 64 * 1024,
            banner: None,
            misbehaviour: None,
            sftp: None,
            runs_commands: true,
        }
    }
}

impl ServerConfig {
    fn terms(&self) -> Terms {
        Terms {
            ident: self.ident,
            kex: vec![self.kex],
            ciphers: vec![self.cipher],
            macs: vec![self.mac],
            is_strict: self.is_strict,
            signature_algorithms: self.signature_algorithms,
            sessions_max: self.sessions_max,
            first_channel: self.first_channel,
            window_bytes: self.window_bytes,
            ..Terms::default()
        }
    }

    /// New host keys, and the public keys that they are for.
    fn keys(&self) -> (Vec<HostKey>, Vec<Vec<u8>>) {
        self.host_keys.iter().map(|algorithm| host_key(*algorithm, &self.certificate)).unzip()
    }
}

/// Understands the commands `echo TEXT`, `cat`, `bytes N`, `fail TEXT`, `exit N`, `killed NAME`, `printenv NAME`, `hang`,
/// `stubborn` (which only `KILL` ends), `linger` (which ends and stays open) and `task TEXT` (which [`Server::end_task`]
/// ends), and the subsystems `echo` and `sftp`. Of TCP connections it makes those to
/// port 7, where an echo answers; to the host `forbidden` it makes none.
pub struct Server {
    pub config: ServerConfig,
    simulated: Simulated,
    public_keys: Vec<Vec<u8>>,
    progress: Progress,
    /// By channel, in the order in which they came.
    signals: Vec<(u32, String)>,
    /// Commands `task TEXT` that nobody has taken over yet, and those that somebody has: number and channel.
    tasks: Vec<(usize, String)>,
    running: Vec<(usize, u32)>,
    tasks_begun: usize,
}

impl Deref for Server {
    type Target = Simulated;

    fn deref(&self) -> &Simulated {
        &self.simulated
    }
}

impl Server {
    /// With new host keys.
    pub fn new(config: ServerConfig) -> Self {
        let mut server = Self::silent(config);
        server.start_exchange();
        server
    }

    /// One that has not begun to exchange keys.
    fn silent(config: ServerConfig) -> Self {
        let script = Arc::new(Script::of(&config));
        let (keys, public_keys) = config.keys();
        let simulated = Simulated::new(config.terms().into(), keys.into(), script, Sky::clear(), now());
        Self {
            public_keys,
            config,
            simulated,
            progress: Progress::default(),
            signals: Vec::new(),
            tasks: Vec::new(),
            running: Vec::new(),
            tasks_begun: 0,
        }
    }

    /// The public key as in known_hosts, of the algorithm that comes first.
    pub fn host_blob(&self) -> &[u8] {
        &self.public_keys[0]
    }

    /// Wants the stream closed.
    pub fn is_closed(&self) -> bool {
        self.fate() != Fate::Open
    }

    /// The signals received so far, by channel.
    pub fn signals(&self) -> Vec<&str> {
        let mut signals: Vec<_> = self.signals.iter().collect();
        signals.sort_by_key(|(channel, _)| *channel);
        signals.into_iter().map(|(_, signal)| signal.as_str()).collect()
    }

    /// Sessions that are open now.
    pub fn sessions(&self) -> usize {
        self.simulated.sessions.iter().filter(|session| session.counts()).count()
    }

    /// Those of them in which something was started.
    pub fn busy_sessions(&self) -> usize {
        self.simulated.sessions.iter().filter(|session| session.counts() && session.is_started()).count()
    }

    /// A command `task TEXT` that was started: its number and text.
    pub fn poll_task(&mut self) -> Option<(usize, String)> {
        (!self.tasks.is_empty()).then(|| self.tasks.remove(0))
    }

    /// What was taken over ends with this output, unless it was made to end before.
    pub fn end_task(&mut self, task: usize, output: &str) {
        let Some(at) = self.running.iter().position(|(number, _)| *number == task) else { return };
        let (_, channel) = self.running.swap_remove(at);
        let place = (channel - self.config.first_channel) as usize;
        if let Some(session) = self.simulated.sessions.at(place).filter(|session| session.goes_on()) {
            session.print(output.as_bytes());
            session.end(Exit::Status(0));
        }
    }

    /// What serves files now.
    pub fn sftp(&self) -> Option<&SftpServer> {
        self.simulated.sessions.iter().find_map(|session| session.sftp())
    }

    /// Ends every subsystem, as if its process had died.
    pub fn end_subsystems(&mut self) {
        self.simulated.sessions.iter_mut().for_each(|session| session.end_subsystem());
    }

    /// Closes the sessions that nothing was started in.
    pub fn end_unused(&mut self) {
        let Simulated { sessions, transport, .. } = &mut self.simulated;
        sessions.iter_mut().for_each(|session| session.close_unused(transport));
    }

    /// Sends a global request that wants an answer.
    pub fn ask(&mut self) {
        self.simulated.send(|out| {
            out.push(number::GLOBAL_REQUEST);
            out.put_string(b"are-you-there@obedient");
            out.put_bool(true);
        });
    }

    /// True when something is there to be sent.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        self.simulated.poll_transmit(out, now())
    }

    /// # Errors
    /// What the client did wrong.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.keep_up();
        let mut arrived = self.simulated.take_in(bytes);
        while let Some(payload) = self.simulated.transport.open(&mut arrived)? {
            let payload = arrived.bytes[payload].to_vec();
            if !self.is_closed() {
                self.handle_message(&payload)?;
            }
        }
        self.simulated.put_back(arrived);
        for session in self.simulated.sessions.iter() {
            let faults = session.sftp().map(SftpServer::faults).unwrap_or_default();
            assert!(faults.is_empty(), "the SFTP client did what none should: {faults:?}");
        }
        Ok(())
    }

    /// Takes over what a test has changed.
    fn keep_up(&mut self) {
        let terms = Arc::make_mut(&mut self.simulated.transport.terms);
        terms.sessions_max = self.config.sessions_max;
        terms.first_channel = self.config.first_channel;
        terms.window_bytes = self.config.window_bytes;
        self.simulated.sessions.programs = Arc::new(Script::of(&self.config));
    }

    fn misbehaves(&self, misbehaviour: Misbehaviour) -> bool {
        self.config.misbehaviour == Some(misbehaviour)
    }

    fn handle_message(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        let message = reader.u8(WHAT)?;
        let phase = match message {
            number::KEXINIT => Phase::KeyExchange,
            number::SERVICE_REQUEST => Phase::Authentication,
            number::CHANNEL_OPEN => Phase::Connected,
            _ => Phase::Ident,
        };
        if self.misbehaves(Misbehaviour::CloseAt(phase)) {
            self.simulated.hang_up();
            return Ok(());
        }
        match message {
            number::KEXINIT => self.start_exchange(),
            number::KEX_ECDH_INIT => return self.exchange(payload),
            number::SERVICE_REQUEST if self.misbehaves(Misbehaviour::EarlySuccess) => {
                self.simulated.send(|out| out.push(number::USERAUTH_SUCCESS));
                return Ok(());
            }
            number::USERAUTH_REQUEST => return self.login(payload),
            number::USERAUTH_INFO_RESPONSE => return self.answers(payload),
            number::GLOBAL_REQUEST if self.misbehaves(Misbehaviour::Silent) => return Ok(()),
            number::CHANNEL_OPEN | number::CHANNEL_REQUEST if self.is_too_early() => {
                self.misunderstand();
                return Ok(());
            }
            number::CHANNEL_OPEN => return self.open(payload),
            number::CHANNEL_REQUEST => return self.request(payload),
            number::CHANNEL_DATA => {
                let channel = reader.u32(WHAT)?;
                self.note_tasks(channel, reader.string(MAX, WHAT)?);
            }
            number::CHANNEL_CLOSE => {
                let channel = reader.u32(WHAT)?;
                self.running.retain(|(_, running)| *running != channel);
            }
            _ => {}
        }
        self.simulated.handle_message(payload, now())
    }
}
