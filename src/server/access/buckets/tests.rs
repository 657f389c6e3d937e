//! One core after the other, and all at once.

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::thread;

use proptest::prelude::*;

use super::*;
use crate::base::limits::RATE_LIMITED_ADDRESSES_MAX;

const SECOND: u64 = 1_000_000_000;

fn client(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

fn rate() -> Rate {
    Rate::new(60, 10).unwrap()
}

/// How many of `count` requests are let through.
fn let_through(buckets: &Buckets, number: u64, now: u64, count: usize) -> usize {
    (0..count).filter(|_| buckets.take(client(number), now, &rate()).is_ok()).count()
}

/// One part, so that all clients want the same places.
fn small() -> Buckets {
    Buckets::new(RATE_LIMIT_PART_PLACES)
}

#[test]
fn every_client_has_a_bucket_of_its_own() {
    let buckets = small();
    for number in 1..=RATE_LIMIT_PART_PLACES as u64 {
        assert_eq!(let_through(&buckets, number, SECOND, 20), 10);
    }
    assert_eq!(let_through(&buckets, 1, 3 * SECOND, 20), 2);
}

#[test]
fn who_finds_no_place_shares() {
    let buckets = small();
    for number in 1..=RATE_LIMIT_PART_PLACES as u64 {
        assert_eq!(let_through(&buckets, number, SECOND, 20), 10);
    }
    assert_eq!(let_through(&buckets, 100, SECOND, 6) + let_through(&buckets, 200, SECOND, 6), 10);
    // Places come free; what was taken together is owed by whoever moves in.
    assert_eq!(let_through(&buckets, 100, 11 * SECOND, 20), 10);
    assert_eq!(let_through(&buckets, 200, 11 * SECOND, 20), 10);
}

#[test]
fn a_flood_of_addresses_makes_no_bucket_a_new_one() {
    let buckets = Buckets::new(RATE_LIMITED_ADDRESSES_MAX);
    assert_eq!(let_through(&buckets, 7, SECOND, 20), 10);
    let flood = (1_000..1_001_000).filter(|number| buckets.take(client(*number), SECOND, &rate()).is_ok());
    // Each place once, and a burst for those of each part who have none.
    assert!(flood.count() <= RATE_LIMITED_ADDRESSES_MAX + 10 * buckets.0.len());
    assert_eq!(let_through(&buckets, 7, SECOND, 20), 0);
    assert_eq!(let_through(&buckets, 7, 2 * SECOND, 20), 1);
}

/// A clock that was read before another core forgot a bucket.
#[test]
fn what_is_forgotten_is_not_given_twice() {
    let buckets = small();
    assert_eq!(let_through(&buckets, 1, SECOND, 20), 10);
    for number in 2..=1 + RATE_LIMIT_PART_PLACES as u64 {
        assert_eq!(let_through(&buckets, number, 11 * SECOND, 20), 10);
    }
    // Full at 11 s; at 10.5 s there were nine and a half.
    let late = Buckets::new(RATE_LIMIT_PART_PLACES);
    assert_eq!(let_through(&late, 1, SECOND, 20), 10);
    for number in 2..=1 + RATE_LIMIT_PART_PLACES as u64 {
        assert_eq!(let_through(&late, number, 11 * SECOND, 1), 1);
    }
    assert_eq!(let_through(&late, 1, 10 * SECOND + SECOND / 2, 20), 9);
}

proptest! {
    /// With room for all, each client's bucket is what it would be alone.
    #[test]
    fn nobody_is_charged_for_another(
        requests in prop::collection::vec((1_u64..=RATE_LIMIT_PART_PLACES as u64, 0_u64..SECOND), 1..400),
    ) {
        let (buckets, rate) = (small(), rate());
        let (mut alone, mut now) = (HashMap::new(), 0);
        for (number, gap) in requests {
            now += gap;
            let full_at = alone.entry(number).or_insert(0);
            let expected = rate.take(*full_at, now).map(|then| *full_at = then);
            prop_assert_eq!(buckets.take(client(number), now, &rate), expected);
        }
    }

    /// With room for few, nobody gets more than alone: every client's requests that are let through keep the bound in every
    /// window, in whatever order the clocks of the cores are.
    #[test]
    fn nobody_gets_more_than_his_share(
        requests in prop::collection::vec((1_u64..30, 0_u64..SECOND, 0_u64..SECOND / 10), 1..600),
    ) {
        let (buckets, rate) = (small(), rate());
        let (mut through, mut time): (HashMap<u64, Vec<u64>>, _) = (HashMap::new(), SECOND);
        for (number, gap, behind) in requests {
            time += gap;
            let now = time - behind;
            if buckets.take(client(number), now, &rate).is_ok() {
                through.entry(number).or_default().push(now);
            }
        }
        for moments in through.values_mut() {
            check_windows(moments);
        }
    }
}

/// At most ten and one for every second, in every window.
fn check_windows(moments: &mut [u64]) {
    moments.sort_unstable();
    for (first, from) in moments.iter().enumerate() {
        for (count, to) in (1..).zip(&moments[first..]) {
            assert!(count <= 10 + (to - from) / SECOND, "{count} from {from} to {to}");
        }
    }
}

/// All cores ask for the same few clients, among strangers who come and go: at every moment each client gets what has come
/// back since the last one, not one more and not one less.
#[test]
fn cores_agree_on_every_token() {
    const CORES: usize = 4;
    const ROUNDS: u64 = 200;
    let clients = [1_u64, 2, 3];
    let buckets = small();
    let barrier = Barrier::new(CORES);
    let counts: Vec<AtomicUsize> =
        (0..ROUNDS as usize * clients.len()).map(|_| AtomicUsize::new(0)).collect();
    let core = &|core: u64| {
        for round in 0..ROUNDS {
            barrier.wait();
            // Every eleventh round all buckets are full again, and may have been given to others.
            let now = (round + 1) * SECOND + round / 11 * 20 * SECOND;
            for try_ in 0..15 {
                for (place, number) in clients.iter().enumerate() {
                    if buckets.take(client(*number), now, &rate()).is_ok() {
                        counts[round as usize * clients.len() + place].fetch_add(1, SeqCst);
                    }
                }
                if round % 11 == 10 {
                    // Too few to take all places while somebody wants his back.
                    let _ = buckets.take(client(100 + core % 2 + try_ % 2), now + 15 * SECOND, &rate());
                }
            }
            barrier.wait();
        }
    };
    thread::scope(|scope| (0..CORES as u64).for_each(|number| drop(scope.spawn(move || core(number)))));
    for (index, count) in counts.iter().enumerate() {
        let round = index / clients.len();
        let expected = if round.is_multiple_of(11) { 10 } else { 1 };
        assert_eq!(count.load(SeqCst), expected, "round {round}");
    }
}

/// More clients than places, on all cores, with clocks that differ: the bound holds for each of them.
#[test]
fn cores_keep_the_bound_when_clients_come_and_go() {
    const CORES: u64 = 4;
    let (buckets, clock) = (small(), AtomicU64::new(SECOND));
    let core = &|seed: u64| {
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut through = Vec::new();
        for _ in 0..20_000 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let now = clock.fetch_add(chance % (SECOND / 50), SeqCst) - chance % (SECOND / 10);
            let number = 1 + (chance >> 32) % 20;
            if buckets.take(client(number), now, &rate()).is_ok() {
                through.push((number, now));
            }
        }
        through
    };
    let mut moments: HashMap<u64, Vec<u64>> = HashMap::new();
    thread::scope(|scope| {
        let cores: Vec<_> = (1..=CORES).map(|seed| scope.spawn(move || core(seed))).collect();
        for (number, now) in cores.into_iter().flat_map(|core| core.join().unwrap()) {
            moments.entry(number).or_default().push(now);
        }
    });
    moments.values_mut().for_each(|moments| check_windows(moments));
}
