//! Whole lives of a connection, seeded: what the network does, what the server says and what the owner asks. See
//! [`ssh_play`](crate::testing::ssh_play) for what has to be true of each.
//!
//! `SCOUT_SEEDS=100000` plays more of them, `SCOUT_SEED=17` plays one.

use crate::testing::choices::noise;
use crate::testing::ssh_play::play;
use std::panic::catch_unwind;

/// Seeds of an ordinary run.
const SEEDS: u64 = 500;
/// Choices of one play.
const BYTES: usize = 600;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

#[test]
fn plays_of_many_seeds() {
    let seeds = match number("SCOUT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SCOUT_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let choices = noise(seed, BYTES);
        assert!(catch_unwind(|| play(&choices)).is_ok(), "SCOUT_SEED={seed}");
    }
}
