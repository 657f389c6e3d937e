//! Rising numbers of users, each of whom asks again as soon as he is answered: how many the server stands.

use std::fs;
use std::time::Duration;

use scout_mcp::rig::{Load as Users, Step, count, decimal_size, duration};

use super::Options;
use super::hosts::Hosts;
use super::load::{Load, seconds};
use super::served::Served;

/// What is asked of the server, and how users come.
pub struct Ladder {
    users: &'static [usize],
    seconds: u64,
    /// Before each rung, of its time.
    ramp: f64,
    asked: Asked,
}

/// Of each rung. A breaking point is where it does not hold.
struct Asked {
    p95_ms: f64,
    error_share: f64,
    rate: f64,
    memory_bytes: u64,
}

/// PB-35 of the document on earlier systems: 300 s each, after 60.
pub const LOAD: Ladder = Ladder {
    users: &[10, 50, 100, 200, 500],
    seconds: 300,
    ramp: 0.2,
    asked: Asked { p95_ms: 1_000.0, error_share: 0.01, rate: 100.0, memory_bytes: u64::MAX },
};

/// PB-36: 50 more every 120 s.
pub const STRESS: Ladder = Ladder {
    users: &[
        50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850, 900, 950, 1_000,
    ],
    seconds: 120,
    ramp: 0.0,
    asked: Asked { p95_ms: 5_000.0, error_share: 0.05, rate: 0.0, memory_bytes: 2_000_000_000 },
};

/// Whether every rung holds.
pub fn rise(options: &Options, ladder: &Ladder) -> bool {
    let hosts = Hosts::start(&options.binary, options.is_full);
    let served = Served::start(options, &hosts);
    let rungs = if options.is_full { ladder.users } else { &ladder.users[..1] };
    let time = match options.is_full {
        true => Duration::from_secs(options.rung_seconds.unwrap_or(ladder.seconds)),
        false => Duration::from_secs(1),
    };
    let users: Vec<String> = rungs.iter().map(ToString::to_string).collect();
    let arguments =
        ["-c", &users.join(","), "-d", &seconds(time), "--warmup", &seconds(time.mul_f64(ladder.ramp))];
    let results = Load::start(&served, &hosts.names(), &arguments).results();
    fs::write(&options.export, results.to_json().unwrap()).unwrap();
    println!("| users | rate | p50 | p95 | p99 | errors | memory | processors | verdict |");
    println!("|---|---|---|---|---|---|---|---|---|");
    results.steps.iter().for_each(|step| ladder.asked.row(step));
    let broken = results.steps.iter().find(|step| !ladder.asked.is_met(step));
    match broken {
        Some(step) => println!("\nBreaks at {}.", step.load),
        None => println!("\nEvery rung holds."),
    }
    broken.is_none()
}

impl Asked {
    fn is_met(&self, step: &Step) -> bool {
        p95_us(step) <= self.p95_ms * 1e3
            && step.error_share() <= self.error_share
            && step.rate >= self.rate
            && step.memory_bytes() <= self.memory_bytes
    }

    fn row(&self, step: &Step) {
        let Users::Closed(users) = step.load else { return };
        let server = step.server.unwrap_or_default();
        println!(
            "| {users} | {}/s | {} | {} | {} | {:.2} % | {} | {:.2} | {} |",
            count(step.rate),
            duration(step.latency.p50_us),
            duration(p95_us(step)),
            duration(step.latency.p99_us),
            step.error_share() * 100.0,
            decimal_size(server.memory_bytes),
            server.processors,
            if self.is_met(step) { "met" } else { "**missed**" },
        );
    }
}

fn p95_us(step: &Step) -> f64 {
    let point = step.latency.curve.iter().find(|point| point.quantile >= 0.95);
    point.map_or(0.0, |point| point.us)
}
