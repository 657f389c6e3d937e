//! What the simulated fleet costs itself, so that one knows how much of a measurement against it is the fleet's:
//! processor time of the thread that plays the hosts, for each operation and each login.
//!
//!     cargo bench --bench simulated
//!
//! Our own SSH and SFTP machines ask, on blocking sockets of another thread; their time is not in the figures.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, clippy::disallowed_methods)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use scout_mcp::base::time::now;
use scout_mcp::io::site::Site;
use scout_mcp::sftp::Session;
use scout_mcp::simulated::Plan;
use scout_mcp::ssh::{ChannelId, Client, ClientConfig, Event, Identity, Offer, Stream};

/// What is measured, and how much of it.
#[derive(Clone, Copy)]
struct Extent {
    operations: usize,
    hosts: usize,
    /// Where answers take their time.
    rounds: usize,
}

fn main() {
    // `cargo test --benches` runs this as a test: a little of everything, to see that it works.
    let extent = match std::env::args().any(|argument| argument == "--bench") {
        true => Extent { operations: 20_000, hosts: 200, rounds: 200 },
        false => Extent { operations: 20, hosts: 2, rounds: 1 },
    };
    println!("| | operations | processor time each | all took |");
    println!("|---|---|---|---|");
    in_clear_weather(extent, false);
    in_clear_weather(extent, true);
    late(extent);
}

fn site(change: impl FnOnce(&mut Plan)) -> (Site, Rc<Identity>) {
    // A session is free when all that came with its CLOSE was heard: the next eight may be asked for before.
    let mut plan = Plan { hosts: 200, startups: None, sessions_max: 32, ..Plan::default() };
    change(&mut plan);
    let site = Site::start(plan, None).unwrap();
    let identity = Rc::new(Identity::from_openssh(&fs::read(site.key()).unwrap(), None).unwrap());
    (site, identity)
}

/// Answers leave at once.
fn in_clear_weather(extent: Extent, null_crypto: bool) {
    let Extent { operations, hosts: count, .. } = extent;
    let (site, identity) = site(|plan| plan.null_crypto = null_crypto);
    let crypto = if null_crypto { "nothing encrypted" } else { "AES-GCM" };
    let mut hosts = Vec::new();
    row(&format!("login, {crypto}"), count, || {
        hosts.extend((1..=count).map(|n| Caller::log_in(&site, n, &identity, null_crypto)));
    });
    for (at_once, connections) in [(1, 1), (16, 1), (1, 100), (4, 100)] {
        let callers = &mut hosts[..connections.min(count)];
        let what = format!("{at_once} at once on each of {connections}, {crypto}");
        reads(&what, callers, at_once, (operations / (at_once * callers.len())).max(1));
        let at_once = at_once.min(8);
        let what = format!("command, {at_once} at once on each of {connections}, {crypto}");
        let rounds = (operations / (at_once * callers.len())).max(1);
        row(&what, rounds * at_once * callers.len(), || {
            (0..rounds).for_each(|_| round(callers, |caller| caller.ask_runs(at_once), Caller::take_runs));
        });
    }
    let resident = resident_kib();
    hosts.extend((1..=count).map(|n| Caller::log_in(&site, n, &identity, null_crypto)));
    let each = (resident_kib() - resident) as f64 / count as f64;
    println!("| memory of a connection, both ends, {crypto} | {count} | {each:.1} KiB | |");
}

/// Each answer takes 15 ms, so that there is a moment for each when it is due.
fn late(extent: Extent) {
    let (site, identity) = site(|plan| plan.weather.latency = Duration::from_millis(15));
    let mut hosts: Vec<_> = (1..=extent.hosts).map(|n| Caller::log_in(&site, n, &identity, false)).collect();
    for (at_once, connections) in [(1, 1), (1, 10), (1, 100), (4, 100), (1, 200)] {
        let callers = &mut hosts[..connections.min(extent.hosts)];
        let what = format!("{at_once} at once on each of {connections}, after 15 ms");
        reads(&what, callers, at_once, extent.rounds);
    }
}

fn reads(what: &str, callers: &mut [Caller], at_once: usize, rounds: usize) {
    row(&format!("SFTP read of 1,400 B, {what}"), rounds * at_once * callers.len(), || {
        (0..rounds).for_each(|_| round(callers, |caller| caller.ask_reads(at_once), Caller::take_reads));
    });
}

