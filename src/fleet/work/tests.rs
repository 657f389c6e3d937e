//! Hosts that fail, hang or become slow, and what those who ask for them see.

use super::*;
use crate::base::time::{Duration, Instant};
use crate::fleet::directory::Directory;
use crate::fleet::{Class, ClientId, Collected, Exit};
use crate::metrics::{Circuit, Counter, Gauge, Reason};
use crate::testing;
use crate::testing::ssh_server::ServerConfig;
use crate::testing::world::{Handle, World};
use crate::testing::{Crypto, Logins};

const SECOND: Duration = Duration::from_secs(1);

fn run(world: &World, fleet: &Rc<Fleet>, host: &'static str, command: &'static str) -> Handle<Result<Exit>> {
    let fleet = Rc::clone(fleet);
    world.spawn(async move {
        let work =
            async |machine: &Machine| machine.run(command.as_bytes(), &mut Collected::up_to(100_000)).await;
        fleet.caller(Class::Interactive, ClientId::STDIO).work(host, Need::Session, Repeat::Never, work).await
    })
}

/// What becomes of a command, and how long that takes.
fn outcome(
    world: &World,
    fleet: &Rc<Fleet>,
    host: &'static str,
    command: &'static str,
) -> (Result<Exit>, Duration) {
    let begun = world.now();
    let (outcome, ended) = {
        let handle = run(world, fleet, host, command);
        let ended = until_done(world, &handle);
        (handle.output(), ended)
    };
    (outcome, ended - begun)
}

fn until_done<T>(world: &World, handle: &Handle<T>) -> Instant {
    world.settle();
    while !handle.is_done() {
        world.pass(Duration::from_millis(1));
    }
    world.now()
}

fn breaker(fleet: &Rc<Fleet>, host: &str) -> Circuit {
    let route = fleet.route(host).unwrap().unwrap();
    fleet.pool.memory(&route).breaker.borrow().state(fleet.now())
}

/// How many hosts have a breaker that is closed, half open, open.
fn breakers(fleet: &Fleet) -> [u64; 3] {
    let snapshot = fleet.snapshot();
    [Circuit::Closed, Circuit::HalfOpen, Circuit::Open].map(|state| snapshot.gauge(Gauge::Circuits(state)))
}

fn unreachable() -> Error {
    Error::new(Kind::Unreachable, "Cannot connect to alpha: connection refused")
}

#[test]
fn five_failed_dials_open_the_breaker_and_a_probe_closes_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(unreachable()));
    for _ in 0..5 {
        let (failed, took) = outcome(&world, &fleet, "alpha", "echo hi");
        assert_eq!((failed.unwrap_err().kind(), took > Duration::ZERO), (Kind::Unreachable, true));
    }
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Open);
    let (refused, took) = outcome(&world, &fleet, "alpha", "echo hi");
    let refused = refused.unwrap_err();
    assert_eq!((refused.kind(), took), (Kind::CircuitOpen, Duration::ZERO));
    assert_eq!(
        refused.message(),
        "alpha: circuit open after 5 failures (last: Cannot connect to alpha: connection refused), retry in 60s"
    );
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Circuit)), 1);
    assert!(outcome(&world, &fleet, "bravo", "echo hi").0.is_ok(), "other hosts are not affected");
    assert_eq!(breakers(&fleet), [1, 0, 1]);

    world.pass(60 * SECOND);
    assert_eq!((breaker(&fleet, "alpha"), breakers(&fleet)), (Circuit::HalfOpen, [1, 1, 0]));
    assert_eq!(outcome(&world, &fleet, "alpha", "echo hi").0.unwrap_err().kind(), Kind::Unreachable);
    assert_eq!((breaker(&fleet, "alpha"), world.host("alpha").dials()), (Circuit::Open, 6));

    world.pass(60 * SECOND);
    world.host("alpha").refusal.take();
    let probe = run(&world, &fleet, "alpha", "echo hi");
    world.settle();
    let beside = outcome(&world, &fleet, "alpha", "echo hi").0.unwrap_err();
    assert!(beside.message().ends_with("it is being tried again just now"), "{beside}");
    world.pass(SECOND);
    assert!(probe.output().is_ok());
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
    for (to, count) in [(Circuit::Open, 2), (Circuit::HalfOpen, 2), (Circuit::Closed, 1)] {
        assert_eq!(fleet.snapshot().counter(Counter::CircuitTransitions(to)), count, "{to:?}");
    }
    assert_eq!((fleet.snapshot().counter(Counter::CircuitFailures), breakers(&fleet)), (6, [2, 0, 0]));
}

