//! What one core counts of one step while it happens. Nothing is allocated for a request but the first of its host, of its
//! second, and of a kind of error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::buckets::{self, FewTimes, Times};
use super::series::Series;
use crate::base::limits::{
    HISTOGRAM_DIGITS, RIG_DIGITS, RIG_ERRORS_MAX, RIG_HOSTS_IN_DETAIL, RIG_MANY_HOSTS_DIGITS,
};
use crate::base::text::on_one_line;
use crate::base::time::{Duration, Instant};

const LEAST: Duration = Duration::from_nanos(1);
/// Chars that are kept of a message.
const EXAMPLE_CHARS: usize = 300;

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// By which it is counted: lower case, words joined by `_`.
    pub kind: Cow<'static, str>,
    pub message: String,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct Tally {
    begin: Instant,
    /// What ends later is counted, but is no part of the rate.
    until: Option<Instant>,
    pub(super) started: u64,
    /// Answers before `until`.
    pub(super) in_time: u64,
    /// Requests that were due and could not be begun.
    pub(super) not_started: u64,
    pub(super) last_end: Instant,
    pub(super) done: Times,
    pub(super) failed: Times,
    /// How long after they were due requests were begun.
    pub(super) lag: Times,
    /// How long it took to connect, of requests on a connection of their own.
    pub(super) connect: Times,
    pub(super) series: Series,
    pub(super) hosts: Vec<Option<Box<OfHost>>>,
    pub(super) errors: BTreeMap<Cow<'static, str>, OfKind>,
}

/// What became of the requests to one host.
#[derive(Debug, Clone)]
pub(super) struct OfHost {
    pub(super) done: FewTimes,
    pub(super) failed: u64,
}

#[derive(Debug, Clone)]
pub(super) struct OfKind {
    pub(super) count: u64,
    /// The message of the first.
    pub(super) example: String,
}

impl Tally {
    /// Of a step that begins and, unless it goes on for a number of requests, ends at these moments.
    pub fn new(begin: Instant, until: Option<Instant>, hosts: usize) -> Self {
        Self {
            begin,
            until,
            started: 0,
            in_time: 0,
            not_started: 0,
            last_end: begin,
            done: buckets::times(RIG_DIGITS),
            failed: buckets::times(RIG_DIGITS),
            lag: buckets::times(HISTOGRAM_DIGITS),
            connect: buckets::times(HISTOGRAM_DIGITS),
            series: Series::default(),
            hosts: vec![None; hosts],
            errors: BTreeMap::new(),
        }
    }

    /// A request begins that was due at a moment.
    pub fn start(&mut self, due: Instant, now: Instant) {
        self.started += 1;
        self.lag.saturating_record(buckets::nanoseconds(now.saturating_duration_since(due)));
    }

    /// A request has the connection that it began with to make, after so long.
    pub fn connected(&mut self, time: Duration) {
        self.connect.saturating_record(buckets::nanoseconds(time));
    }

    /// A request to a host has ended that was due at a moment: its time counts from then.
    pub fn end(&mut self, host: usize, due: Instant, now: Instant, outcome: Result<(), Failure>) {
        let time = buckets::nanoseconds(now.saturating_duration_since(due));
        self.last_end = self.last_end.max(now);
        // What was under way at the end belongs to the last piece.
        let seen = self.until.map_or(now, |until| now.min(until - LEAST));
        let at = seen.saturating_duration_since(self.begin);
        self.series.note(at, outcome.as_ref().map(|()| time).map_err(drop));
        let digits =
            if self.hosts.len() <= RIG_HOSTS_IN_DETAIL { HISTOGRAM_DIGITS } else { RIG_MANY_HOSTS_DIGITS };
        let of_host = self.hosts.get_mut(host);
        let of_host = of_host.map(|place| {
            place.get_or_insert_with(|| Box::new(OfHost { done: buckets::times(digits), failed: 0 }))
        });
        match outcome {
            Ok(()) => {
                self.done.saturating_record(time);
                self.in_time += u64::from(self.until.is_none_or(|until| now <= until));
                if let Some(of_host) = of_host {
                    of_host.done.saturating_record(time);
                }
            }
            Err(failure) => {
                self.failed.saturating_record(time);
                if let Some(of_host) = of_host {
                    of_host.failed += 1;
                }
                self.note(failure);
            }
        }
    }

    /// So many requests were due and could not be begun, as too many were under way.
    pub fn miss(&mut self, requests: u64) {
        self.not_started += requests;
    }

    /// Requests that have ended, well or not.
    pub fn ended(&self) -> u64 {
        self.done.len() + self.failed.len()
    }

    /// Requests that have failed.
    pub fn failures(&self) -> u64 {
        self.failed.len()
    }

