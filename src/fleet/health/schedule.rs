//! When each host is looked at: once in every interval, all of them evenly spread over it, and never quite at the same
//! moment as the time before.
//!
//! A newcomer gets the place that the golden ratio gives to its number: wherever one stops counting, such places are
//! about equally far apart, so nobody has to move when hosts come and go. Pure: it is told the time.

use std::collections::HashMap;
use std::rc::Rc;

use crate::base::time::{Duration, Instant};

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// A look comes later than its place by up to this part of the interval. With more, chance alone would sometimes put a
/// tenth of a hundred hosts into one second of thirty.
const JITTER_SHARE: u32 = 20;

/// See the module's documentation.
pub struct Schedule {
    seed: u64,
    /// When the first interval began.
    start: Instant,
    interval: Duration,
    /// Hosts taken in so far.
    count: u64,
    turns: HashMap<Rc<str>, Turn>,
}

struct Turn {
    /// The host's place in the interval, where 2^64 is its end.
    place: u64,
    due: Instant,
}

impl Schedule {
    pub fn new(seed: u64, interval: Duration, now: Instant) -> Self {
        Self { seed, start: now, interval, count: 0, turns: HashMap::new() }
    }

    /// How often everybody gets a look from now on.
    pub fn set_interval(&mut self, interval: Duration, now: Instant) {
        if interval == self.interval {
            return;
        }
        (self.interval, self.start) = (interval, now);
        for (place, due) in self.turns.values_mut().map(|turn| (turn.place, &mut turn.due)) {
            *due = next(self.start, self.interval, self.seed, place, now);
        }
    }

    /// Takes a host in; its first look comes within `soon`, or else when half an interval has passed. Nothing changes
    /// for one that is known.
    pub fn add(&mut self, host: &Rc<str>, soon: Option<Duration>, now: Instant) {
        if self.turns.contains_key(host) {
            return;
        }
        let place = self.seed.wrapping_add(self.count.wrapping_mul(GOLDEN));
        self.count += 1;
        let due = match soon {
            Some(soon) => now + part(soon.min(self.interval), place),
            None => next(self.start, self.interval, self.seed, place, now),
        };
        self.turns.insert(Rc::clone(host), Turn { place, due });
    }

    /// Forgets the hosts that are not wanted any more, and names them.
    pub fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) -> Vec<Rc<str>> {
        self.turns.extract_if(|host, _| !is_wanted(host)).map(|(host, _)| host).collect()
    }

    /// The hosts whose turn it is. Each is put off to the next interval.
    pub fn take_due(&mut self, now: Instant) -> Vec<Rc<str>> {
        let (start, interval, seed) = (self.start, self.interval, self.seed);
        let due = self.turns.iter_mut().filter(|(_, turn)| turn.due <= now);
        due.map(|(host, turn)| {
            turn.due = next(start, interval, seed, turn.place, now);
            Rc::clone(host)
        })
        .collect()
    }

    /// When the next turn is.
    pub fn next(&self) -> Option<Instant> {
        self.turns.values().map(|turn| turn.due).min()
    }
}

/// The first look of a place that lies at least half an interval after `now`, so that one that came late or early is not
/// followed by another at once.
fn next(start: Instant, interval: Duration, seed: u64, place: u64, now: Instant) -> Instant {
    let earliest = now.saturating_duration_since(start) + interval / 2;
    let offset = part(interval, place);
    let late = earliest.saturating_sub(offset).as_nanos();
    let round = u32::try_from(late.div_ceil(interval.as_nanos().max(1))).unwrap_or(u32::MAX);
    let chance = mixed(seed ^ place ^ u64::from(round));
    start + interval.saturating_mul(round) + offset + part(interval / JITTER_SHARE, chance)
}

/// `fraction` of 2^64 of a time.
fn part(time: Duration, fraction: u64) -> Duration {
    let nanos = u128::from(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    Duration::from_nanos(u64::try_from((nanos * u128::from(fraction)) >> 64).unwrap_or(u64::MAX))
}

/// All bits of a number depend on all others (the finalizer of SplitMix64).
fn mixed(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const INTERVAL: Duration = Duration::from_secs(30);

    fn names(count: usize) -> Vec<Rc<str>> {
        (0..count).map(|n| Rc::from(format!("host-{n}"))).collect()
    }

    /// Every look within `time`, with the host's name.
    fn looks(schedule: &mut Schedule, from: Instant, time: Duration) -> Vec<(Instant, Rc<str>)> {
        let mut looks = Vec::new();
        while let Some(at) = schedule.next().filter(|at| *at < from + time) {
            looks.extend(schedule.take_due(at).into_iter().map(|host| (at, host)));
        }
        looks
    }

    #[test]
    fn a_hundred_hosts_are_never_looked_at_together() {
        let start = crate::base::time::now();
        for seed in 0..200 {
            let mut schedule = Schedule::new(mixed(seed), INTERVAL, start);
            names(100).iter().for_each(|host| schedule.add(host, None, start));
            let looks = looks(&mut schedule, start, 20 * INTERVAL);
            let mut seconds = [0; 600];
            looks.iter().for_each(|(at, _)| seconds[(*at - start).as_secs() as usize] += 1);
            let most = seconds.iter().max().unwrap();
            assert!(*most <= 10, "seed {seed}: {most} in one second");
            assert!((1940..=1960).contains(&looks.len()), "seed {seed}: {} looks", looks.len());
        }
    }

    #[test]
    fn everybody_gets_a_look_once_in_an_interval_whoever_comes_and_goes() {
        let start = crate::base::time::now();
        let mut schedule = Schedule::new(7, INTERVAL, start);
        let hosts = names(60);
        hosts.iter().take(30).for_each(|host| schedule.add(host, None, start));
        let mut all = looks(&mut schedule, start, 10 * INTERVAL);
        let later = start + 10 * INTERVAL;
        hosts.iter().skip(30).for_each(|host| schedule.add(host, Some(SECOND), later));
        assert_eq!(schedule.retain(|host| host != &*hosts[0]), [Rc::clone(&hosts[0])]);
        all.extend(looks(&mut schedule, start, 20 * INTERVAL));
        for (number, host) in hosts.iter().enumerate().skip(1) {
            let times: Vec<_> = all.iter().filter(|(_, name)| name == host).map(|(at, _)| *at).collect();
            let begin = if number < 30 { start + INTERVAL * 31 / 20 } else { later + SECOND };
            assert!(times[0] <= begin, "{host}: first look");
            for pair in times.windows(2) {
                let pause = pair[1] - pair[0];
                assert!(pause >= INTERVAL / 2 - INTERVAL / 20, "{host}: {pause:?}");
                assert!(pause <= INTERVAL * 3 / 2 + INTERVAL / 20, "{host}: {pause:?}");
            }
            assert!(times.last().unwrap() > &(start + 18 * INTERVAL), "{host}");
        }
    }

    #[test]
    fn the_same_seed_means_the_same_times() {
        let start = crate::base::time::now();
        let times = |seed| {
            let mut schedule = Schedule::new(seed, INTERVAL, start);
            names(10).iter().for_each(|host| schedule.add(host, None, start));
            looks(&mut schedule, start, 3 * INTERVAL)
        };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn another_interval_counts_at_once() {
        let start = crate::base::time::now();
        let mut schedule = Schedule::new(3, Duration::from_secs(3600), start);
        names(10).iter().for_each(|host| schedule.add(host, None, start));
        schedule.set_interval(INTERVAL, start);
        assert_eq!(looks(&mut schedule, start, INTERVAL * 31 / 20).len(), 10);
    }
}
