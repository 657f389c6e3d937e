//! Whole days of a process, seeded: cores that share their bounds, hosts that are slow, dead, mute or break off, people
//! who ask in crowds and go away again, and a configuration that changes. Time is virtual. A `model` of what may be
//! expected stands beside, and the invariants of `site` are checked whenever nothing more can happen at a moment.
//!
//! `SCOUT_SEEDS=5000 cargo test --lib fleet::tests::simulation` plays more of them, with `SCOUT_SEED=17` besides from that
//! one on; with `SCOUT_SEED=17` alone it plays that one.

mod model;
mod plan;
mod request;
mod site;
mod trace;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::time::Duration;
use crate::fleet::Class;
use crate::testing::choices::{Choices, noise};
use plan::Plan;
use site::Site;
use trace::Trace;

/// Seeds of an ordinary run.
const DAYS: u64 = 120;
const SIEGES: u64 = 80;
/// Choices of one play.
const BYTES: usize = 4_000;
/// Those of a siege, as long as it lasts.
const HOURS_BYTES: usize = 100_000;
const STEPS: usize = 60;
/// Half of all requests are urgent.
const CLASSES: [Class; 4] = [Class::Interactive, Class::Interactive, Class::Batch, Class::Background];
/// How long nobody does anything, in milliseconds.
const PAUSES: [u64; 8] = [0, 0, 1, 20, 20, 150, 700, 3_000];

/// Anything happens.
fn day(seed: u64, trace: &Trace) {
    let bytes = noise(seed, BYTES);
    let mut choices = Choices::new(&bytes);
    let site = Site::new(Plan::draw(&mut choices), trace);
    for _ in 0..STEPS {
        site.act(&mut choices);
        site.pass(Duration::from_millis(choices.pick(&PAUSES)));
    }
    site.end(&mut choices);
}

/// Some clients never let go, and one asks for a little.
fn siege(seed: u64, trace: &Trace) {
    let bytes = noise(seed, BYTES);
    let mut choices = Choices::new(&bytes);
    let site = Site::new(Plan::draw_siege(&mut choices), trace);
    let plan = site.plan();
    let hosts = plan.hosts.len();
    let crowd: Vec<_> = (0..plan.clients)
        .flat_map(|client| {
            let class = choices.pick(&CLASSES);
            let host = usize::from(choices.u8()) % hosts;
            let width = 1 + usize::from(choices.u8() % 6);
            // Who wants something of every host has one turn among the others all the same.
            let asked = if client == 0 && choices.flag() { 0..hosts } else { host..host + 1 };
            asked.map(move |host| (client, class, host, width))
        })
        .collect();
    let wanted: Vec<_> = (0..hosts).filter(|host| plan.is_well(*host)).collect();
    let hours = noise(!seed, HOURS_BYTES);
    let mut choices = Choices::new(&hours);
    let mut wanted = wanted.into_iter().take(2);
    loop {
        for (client, class, host, width) in &crowd {
            while site.open(|request| (request.claim.client.0, request.host) == (*client, *host)) < *width {
                site.ask_as(*client, *class, *host, 2 * plan.wait_max(Class::Interactive), &mut choices);
            }
        }
        if site.open(|request| request.is_polite) == 0 {
            let Some(host) = wanted.next() else { break };
            site.pass(plan.work_max);
            // On a host that has more to do than it can, what is more urgent goes first.
            let class = choices.pick(&CLASSES);
            let is_last = crowd.iter().any(|(_, other, asked, _)| *asked == host && *other < class);
            site.ask_politely(if is_last { Class::Interactive } else { class }, host, &mut choices);
        }
        site.pass(plan.work_max / 4);
    }
    site.end(&mut choices);
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

/// Plays seeds; `test` is the name of the test that does.
fn play(seeds: u64, test: &str, play: fn(u64, &Trace)) {
    let seeds = match (number("SCOUT_SEED"), number("SCOUT_SEEDS")) {
        (Some(seed), None) => seed..seed + 1,
        (first, count) => {
            let first = first.unwrap_or_default();
            first..first + count.unwrap_or(seeds)
        }
    };
    for seed in seeds {
        let trace = Trace::default();
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| play(seed, &trace))) {
            panic!("{}\n{trace}{}\nSCOUT_SEED={seed} cargo test --lib {test}", trace.head(), text(&*cause));
        }
    }
}

fn text(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or(cause.downcast_ref::<&str>().copied()).unwrap_or_default()
}

/// A host lost its connection, somebody waited on at it, and the configuration changed: a further connection was made the
/// old way.
#[test]
fn a_day_on_which_a_host_moves_after_its_connection_was_lost() {
    day(3598, &Trace::default());
}

#[test]
fn days_of_many_seeds() {
    play(DAYS, "days_of_many_seeds", day);
}

#[test]
fn sieges_of_many_seeds() {
    play(SIEGES, "sieges_of_many_seeds", siege);
}

#[test]
fn the_same_seed_plays_the_same_day() {
    for seed in [3, 17, 99, 1_234] {
        for play in [day, siege] {
            let [one, other] = [(); 2].map(|()| {
                let trace = Trace::default();
                play(seed, &trace);
                trace
            });
            assert!(one.hash() == other.hash(), "seed {seed}: {:?}", one.fork(&other));
        }
    }
}
