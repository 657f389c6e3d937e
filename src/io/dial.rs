//! Makes a connection: resolve, connect, shake hands, check the host's key, log in.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

use super::keys::Keys;
use super::resolver::resolve;
use super::runtime::within;
use super::socket::QuickAck;
use super::{blocking, connection};
use crate::base::{Error, Kind, Result, time};
use crate::config::{HostConfig, KnownHosts, Settings};
use crate::fleet::{Link, LinkOptions, Memory, errors};
use crate::ssh::{Client, ClientConfig, Event, HostKey, Keepalive, Phase};

/// What one read of a handshake may bring.
const READ_BYTES: usize = 16 * 1024;

/// Connects and logs in. The link is carried from then on.
///
/// Errors, each beginning with `Cannot connect to HOST`: whatever goes wrong on the way, or the connect timeout.
pub(super) async fn dial(settings: &Settings, host: &HostConfig, memory: Rc<Memory>) -> Result<Rc<Link>> {
    let limit = host.connect_timeout.unwrap_or(settings.connect_timeout);
    let stage = Cell::new("looking up its name");
    let late = || {
        let text = format!("timeout after {}s while {}", limit.as_secs_f64(), stage.get());
        Err(Error::new(Kind::ConnectTimeout, text))
    };
    let result = within(limit, connect(settings, host, memory, &stage)).await.unwrap_or_else(late);
    result.map_err(|error| error.context(format_args!("Cannot connect to {}", host.alias)))
}

/// `stage` says at every moment what is being waited for.
async fn connect(
    settings: &Settings,
    host: &HostConfig,
    memory: Rc<Memory>,
    stage: &Cell<&'static str>,
) -> Result<Rc<Link>> {
    host.check_reachable()?;
    let known_hosts_files = host.known_hosts_files();
    let known_hosts = blocking::run(move || KnownHosts::load(&known_hosts_files));
    let (addresses, known_hosts, keys) = futures_util::try_join!(
        resolve(&host.hostname, host.port),
        known_hosts,
        Keys::find(host, settings.passphrase_file.clone()),
    )?;
    if let Some(unusable) = known_hosts.unusable() {
        return Err(Error::new(Kind::HostKey, format!("the known host keys cannot be read: {unusable}")));
    }
    let mut config = ClientConfig::new(host.user.as_str());
    config.identities = keys.public();
    config.offer.prefer_host_keys(&known_hosts.known_algorithms(host));
    config.keepalive = keepalive(settings, host);
    let login = Login { host, known_hosts: &known_hosts, keys: &keys, stage, memory: &memory };
    stage.set("connecting");
    let begun = time::now();
    let stream = connect_any(&addresses).await?;
    memory.note_round_trip(time::now() - begun);
    let (stream, client) = login.on(stream, config).await?;
    let options = LinkOptions {
        host: host.alias.as_str().into(),
        sessions: settings.max_sessions_per_connection,
        idle_timeout: settings.idle_timeout,
        clock: time::now,
        memory,
    };
    let link = Link::new(client, options);
    connection::drive(stream, &link);
    Ok(link)
}

/// The host's own wish wins over the settings; zero means never.
fn keepalive(settings: &Settings, host: &HostConfig) -> Option<Keepalive> {
    let interval = host.server_alive_interval.unwrap_or(settings.keepalive_interval);
    let missed_max = host.server_alive_count_max.unwrap_or(settings.keepalive_count_max);
    (!interval.is_zero()).then_some(Keepalive { interval, missed_max })
}

fn waiting_for(phase: Phase) -> &'static str {
    match phase {
        Phase::Ident => "waiting for its version string",
        Phase::KeyExchange => "exchanging keys",
        Phase::Authentication | Phase::Connected => "logging in",
    }
}

/// The first address that accepts. Errors: that of the last one, or of all when they differ.
async fn connect_any(addresses: &[SocketAddr]) -> Result<TcpStream> {
    let mut failures = Vec::new();
    for address in addresses {
        match TcpStream::connect_addr(*address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    Err(Error::new(Kind::Unreachable, failures.join("; ")))
}

/// What a login needs besides the connection.
struct Login<'a> {
    host: &'a HostConfig,
    known_hosts: &'a KnownHosts,
    keys: &'a Keys,
    stage: &'a Cell<&'static str>,
    memory: &'a Memory,
}

impl Login<'_> {
    /// Shakes hands and logs in. Every answer to what one read brought leaves in one write.
    async fn on(&self, mut stream: TcpStream, config: ClientConfig) -> Result<(TcpStream, Client)> {
        let lost = |error: std::io::Error| {
            let text = format!("connection lost while {}: {error}", self.stage.get());
            Error::new(Kind::ConnectionLost, text)
        };
        stream.set_nodelay(true).map_err(lost)?;
        let quick_ack = QuickAck::on(&stream);
        let mut client = Client::new(config, time::now());
        Link::prepare(&mut client, self.memory);
        let mut out = Vec::new();
        let mut input = Vec::with_capacity(READ_BYTES);
        let mut failure = None;
        loop {
            if let Err(error) = self.answer(&mut client).await {
                failure.get_or_insert(error);
            }
            // Also after a failure: the peer is told why, as far as it still listens.
            out.clear();
            if client.poll_transmit(&mut out) {
                let (result, sent) = stream.write_all(out).await;
                out = sent;
                if let Err(error) = result {
                    failure.get_or_insert_with(|| lost(error));
                }
            }
            if let Some(error) = failure {
                return Err(error);
            }
            if client.is_ready() {
                return Ok((stream, client));
            }
            self.stage.set(waiting_for(client.phase()));
            quick_ack.arm();
            input.clear();
            let (result, filled) = stream.read(input).await;
            input = filled;
            let fed = match result.map_err(lost)? {
                0 => client.handle_eof(),
                _ => client.handle_input(&input, time::now()),
            };
            if let Err(error) = fed {
                failure = Some(self.explain(&error));
            }
        }
    }

    /// Answers what the handshake asks.
    async fn answer(&self, client: &mut Client) -> Result<()> {
        while let Some(event) = client.poll_event() {
            match event {
                Event::HostKey(key) => {
                    if let Err(refusal) = self.verify(&key) {
                        client.reject_host_key();
                        return Err(refusal);
                    }
                    client.accept_host_key().map_err(|error| self.explain(&error))?;
                }
                Event::Sign { identity, algorithm, data } => {
                    let signed = match self.keys.sign(identity, &algorithm, &data).await {
                        Ok(signature) => client.provide_signature(&signature),
                        Err(error) => {
                            tracing::info!(host = self.host.alias, %error, "a key does not sign");
                            client.decline_signature()
                        }
                    };
                    signed.map_err(|error| self.explain(&error))?;
                }
                Event::Banner(text) => tracing::info!(host = self.host.alias, banner = text, "banner"),
                // What comes after it is for the link.
                Event::Ready => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    fn verify(&self, key: &HostKey) -> Result<()> {
        self.known_hosts.verify(self.host, key.key_type(), &key.blob)
    }

    fn explain(&self, error: &crate::ssh::Error) -> Error {
        let error = errors::from_ssh(&self.host.hostname, error);
        if error.kind() != Kind::Authentication || self.keys.notes.is_empty() {
            return error;
        }
        Error::new(error.kind(), format!("{error} ({})", self.keys.notes.join("; ")))
    }
}
