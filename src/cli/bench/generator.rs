//! The loops of one core: requests are begun when they are due, and counted when they end.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::{Either, pending, select};
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

    async fn open(&self, mut ticks: Ticks, in_flight_max: usize) {
        // Without descriptors there is nothing that could be measured either: what is due is missed.
        let Ok(alarm) = Alarm::new() else { return self.miss(ticks) };
        let mut under_way = FuturesUnordered::new();
        let mut alarm_set: Option<Pin<Box<_>>> = None;
        loop {
            let now = time::now();
            while under_way.len() < in_flight_max
                && self.is_on(now)
                && let Some(due) = ticks.take(now)
                && let Some(number) = self.order.tickets.take()
            {
                under_way.push(self.request(due, number));
                alarm_set = None;
            }
            let next = ticks.next_at().filter(|_| self.is_on(now));
            let Some(next) = next else { break };
            let has_room = under_way.len() < in_flight_max;
            let set = alarm_set.get_or_insert_with(|| Box::pin(alarm.sleep_until(next)));
            let waited = async {
                match has_room {
                    true => drop(set.await),
                    false => pending().await,
                }
            };
            let ended = async {
                match under_way.is_empty() {
                    true => pending().await,
                    false => drop(under_way.next().await),
                }
            };
            if let Either::Left(_) = select(Box::pin(waited), Box::pin(ended)).await {
                alarm_set = None;
            }
        }
        self.miss(ticks);
        while under_way.next().await.is_some() {}
    }

    /// What is late may begin as long as the step goes on; what is later is missed.
    fn is_on(&self, now: Instant) -> bool {
        self.order.until.is_none_or(|until| now < until)
    }

    fn miss(&self, ticks: Ticks) {
        let missed = ticks.missed(self.order.until.unwrap_or_else(time::now));
        self.tally.borrow_mut().miss(missed);
    }

    async fn request(&self, due: Instant, number: u64) {
        let turn = self.order.turns.at(number);
        self.tally.borrow_mut().start(due, time::now());
        let outcome = self.subject.ask(turn, number).await;
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
        takes: Duration,
        until: Instant,
    }

    impl Subject for Stalling {
        fn ask(&self, _: Turn, _: u64) -> LocalBoxFuture<'_, Result<(), Failure>> {
            async {
                let alarm = Alarm::new().unwrap();
                alarm.sleep_until(self.until.max(time::now() + self.takes)).await.unwrap();
                Ok(())
            }
            .boxed_local()
        }
    }

    fn step(
        subject: &dyn Subject,
        pace: impl FnOnce(Instant, Instant) -> Pace,
        requests: Option<u64>,
    ) -> Step {
        runtime::run(async {
            let begin = time::now();
            let until = requests.is_none().then(|| begin + Duration::from_millis(500));
            let mix = Mix::of(Operation::Read);
            let order = Order {
                begin,
                until,
                pace: pace(begin, begin + Duration::from_millis(500)),
                turns: Turns::new(&mix, 2),
                hosts: 2,
                tickets: Tickets::new(requests),
            };
            let tally = RefCell::new(Tally::new(begin, until, 2));
            let generator = Generator { subject, order: &order, tally: &tally, live: &Live::default() };
            generator.work().await;
            Step::new(Load::Closed(1), 1, &tally.into_inner(), &["a", "b"], time::now())
        })
        .unwrap()
    }

    #[test]
    fn a_stall_shows_in_the_latency_of_an_open_loop() {
        let subject = Stalling { takes: Duration::ZERO, until: time::now() + Duration::from_millis(300) };
        let open = |in_flight_max| {
            move |begin, until| Pace::Due { ticks: Ticks::new(200.0, begin, until, 0, 1), in_flight_max }
        };
        for in_flight_max in [1_000, 1] {
            let step = step(&subject, open(in_flight_max), None);
            // Those of the second run have no stall.
            if in_flight_max == 1_000 {
                assert!(
                    step.latency.p50_us > 20_000.0 && step.latency.p99_us > 200_000.0,
                    "{:?}",
                    step.latency
                );
            }
            assert_eq!((step.started, step.not_started, step.done), (100, 0, 100));
            assert_eq!(step.hosts.iter().map(|host| host.latency.count).collect::<Vec<_>>(), [50, 50]);
        }
    }

    #[test]
    fn what_cannot_be_begun_is_missed() {
        let subject = Stalling { takes: Duration::from_millis(100), until: time::now() };
        let pace =
            |begin, until| Pace::Due { ticks: Ticks::new(200.0, begin, until, 0, 1), in_flight_max: 2 };
        let step = step(&subject, pace, None);
        assert!(step.started <= 12 && step.started + step.not_started == 100, "{step:?}");
        // They began later and later than they were due.
        assert!(step.latency.max_us > 300_000.0 && step.lag.max_us > 200_000.0, "{:?}", step.latency);
    }

    #[test]
    fn users_ask_one_by_one_until_all_has_been_asked() {
        let subject = Stalling { takes: Duration::from_millis(1), until: time::now() };
        let step = step(&subject, |_, _| Pace::Users(4), Some(50));
        assert_eq!((step.started, step.done, step.unfinished), (50, 50, 0));
    }
}