/// All ask, and then all are heard.
fn round(callers: &mut [Caller], ask: impl Fn(&mut Caller), take: impl Fn(&mut Caller)) {
    callers.iter_mut().for_each(ask);
    callers.iter_mut().for_each(take);
}

fn row(what: &str, count: usize, work: impl FnOnce()) {
    let (begun, before) = (Instant::now(), processor_time());
    work();
    let (took, spent) = (begun.elapsed(), processor_time() - before);
    let each = spent.as_secs_f64() * 1e6 / count as f64;
    println!("| {what} | {count} | {each:.1} µs | {:.1} ms |", took.as_secs_f64() * 1e3);
}

/// Of the threads that play hosts, by schedstat (proc_pid_schedstat(5)): nanoseconds.
fn processor_time() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let played = tasks
        .map(|task| task.unwrap().path())
        .filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("hosts-")));
    let nanos = played.map(|task| {
        let text = fs::read_to_string(task.join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A client with its connection.
struct Caller {
    client: Client,
    stream: TcpStream,
    identity: Rc<Identity>,
    files: Option<(ChannelId, Session)>,
    running: usize,
    reading: usize,
}

impl Caller {
    fn log_in(site: &Site, n: usize, identity: &Rc<Identity>, null_crypto: bool) -> Self {
        let stream = TcpStream::connect((site.address(n), site.port())).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut config = ClientConfig::new("scout");
        config.identities.push(identity.public());
        if null_crypto {
            config.offer = Offer::default().without_protection();
        }
        let client = Client::new(config, now());
        let identity = Rc::clone(identity);
        let mut caller = Self { client, stream, identity, files: None, running: 0, reading: 0 };
        while !caller.client.is_ready() {
            caller.send();
            caller.hear();
        }
        let channel = caller.client.open_session().unwrap();
        caller.client.subsystem(channel, "sftp");
        caller.files = Some((channel, Session::new(true, now())));
        caller
    }

    fn send(&mut self) {
        if let Some((channel, files)) = &mut self.files {
            let mut asked = Vec::new();
            while files.poll_transmit(&mut asked) {}
            assert_eq!(self.client.send(*channel, &asked), asked.len(), "room for what is asked");
        }
        let mut out = Vec::new();
        while self.client.poll_transmit(&mut out) {}
        self.stream.write_all(&out).unwrap();
    }

    /// Waits for more.
    fn hear(&mut self) {
        let mut buffer = [0; 64 * 1024];
        let read = self.stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the host has hung up");
        self.client.handle_input(&buffer[..read], now()).unwrap();
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::HostKey(_) => self.client.accept_host_key().unwrap(),
                Event::Sign { algorithm, data, .. } => {
                    let signature = self.identity.sign(&algorithm, &data).unwrap();
                    self.client.provide_signature(&signature).unwrap();
                }
                Event::Closed(channel) => {
                    self.client.close(channel);
                    self.running -= 1;
                }
                _ => {}
            }
        }
        let Some((channel, files)) = &mut self.files else { return };
        let answers = self.client.received(*channel, Stream::Stdout).to_vec();
        files.handle_input(&answers).unwrap();
        self.client.consume(*channel, Stream::Stdout, answers.len());
        self.reading -=
            std::iter::from_fn(|| files.poll_done()).inspect(|(_, done)| assert!(done.is_ok())).count();
    }

    fn ask_reads(&mut self, count: usize) {
        let (_, files) = self.files.as_mut().unwrap();
        for _ in 0..count {
            files.read(b"/srv/small", 0, 1 << 20, now()).unwrap();
        }
        self.reading += count;
        self.send();
    }

    fn take_reads(&mut self) {
        self.take(|caller| caller.reading);
    }

    fn ask_runs(&mut self, count: usize) {
        for _ in 0..count {
            let channel = self.client.open_session().unwrap();
            self.client.exec(channel, b"uptime");
        }
        self.running += count;
        self.send();
    }

    fn take_runs(&mut self) {
        self.take(|caller| caller.running);
    }

    fn take(&mut self, left: impl Fn(&Self) -> usize) {
        while left(self) > 0 {
            self.hear();
            self.send();
        }
    }
}