#[test]
fn a_dial_that_a_thousand_waited_for_fails_once() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(unreachable()));
    for dials in 1..=5 {
        assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
        let all: Vec<_> = (0..1_000).map(|_| run(&world, &fleet, "alpha", "echo hi")).collect();
        world.pass(SECOND);
        assert!(all.iter().all(|handle| handle.output().is_err()));
        assert_eq!(world.host("alpha").dials(), dials);
    }
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Open);
}

#[test]
fn what_the_host_says_no_to_is_no_failure() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Authentication, "no key was accepted")));
    for _ in 0..20 {
        assert_eq!(outcome(&world, &fleet, "alpha", "echo hi").0.unwrap_err().kind(), Kind::Authentication);
        world.pass(300 * SECOND);
    }
    assert_eq!(world.host("alpha").dials(), 20);
    world.host("alpha").refusal.take();
    for _ in 0..20 {
        assert_eq!(outcome(&world, &fleet, "alpha", "exit 3").0, Ok(Exit::Code(3)));
    }
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
}

/// A host that has refused our keys once.
fn refusing(world: &World, fleet: &Rc<Fleet>, host: &'static str, way: &'static str) {
    world.host(host).refusal.replace(Some(Error::new(Kind::Authentication, "no key was accepted")));
    assert_eq!(outcome(world, fleet, way, "echo hi").0.unwrap_err().kind(), Kind::Authentication);
}

#[test]
fn a_host_that_refuses_our_keys_is_not_asked_by_every_request() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    refusing(&world, &fleet, "alpha", "alpha");
    for _ in 0..1_000 {
        let (refused, took) = outcome(&world, &fleet, "alpha", "echo hi");
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind(), took), (Kind::Authentication, Duration::ZERO));
        assert_eq!(
            refused.message(),
            "Cannot connect to alpha: no key was accepted (refused 0s ago; tried again in 5s)"
        );
    }
    assert_eq!(world.host("alpha").dials(), 1);
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Login)), 1_000);
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
    world.host("alpha").refusal.take();
    world.pass(5 * SECOND);
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
}

#[test]
fn a_remembered_refusal_is_no_contact() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.breaker_failures = 2);
    let memory = fleet.pool.memory(&fleet.route("alpha").unwrap().unwrap());
    refusing(&world, &fleet, "alpha", "alpha");
    memory.note_failure(&unreachable(), fleet.now(), fleet.recorder());
    let route = fleet.route("alpha").unwrap().unwrap();
    assert_eq!(
        world.run({
            let fleet = Rc::clone(&fleet);
            async move { fleet.pool.warm(&route).await.map_err(|error| error.kind()) }
        }),
        Err(Kind::Authentication)
    );
    assert_eq!(world.host("alpha").dials(), 1);
    memory.note_failure(&unreachable(), fleet.now(), fleet.recorder());
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Open, "two failures in a row");
}

#[test]
fn a_jump_host_that_refuses_our_keys_is_not_asked_for_every_host_behind_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    refusing(&world, &fleet, "alpha", "far");
    let refused = outcome(&world, &fleet, "away", "echo hi").0.unwrap_err();
    assert!(refused.message().starts_with("Cannot connect to alpha: no key was accepted"), "{refused}");
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn another_configuration_may_have_other_keys() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    refusing(&world, &fleet, "alpha", "alpha");
    world.host("alpha").refusal.take();
    fleet.reconfigure(world.changed_config(str::to_owned), (*fleet.settings()).clone());
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
}

#[test]
fn a_host_that_lets_everybody_in_and_drops_him_is_left_alone() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    for _ in 0..5 {
        world.host("alpha").cut.set(Some(1_000));
        let commands: Vec<_> = (0..4).map(|_| run(&world, &fleet, "alpha", "bytes 50000")).collect();
        world.pass(SECOND);
        assert!(commands.iter().all(|command| command.output().is_err()));
    }
    assert_eq!(outcome(&world, &fleet, "alpha", "echo hi").0.unwrap_err().kind(), Kind::CircuitOpen);
}

#[test]
fn a_jump_hosts_failures_are_its_own() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(unreachable()));
    for _ in 0..5 {
        assert_eq!(outcome(&world, &fleet, "far", "echo hi").0.unwrap_err().kind(), Kind::Unreachable);
    }
    assert_eq!((breaker(&fleet, "alpha"), breaker(&fleet, "far")), (Circuit::Open, Circuit::Closed));
    let (refused, took) = outcome(&world, &fleet, "far", "echo hi");
    assert!(refused.unwrap_err().message().starts_with("alpha: circuit open after 5 failures"));
    assert_eq!(took, Duration::ZERO);

    world.pass(60 * SECOND);
    world.host("alpha").refusal.take();
    world.host("far").refusal.replace(Some(Error::new(Kind::Unreachable, "alpha cannot connect to far")));
    for _ in 0..5 {
        assert_eq!(outcome(&world, &fleet, "far", "echo hi").0.unwrap_err().kind(), Kind::Unreachable);
    }
    assert_ne!(breaker(&fleet, "alpha"), Circuit::Open);
    assert!(
        outcome(&world, &fleet, "far", "echo hi").0.unwrap_err().message().starts_with("far: circuit open")
    );
    assert!(outcome(&world, &fleet, "away", "echo hi").0.is_ok(), "the way goes on to others");
}

