//! What a hop to another core costs: a question and its answer, between two cores of this process.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use monoio::io::{AsyncReadRentExt, AsyncWriteRentExt};
use scout_mcp::config::{AlgorithmLists, Env, Overrides, Settings, SharedConfig, SshConfig};
use scout_mcp::fleet::{Fleet, Quotas, Shards};
use scout_mcp::io::{Outside, cores};
use scout_mcp::metrics::Recorder;

const CALLS: usize = 100_000;

fn main() {
    let env = Env::default();
    let settings = Settings::load(&Overrides::default(), &env).expect("defaults");
    let nothing = SshConfig::load(Some(&PathBuf::from("/dev/null")), &env, AlgorithmLists::spoken());
    let config: SharedConfig = nothing.expect("an empty file").into();
    let own = settings.clone();
    let fleet = move |quotas: &Quotas| {
        let recorder = Recorder::new();
        let net = Outside::new(own.clone(), PathBuf::from("/"), Rc::clone(&recorder));
        Fleet::new(SharedConfig::clone(&config), own.clone(), net, quotas, recorder)
    };
    cores::run(2, &settings, fleet, Vec::new(), async |shards| {
        println!("| question and answer between two cores | p50 | p99 | rate |");
        println!("|---|---|---|---|");
        for at_once in [1, 8, 64] {
            measure(&shards, "idle cores", at_once).await;
        }
        keep_awake();
        shards.at(1, |_| async { keep_awake() }).await.expect("an answer");
        for at_once in [1, 8, 64] {
            measure(&shards, "cores awake", at_once).await;
        }
    })
    .expect("two cores");
}

/// Gives this core as much to do as it would have under load: it waits for nothing longer than it takes to go round.
fn keep_awake() {
    monoio::spawn(async {
        let (mut ours, mut theirs) = monoio::net::UnixStream::pair().expect("a pair of sockets");
        let mut byte = vec![0_u8];
        loop {
            byte = ours.write_all(byte).await.1;
            byte = theirs.read_exact(byte).await.1;
        }
    });
}

/// Asks from `at_once` tasks, each its next question when it has its answer.
async fn measure(shards: &Rc<Shards>, cores: &str, at_once: usize) {
    let begun = Instant::now();
    let tasks = (0..at_once).map(|_| async {
        let mut times = Histogram::<u64>::new_with_bounds(10, 1_000_000_000, 3).expect("bounds");
        for _ in 0..CALLS / at_once {
            let asked = Instant::now();
            shards.at(1, |_| async {}).await.expect("an answer");
            times.saturating_record(asked.elapsed().as_nanos() as u64);
        }
        times
    });
    let all = join_all(tasks).await.into_iter().reduce(|mut all, times| {
        all += times;
        all
    });
    let rate = CALLS as f64 / begun.elapsed().as_secs_f64();
    let all = all.expect("a task");
    let shown = |quantile| Duration::from_nanos(all.value_at_quantile(quantile));
    println!("| {cores}, {at_once} at once | {:?} | {:?} | {rate:.0}/s |", shown(0.5), shown(0.99));
}
