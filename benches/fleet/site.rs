//! Simulated hosts and the cores that look after them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::{Future, pending};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use scout_mcp::base::Result;
use scout_mcp::config::{AlgorithmLists, Env, Settings, SharedConfig, SshConfig};
use scout_mcp::fleet::{Caller, Class, ClientId, Fleet, Need, Quotas, Repeat, Shards};
use scout_mcp::io::cores;
use scout_mcp::metrics::Recorder;
use scout_mcp::scout::batch::batch;
use scout_mcp::scout::{self, Client, Request};
use scout_mcp::simulated::sftp::{Knobs, Node, Numbering, SftpServer};
use scout_mcp::testing::ssh_server::ServerConfig;
use scout_mcp::testing::world::SimHost;
use scout_mcp::testing::{self, Crypto, Logins, Tally, live};
use tempfile::TempDir;

use super::figures::Times;

/// What `/file` holds on every host.
pub const FILE_BYTES: usize = 1_400;
/// What `/large` holds, where there is one.
pub const LARGE_BYTES: usize = 1_000_000;

thread_local! {
    /// The hosts as this core sees them.
    static HOSTS: RefCell<BTreeMap<String, Rc<SimHost>>> = RefCell::default();
}

/// What a site is to be like.
pub struct Plan {
    pub hosts: usize,
    pub cores: usize,
    /// How long a dial takes, and what it computes.
    pub connect: Duration,
    pub crypto: Crypto,
    /// How long anything takes on a host: a round trip.
    pub operation: Duration,
    pub sftp: fn() -> SftpServer,
    /// Makes a host of a name something else.
    pub change: fn(&str, &SimHost),
    pub settings: fn(&mut Settings),
}

impl Plan {
    /// Dials and operations of these lengths, without crypto, on two cores.
    pub fn new(hosts: usize, connect: Duration, operation: Duration) -> Self {
        Self {
            hosts,
            cores: 2,
            connect,
            crypto: Crypto::None { stock: hosts.min(200) },
            operation,
            sftp: small_tree,
            change: |_, _| {},
            settings: |_| {},
        }
    }

    /// Runs `main` on the first core, on a thread of its own: it is pinned, and others shall not inherit that.
    pub fn run<T: Send>(self, main: impl AsyncFnOnce(&Site) -> T + Send) -> T {
        thread::scope(|scope| scope.spawn(|| self.run_here(main)).join().unwrap())
    }

    fn run_here<T>(self, main: impl AsyncFnOnce(&Site) -> T) -> T {
        let mut settings = testing::settings();
        (self.settings)(&mut settings);
        let (cores, config) = (self.cores, config(self.hosts));
        let tally = Arc::new(Tally::default());
        let (own, counted) = (settings.clone(), Arc::clone(&tally));
        let plan = Arc::new(self);
        let fleet = move |quotas: &Quotas| plan.fleet(&config, &own, &counted, quotas);
        cores::run(cores, &settings, fleet, Vec::new(), async |shards| main(&Site { shards, tally }).await)
            .unwrap()
    }

    /// The fleet of one core, and the hosts that it looks after.
    fn fleet(
        &self,
        config: &SharedConfig,
        settings: &Settings,
        tally: &Arc<Tally>,
        quotas: &Quotas,
    ) -> Rc<Fleet> {
        let server = server(self.sftp);
        let logins = Rc::new(Logins::new(server, self.connect, self.crypto));
        let host = |name: &str| {
            let host = Rc::new(SimHost::default());
            host.delay.set(self.operation / 2);
            host.idle_timeout.set(settings.idle_timeout);
            host.logins.replace(Some(Rc::clone(&logins)));
            host.tally.replace(Arc::clone(tally));
            (self.change)(name, &host);
            HOSTS.with_borrow_mut(|hosts| hosts.insert(name.to_owned(), Rc::clone(&host)));
            host
        };
        let recorder = Recorder::new();
        let net = live::net(config, host, &recorder);
        Fleet::new(SharedConfig::clone(config), settings.clone(), net, quotas, recorder)
    }
}

/// Hosts `h0`, `h1`, …
fn config(hosts: usize) -> SharedConfig {
    let dir = TempDir::with_prefix("fleet-bench-").unwrap();
    let path: PathBuf = dir.path().join("config");
    let text = (0..hosts).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "Host h{n}");
        text
    });
    std::fs::write(&path, text).unwrap();
    SshConfig::load(Some(&path), &Env::default(), AlgorithmLists::spoken()).unwrap().into()
}

