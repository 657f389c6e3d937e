//! Configurations, lookups and targets: no host is asked.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use scout_mcp::config::{AlgorithmLists, Env, SshConfig};
use scout_mcp::target::Target;
use tempfile::TempDir;

use super::figures::{Scale, median, millis, ms, row, us};
use super::site::Plan;

pub fn all(scale: Scale) {
    configurations(scale);
    lookups(scale);
    targets(scale);
}

fn configurations(scale: Scale) {
    let dir = TempDir::with_prefix("fleet-bench-").unwrap();
    let samples = scale.of(11, 1);
    let rows = [(100, "1.67 ms", 2), (1_000, "10.16 ms", 10), (10_000, "about 100 ms", 100)];
    for (hosts, document, target) in rows.into_iter().take(scale.of(3, 2)) {
        let path = dir.path().join(hosts.to_string());
        fs::write(&path, config(hosts)).unwrap();
        let load = || SshConfig::load(Some(&path), &Env::default(), AlgorithmLists::spoken()).unwrap();
        let parse = typical(samples, 1, || {
            assert_eq!(black_box(load()).hosts().len(), hosts);
        });
        let config = load();
        let resolve = typical(samples, 1, || {
            config.hosts().iter().for_each(|host| {
                black_box(config.resolve(host).unwrap());
            });
        });
        row(
            "PB-12",
            &format!("SSH configuration of {hosts} hosts: parse, and resolve all"),
            document,
            &format!("≤ {target} ms parsed and resolved, linear"),
            format!("{} + {}", ms(parse), ms(resolve)),
            parse + resolve <= millis(target),
        );
    }
}

/// As people write them.
fn config(hosts: usize) -> String {
    (0..hosts).fold(String::new(), |mut text, n| {
        let _ = write!(
            text,
            "Host host{n:05}\n    HostName 10.{}.{}.{}\n    User admin\n    Port 22\n    IdentityFile ~/.ssh/id_ed25519\n\n",
            n / 65_536,
            n / 256 % 256,
            n % 256
        );
        text
    })
}

fn lookups(scale: Scale) {
    let calls = scale.of(10_000, 10);
    let plan = Plan { cores: 1, ..Plan::new(1_000, millis(1), millis(1)) };
    let time = plan.run(async |site| {
        let fleet = site.shards.own();
        let names: Vec<String> = (0..1_000).map(|n| format!("h{n}")).collect();
        let mut at = 0;
        let mut lookup = || {
            at = (at + 1) % names.len();
            black_box(fleet.host(&names[at]).unwrap());
        };
        (0..1_000).for_each(|_| lookup());
        typical(11, calls, lookup)
    });
    let target = Duration::from_micros(10);
    row("PB-13", "a host of 1,000, resolved before", "11.0 µs", "< 1 ms", us(time), time < target);
}

fn targets(scale: Scale) {
    let calls = scale.of(5_000, 10);
    let long = format!("web01:/{}", "a".repeat(298));
    let mixed = ["web01:/etc/hosts", "hosts", "db:/var/log/postgresql/postgresql.log", "h:/", "a.b.c:/x y"];
    let rows: [(&str, &str, &[&str]); 4] = [
        ("5,000 mixed", "1.1 µs", &mixed),
        ("`hosts`", "", &["hosts"]),
        ("305 characters", "0.7 µs", &[&long]),
        ("invalid", "0.4 µs", &["no-path", "", ":/x", "host:relative"]),
    ];
    for (what, document, texts) in rows {
        let mut at = 0;
        let time = typical(21, calls, || {
            at = (at + 1) % texts.len();
            let _ = black_box(Target::parse(black_box(texts[at])));
        });
        let target = Duration::from_micros(1);
        row("PB-14", &format!("target: {what}"), document, "< 10 µs", us(time), time < target);
    }
}

/// The median over some samples of what one of `calls` calls takes.
fn typical(samples: usize, calls: usize, mut work: impl FnMut()) -> Duration {
    let sample = |_| {
        let begun = Instant::now();
        (0..calls).for_each(|_| work());
        begun.elapsed() / calls as u32
    };
    median((0..samples).map(sample).collect())
}
