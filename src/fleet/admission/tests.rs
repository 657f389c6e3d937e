//! Admission in worlds: the bounds, who makes room for whom, deadlines, and that everything comes back.

use std::cell::Cell;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, pending};
use proptest::prelude::*;

use super::*;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};
use crate::fleet::{Bank, Caller, Class, ClientId, Collected, Fleet, Machine, Quota, Repeat};
use crate::metrics::{Counter, Gauge, Reason};
use crate::testing::settings;
use crate::testing::world::{Handle, World};

const SECOND: Duration = Duration::from_secs(1);

/// A world with a fleet whose work takes as long as it is told.
struct Site {
    world: World,
    fleet: Rc<Fleet>,
    executing: Rc<Cell<usize>>,
    executing_most: Rc<Cell<usize>>,
}

/// A request to come.
#[derive(Clone, Copy)]
struct Ask {
    client: u64,
    class: Class,
    host: &'static str,
    need: Need,
    took: Duration,
}

const READ: Ask =
    Ask { client: 1, class: Class::Interactive, host: "alpha", need: Need::Files, took: SECOND };
const COMMAND: Ask = Ask { need: Need::Session, ..READ };

impl Site {
    fn new(executing: usize, waiting: usize) -> Self {
        let world = World::new();
        let fleet =
            world.fleet(|settings| (settings.max_concurrency, settings.max_queue) = (executing, waiting));
        Self { world, fleet, executing: Rc::default(), executing_most: Rc::default() }
    }

    /// With connections to all hosts that are asked here.
    fn warm(executing: usize, waiting: usize) -> Self {
        let site = Self::new(executing, waiting);
        site.connect(&["alpha", "bravo", "charlie"]);
        site
    }

