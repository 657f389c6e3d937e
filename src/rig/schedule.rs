//! When requests are due, and what each of them is. Takes `now`, reads no clock.

use super::plan::{Mix, Operation};
use crate::base::time::{Duration, Instant};

/// When the requests of an open loop are due: evenly, whatever becomes of those before.
///
/// One that cannot be begun when it is due stays due: it is begun later, and counted from when it should have been. A loop
/// that waited for answers, and then went on as if nothing had been missed, would measure a stalled server once, where a
/// thousand of its clients have waited ("coordinated omission").
#[derive(Debug, Clone)]
pub struct Ticks {
    begin: Instant,
    until: Instant,
    per_second: f64,
    /// The next one, of those of all cores; each core has every so manieth.
    next: u64,
    every: u64,
}

impl Ticks {
    /// The part of one of several cores.
    pub fn new(per_second: f64, begin: Instant, until: Instant, core: usize, cores: usize) -> Self {
        Self { begin, until, per_second, next: core as u64, every: cores.max(1) as u64 }
    }

    /// When the next one is due, `None` at the end.
    pub fn next_at(&self) -> Option<Instant> {
        let at = self.begin + Duration::from_secs_f64(approximate(self.next) / self.per_second);
        (at < self.until).then_some(at)
    }

    /// Takes the next one if it is due: when it has been.
    pub fn take(&mut self, now: Instant) -> Option<Instant> {
        let at = self.next_at().filter(|at| *at <= now)?;
        self.next += self.every;
        Some(at)
    }

    /// How many of those that were due by now nobody has taken.
    pub fn missed(mut self, now: Instant) -> u64 {
        let mut missed = 0;
        while self.take(now).is_some() {
            missed += 1;
        }
        missed
    }
}

/// Exact up to 2^53.
#[allow(clippy::cast_precision_loss)]
fn approximate(number: u64) -> f64 {
    number as f64
}

/// What each request is: hosts take turns, and on each host the operations, as often as the mix says.
#[derive(Debug, Clone)]
pub struct Turns {
    hosts: usize,
    /// One round of the mix.
    pattern: Vec<Operation>,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub operation: Operation,
    /// Which of the hosts.
    pub host: usize,
}

impl Turns {
    pub fn new(mix: &Mix, hosts: usize) -> Self {
        Self { hosts: hosts.max(1), pattern: pattern(mix) }
    }

    /// The request of a number.
    pub fn at(&self, number: u64) -> Turn {
        let hosts = self.hosts as u64;
        let (round, host) = (number / hosts, number % hosts);
        // Hosts begin at different places of the pattern, so that not all of them are asked for the same at once.
        let place = (round + host) % self.pattern.len().max(1) as u64;
        let index = |number: u64| usize::try_from(number).unwrap_or_default();
        Turn {
            operation: self.pattern.get(index(place)).copied().unwrap_or(Operation::Nothing),
            host: index(host),
        }
    }
}

/// Operations as evenly as they can be: the one that is furthest behind its share comes next.
fn pattern(mix: &Mix) -> Vec<Operation> {
    let total: i64 = mix.0.iter().map(|part| i64::from(part.weight)).sum();
    let mut credit = vec![0; mix.0.len()];
    let mut pattern = Vec::new();
    for _ in 0..total {
        let weights = mix.0.iter().map(|part| i64::from(part.weight));
        credit.iter_mut().zip(weights).for_each(|(credit, weight)| *credit += weight);
        let richest = (0..credit.len()).rev().max_by_key(|place| credit[*place]);
        if let Some(place) = richest {
            credit[place] -= total;
            pattern.push(mix.0[place].operation);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::now;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn ticks_come_when_they_are_due_and_end() {
        let begin = now();
        let mut ticks = Ticks::new(10.0, begin, begin + seconds(0.35), 0, 1);
        assert_eq!(ticks.take(begin), Some(begin));
        assert_eq!(ticks.take(begin + seconds(0.05)), None);
        assert_eq!(ticks.next_at(), Some(begin + seconds(0.1)));
        // After a stall they are still those that should have been.
        let late = begin + seconds(5.0);
        assert_eq!(ticks.take(late), Some(begin + seconds(0.1)));
        assert_eq!(ticks.clone().missed(late), 2);
        assert_eq!(ticks.clone().missed(begin + seconds(0.25)), 1);
        assert_eq!(ticks.take(late), Some(begin + seconds(0.2)));
        assert_eq!(ticks.take(late), Some(begin + seconds(0.3)));
        assert_eq!((ticks.take(late), ticks.next_at()), (None, None));
    }

    #[test]
    fn cores_share_the_ticks() {
        let begin = now();
        let until = begin + seconds(1.0);
        let mut all: Vec<Instant> = (0..3)
            .flat_map(|core| {
                let mut ticks = Ticks::new(100.0, begin, until, core, 3);
                std::iter::from_fn(move || ticks.take(until)).collect::<Vec<_>>()
            })
            .collect();
        all.sort_unstable();
        assert_eq!(all.len(), 100);
        let mut one = Ticks::new(100.0, begin, until, 0, 1);
        assert!(all.iter().all(|at| one.take(until) == Some(*at)));
    }

    #[test]
    fn every_host_gets_all_of_the_mix() {
        let mix = Mix::parse("read=3,list=2,run=1").unwrap();
        for hosts in [1, 2, 3, 5, 6, 12] {
            let turns = Turns::new(&mix, hosts);
            let all: Vec<Turn> = (0..6 * hosts as u64).map(|number| turns.at(number)).collect();
            for host in 0..hosts {
                let of = |operation| all.iter().filter(|turn| **turn == Turn { operation, host }).count();
                assert_eq!([Operation::Read, Operation::List, Operation::Run].map(of), [3, 2, 1], "{hosts}");
            }
        }
        let spread: Vec<_> = pattern(&mix).iter().map(|operation| operation.name()).collect();
        assert_eq!(spread, ["read", "list", "read", "run", "list", "read"]);
    }
}
