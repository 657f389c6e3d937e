//! A simulated fleet on this machine's loopback addresses, played by threads of this process.
//!
//! One socket takes the connections to all addresses: one for each of 10,000 would cost as many descriptors. It is bound
//! to the loopback interface, so nothing that comes over a network reaches it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_channel::{Receiver, Sender};
use base64ct::{Base64, Encoding};
use futures_util::future::{Either, select};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use socket2::{Domain, Protocol, Type};

use super::runtime;
use crate::base::limits::HTTP_BACKLOG;
use crate::base::{Error, Kind, Result};
use crate::simulated::keys::{Host, HostSecret};
use crate::simulated::server::{Server, ServerConfig};
use crate::simulated::{Plan, UserKey, plan};

/// What one read may bring.
const READ_BYTES: usize = 16 * 1024;

/// A fleet that is being played. Dropped, it ends.
pub struct Site {
    port: u16,
    folder: PathBuf,
    stop: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Site {
    /// Plays a fleet, and writes what SSH clients need to reach it into a folder that is there: `ssh_config`, `key`,
    /// `key.pub` and `known_hosts`.
    ///
    /// Errors: the port is taken, the kernel gives no threads or event loops, the files cannot be written.
    pub fn start(plan: &Plan, folder: &Path) -> Result<Self> {
        Self::open(plan, folder).map_err(|error| failed(&error))
    }

    fn open(plan: &Plan, folder: &Path) -> io::Result<Self> {
        let hosts: Arc<[Host]> = [Host::plain(HostSecret::fresh())].into();
        let listeners = listen(plan.port, plan.cores)?;
        let address = listeners.iter().map(StdListener::local_addr).next();
        let port = address.transpose()?.map_or(plan.port, |address| address.port());
        let (stop, stopped) = async_channel::bounded(1);
        let mut site = Self { port, folder: folder.to_owned(), stop, threads: Vec::new() };
        site.write(plan, &hosts)?;
        for (core, listener) in listeners.into_iter().enumerate() {
            let (hosts, stopped) = (Arc::clone(&hosts), stopped.clone());
            let thread = thread::Builder::new().name(format!("hosts-{core}"));
            site.threads.push(thread.spawn(move || {
                let played = runtime::run(play(listener, hosts, stopped));
                if let Err(error) = played.flatten() {
                    tracing::error!(%error, "simulated hosts are gone");
                }
            })?);
        }
        Ok(site)
    }

    /// The configuration with which any SSH client finds the hosts: `host0001` and so on.
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    /// The private key that lets everybody in.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    /// Where all hosts listen.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn write(&self, plan: &Plan, hosts: &[Host]) -> io::Result<()> {
        let key = UserKey::generate();
        let mut private =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.key())?;
        private.write_all(key.private_file().as_bytes())?;
        fs::write(self.folder.join("key.pub"), key.public_line())?;
        let known = hosts.iter().map(|host| {
            let key = Base64::encode_string(&host.presented);
            format!("[127.80.*]:{} {} {key}\n", self.port, host.algorithm.name())
        });
        fs::write(self.known_hosts(), known.collect::<String>())?;
        fs::write(self.ssh_config(), self.config(plan))
    }

    fn config(&self, plan: &Plan) -> String {
        let hosts = (1..=plan.hosts)
            .map(|n| format!("Host {}\n    HostName {}\n", plan::name(n), plan::address(n)))
            .collect::<String>();
        format!(
            "{hosts}Host host*\n    Port {}\n    User scout\n    IdentityFile {}\n    IdentitiesOnly yes\n    \
             UserKnownHostsFile {}\n    StrictHostKeyChecking yes\n",
            self.port,
            self.key().display(),
            self.known_hosts().display(),
        )
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.close();
        for thread in self.threads.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

/// So many sockets that listen on every loopback address, among which the kernel spreads the connections.
fn listen(port: u16, count: usize) -> io::Result<Vec<StdListener>> {
    let mut listeners = Vec::new();
    let mut address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    for _ in 0..count.max(1) {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.bind_device(Some(b"lo"))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        socket.listen(HTTP_BACKLOG)?;
        let listener = StdListener::from(socket);
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Serves until it is told to stop.
async fn play(listener: StdListener, hosts: Arc<[Host]>, stopped: Receiver<()>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (accept, stopped) = (pin!(accept(listener, hosts)), pin!(stopped.recv()));
    match select(accept, stopped).await {
        Either::Left((failed, _)) => failed,
        Either::Right(_) => Ok(()),
    }
}

async fn accept(listener: TcpListener, hosts: Arc<[Host]>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let hosts = Arc::clone(&hosts);
        runtime::spawn(async move {
            // How a connection ends is the client's affair.
            let _ = carry(stream, Server::with(ServerConfig::default(), hosts)).await;
        });
    }
}

async fn carry(mut stream: TcpStream, mut server: Server) -> io::Result<()> {
    let mut input = Vec::with_capacity(READ_BYTES);
    loop {
        let mut output = Vec::new();
        if server.poll_transmit(&mut output) {
            stream.write_all(output).await.0?;
        }
        if server.is_closed {
            return Ok(());
        }
        let (read, filled) = stream.read(input).await;
        if read? == 0 {
            return Ok(());
        }
        server.handle_input(&filled).map_err(io::Error::other)?;
        input = filled;
        input.clear();
    }
}

fn failed(error: &io::Error) -> Error {
    Error::new(Kind::Local, format!("Cannot play a fleet: {error}"))
}
