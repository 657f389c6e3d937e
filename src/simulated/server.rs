//! A small SSH server, sans-IO: obedient by default, hostile where asked. For pairing with [`crate::ssh::Client`] in
//! tests; it trusts its peer's lengths and keeps no bounds, so it must never meet the outside.

mod exchange;
mod hostile;
#[cfg(any(test, feature = "testing"))]
mod keyed;
mod login;

pub use login::Doors;
use login::Progress;

use std::sync::Arc;

use super::channel::ServerChannel;
use super::keys::{CertificateRequest, Host};
use super::sftp::SftpServer;
use crate::ssh::cipher::PacketKey;
use crate::ssh::kex::derive::ExchangeHash;
use crate::ssh::negotiate;
use crate::ssh::number;
use crate::ssh::packet::{Opener, Sealer};
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{Cipher, Error, HostKeyAlgorithm, KexAlgorithm, Mac, Phase, SignatureAlgorithm};

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

/// Understands the commands `echo TEXT`, `cat`, `bytes N`, `fail TEXT`, `exit N`, `killed NAME`, `printenv NAME`, `hang`,
/// `stubborn` (which only `KILL` ends), `linger` (which ends and stays open) and `task TEXT` (which [`Server::end_task`]
/// ends), and the subsystems `echo` and `sftp`. Of TCP connections it makes those to
/// port 7, where an echo answers; to the host `forbidden` it makes none.
pub struct Server {
    pub config: ServerConfig,
    /// Key exchanges finished, logins refused, sessions opened and refused so far.
    pub exchanges: usize,
    pub refused_logins: usize,
    pub opened_sessions: usize,
    /// Channels that were to be opened before login.
    pub not_understood: usize,
    pub refused_sessions: usize,
    /// Guesses of the client that were right and wrong.
    pub right_guesses: usize,
    pub wrong_guesses: usize,
    /// Wants the stream closed.
    pub is_closed: bool,
    hosts: Arc<[Host]>,
    /// The client's next packet is a wrong guess.
    skips: bool,
    client_ident: Option<Vec<u8>>,
    kexinit: Option<Vec<u8>>,
    client_kexinit: Vec<u8>,
    session_id: Option<ExchangeHash>,
    incoming: Option<PacketKey>,
    sealer: Sealer,
    opener: Opener,
    input: Vec<u8>,
    out: Vec<u8>,
    held: Vec<Vec<u8>>,
    channels: Vec<ServerChannel>,
    progress: Progress,
}

impl Server {
    /// With new host keys.
    #[cfg(any(test, feature = "testing"))]
    pub fn new(config: ServerConfig) -> Self {
        let hosts = hosts(&config);
        Self::with(config, hosts)
    }

    /// With these host keys, whatever `config` says of them.
    pub fn with(config: ServerConfig, hosts: Arc<[Host]>) -> Self {
        let out = [config.ident.as_bytes(), b"\r\n"].concat();
        let mut server = Self {
            config,
            exchanges: 0,
            refused_logins: 0,
            opened_sessions: 0,
            not_understood: 0,
            refused_sessions: 0,
            right_guesses: 0,
            wrong_guesses: 0,
            is_closed: false,
            hosts,
            skips: false,
            client_ident: None,
            kexinit: None,
            client_kexinit: Vec::new(),
            session_id: None,
            incoming: None,
            sealer: Sealer::default(),
            opener: Opener::default(),
            input: Vec::new(),
            out,
            held: Vec::new(),
            channels: Vec::new(),
            progress: Progress::default(),
        };
        server.start_exchange();
        server
    }

    /// The public key as in known_hosts, of the algorithm that comes first.
    pub fn host_blob(&self) -> &[u8] {
        &self.hosts[0].secret.blob
    }

    /// The signals received so far, by channel.
    pub fn signals(&self) -> Vec<&str> {
        self.channels.iter().flat_map(|channel| &channel.signals).map(String::as_str).collect()
    }

    /// Sessions that are open now.
    pub fn sessions(&self) -> usize {
        self.channels.iter().filter(|channel| !channel.is_free && !channel.is_connection).count()
    }

    /// Those of them in which something was started.
    pub fn busy_sessions(&self) -> usize {
        self.channels.iter().filter(|channel| !channel.is_free && channel.is_started).count()
    }

    /// A command `task TEXT` that was started: its channel and text.
    pub fn poll_task(&mut self) -> Option<(usize, String)> {
        let channels = self.channels.iter_mut().enumerate();
        channels.filter_map(|(place, channel)| Some((place, channel.task.take()?))).next()
    }

    pub fn end_task(&mut self, channel: usize, output: &str) {
        self.channels[channel].end_task(output);
    }

