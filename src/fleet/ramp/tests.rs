//! Dials in a world whose servers have as much patience as sshd.

use std::cell::Cell;

use super::*;
use crate::base::time::Duration;
use crate::fleet::{Fleet, Link, Machine};
use crate::metrics::Counter;
use crate::testing::world::{Daemon, Handle, World};

const SECOND: Duration = Duration::from_secs(1);

/// A world of this many hosts, all of them served by one daemon, each at an address of its own or all at the same.
fn served_by_one(hosts: usize, address: fn(usize) -> usize) -> (World, Rc<Daemon>) {
    let host = |n| format!("Host h{n}\nHostName server{}\n", address(n));
    let world = World::with_config(&(0..hosts).map(host).collect::<String>());
    let daemon = Rc::new(Daemon::default());
    (0..hosts).for_each(|n| drop(world.host(&format!("h{n}")).daemon.replace(Rc::clone(&daemon))));
    (world, daemon)
}

fn stock(daemon: &Daemon) {
    daemon.begin.set(10);
    daemon.full.set(100);
}

fn connect(world: &World, fleet: &Rc<Fleet>, host: usize) -> Handle<Result<Rc<Link>>> {
    let (fleet, deadline) = (Rc::clone(fleet), world.now() + 60 * SECOND);
    world.spawn(async move {
        match fleet.machine(&format!("h{host}"), deadline).await? {
            Machine::Remote(link) => Ok(Rc::clone(&link)),
            Machine::Local(_) => unreachable!("it is no local machine"),
        }
    })
}

#[test]
fn eight_at_once_stand_before_one_address_and_the_others_follow() {
    let (world, daemon) = served_by_one(20, |_| 1);
    let fleet = world.fleet(|_| {});
    let dials: Vec<_> = (0..20).map(|n| connect(&world, &fleet, n)).collect();
    world.pass(SECOND);
    assert!(dials.iter().all(|dial| dial.output().is_ok()));
    assert_eq!(daemon.load(), (STARTUPS_PER_ADDRESS_MAX, 0));
}

#[test]
fn addresses_do_not_wait_for_each_other() {
    let (world, daemon) = served_by_one(50, |n| n);
    let fleet = world.fleet(|_| {});
    let dials: Vec<_> = (0..50).map(|n| connect(&world, &fleet, n)).collect();
    world.pass(SECOND);
    assert!(dials.iter().all(|dial| dial.output().is_ok()));
    assert_eq!(daemon.load(), (50, 0));
}

#[test]
fn a_stock_server_with_a_hundred_addresses_lets_everybody_in() {
    let (world, daemon) = served_by_one(100, |n| n);
    stock(&daemon);
    let fleet = world.fleet(|_| {});
    let dials: Vec<_> = (0..100).map(|n| connect(&world, &fleet, n)).collect();
    world.pass(5 * SECOND);
    let failed: Vec<_> = dials.iter().filter_map(|dial| dial.output().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(daemon.load().1 > 0, "it was crowded");
}

#[test]
fn a_server_that_lets_nobody_in_keeps_nobody_else_waiting() {
    let (world, daemon) = served_by_one(31, |n| n);
    daemon.full.set(0);
    world.host("h30").daemon.take();
    let fleet = world.fleet(|_| {});
    let away: Vec<_> = (0..30).map(|n| connect(&world, &fleet, n)).collect();
    world.pass(SECOND);
    let begun = world.now();
    let dial = connect(&world, &fleet, 30);
    while !dial.is_done() {
        world.pass(Duration::from_millis(1));
    }
    assert!(dial.output().is_ok() && world.now() - begun < Duration::from_millis(200));
    world.pass(30 * SECOND);
    assert!(
        away.iter().all(|dial| dial.output().is_err_and(|error| error.message().contains("MaxStartups")))
    );
    assert_eq!(daemon.load(), (0, 30 * (1 + TURNED_AWAY_RETRIES_MAX as usize)));
}

#[test]
fn those_for_whom_there_is_no_room_before_an_address_are_counted() {
    let (world, _) = served_by_one(1_010, |_| 1);
    let fleet = world.fleet(|settings| settings.max_pool_size = 2_000);
    let dials: Vec<_> = (0..1_010).map(|n| connect(&world, &fleet, n)).collect();
    world.settle();
    let refused = dials.iter().filter(|dial| dial.is_done()).filter_map(|dial| dial.output().err()?.reason());
    assert_eq!(refused.collect::<Vec<_>>(), [Reason::Dials; 2]);
    assert_eq!(fleet.snapshot().counter(Counter::Rejected(Reason::Dials)), 2);
}

#[test]
fn many_addresses_at_once_are_a_crowd() {
    use futures_util::FutureExt;
    let ramp = Ramp::new(1);
    let addresses: Vec<_> = (0..=STARTUPS_PER_ADDRESS_MAX).map(|n| n.to_string()).collect();
    let knock = || async || std::future::pending::<Result<(), Refusal>>().await;
    let mut dials: Vec<_> = addresses
        .iter()
        .map(|address| ramp.climb(address, |_| std::future::ready(()), knock()).boxed_local())
        .collect();
    dials.iter_mut().for_each(|dial| assert!(dial.now_or_never().is_none()));
    assert!(ramp.is_crowded());
    drop(dials.pop());
    assert!(!ramp.is_crowded());
}

#[test]
fn whoever_leaves_leaves_no_trace() {
    use futures_util::FutureExt;
    let ramp = Ramp::new(1);
    let knocks = Cell::new(0);
    let climb = || {
        let (ramp, knocks) = (&ramp, &knocks);
        async move {
            let knock = async || {
                knocks.set(knocks.get() + 1);
                std::future::pending::<Result<(), Refusal>>().await
            };
            ramp.climb("server", |_| std::future::ready(()), knock).await
        }
        .boxed_local()
    };
    let mut dials: Vec<_> = (0..12).map(|_| climb()).collect();
    dials.iter_mut().for_each(|dial| assert!(dial.now_or_never().is_none()));
    assert_eq!(knocks.get(), STARTUPS_PER_ADDRESS_MAX);
    // One who waits and one who knocks; the next in the queue takes his place.
    drop(dials.pop());
    drop(dials.remove(0));
    dials.iter_mut().for_each(|dial| assert!(dial.now_or_never().is_none()));
    assert_eq!(knocks.get(), STARTUPS_PER_ADDRESS_MAX + 1);
    dials.clear();
    assert!(ramp.addresses.borrow().is_empty());
}