/// A server that passes for OpenSSH, and is taken for what it is good at.
pub fn server(sftp: fn() -> SftpServer) -> ServerConfig {
    ServerConfig { ident: "SSH-2.0-OpenSSH_9.2 played", sftp: Some(sftp), ..ServerConfig::default() }
}

pub fn small_tree() -> SftpServer {
    let mut tree = SftpServer::new(knobs());
    tree.put_file("/file", vec![b'x'; FILE_BYTES]);
    tree.put("/dir", Node::Directory);
    for n in 0..20 {
        tree.put_file(&format!("/dir/entry{n}"), "x");
    }
    tree
}

/// As OpenSSH's.
fn knobs() -> Knobs {
    Knobs { numbering: Numbering::OpenSsh, ..Knobs::default() }
}

pub fn large_tree() -> SftpServer {
    let mut tree = SftpServer::new(knobs());
    tree.put_file("/large", vec![b'x'; LARGE_BYTES]);
    tree
}

/// A running site, seen from the first core.
pub struct Site {
    pub shards: Rc<Shards>,
    pub tally: Arc<Tally>,
}

impl Site {
    /// Has a connection to a host, and does nothing with it.
    pub async fn connect(&self, n: usize) {
        let claim = *self.shards.own().caller(Class::Interactive, ClientId::STDIO).claim();
        let host = format!("h{n}");
        let name = host.clone();
        let work = move |caller: Caller| async move {
            caller.work(&host, Need::Files, Repeat::Safe, async |_| Ok(())).await
        };
        self.shards.on(&name, claim, work).await.unwrap();
    }

    /// Waits as a simulated host does.
    pub async fn sleep(&self, time: Duration) {
        let slept = self.shards.own().within(time, pending::<Result<()>>(), || Ok(()));
        slept.await.unwrap();
    }

    /// A request of an agent.
    pub async fn ask(&self, target: String, query: Option<&str>) -> Result<String> {
        let request = Request { target, query: query.map(str::to_owned), ..Request::default() };
        // On the heap: several of them in one future would make it a large one.
        let answer = Box::pin(scout::scout(&self.shards, &Client::ourselves(), &request, &|_, _| ())).await;
        answer.map(|answer| answer.text().into_owned())
    }

    /// Makes so many reads of a small file as one request, of so many hosts in turn.
    pub async fn batch(&self, reads: usize, hosts: usize) {
        let read = |n| Request { target: format!("h{}:/file", n % hosts), ..Request::default() };
        let requests: Vec<_> = (0..reads).map(read).collect();
        let batch = batch(&self.shards, &Client::ourselves(), &requests, &|_, _| ()).await.unwrap();
        assert_eq!(batch.succeeded(), reads, "{}", batch.text());
    }

    /// Reads a small file.
    pub async fn read(&self, n: usize) {
        let text = self.ask(format!("h{n}:/file"), None).await.unwrap();
        assert_eq!(text.len(), FILE_BYTES);
    }

    /// Lists a small directory.
    pub async fn list(&self, n: usize) {
        let text = self.ask(format!("h{n}:/dir"), None).await.unwrap();
        assert!(text.contains("entry19"), "{text}");
    }

    /// Runs a command.
    pub async fn run(&self, n: usize) {
        let text = self.ask(format!("h{n}:/"), Some("cat /file")).await.unwrap();
        assert_eq!(text.len(), FILE_BYTES);
    }

    /// Every host but the last `without` is connected, and a file of it has been looked at.
    pub async fn warm(&self, hosts: usize) {
        self.at_once(hosts, |n| self.read(n)).await;
    }

    /// Does something with many hosts at once; the time of each.
    pub async fn at_once<F: Future>(&self, count: usize, work: impl Fn(usize) -> F) -> Times {
        let work = &work;
        let each = join_all((0..count).map(|n| async move {
            let begun = Instant::now();
            work(n).await;
            begun.elapsed()
        }));
        let mut times = Times::new();
        each.await.into_iter().for_each(|time| times.add(time));
        times
    }

    /// The way to a host breaks without a word.
    pub async fn break_off(&self, n: usize) {
        let name = format!("h{n}");
        self.shards
            .on_all(|_| {
                let name = name.clone();
                move |_| async move {
                    HOSTS.with_borrow(|hosts| {
                        let host = &hosts[&name];
                        if host.open() > 0 {
                            host.last().break_off();
                        }
                    });
                }
            })
            .await;
    }
}