    /// What serves files now.
    pub fn sftp(&self) -> Option<&SftpServer> {
        self.channels.iter().find_map(ServerChannel::sftp)
    }

    /// Ends every subsystem, as if its process had died.
    pub fn end_subsystems(&mut self) {
        self.channels.iter_mut().for_each(ServerChannel::end_subsystem);
    }

    /// Closes the sessions that nothing was started in.
    pub fn end_unused(&mut self) {
        for payload in self.channels.iter_mut().filter_map(ServerChannel::end_unused).collect::<Vec<_>>() {
            self.send(|out| out.extend_from_slice(&payload));
        }
    }

    /// Starts a key exchange unless one is running.
    pub fn start_exchange(&mut self) {
        if self.kexinit.is_some() || self.incoming.is_some() {
            return;
        }
        let mut kexinit = vec![number::KEXINIT];
        kexinit.extend_from_slice(&[7; 16]);
        let strict = self.config.is_strict.then_some(negotiate::STRICT_SERVER);
        kexinit.put_name_list([self.config.kex.name()].into_iter().chain(strict));
        kexinit.put_name_list(self.config.host_keys.iter().map(|host_key| host_key.name()));
        let guesses = self.misbehaves(Misbehaviour::WrongGuess);
        negotiate::put_symmetric(&mut kexinit, &[self.config.cipher], &[self.config.mac], guesses);
        if self.misbehaves(Misbehaviour::IgnoreFirst) && self.session_id.is_none() {
            self.ignore();
        }
        self.sealer.seal(&mut self.out, |out| out.extend_from_slice(&kexinit));
        if guesses {
            self.sealer.seal(&mut self.out, |out| out.extend_from_slice(&[number::KEX_ECDH_REPLY, 1, 2, 3]));
        }
        if self.misbehaves(Misbehaviour::SecondKexinit) {
            self.sealer.seal(&mut self.out, |out| out.extend_from_slice(&kexinit));
        }
        self.kexinit = Some(kexinit);
    }

    fn ignore(&mut self) {
        self.sealer.seal(&mut self.out, |out| {
            out.push(number::IGNORE);
            out.put_string(b"");
        });
    }

    /// Sends a global request that wants an answer.
    pub fn ask(&mut self) {
        self.send(|out| {
            out.push(number::GLOBAL_REQUEST);
            out.put_string(b"are-you-there@obedient");
            out.put_bool(true);
        });
    }

