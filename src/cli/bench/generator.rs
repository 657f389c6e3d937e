//! The loops of one core: requests are begun when they are due, and counted when they end.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::{pending, select};
use futures_util::stream::FuturesUnordered;

use super::subject::Subject;
use crate::base::time::{self, Instant};
use crate::io::alarm::Alarm;
use crate::rig::{Failure, Tally, Ticks, Turns};

/// One core's part of a step.
#[derive(Debug, Clone)]
pub struct Order {
    pub begin: Instant,
    pub until: Option<Instant>,
    pub pace: Pace,
    pub turns: Turns,
    pub hosts: usize,
    /// The numbers of the requests of all cores.
    pub tickets: Arc<Tickets>,
}

/// How requests come to one core.
#[derive(Debug, Clone)]
pub enum Pace {
    /// From so many users.
    Users(usize),
    /// When they are due, so many at once at most.
    Due { ticks: Ticks, in_flight_max: usize },
}

/// Numbers, each of which is given once.
#[derive(Debug)]
pub struct Tickets {
    next: AtomicU64,
    max: u64,
}

/// How many requests one core has seen the end of, for those who look at it meanwhile.
#[derive(Debug, Default)]
pub struct Live {
    pub done: AtomicU64,
    pub failed: AtomicU64,
}

impl Tickets {
    pub fn new(max: Option<u64>) -> Arc<Self> {
        Arc::new(Self { next: AtomicU64::new(0), max: max.unwrap_or(u64::MAX) })
    }

    fn take(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.max).then_some(number)
    }
}

/// One core at work on an order.
pub struct Generator<'a> {
    pub subject: &'a dyn Subject,
    pub order: &'a Order,
    pub tally: &'a RefCell<Tally>,
    pub live: &'a Live,
    /// Without one, what is due is missed.
    pub alarm: Option<&'a Rc<Alarm>>,
}

