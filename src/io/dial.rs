//! Makes a connection: resolve, connect, shake hands, check the host's key, log in.

use std::net::SocketAddr;
use std::rc::Rc;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

use super::keys::Keys;
use super::outside::{resolve, within};
use super::{blocking, connection, socket};
use crate::base::{Error, Kind, Result, time};
use crate::config::{HostConfig, KnownHosts, Settings};
use crate::fleet::{Link, LinkOptions, errors};
use crate::ssh::{Client, ClientConfig, Event, HostKey};

/// What one read of a handshake may bring.
const READ_BYTES: usize = 16 * 1024;

/// Connects and logs in. The link is carried from then on.
///
/// Errors, each beginning with `Cannot connect to HOST`: whatever goes wrong on the way, or the connect timeout.
pub(super) async fn dial(settings: &Settings, host: &HostConfig) -> Result<Rc<Link>> {
    let limit = host.connect_timeout.unwrap_or(settings.connect_timeout);
    let late = || {
        let text = format!("no connection to {}:{} within {}s", host.hostname, host.port, limit.as_secs_f64());
        Err(Error::new(Kind::ConnectTimeout, text))
    };
    let result = within(limit, connect(settings, host)).await.unwrap_or_else(late);
    result.map_err(|error| error.context(format_args!("Cannot connect to {}", host.alias)))
}

async fn connect(settings: &Settings, host: &HostConfig) -> Result<Rc<Link>> {
    let known_hosts = async {
        let files = host.known_hosts_files();
        blocking::run(move || KnownHosts::load(&files)).await
    };
    let (addresses, known_hosts, keys) = futures_util::try_join!(
        resolve(&host.hostname, host.port),
        known_hosts,
        Keys::find(host, settings.passphrase_file.clone()),
    )?;
    let config = ClientConfig {
        user: host.user.clone(),
        identities: keys.public(),
        host_key_algorithms: known_hosts.known_algorithms(host.known_as(), host.port),
        keepalive: Some((settings.keepalive_interval, settings.keepalive_missed)),
        ..ClientConfig::default()
    };
    let login = Login { host, known_hosts: &known_hosts, keys: &keys };
    let (stream, client) = login.on(connect_any(&addresses).await?, config).await?;
    let options = LinkOptions {
        host: host.alias.as_str().into(),
        sessions: settings.sessions_per_connection,
        idle_timeout: settings.idle_timeout,
        clock: time::now,
    };
    let link = Link::new(client, options);
    connection::drive(stream, &link);
    Ok(link)
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
}

impl Login<'_> {
    /// Shakes hands and logs in. Every answer to what one read brought leaves in one write.
    async fn on(&self, mut stream: TcpStream, config: ClientConfig) -> Result<(TcpStream, Client)> {
        let lost = |error: std::io::Error| Error::new(Kind::ConnectionLost, format!("connection lost: {error}"));
        stream.set_nodelay(true).map_err(lost)?;
        let mut client = Client::new(config, time::now());
        let mut out = Vec::new();
        let mut input = Vec::with_capacity(READ_BYTES);
        loop {
            let answered = self.answer(&mut client).await;
            out.clear();
            if client.poll_transmit(&mut out) {
                let (result, sent) = stream.write_all(out).await;
                result.map_err(lost)?;
                out = sent;
            }
            answered?;
            if client.is_ready() {
                return Ok((stream, client));
            }
            socket::acknowledge_at_once(&stream);
            input.clear();
            let (result, filled) = stream.read(input).await;
            input = filled;
            let fed = match result.map_err(lost)? {
                0 => client.handle_eof().and(Err(crate::ssh::Error::Closed)),
                _ => client.handle_input(&input, time::now()),
            };
            if let Err(error) = fed {
                // The peer is told why, as far as it still listens.
                out.clear();
                if client.poll_transmit(&mut out) {
                    let _ = stream.write_all(out).await;
                }
                return Err(self.explain(&error));
            }
        }
    }

    /// Answers what the handshake asks.
    async fn answer(&self, client: &mut Client) -> Result<()> {
        while let Some(event) = client.poll_event() {
            match event {
                Event::HostKey(key) => match self.verify(&key) {
                    Ok(()) => client.accept_host_key(),
                    Err(refusal) => {
                        client.reject_host_key();
                        return Err(refusal);
                    }
                },
                Event::Sign { identity, algorithm, data } => {
                    match self.keys.sign(identity, &algorithm, &data).await {
                        Ok(signature) => client.provide_signature(signature),
                        Err(error) => {
                            tracing::info!(host = self.host.alias, %error, "a key does not sign");
                            client.decline_signature();
                        }
                    }
                }
                Event::Banner(text) => tracing::info!(host = self.host.alias, banner = text, "banner"),
                _ => {}
            }
        }
        Ok(())
    }

    fn verify(&self, key: &HostKey) -> Result<()> {
        let (name, port) = (self.host.known_as(), self.host.port);
        self.known_hosts.verify(name, port, key.algorithm(), key.blob())
    }

    fn explain(&self, error: &crate::ssh::Error) -> Error {
        let error = errors::from_ssh(&self.host.hostname, error);
        if error.kind() != Kind::Authentication || self.keys.notes.is_empty() {
            return error;
        }
        Error::new(error.kind(), format!("{error} ({})", self.keys.notes.join("; ")))
    }
}
