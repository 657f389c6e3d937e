//! The pool in a world of its own.

mod chaos;
mod growth;
mod hops;
mod room;

use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::fleet::{Class, ClientId, Collected, Exit, Fleet, Link, Machine, Need, Repeat};
use crate::testing::world::{Handle, World};

/// A connection that nobody holds any more; room for it is waited for a minute.
fn connect(world: &World, fleet: &Rc<Fleet>, host: &'static str) -> Handle<Result<Rc<Link>>> {
    let (fleet, deadline) = (Rc::clone(fleet), world.now() + 60 * SECOND);
    world.spawn(async move {
        match fleet.machine(host, deadline).await? {
            Machine::Remote(link) => Ok(Rc::clone(&link)),
            Machine::Local(_) => unreachable!("{host} is no local machine"),
        }
    })
}

/// One who comes for a host and has not looked since.
fn sleepy(world: &World, fleet: &Rc<Fleet>, host: &'static str) -> LocalBoxFuture<'static, Result<()>> {
    let (fleet, deadline) = (Rc::clone(fleet), world.now() + 60 * SECOND);
    let mut sleepy = async move { fleet.machine(host, deadline).await.map(|_| ()) }.boxed_local();
    assert!((&mut sleepy).now_or_never().is_none());
    sleepy
}

fn command(world: &World, link: &Rc<Link>, command: &'static str) -> Handle<Result<Exit>> {
    let link = Rc::clone(link);
    world.spawn(async move { link.run(command.as_bytes(), &mut Collected::up_to(1000)).await })
}

fn connected(world: &World, fleet: &Rc<Fleet>, host: &'static str) -> Rc<Link> {
    let dialled = connect(world, fleet, host);
    world.pass(Duration::from_secs(1));
    dialled.output().unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn everybody_gets_a_turn_where_a_connection_serves_one() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").sessions.set(1);
    connected(&world, &fleet, "alpha");
    fleet.pool.memories.borrow().values().for_each(|known| known.memory.serves_one_session.set(true));
    let runs: Vec<_> = (0..20)
        .map(|_| {
            let fleet = Rc::clone(&fleet);
            let echo = async |machine: &Machine| machine.run(b"echo hi", &mut Collected::up_to(100)).await;
            world.spawn(async move {
                fleet
                    .caller(Class::Interactive, ClientId::STDIO)
                    .work("alpha", Need::Session, Repeat::Never, echo)
                    .await
            })
        })
        .collect();
    world.pass(60 * SECOND);
    assert!(runs.iter().all(|run| run.output() == Ok(Exit::Code(0))));
    assert_eq!(world.host("alpha").dials(), 20);
}

#[test]
fn what_a_changed_host_has_taught_is_forgotten() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    ["alpha", "bravo"].into_iter().for_each(|host| drop(connected(&world, &fleet, host)));
    fleet.pool.memories.borrow().values().for_each(|known| known.memory.lacks_sftp.set(true));
    let config = world.changed_config(|text| format!("Host alpha\n Port 2222\n{text}"));
    fleet.reconfigure(config, (*fleet.settings()).clone());
    ["alpha", "bravo"].into_iter().for_each(|host| drop(connected(&world, &fleet, host)));
    let memories = fleet.pool.memories.borrow();
    assert_eq!(["alpha", "bravo"].map(|host| memories[host].memory.lacks_sftp.get()), [false, true]);
}

#[test]
fn a_hundred_waiters_share_one_dial() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let waiters: Vec<_> = (0..100).map(|_| connect(&world, &fleet, "alpha")).collect();
    world.pass(SECOND);
    let links: Vec<_> = waiters.iter().map(|waiter| waiter.output().unwrap()).collect();
    assert!(links.iter().all(|link| Rc::ptr_eq(link, &links[0])));
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_failed_dial_reaches_everybody_and_nobody_after() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    let waiters: Vec<_> = (0..3).map(|_| connect(&world, &fleet, "alpha")).collect();
    world.pass(SECOND);
    assert!(waiters.iter().all(|waiter| waiter.output().is_err_and(|e| e.kind() == Kind::Unreachable)));
    world.host("alpha").refusal.take();
    connected(&world, &fleet, "alpha");
    assert_eq!(world.host("alpha").dials(), 2);
}