    fn connect(&self, hosts: &[&'static str]) {
        for &host in hosts {
            self.host_has_files(host);
            let fleet = Rc::clone(&self.fleet);
            self.world.run(async move { fleet.machine(host, fleet.now() + SECOND).await }).unwrap();
        }
    }

    fn host_has_files(&self, host: &str) {
        self.world.host(host).server.borrow_mut().sftp = Some(crate::simulated::sftp::SftpServer::default);
        // They stay connected, whatever else is tested.
        self.world.host(host).idle_timeout.set(3_600 * SECOND);
    }

    fn ask(&self, ask: Ask) -> Handle<Result<Instant>> {
        let caller = self.fleet.caller(ask.class, ClientId(ask.client));
        self.ask_as(caller, ask)
    }

    /// Ends with the time at which the work ended.
    fn ask_as(&self, caller: Caller, ask: Ask) -> Handle<Result<Instant>> {
        let (executing, most) = (Rc::clone(&self.executing), Rc::clone(&self.executing_most));
        let net = self.world.net();
        self.world.spawn(async move {
            let work = async |_: &Machine| {
                let _inside = Inside::new(&executing);
                most.set(most.get().max(executing.get()));
                net.sleep_until(net.now() + ask.took).await;
                Ok(net.now())
            };
            caller.work(ask.host, ask.need, Repeat::Never, work).await
        })
    }

    fn refusals(&self, reason: Reason) -> u64 {
        self.fleet.snapshot().counter(Counter::Rejected(reason))
    }

    /// How many execute, and how many wait.
    fn held(&self) -> (usize, usize) {
        let Quotas { executing, admitted, .. } = self.fleet.quotas();
        (executing.held(), admitted.held() - executing.held())
    }
}

struct Inside(Rc<Cell<usize>>);

impl Inside {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn refused(handles: &[Handle<Result<Instant>>]) -> Vec<Error> {
    let done = handles.iter().filter(|handle| handle.is_done());
    done.filter_map(|handle| handle.output().err()).collect()
}

#[test]
fn of_1500_at_once_100_execute_1000_wait_and_400_hear_no_at_once() {
    let site = Site::warm(100, 1_000);
    let all: Vec<_> = (0..1_500).map(|_| site.ask(READ)).collect();
    site.world.settle();
    assert_eq!((site.executing.get(), site.held()), (100, (100, 1_000)));
    let snapshot = site.fleet.snapshot();
    assert_eq!([Gauge::Executing, Gauge::Queued].map(|gauge| snapshot.gauge(gauge)), [100, 1_000]);
    let errors = refused(&all);
    assert_eq!(errors.len(), 400);
    assert_eq!(errors[0].kind(), Kind::Busy);
    assert_eq!(errors[0].message(), "Server busy: too many requests are waiting; try again later");
    assert_eq!(site.refusals(Reason::Queue), 400);
    site.world.pass(11 * SECOND);
    assert_eq!(all.iter().filter(|handle| handle.is_done()).count(), 1_100);
    assert_eq!((site.executing_most.get(), site.held()), (100, (0, 0)));
}

#[test]
fn a_thousand_wait_for_one_cold_host_and_nobody_executes_meanwhile() {
    let site = Site::new(100, 1_000);
    site.host_has_files("alpha");
    let all: Vec<_> = (0..1_000).map(|_| site.ask(READ)).collect();
    site.world.settle();
    assert_eq!(site.held(), (0, 1_000));
    site.world.pass(12 * SECOND);
    assert!(all.iter().all(|handle| handle.output().is_ok()));
    assert_eq!(site.world.host("alpha").dials(), 1);
}

#[test]
fn of_1500_at_once_for_a_cold_host_1100_wait_and_400_hear_no_at_once() {
    let site = Site::new(100, 1_000);
    site.host_has_files("alpha");
    let all: Vec<_> = (0..1_500).map(|_| site.ask(READ)).collect();
    site.world.settle();
    assert_eq!((site.held(), refused(&all).len()), ((0, 1_100), 400));
    assert_eq!(site.refusals(Reason::Queue), 400);
    site.world.pass(SECOND / 2);
    assert_eq!(site.held(), (100, 1_000), "connected");
    assert!(site.ask(READ).is_done_after(&site.world), "his own flow is the longest");
    site.world.pass(12 * SECOND);
    assert_eq!(all.iter().filter(|handle| handle.is_done()).count(), 1_100);
    assert_eq!((site.refusals(Reason::Queue), site.executing_most.get()), (401, 100));
    assert_eq!((site.world.host("alpha").dials(), site.held()), (1, (0, 0)));
}

#[test]
fn commands_that_wait_in_front_of_a_host_make_it_grow() {
    let site = Site::warm(100, 1_000);
    let run = || {
        let caller = site.fleet.caller(Class::Interactive, ClientId(1));
        site.world.spawn(async move {
            let hang = async |machine: &Machine| machine.run(b"hang", &mut Collected::up_to(10)).await;
            caller.work("alpha", Need::Session, Repeat::Never, hang).await
        })
    };
    let commands: Vec<_> = (0..40).map(|_| run()).collect();
    site.world.settle();
    assert_eq!((site.held(), site.world.host("alpha").open()), ((8, 32), 1));
    site.world.pass(10 * SECOND);
    assert_eq!(
        (site.held(), site.world.host("alpha").open()),
        ((32, 8), 4),
        "as many as four connections bear"
    );
    assert_eq!(site.world.host("alpha").dials(), 4);
    commands.iter().for_each(Handle::cancel);
    site.world.settle();
    assert_eq!(site.held(), (0, 0));
}

#[test]
fn a_slow_host_with_500_commands_delays_nobody_else() {
    let site = Site::warm(100, 1_000);
    let slow: Vec<_> = (0..500).map(|_| site.ask(Ask { took: 20 * SECOND, ..COMMAND })).collect();
    site.world.settle();
    assert_eq!(site.held(), (8, 492), "as many as it has sessions for");
    let begun = site.world.now();
    let quick: Vec<_> =
        (0..92).map(|_| site.ask(Ask { host: "bravo", took: SECOND / 100, ..READ })).collect();
    site.world.pass(SECOND);
    assert!(quick.iter().all(|handle| handle.output() == Ok(begun + SECOND / 100)));
    slow.iter().for_each(Handle::cancel);
    site.world.settle();
    assert_eq!(site.held(), (0, 0));
}

#[test]
fn a_hanging_dial_takes_a_place_and_no_right() {
    let site = Site::warm(4, 100);
    site.world.host("deep").never_answers.set(true);
    let stuck: Vec<_> = (0..20).map(|_| site.ask(Ask { host: "deep", ..READ })).collect();
    site.world.pass(SECOND);
    assert_eq!(site.held(), (0, 20));
    let begun = site.world.now();
    let others: Vec<_> = (0..4).map(|_| site.ask(Ask { host: "bravo", ..READ })).collect();
    site.world.pass(SECOND);
    assert!(others.iter().all(|handle| handle.output() == Ok(begun + SECOND)));
    site.world.pass(10 * SECOND);
    assert!(stuck.iter().all(|handle| handle.output().unwrap_err().kind() == Kind::ConnectTimeout));
    assert_eq!(site.held(), (0, 0));
}

/// How long interactive work of many clients takes in all, beside `others`.
fn busy_minute(others: &[Class]) -> Duration {
    let site = Site::warm(20, 10_000);
    let begun = site.world.now();
    let flood = |class, took| -> Vec<_> {
        let ask = |index: u64| Ask { client: 100 + index % 5, class, took, host: "bravo", ..READ };
        (0..2_000).map(|index| site.ask(ask(index))).collect()
    };
    let _others: Vec<_> = others.iter().map(|class| flood(*class, SECOND / 2)).collect();
    let asks: Vec<_> =
        (0..4_000).map(|index| site.ask(Ask { client: index % 7, took: SECOND / 10, ..READ })).collect();
    site.world.pass(50 * SECOND);
    asks.iter().map(|handle| handle.output().unwrap() - begun).max().unwrap()
}

#[test]
fn background_work_delays_interactive_work_by_less_than_5_percent() {
    let alone = busy_minute(&[]);
    assert_eq!(alone, 20 * SECOND);
    let beside = busy_minute(&[Class::Background]);
    assert!(beside < alone + alone / 20, "{beside:?}");
}

#[test]
fn background_work_gets_on_beside_interactive_work() {
    let site = Site::warm(20, 10_000);
    let asks: Vec<_> = (0..4_000).map(|_| site.ask(Ask { took: SECOND / 10, ..READ })).collect();
    let slow: Vec<_> = (0..10)
        .map(|_| site.ask(Ask { class: Class::Background, took: SECOND / 10, host: "bravo", ..READ }))
        .collect();
    site.world.pass(10 * SECOND);
    assert!(slow.iter().all(Handle::is_done));
    assert!(asks.iter().any(|handle| !handle.is_done()));
}

#[test]
fn the_newest_of_who_asks_the_most_makes_room() {
    let site = Site::warm(1, 10);
    let running = site.ask(READ);
    let many: Vec<_> = (0..10).map(|_| site.ask(READ)).collect();
    site.world.settle();
    let one = site.ask(Ask { client: 2, ..READ });
    site.world.settle();
    assert!(!one.is_done());
    assert!(many[9].is_done() && many[..9].iter().all(|handle| !handle.is_done()));
    assert_eq!(many[9].output().unwrap_err().kind(), Kind::Busy);
    assert!(site.ask(READ).is_done_after(&site.world), "his own flow is the longest");
    assert_eq!((site.refusals(Reason::Displaced), site.refusals(Reason::Queue)), (1, 1));
    site.world.pass(3 * SECOND);
    assert!(running.is_done() && one.is_done() && many.iter().filter(|handle| handle.is_done()).count() < 3);
}

#[test]
fn who_makes_room_may_be_waiting_for_a_dial() {
    let site = Site::new(1, 3);
    site.world.host("alpha").never_answers.set(true);
    let many: Vec<_> = (0..4).map(|_| site.ask(READ)).collect();
    site.world.settle();
    let one = site.ask(Ask { client: 2, host: "bravo", ..READ });
    site.world.settle();
    assert!(many[3].is_done() && !many[2].is_done());
    site.world.pass(2 * SECOND);
    assert!(one.output().is_ok());
}

/// Who has his turn learns of it a moment after that, and leaves the queue then. His flow may have gone and come again.
#[test]
fn who_comes_while_another_is_given_his_turn_is_not_forgotten() {
    let site = Site::warm(1, 10);
    let (running, given) = (site.ask(READ), site.ask(READ));
    site.world.pass(SECOND - Duration::from_millis(1));
    let fleet = Rc::clone(&site.fleet);
    let newcomer = site.world.spawn(async move {
        // Ready at the moment at which the first one ends, and polled after it.
        fleet.net.sleep_until(fleet.now() + Duration::from_millis(1)).await;
        let caller = fleet.caller(READ.class, ClientId(READ.client));
        caller.work(READ.host, READ.need, Repeat::Never, async |_: &Machine| Ok(())).await
    });
    site.world.pass(Duration::from_millis(1));
    assert!(running.is_done() && !given.is_done() && !newcomer.is_done());
    site.world.pass(SECOND);
    assert!(given.is_done() && newcomer.is_done());
}

#[test]
fn a_deadline_that_passes_in_the_queue_is_told() {
    let site = Site::warm(1, 10);
    let running = site.ask(Ask { took: 100 * SECOND, ..READ });
    let waiting = site.ask(READ);
    site.world.pass(59 * SECOND);
    assert!(!waiting.is_done());
    site.world.pass(SECOND);
    let error = waiting.output().unwrap_err();
    assert_eq!(error.kind(), Kind::RequestTimeout);
    assert_eq!(error.message(), "Request timeout after 60s: alpha did not get to it");
    assert_eq!((site.refusals(Reason::Deadline), site.held()), (1, (1, 0)));
    assert!(!running.is_done());
}

#[test]
fn who_would_begin_after_his_deadline_is_told_at_once() {
    let site = Site::warm(100, 1_000);
    let first: Vec<_> = (0..8).map(|_| site.ask(Ask { took: 5 * SECOND, ..COMMAND })).collect();
    site.world.pass(5 * SECOND);
    assert!(first.iter().all(|handle| handle.output().is_ok()));
    let rest: Vec<_> = (0..200).map(|_| site.ask(Ask { took: 5 * SECOND, ..COMMAND })).collect();
    site.world.settle();
    let errors = refused(&rest);
    // Eight at once, five seconds each: after a minute a hundred or so have begun.
    assert_eq!((errors.len(), site.held()), (88, (8, 104)));
    assert_eq!(errors[0].kind(), Kind::Busy);
    assert_eq!(
        errors[0].message(),
        "Server busy: alpha would get to this in 65s at the earliest, and its time is up in 60s; try again later"
    );
    let other = site.ask(Ask { client: 2, took: SECOND, ..COMMAND });
    site.world.pass(58 * SECOND);
    assert!(other.output().is_ok(), "another client has turns of his own");
    site.world.pass(100 * SECOND);
    let late = rest.iter().filter(|handle| handle.is_done()).filter(|handle| handle.output().is_err());
    assert!(late.count() <= 16, "hardly anybody waited in vain");
}

#[test]
fn a_place_is_kept_to_the_end_and_only_who_waits_can_lose_his() {
    let site = Site::warm(2, 1);
    let running: Vec<_> = (0..2).map(|_| site.ask(Ask { took: 10 * SECOND, ..READ })).collect();
    let waiting = site.ask(READ);
    site.world.settle();
    assert_eq!(site.held(), (2, 1));
    let other = site.ask(Ask { client: 2, ..READ });
    assert!(other.is_done_after(&site.world) && !waiting.is_done(), "nobody waits more than he would");
    site.world.pass(11 * SECOND);
    assert!(running.iter().chain([&waiting]).all(|handle| handle.output().is_ok()));
}

#[test]
fn who_can_begin_at_once_is_not_refused_for_those_who_wait_on_other_cores() {
    let world = World::new();
    let common = Common::default();
    common.left.set(3);
    let quotas = Quotas { admitted: common.quota(), ..Quotas::alone(&settings()) };
    let (fleet, other) = (world.core(settings(), &quotas), common.quota());
    let site = Site { world, fleet, executing: Rc::default(), executing_most: Rc::default() };
    site.connect(&["alpha"]);
    let taken: Vec<_> = (0..3).map(|_| other.try_take().unwrap()).collect();
    let (ready, cold) = (site.ask(READ), site.ask(Ask { host: "bravo", ..READ }));
    site.world.settle();
    assert_eq!((site.executing.get(), cold.output().unwrap_err().kind()), (1, Kind::Busy));
    site.world.pass(SECOND);
    assert!(ready.output().is_ok());
    drop(taken);
    assert_eq!((common.left.get(), site.refusals(Reason::Queue)), (3, 1));
}

/// A bank that several cores share, in one thread.
#[derive(Clone, Default)]
struct Common {
    left: Rc<Cell<usize>>,
    asked: Rc<RefCell<Vec<Rc<Quota>>>>,
    own: Rc<RefCell<Option<Rc<Quota>>>>,
}

impl Common {
    fn quota(&self) -> Rc<Quota> {
        let access = Self { own: Rc::default(), ..self.clone() };
        let own = Rc::clone(&access.own);
        let quota = Quota::new(Box::new(access));
        own.replace(Some(Rc::clone(&quota)));
        quota
    }
}

impl Bank for Common {
    fn try_take(&self) -> bool {
        let left = self.left.get().checked_sub(1);
        left.inspect(|left| self.left.set(*left)).is_some()
    }

