//! Configurations, lookups and targets: no host is asked.

use std::hint::black_box;
use std::time::{Duration, Instant};

use scout_mcp::testing::chores;

use super::figures::{Scale, median, millis, ms, row, us};
use super::site::Plan;

pub fn all(scale: Scale) {
    configurations(scale);
    lookups(scale);
    targets(scale);
}

fn configurations(scale: Scale) {
    let samples = scale.of(11, 1);
    let rows = [(100, "1.67 ms", 2), (1_000, "10.16 ms", 10), (10_000, "about 100 ms", 100)];
    for (hosts, document, target) in rows.into_iter().take(scale.of(3, 2)) {
        let time = |part| {
            typical(samples, 1, chores::named(&format!("ssh_config of {hosts} hosts: {part}")).prepare())
        };
        let (parse, resolve) = (time("parse"), time("resolve all"));
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
    let rows = [
        ("mixed", "1.1 µs", "mixed", 5),
        ("`hosts`", "", "hosts", 1),
        ("305 characters", "0.7 µs", "305 characters", 1),
        ("invalid", "0.4 µs", "none", 4),
    ];
    for (what, document, chore, each) in rows {
        let time = typical(21, calls, chores::named(&format!("target: {chore}")).prepare()) / each;
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