impl Generator<'_> {
    /// Does all of it. Dropped, it leaves what is under way; the tally has what has ended by then.
    pub async fn work(&self) {
        match &self.order.pace {
            Pace::Users(users) => self.closed(*users).await,
            Pace::Due { ticks, in_flight_max } => self.open(ticks.clone(), *in_flight_max).await,
        }
    }

    async fn closed(&self, users: usize) {
        let mut users: FuturesUnordered<_> = (0..users).map(|_| self.user()).collect();
        while users.next().await.is_some() {}
    }

    /// Asks again as soon as he is answered, until the time is up or all has been asked.
    async fn user(&self) {
        while self.order.until.is_none_or(|until| time::now() < until) {
            let Some(number) = self.order.tickets.take() else { return };
            self.request(time::now(), number).await;
        }
    }

    /// Begins what is due as long as there is room, late or not; at the end what still waits for room is missed.
    async fn open(&self, mut ticks: Ticks, in_flight_max: usize) {
        let Some(alarm) = self.alarm else { return self.miss(&ticks) };
        let until = self.order.until.unwrap_or(self.order.begin);
        let mut under_way = FuturesUnordered::new();
        let (mut wake, mut sleep) = (until, alarm.sleep_until(until));
        loop {
            let now = time::now();
            while under_way.len() < in_flight_max
                && let Some(due) = ticks.take(now)
                && let Some(number) = self.order.tickets.take()
            {
                under_way.push(self.request(due, number));
            }
            let Some(next) = ticks.next_at().filter(|_| now < until) else { break };
            let next_look = if under_way.len() < in_flight_max { next } else { until };
            if next_look != wake {
                (wake, sleep) = (next_look, alarm.sleep_until(next_look));
            }
            let ended = async {
                match under_way.is_empty() {
                    true => pending().await,
                    false => drop(under_way.next().await),
                }
            };
            // What is under way comes first, so that it gets on however late what is due may be.
            select(pin!(ended), &mut sleep).await;
        }
        self.miss(&ticks);
        while under_way.next().await.is_some() {}
    }

    fn miss(&self, ticks: &Ticks) {
        let missed = ticks.clone().missed(self.order.until.unwrap_or_else(time::now));
        self.tally.borrow_mut().miss(missed);
    }

    async fn request(&self, due: Instant, number: u64) {
        let turn = self.order.turns.at(number);
        let begun = time::now();
        self.tally.borrow_mut().start(due, begun);
        let connected = || self.tally.borrow_mut().connected(time::now() - begun);
        let outcome = self.subject.ask(turn, &connected).await;
        self.end(turn.host, due, outcome);
    }

    fn end(&self, host: usize, due: Instant, outcome: Result<(), Failure>) {
        let counter = if outcome.is_ok() { &self.live.done } else { &self.live.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        self.tally.borrow_mut().end(host, due, time::now(), outcome);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::LocalBoxFuture;

    use super::*;
    use crate::base::time::Duration;
    use crate::io::runtime;
    use crate::rig::{Load, Mix, Operation, Step, Turn};

    /// Answers after a while; from the first request on not at all for another while.
    struct Stalling {
        alarm: Rc<Alarm>,
        takes: Duration,
        until: Instant,
    }

    impl Subject for Stalling {
        fn ask<'a>(&'a self, _: Turn, _: &'a dyn Fn()) -> LocalBoxFuture<'a, Result<(), Failure>> {
            let answered = self.until.max(time::now() + self.takes);
            self.alarm.sleep_until(answered).map(Ok).boxed_local()
        }
    }

    async fn step(subject: &Stalling, pace: impl FnOnce(Ticks) -> Pace, requests: Option<u64>) -> Step {
        let begin = time::now();
        let end = begin + Duration::from_millis(500);
        let until = requests.is_none().then_some(end);
        let order = Order {
            begin,
            until,
            pace: pace(Ticks::new(200.0, begin, end, 0, 1)),
            turns: Turns::new(&Mix::of(Operation::Read), 2),
            hosts: 2,
            tickets: Tickets::new(requests),
        };
        let tally = RefCell::new(Tally::new(begin, until, 2));
        let (live, alarm) = (Live::default(), Some(&subject.alarm));
        Generator { subject, order: &order, tally: &tally, live: &live, alarm }.work().await;
        Step::new(Load::Closed(1), 1, &tally.into_inner(), &["a", "b"], time::now())
    }

    /// A step against what takes so many milliseconds, and at first stalls for so many.
    fn run(takes: u64, stalls: u64, pace: impl FnOnce(Ticks) -> Pace, requests: Option<u64>) -> Step {
        let step = async {
            let [takes, stalls] = [takes, stalls].map(Duration::from_millis);
            let subject =
                Stalling { alarm: Alarm::start(Duration::ZERO).unwrap(), takes, until: time::now() + stalls };
            step(&subject, pace, requests).await
        };
        runtime::run(step).unwrap()
    }

    #[test]
    fn a_stall_shows_in_the_latency_of_an_open_loop() {
        for in_flight_max in [1_000, 1] {
            let step = run(0, 300, |ticks| Pace::Due { ticks, in_flight_max }, None);
            // By the clock of this machine, which may have other work when the last are due.
            assert_eq!((step.started + step.not_started, step.done), (100, step.started), "{in_flight_max}");
            assert!(step.not_started <= 5, "{in_flight_max}: {}", step.not_started);
            // More than half of all were due while it stalled, and waited for 150 ms on average.
            assert!(step.latency.p50_us > 20_000.0 && step.latency.p99_us > 250_000.0, "{:?}", step.latency);
            assert!(
                step.hosts.iter().all(|host| (45..=50).contains(&host.latency.count)),
                "{:?}",
                step.hosts
            );
        }
    }

    #[test]
    fn what_finds_no_room_is_missed() {
        let step = run(100, 0, |ticks| Pace::Due { ticks, in_flight_max: 2 }, None);
        assert!(step.started <= 12 && step.started + step.not_started == 100, "{step:?}");
        // They began later and later than they were due.
        assert!(step.latency.max_us > 300_000.0 && step.lag.max_us > 200_000.0, "{:?}", step.latency);
    }

    #[test]
    fn users_ask_one_by_one_until_all_has_been_asked() {
        let step = run(1, 0, |_| Pace::Users(4), Some(50));
        assert_eq!((step.started, step.done, step.unfinished), (50, 50, 0));
    }
}