    /// Adds what another core has counted of the same step.
    pub fn add(&mut self, other: Self) {
        self.started += other.started;
        self.in_time += other.in_time;
        self.not_started += other.not_started;
        self.last_end = self.last_end.max(other.last_end);
        buckets::add(&mut self.done, &other.done);
        buckets::add(&mut self.failed, &other.failed);
        buckets::add(&mut self.lag, &other.lag);
        buckets::add(&mut self.connect, &other.connect);
        self.series.add(other.series);
        for (own, other) in self.hosts.iter_mut().zip(other.hosts) {
            match (own.as_mut(), other) {
                (Some(own), Some(other)) => {
                    buckets::add(&mut own.done, &other.done);
                    own.failed += other.failed;
                }
                (None, other) => *own = other,
                (Some(_), None) => {}
            }
        }
        for (kind, of_kind) in other.errors {
            self.add_errors(kind, of_kind);
        }
    }

    /// The kind and the message of what went wrong first of each kind, for a word about it at once.
    pub fn complaints(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.errors.iter().map(|(kind, errors)| (kind.as_ref(), errors.count, errors.example.as_str()))
    }

    pub(super) fn begin(&self) -> Instant {
        self.begin
    }

    fn note(&mut self, failure: Failure) {
        if let Some(known) = self.errors.get_mut(&failure.kind) {
            known.count += 1;
            return;
        }
        let example = on_one_line(&failure.message, EXAMPLE_CHARS);
        self.add_errors(failure.kind, OfKind { count: 1, example });
    }

    fn add_errors(&mut self, kind: Cow<'static, str>, errors: OfKind) {
        let is_room = self.errors.len() < RIG_ERRORS_MAX || self.errors.contains_key(&kind);
        let kind = if is_room { kind } else { Cow::Borrowed("other") };
        self.errors.entry(kind).and_modify(|known| known.count += errors.count).or_insert(errors);
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::Ticks;
    use super::*;
    use crate::base::time::now;

    fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    /// A server that takes a millisecond for a request, one after the other, and stalls for a second: what an open loop
    /// sees of it.
    fn of_a_server_that_stalls(in_flight_max: usize) -> Tally {
        let begin = now();
        let until = begin + milliseconds(3_000);
        let mut tally = Tally::new(begin, Some(until), 1);
        let mut ticks = Ticks::new(100.0, begin, until, 0, 1);
        let mut under_way: std::collections::VecDeque<(Instant, Instant)> = Default::default();
        for millisecond in 0..4_000 {
            let now = begin + milliseconds(millisecond);
            let stalls = (1_000..2_000).contains(&millisecond);
            if !stalls && under_way.front().is_some_and(|(_, end)| *end <= now) {
                let (due, _) = under_way.pop_front().unwrap();
                tally.end(0, due, now, Ok(()));
            }
            while under_way.len() < in_flight_max
                && let Some(due) = ticks.take(now)
            {
                tally.start(due, now);
                under_way.push_back((due, now + milliseconds(1)));
            }
        }
        tally.miss(ticks.missed(until));
        tally
    }

    #[test]
    fn a_stall_is_in_the_latency_of_all_that_were_due() {
        for in_flight_max in [1_000, 1] {
            let tally = of_a_server_that_stalls(in_flight_max);
            let p = |quantile| tally.done.value_at_quantile(quantile) / 1_000_000;
            assert_eq!((tally.done.len(), tally.not_started), (300, 0), "{in_flight_max}");
            // A third of all were due while it stalled, and waited for half a second on average.
            assert!(p(0.5) <= 20, "{}", p(0.5));
            assert!((250..=550).contains(&p(0.8)), "{}", p(0.8));
            assert!((950..=1_010).contains(&p(0.99)), "{}", p(0.99));
        }
    }

    #[test]
    fn what_could_not_be_begun_is_counted() {
        let begin = now();
        let until = begin + milliseconds(1_000);
        let ticks = Ticks::new(100.0, begin, until, 0, 1);
        let mut tally = Tally::new(begin, Some(until), 1);
        tally.miss(ticks.missed(begin + milliseconds(5_000)));
        assert_eq!((tally.not_started, tally.ended()), (100, 0));
    }

    #[test]
    fn errors_are_told_apart_as_far_as_there_is_room() {
        let begin = now();
        let mut tally = Tally::new(begin, None, 2);
        for number in 0..RIG_ERRORS_MAX + 5 {
            let failure = Failure { kind: format!("kind_{number}").into(), message: "one\ntwo".to_owned() };
            tally.end(0, begin, begin + milliseconds(1), Err(failure));
        }
        assert_eq!(tally.errors.len(), RIG_ERRORS_MAX + 1);
        assert_eq!(tally.errors["other"].count, 5);
        assert_eq!(tally.errors["kind_0"].example, "one\\ntwo");
        let mut all = tally.clone();
        all.add(tally);
        assert_eq!((all.failures(), all.errors["other"].count), (2 * (RIG_ERRORS_MAX as u64 + 5), 10));
        assert_eq!(all.hosts[0].as_ref().map(|host| host.failed), Some(all.failures()));
        assert!(all.hosts[1].is_none());
    }
}