/// A host that was dialled and used twenty times, by itself.
fn known(world: &World, fleet: &Rc<Fleet>, host: &'static str) {
    world.host(host).idle_timeout.set(SECOND);
    for _ in 0..20 {
        assert!(outcome(world, fleet, host, "echo hi").0.is_ok());
        world.pass(2 * SECOND);
    }
}

#[test]
fn a_quick_host_that_hangs_when_dialled_is_found_out_at_once() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    known(&world, &fleet, "alpha");
    world.host("alpha").never_answers.set(true);
    let (failed, took) = outcome(&world, &fleet, "alpha", "echo hi");
    assert_eq!(failed.unwrap_err().kind(), Kind::ConnectTimeout);
    assert!(took <= Duration::from_millis(1_500), "{took:?}");
    // It may have become slow: the next one has all the time, and that counts.
    for _ in 0..5 {
        assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
        let (failed, took) = outcome(&world, &fleet, "alpha", "echo hi");
        assert_eq!((failed.unwrap_err().kind(), took), (Kind::ConnectTimeout, 10 * SECOND));
    }
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Open);
}

#[test]
fn a_host_that_becomes_slow_is_reached_at_the_second_try() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    known(&world, &fleet, "alpha");
    world.host("alpha").delay.set(SECOND / 4);
    assert_eq!(outcome(&world, &fleet, "alpha", "echo hi").0.unwrap_err().kind(), Kind::ConnectTimeout);
    known(&world, &fleet, "alpha");
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
}

#[test]
fn a_quick_host_that_hangs_under_work_is_found_out_at_once() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    known(&world, &fleet, "alpha");
    world.host("alpha").idle_timeout.set(60 * SECOND);
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
    world.pass(SECOND);
    world.host("alpha").is_mute.set(true);
    let (failed, took) = outcome(&world, &fleet, "alpha", "echo hi");
    assert_eq!(failed.unwrap_err().kind(), Kind::ConnectionLost);
    assert!(took <= Duration::from_millis(1_500), "{took:?}");
}

#[test]
fn a_slow_command_on_a_quick_host_is_no_silence() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    known(&world, &fleet, "alpha");
    world.host("alpha").idle_timeout.set(60 * SECOND);
    let silent = run(&world, &fleet, "alpha", "hang");
    world.pass(50 * SECOND);
    assert!(!silent.is_done());
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
    assert_eq!(world.host("alpha").open(), 1);
}

#[test]
fn a_slow_host_is_not_taken_for_a_dead_one() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    // Slow, and twice as slow once it is known.
    world.host("alpha").delay.set(Duration::from_millis(200));
    known(&world, &fleet, "alpha");
    world.host("alpha").delay.set(Duration::from_millis(400));
    for _ in 0..20 {
        assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
        world.pass(2 * SECOND);
    }
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
}

#[test]
fn a_host_that_takes_two_seconds_for_everything_keeps_its_time_once_it_is_known() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let host = world.host("alpha");
    // There and back; a dial takes as long, and was observed twenty times.
    host.delay.set(SECOND);
    host.logins.replace(Some(Rc::new(Logins::new(
        ServerConfig::default(),
        2 * SECOND,
        Crypto::None { stock: 0 },
    ))));
    known(&world, &fleet, "alpha");
    let memory = fleet.pool.memory(&fleet.route("alpha").unwrap().unwrap());
    assert_eq!(memory.patience.borrow().connect_timeout(10 * SECOND), 8 * SECOND, "four times the slowest");
    host.idle_timeout.set(60 * SECOND);
    for _ in 0..40 {
        assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
        world.pass(SECOND);
    }
    assert_eq!(
        (host.dials(), breaker(&fleet, "alpha")),
        (21, Circuit::Closed),
        "no answer was taken for silence"
    );
}

