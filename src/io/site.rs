//! A simulated fleet on this machine's loopback addresses, played by threads of this process.
//!
//! One socket takes the connections to all addresses: one for each of 10,000 would cost as many descriptors. It is bound
//! to the loopback interface where the kernel lets us, and a connection to any other address is closed at once, so nobody
//! on a network gets an answer.

mod connection;
mod counts;
mod files;
mod listener;

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_channel::Sender;

use super::{descriptors, runtime};
use crate::base::limits::{DESCRIPTORS_OF_PROCESS, DESCRIPTORS_PER_CORE};
use crate::base::{Error, Kind, Result};
use crate::simulated::keys::HostKey;
use crate::simulated::server::Terms;
use crate::simulated::sftp::Tree;
use crate::simulated::{Plan, UserKey, host, plan};
use crate::ssh::Cipher;
use counts::Counters;
pub use counts::Counts;
use files::Folder;

/// What the names of the threads that play hosts begin with.
pub const THREADS: &str = "hosts-";

/// A fleet that is being played. Dropped, it ends.
pub struct Site {
    fleet: Arc<Fleet>,
    folder: Folder,
    port: u16,
    stop: Sender<()>,
    threads: Vec<JoinHandle<()>>,
    /// Keeps the port of those hosts that are down from being listened at by anybody else.
    _closed: Option<socket2::Socket>,
}

/// What the threads have in common.
struct Fleet {
    plan: Plan,
    terms: Arc<Terms>,
    tree: Arc<Tree>,
    /// One for all, or one for each.
    keys: Vec<Arc<[HostKey]>>,
    counters: Counters,
}

impl Site {
    /// Plays a fleet, and writes what SSH clients need to reach it into `folder`: `ssh_config`, `key`, `key.pub` and
    /// `known_hosts`. Without a folder they are written into a new one, which is removed in the end.
    ///
    /// Errors: the port is taken, the kernel gives no threads or event loops, the files cannot be written.
    pub fn start(plan: Plan, folder: Option<&Path>) -> Result<Self> {
        Self::open(plan, folder)
            .map_err(|error| Error::new(Kind::Local, format!("Cannot play a fleet: {error}")))
    }

    fn open(plan: Plan, folder: Option<&Path>) -> io::Result<Self> {
        descriptors::raise(
            DESCRIPTORS_OF_PROCESS
                + DESCRIPTORS_PER_CORE * plan.cores as u64
                // Whoever talks to them may be this process too.
                + 2 * plan.hosts as u64 * CONNECTIONS_PER_HOST,
        );
        let listeners = listener::bind(plan.port, plan.cores)?;
        let port = listener::port(&listeners)?;
        let closed = match plan.down {
            0 => None,
            _ => Some(listener::closed()?),
        };
        let folder = Folder::open(folder, port)?;
        let user = UserKey::generate();
        let fleet = Arc::new(Fleet::new(plan, &user));
        files::write(&fleet, &folder, &user, port, closed.as_ref().map(|(_, port)| *port))?;
        let (stop, stopped) = async_channel::bounded(1);
        let mut site = Self {
            fleet,
            folder,
            port,
            stop,
            threads: Vec::new(),
            _closed: closed.map(|(socket, _)| socket),
        };
        for (core, listener) in listeners.into_iter().enumerate() {
            let (fleet, stopped) = (Arc::clone(&site.fleet), stopped.clone());
            let play = move || {
                let played = runtime::run(connection::accept(listener, fleet, core, stopped));
                if let Err(error) = played.flatten() {
                    tracing::error!(%error, "simulated hosts are gone");
                }
            };
            site.threads.push(thread::Builder::new().name(format!("{THREADS}{core}")).spawn(play)?);
        }
        Ok(site)
    }

    /// How many hosts there are.
    pub fn hosts(&self) -> usize {
        self.fleet.plan.hosts
    }

    /// What host `n`, counted from 1, is called in the configuration.
    pub fn name(&self, n: usize) -> String {
        plan::name(n)
    }

    pub fn address(&self, n: usize) -> Ipv4Addr {
        plan::address(n)
    }

    /// Where all hosts listen.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The configuration with which any SSH client finds the hosts by name.
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.file("ssh_config")
    }

    /// The private key that lets everybody in.
    pub fn key(&self) -> PathBuf {
        self.folder.file("key")
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.folder.file("known_hosts")
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        self.fleet.counters.read()
    }

    /// Ends it; what happened.
    pub fn stop(mut self) -> Counts {
        self.end();
        self.counts()
    }

    fn end(&mut self) {
        self.stop.close();
        for thread in self.threads.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.end();
    }
}

/// Descriptors for the connections that clients usually make.
const CONNECTIONS_PER_HOST: u64 = 2;

impl Fleet {
    fn new(plan: Plan, user: &UserKey) -> Self {
        let ciphers = match plan.null_crypto {
            true => vec![Cipher::None],
            false => Cipher::preferred(),
        };
        let terms = Terms {
            ciphers,
            accepts: plan.only_key.then(|| user.blob().to_vec()),
            verifies: !plan.null_crypto,
            sessions_max: plan.sessions_max,
            ..Terms::default()
        };
        let keys = if plan.own_keys { plan.hosts } else { 1 };
        let keys = (0..keys).map(|_| [HostKey::generate()].into()).collect();
        let tree = Arc::new(host::tree(plan.entries));
        let counters = Counters::new(plan.hosts, plan.cores);
        Self { plan, terms: terms.into(), tree, keys, counters }
    }

    /// The key of host `n`.
    fn key(&self, n: usize) -> Option<&Arc<[HostKey]>> {
        self.keys.get(n.saturating_sub(1)).or(self.keys.first())
    }
}

#[cfg(test)]
mod tests;
