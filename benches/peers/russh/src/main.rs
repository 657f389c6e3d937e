//! russh as a peer: obeys lines of JSON on stdin, which `../library.py` describes, on one thread.
//!
//! One connection for each host; a command is an exec of its own, and reads share one SFTP channel, where any number of
//! them are under way at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use russh::ChannelMsg;
use russh::client::{self, Handle};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};
use russh_sftp::client::RawSftpSession;
use russh_sftp::protocol::{FileAttributes, OpenFlags};
use serde::{Deserialize, Serialize};
use tokio::sync::{OnceCell, Semaphore};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one READ asks for: sshd sends no more at a time.
const PIECE_BYTES: u32 = 255 * 1024;

#[derive(Deserialize)]
struct Site {
    user: String,
    key: String,
    hosts: Vec<Address>,
    /// Commands at once on one host.
    execs: usize,
    small: String,
    large: String,
    bytes: Sizes,
}

#[derive(Deserialize)]
struct Address {
    ip: String,
    port: u16,
}

#[derive(Deserialize)]
struct Sizes {
    small: usize,
    large: usize,
}

#[derive(Deserialize)]
struct Request {
    what: What,
    hosts: Vec<usize>,
    at_once: usize,
    seconds: f64,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum What {
    Command,
    Read,
    Large,
}

#[derive(Serialize, Default)]
struct Outcome {
    seconds: f64,
    taken: Vec<f64>,
    errors: BTreeMap<String, usize>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or("no site")?;
    let site: Site = serde_json::from_slice(&std::fs::read(path)?)?;
    let key = Arc::new(load_secret_key(&site.key, None)?);
    let hosts: Vec<Host> = site.hosts.iter().map(|_| Host::new(site.execs)).collect();
    // Nothing else has to be done while it waits for a line, but keeping connections: hosts may wait as well.
    for line in io::stdin().lock().lines() {
        let outcome = drive(&serde_json::from_str(&line?)?, &site, &key, &hosts).await;
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &outcome)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

/// Keeps so many operations under way, on the hosts in turn, until each had its turn and the time is over.
async fn drive(request: &Request, site: &Site, key: &Arc<PrivateKey>, hosts: &[Host]) -> Outcome {
    let begun = Instant::now();
    let (turn, outcome) = (Cell::new(0), RefCell::new(Outcome::default()));
    let is_over = || turn.get() >= request.hosts.len() && begun.elapsed().as_secs_f64() >= request.seconds;
    let worker = async || {
        while !is_over() {
            let host = request.hosts[turn.get() % request.hosts.len()];
            turn.set(turn.get() + 1);
            let started = Instant::now();
            let done = hosts[host].perform(request.what, site, &site.hosts[host], key).await;
            let mut outcome = outcome.borrow_mut();
            match done {
                Ok(()) => outcome.taken.push(started.elapsed().as_secs_f64()),
                Err(error) => *outcome.errors.entry(error.to_string()).or_default() += 1,
            }
        }
    };
    join_all((0..request.at_once).map(|_| worker())).await;
    Outcome { seconds: begun.elapsed().as_secs_f64(), ..outcome.into_inner() }
}

struct Host {
    connection: OnceCell<Handle<Client>>,
    files: OnceCell<Rc<RawSftpSession>>,
    execs: Semaphore,
}

/// The host keys of both worlds are made for the occasion: there is nothing to compare them with.
struct Client;

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _: &PublicKeyOrCertificate,
    ) -> std::result::Result<bool, russh::Error> {
        Ok(true)
    }
}

impl Host {
    fn new(execs: usize) -> Self {
        Self { connection: OnceCell::new(), files: OnceCell::new(), execs: Semaphore::new(execs) }
    }

    async fn perform(&self, what: What, site: &Site, address: &Address, key: &Arc<PrivateKey>) -> Result<()> {
        let connect = || connect(site, address, key);
        let connection = self.connection.get_or_try_init(connect).await?;
        let (found, expected) = match what {
            What::Command => (self.run(connection, &format!("cat {}", site.small)).await?, site.bytes.small),
            What::Read => (self.read(connection, &site.small, site.bytes.small).await?, site.bytes.small),
            What::Large => (self.read(connection, &site.large, site.bytes.large).await?, site.bytes.large),
        };
        if found == expected { Ok(()) } else { Err(format!("{found} bytes instead of {expected}").into()) }
    }

    /// How many bytes a command writes.
    async fn run(&self, connection: &Handle<Client>, command: &str) -> Result<usize> {
        let _permit = self.execs.acquire().await?;
        let mut channel = connection.channel_open_session().await?;
        channel.exec(true, command).await?;
        let mut found = 0;
        while let Some(message) = channel.wait().await {
            if let ChannelMsg::Data { data } = message {
                found += data.len();
            }
        }
        Ok(found)
    }

    /// How many bytes a file has, whose size is known and not asked for.
    async fn read(&self, connection: &Handle<Client>, path: &str, size: usize) -> Result<usize> {
        let files = self.files.get_or_try_init(|| open_sftp(connection)).await?;
        let handle = files.open(path, OpenFlags::READ, FileAttributes::empty()).await?.handle;
        let pieces = (0..size as u64).step_by(PIECE_BYTES as usize);
        let pieces = try_join_all(pieces.map(|offset| files.read(&handle, offset, PIECE_BYTES))).await?;
        files.close(handle).await?;
        Ok(pieces.iter().map(|piece| piece.data.len()).sum())
    }
}

async fn connect(site: &Site, address: &Address, key: &Arc<PrivateKey>) -> Result<Handle<Client>> {
    let config = client::Config { nodelay: true, ..client::Config::default() };
    let mut connection = client::connect(Arc::new(config), (&*address.ip, address.port), Client).await?;
    let key = PrivateKeyWithHashAlg::new(Arc::clone(key), None);
    let answer = connection.authenticate_publickey(&site.user, key).await?;
    if answer.success() { Ok(connection) } else { Err("not let in".into()) }
}

async fn open_sftp(connection: &Handle<Client>) -> Result<Rc<RawSftpSession>> {
    let channel = connection.channel_open_session().await?;
    channel.request_subsystem(true, "sftp").await?;
    let files = RawSftpSession::new(channel.into_stream());
    files.set_timeout(Duration::from_secs(60).as_secs());
    files.init().await?;
    Ok(Rc::new(files))
}