    fn give(&self) {
        self.left.set(self.left.get() + 1);
        self.asked.take().iter().for_each(|quota| quota.handle_given());
    }

    fn ask(&self) {
        self.asked.borrow_mut().extend(self.own.borrow().clone());
    }

    fn call_in(&self) -> LocalBoxFuture<'static, ()> {
        pending().boxed_local()
    }
}

#[test]
fn rights_that_another_core_gives_back_are_heard_of() {
    let world = World::new();
    let common = Common::default();
    common.left.set(3);
    let quotas = Quotas { executing: common.quota(), ..Quotas::alone(&settings()) };
    let (fleet, other) = (world.core(settings(), &quotas), common.quota());
    let site = Site { world, fleet, executing: Rc::default(), executing_most: Rc::default() };
    let mut taken: Vec<_> = (0..3).map(|_| other.try_take().unwrap()).collect();
    let asks: Vec<_> = (0..20).map(|_| site.ask(READ)).collect();
    site.world.pass(SECOND);
    assert_eq!(site.held(), (0, 20));
    // The one who listens for all may leave.
    asks[..5].iter().for_each(Handle::cancel);
    site.world.settle();
    for held in 1..=3 {
        drop(taken.pop());
        site.world.settle();
        assert_eq!(site.executing.get(), held);
    }
    site.world.pass(10 * SECOND);
    assert!(asks[5..].iter().all(|handle| handle.output().is_ok()));
    assert_eq!(common.left.get(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Requests come and are given up at any stage: waiting for a dial, for a turn, at work. Everything comes back.
    #[test]
    fn whoever_leaves_gives_everything_back(
        steps in prop::collection::vec((0..3usize, 0..3usize, 0..4u64, 0..2_000u64, 0..3usize), 1..60),
        is_cold in any::<bool>(),
    ) {
        let site = if is_cold { Site::new(4, 8) } else { Site::warm(4, 8) };
        let mut asks = Vec::new();
        for (host, class, client, time, what) in steps {
            let host = ["alpha", "bravo", "charlie"][host];
            let class = [Class::Interactive, Class::Batch, Class::Background][class];
            let need = if time % 2 == 0 { Need::Files } else { Need::Session };
            let took = Duration::from_millis(time);
            match what {
                0 => asks.push(site.ask(Ask { client, class, host, need, took })),
                1 if !asks.is_empty() => {
                    let index = time as usize % asks.len();
                    asks.swap_remove(index).cancel();
                }
                _ => site.world.pass(took / 4),
            }
            site.world.settle();
            let (executing, waiting) = site.held();
            prop_assert!(executing <= 4 && executing + waiting <= 12);
            prop_assert_eq!(executing, site.executing.get());
        }
        asks.iter().skip(3).for_each(Handle::cancel);
        site.world.pass(30 * SECOND);
        prop_assert!(asks.iter().take(3).all(Handle::is_done));
        prop_assert_eq!(site.held(), (0, 0));
        prop_assert!(!site.ask(READ).is_done_after(&site.world));
    }
}

impl<T: 'static> Handle<T> {
    fn is_done_after(&self, world: &World) -> bool {
        world.settle();
        self.is_done()
    }
}