#[test]
fn a_host_that_falls_silent_among_others_costs_them_nothing() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_concurrency = 16);
    for host in ["alpha", "bravo", "charlie"] {
        known(&world, &fleet, host);
        world.host(host).idle_timeout.set(60 * SECOND);
        assert!(outcome(&world, &fleet, host, "echo hi").0.is_ok());
    }
    let (_, alone) = outcome(&world, &fleet, "bravo", "echo hi");
    world.host("alpha").is_mute.set(true);
    world.host("alpha").never_answers.set(true);
    let stuck: Vec<_> = (0..100).map(|_| run(&world, &fleet, "alpha", "echo hi")).collect();
    world.settle();
    for _ in 0..50 {
        for host in ["bravo", "charlie"] {
            let (answered, took) = outcome(&world, &fleet, host, "echo hi");
            assert_eq!((answered, took), (Ok(Exit::Code(0)), alone));
        }
    }
    world.pass(60 * SECOND);
    assert!(stuck.iter().all(|handle| handle.output().is_err()));
}

#[test]
fn who_finds_the_breaker_open_after_he_waited_for_room_is_counted() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    assert!(outcome(&world, &fleet, "alpha", "echo hi").0.is_ok());
    let busy = run(&world, &fleet, "alpha", "hang");
    world.pass(SECOND);
    let waiting = run(&world, &fleet, "bravo", "echo hi");
    world.pass(SECOND);
    let memory = fleet.pool.memory(&fleet.route("bravo").unwrap().unwrap());
    (0..5).for_each(|_| memory.note_failure(&unreachable(), fleet.now(), fleet.recorder()));
    busy.cancel();
    world.pass(10 * SECOND);
    assert_eq!(waiting.output().unwrap_err().kind(), Kind::CircuitOpen);
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Circuit)), 1);
}

#[test]
fn a_refusal_is_counted_for_everybody_who_hears_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let refusal = Error::refused(Reason::Dials, Kind::Busy, "too many other connections are being made");
    world.host("alpha").refusal.replace(Some(refusal));
    let all: Vec<_> = (0..10).map(|_| run(&world, &fleet, "alpha", "echo hi")).collect();
    world.pass(SECOND);
    assert!(all.iter().all(|handle| handle.output().unwrap_err().reason() == Some(Reason::Dials)));
    assert_eq!(world.host("alpha").dials(), 1);
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Dials)), 10);
    assert_eq!(breaker(&fleet, "alpha"), Circuit::Closed);
}

#[test]
fn a_way_that_is_longer_than_allowed_is_counted() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    assert_eq!(outcome(&world, &fleet, "far", "echo hi").0.unwrap_err().kind(), Kind::Busy);
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Pool)), 1);
}

#[test]
fn who_tries_again_does_not_keep_what_he_waits_for() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let caller = fleet.caller(Class::Interactive, ClientId::STDIO);
    let other = Rc::clone(&fleet);
    let tries = world.spawn(async move {
        let mut is_first = true;
        let work = async |_: &Machine| {
            if std::mem::take(&mut is_first) {
                // Meanwhile its host is to be reached otherwise.
                other
                    .pool
                    .retire(&Directory::new(World::config("Host alpha\n Port 2222\n"), &testing::settings()));
                return Err(Error::new(Kind::NotBegun, "not like this"));
            }
            Ok(())
        };
        caller.work("alpha", Need::Files, Repeat::Safe, work).await
    });
    world.pass(5 * SECOND);
    assert_eq!(tries.output(), Ok(()));
    assert_eq!(world.host("alpha").dials(), 2);
}

#[test]
fn less_urgent_work_that_waits_for_its_turn_keeps_nobody_from_its_place() {
    let world = World::new();
    let fleet = world.fleet(|settings| (settings.max_pool_size, settings.max_concurrency) = (1, 16));
    let work = |class, host: &'static str, time| {
        let fleet = Rc::clone(&fleet);
        let work = async move {
            let work = async |_: &Machine| {
                fleet.net.sleep_until(fleet.now() + time).await;
                Ok(())
            };
            fleet.caller(class, ClientId::STDIO).work(host, Need::Files, Repeat::Never, work).await
        };
        world.spawn(work)
    };
    // The only right that background work has of sixteen.
    let at_work = work(Class::Background, crate::fleet::LOCALHOST, 20 * SECOND);
    let waiting = work(Class::Background, "alpha", SECOND);
    world.pass(SECOND);
    let urgent = work(Class::Interactive, "bravo", SECOND);
    world.pass(limits::ROOM_PATIENCE + 2 * SECOND);
    assert!(urgent.is_done() && !waiting.is_done() && !at_work.is_done());
    world.pass(20 * SECOND);
    assert!(urgent.output().is_ok() && waiting.output().is_ok() && at_work.output().is_ok());
    assert_eq!(world.host("alpha").dials(), 2);
}