#[test]
fn a_waiter_that_does_not_look_keeps_no_failure_alive() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    let sleepy = sleepy(&world, &fleet, "alpha");
    let awake = connect(&world, &fleet, "alpha");
    world.pass(SECOND);
    assert!(awake.output().is_err());
    world.host("alpha").refusal.take();
    let link = connected(&world, &fleet, "alpha");
    // Its late news does not touch what stands there now.
    assert!(sleepy.now_or_never().unwrap().is_err());
    assert!(Rc::ptr_eq(&link, &connected(&world, &fleet, "alpha")));
}

#[test]
fn late_news_of_an_old_dial_does_not_replace_a_new_one() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let sleepy = sleepy(&world, &fleet, "alpha");
    connected(&world, &fleet, "alpha").close();
    let again = connect(&world, &fleet, "alpha");
    world.settle();
    assert!(sleepy.now_or_never().unwrap().is_ok(), "it hears of a link that is over");
    world.pass(SECOND);
    assert!(Rc::ptr_eq(&again.output().unwrap(), &connected(&world, &fleet, "alpha")));
    assert_eq!(world.host("alpha").dials(), 2);
}

#[test]
fn a_dial_ends_when_its_last_waiter_leaves() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").never_answers.set(true);
    let waiters = [connect(&world, &fleet, "alpha"), connect(&world, &fleet, "alpha")];
    world.pass(SECOND);
    waiters[0].cancel();
    world.settle();
    assert_eq!(world.host("alpha").dialling(), 1);
    waiters[1].cancel();
    world.settle();
    assert_eq!(world.host("alpha").dialling(), 0);
    world.host("alpha").never_answers.set(false);
    connected(&world, &fleet, "alpha");
}

#[test]
fn the_dial_goes_on_when_its_first_waiter_leaves() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let (first, second) = (connect(&world, &fleet, "alpha"), connect(&world, &fleet, "alpha"));
    world.settle();
    first.cancel();
    world.pass(SECOND);
    assert!(second.output().is_ok());
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_full_pool_closes_what_was_idle_the_longest() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let (alpha, bravo) = (connected(&world, &fleet, "alpha"), connected(&world, &fleet, "bravo"));
    let used = command(&world, &alpha, "echo hi");
    world.pass(SECOND);
    assert!(used.output().is_ok());
    connected(&world, &fleet, "charlie");
    assert!(bravo.has_ended() && !alpha.has_ended());
    assert_eq!(world.host("bravo").open(), 0);
}

#[test]
fn a_pool_whose_connections_are_all_at_work_is_busy() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let alpha = connected(&world, &fleet, "alpha");
    let hanging = command(&world, &alpha, "hang");
    world.pass(SECOND);
    let refused = connect(&world, &fleet, "bravo");
    world.pass(59 * SECOND);
    assert!(!refused.is_done());
    world.pass(SECOND);
    let refusal = refused.output().unwrap_err();
    assert_eq!(refusal.message(), "All 1 connections are at work; try again later");
    assert_eq!(refusal.kind(), Kind::Busy);
    hanging.cancel();
    connected(&world, &fleet, "bravo");
    assert!(alpha.has_ended());
}

#[test]
fn a_place_being_dialled_counts() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    world.host("alpha").never_answers.set(true);
    let first = connect(&world, &fleet, "alpha");
    let second = connect(&world, &fleet, "bravo");
    world.pass(SECOND);
    assert_eq!((world.host("alpha").dialling(), world.host("bravo").dialling()), (1, 0));
    first.cancel();
    world.pass(SECOND);
    assert!(second.output().is_ok());
}

#[test]
fn a_link_that_somebody_still_comes_for_is_not_evicted() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let sleepy = sleepy(&world, &fleet, "alpha");
    let alpha = connected(&world, &fleet, "alpha");
    let waiting = connect(&world, &fleet, "bravo");
    world.pass(SECOND);
    assert!(!waiting.is_done() && !alpha.has_ended());
    // Whether he comes or not.
    drop(sleepy);
    world.pass(SECOND);
    assert!(waiting.output().is_ok() && alpha.has_ended());
}

#[test]
fn a_link_that_a_request_holds_is_not_evicted() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let hold = connected(&world, &fleet, "alpha").hold();
    let waiting = connect(&world, &fleet, "bravo");
    world.pass(50 * SECOND);
    assert!(!waiting.is_done() && !hold.has_ended());
    drop(hold);
    world.pass(SECOND);
    assert!(waiting.output().is_ok());
}

#[test]
fn an_ended_link_makes_room_for_a_new_one() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    connected(&world, &fleet, "alpha").close();
    connected(&world, &fleet, "alpha");
    connected(&world, &fleet, "bravo");
    assert_eq!((world.host("alpha").dials(), world.host("alpha").open()), (2, 0));
}