    /// True when something is there to be sent.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        self.flush();
        out.append(&mut self.out);
        !out.is_empty()
    }

    /// # Errors
    /// What the client did wrong.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.input.extend_from_slice(bytes);
        if self.client_ident.is_none() {
            let Some(end) = memchr::memchr(b'\n', &self.input) else { return Ok(()) };
            let line: Vec<u8> = self.input.drain(..=end).collect();
            self.client_ident = Some(line.trim_ascii_end().to_vec());
        }
        let mut input = std::mem::take(&mut self.input);
        let mut done = 0;
        while let Some(opened) = self.opener.open(&mut input[done..])? {
            let payload = input[done..][opened.payload].to_vec();
            done += opened.bytes;
            if !self.is_closed {
                self.handle_message(&payload)?;
            }
        }
        input.drain(..done);
        self.input = input;
        // As sshd: a session is free once everything that came with its CLOSE has been handled.
        self.channels.iter_mut().for_each(|channel| channel.is_free = channel.is_closed);
        Ok(())
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
            self.is_closed = true;
            return Ok(());
        }
        match message {
            number::DISCONNECT => self.is_closed = true,
            number::KEXINIT => {
                self.start_exchange();
                self.client_kexinit = payload.to_vec();
                self.judge_guess()?;
            }
            number::KEX_ECDH_INIT if self.skips => self.skips = false,
            number::KEX_ECDH_INIT => self.exchange(reader.string(MAX, WHAT)?)?,
            number::NEWKEYS => {
                let key = self.incoming.take().ok_or(Error::UnexpectedInKex { number: message })?;
                self.opener.direction.install(key, self.config.is_strict);
            }
            number::SERVICE_REQUEST if self.misbehaves(Misbehaviour::EarlySuccess) => {
                self.send(|out| out.push(number::USERAUTH_SUCCESS));
            }
            number::SERVICE_REQUEST => {
                let service = reader.string(MAX, WHAT)?.to_vec();
                self.send(|out| {
                    out.push(number::SERVICE_ACCEPT);
                    out.put_string(&service);
                });
            }
            number::USERAUTH_REQUEST => self.login(payload)?,
            number::USERAUTH_INFO_RESPONSE => self.answers(payload)?,
            number::GLOBAL_REQUEST if !self.misbehaves(Misbehaviour::Silent) => {
                self.send(|out| out.push(number::REQUEST_FAILURE));
            }
            number::CHANNEL_OPEN if self.is_too_early() => self.misunderstand(),
            number::CHANNEL_OPEN => self.open(reader)?,
            number::CHANNEL_REQUEST if self.is_too_early() => self.misunderstand(),
            number::CHANNEL_WINDOW_ADJUST..=number::CHANNEL_REQUEST => self.on_channel(message, reader)?,
            _ => {}
        }
        Ok(())
    }

    // --- channels

    fn open(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        let is_session = reader.string(MAX, WHAT)? == b"session";
        let (remote, window, packet) = (reader.u32(WHAT)?, reader.u32(WHAT)?, reader.u32(WHAT)?);
        if self.misbehaves(Misbehaviour::DataBeforeOpen) {
            self.send(|out| {
                out.push(number::CHANNEL_DATA);
                out.put_u32(remote);
                out.put_string(b"early");
            });
        }
        let refusal = match is_session {
            true => (self.sessions() >= self.config.sessions_max).then_some((2, "open failed")),
            false => {
                let (host, port) = (reader.text(MAX, WHAT)?, reader.u32(WHAT)?);
                reader.text(MAX, WHAT)?;
                reader.u32(WHAT)?;
                forwarding_refusal(host, port)
            }
        };
        if let Some((reason, text)) = refusal {
            self.refused_sessions += usize::from(is_session);
            self.send(|out| {
                out.push(number::CHANNEL_OPEN_FAILURE);
                out.put_u32(remote);
                out.put_u32(reason);
                out.put_string(text.as_bytes());
                out.put_string(b"");
            });
            return Ok(());
        }
        let local = self.config.first_channel + self.channels.len() as u32;
        let granted = self.config.window_bytes;
        let mut channel = ServerChannel::new(remote, window, packet, granted, self.config.sftp);
        channel.is_connection = !is_session;
        self.channels.push(channel);
        self.opened_sessions += usize::from(is_session);
        self.send(|out| {
            out.push(number::CHANNEL_OPEN_CONFIRMATION);
            out.put_u32(remote);
            out.put_u32(local);
            out.put_u32(granted);
            out.put_u32(32 * 1024);
        });
        Ok(())
    }

    fn on_channel(&mut self, message: u8, mut reader: Reader<'_>) -> Result<(), Error> {
        let number = reader.u32(WHAT)?;
        let misbehaviour = self.config.misbehaviour;
        let place = number.checked_sub(self.config.first_channel).map(|place| place as usize);
        let Some(channel) = place.and_then(|place| self.channels.get_mut(place)) else {
            return self.unknown_channel(message, number);
        };
        channel.runs_commands = self.config.runs_commands;
        let mut answers = channel.handle(message, reader)?;
        if message == number::CHANNEL_REQUEST {
            answers.extend(channel.misbehave(misbehaviour));
        }
        for answer in answers {
            self.send(|out| out.extend_from_slice(&answer));
        }
        Ok(())
    }

    /// As sshd, which hangs up where something is to be started in a channel that there is not.
    fn unknown_channel(&mut self, message: u8, number: u32) -> Result<(), Error> {
        if message != number::CHANNEL_REQUEST {
            return Err(Error::UnknownChannel { number });
        }
        self.send_disconnect(&format!("unknown channel {number}"));
        Ok(())
    }

    fn send_disconnect(&mut self, text: &str) {
        self.send(|out| {
            out.push(number::DISCONNECT);
            out.put_u32(number::REASON_PROTOCOL_ERROR);
            out.put_string(text.as_bytes());
            out.put_string(b"");
        });
        self.is_closed = true;
    }

    fn flush(&mut self) {
        if self.kexinit.is_some() {
            return;
        }
        let sendable: Vec<Vec<u8>> = self.channels.iter_mut().flat_map(ServerChannel::flush).collect();
        for payload in sendable {
            self.send(|out| out.extend_from_slice(&payload));
        }
    }

    /// Holds back what may not be sent during a key exchange.
    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.kexinit.is_none() {
            self.sealer.seal(&mut self.out, write);
        } else {
            let mut payload = Vec::new();
            write(&mut payload);
            self.held.push(payload);
        }
    }
}

#[cfg(any(test, feature = "testing"))]
fn hosts(config: &ServerConfig) -> Arc<[Host]> {
    config.host_keys.iter().map(|algorithm| Host::new(*algorithm, &config.certificate)).collect()
}

/// Why a TCP connection is not made: reason and text.
fn forwarding_refusal(host: &str, port: u32) -> Option<(u32, &'static str)> {
    match (host, port) {
        ("forbidden", _) => Some((1, "open failed")),
        (_, 7) => None,
        _ => Some((2, "Connection refused")),
    }
}
