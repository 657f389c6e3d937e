//! Looking after hosts in a world of their own: who is asked, who stays connected, and who is left alone.

use super::*;
use crate::base::{Error, Kind};
use crate::config::Settings;
use crate::fleet::{Class, ClientId, Machine, Need, Repeat, Shards};
use crate::testing::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// A fleet that looks after its hosts.
fn tended(world: &World, change: impl FnOnce(&mut Settings)) -> Rc<Fleet> {
    let fleet = world.fleet(change);
    Shards::alone(Rc::clone(&fleet)).tend();
    world.settle();
    fleet
}

fn warm(hosts: &[&str]) -> impl FnOnce(&mut Settings) + use<> {
    let hosts = hosts.iter().copied().collect();
    move |settings| settings.warm_hosts = hosts
}

fn use_once(world: &World, fleet: &Rc<Fleet>, host: &'static str) {
    let fleet = Rc::clone(fleet);
    let used = world.spawn(async move {
        let nothing = async |_: &Machine| Ok(());
        fleet
            .caller(Class::Interactive, ClientId::STDIO)
            .work(host, Need::Session, Repeat::Never, nothing)
            .await
    });
    world.pass(SECOND);
    let _ = used.output();
}

#[test]
fn warm_hosts_are_connected_before_anybody_asks_and_stay_so() {
    let world = World::new();
    let fleet = tended(&world, warm(&["alpha", "b*", "!bravo"]));
    world.pass(2 * SECOND);
    assert_eq!(world.host("alpha").open(), 1);
    assert_eq!(world.host("bravo").dials() + world.host("charlie").dials(), 0);
    world.pass(3600 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials()), (1, 1));
    use_once(&world, &fleet, "alpha");
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_warm_connection_that_is_lost_is_made_again() {
    let world = World::new();
    let _fleet = tended(&world, warm(&["alpha"]));
    world.pass(2 * SECOND);
    world.host("alpha").last().break_off();
    world.pass(60 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials()), (1, 2));
}

#[test]
fn a_host_is_kept_as_long_as_it_is_used_often() {
    let world = World::new();
    let fleet = tended(&world, |_| {});
    (0..10).for_each(|_| use_once(&world, &fleet, "alpha"));
    use_once(&world, &fleet, "bravo");
    world.pass(600 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials()), (1, 1));
    assert_eq!(world.host("bravo").open(), 0, "one use is not often");
    world.pass(600 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials()), (0, 1));
}

#[test]
fn warming_makes_nobody_leave() {
    let world = World::new();
    let fleet = tended(&world, |settings| {
        warm(&["bravo"])(settings);
        settings.max_pool_size = 1;
        settings.idle_timeout = 3600 * SECOND;
    });
    world.host("alpha").idle_timeout.set(3600 * SECOND);
    world.pass(2 * SECOND);
    assert_eq!(world.host("bravo").open(), 1);
    use_once(&world, &fleet, "alpha");
    world.pass(600 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("bravo").open()), (1, 0));
    assert_eq!(world.host("bravo").dials(), 1);
}

#[test]
fn a_host_in_use_is_asked_only_while_there_is_no_connection() {
    let world = World::new();
    let fleet = tended(&world, |_| {});
    use_once(&world, &fleet, "alpha");
    world.pass(60 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").probes()), (0, 0));
    world.pass(300 * SECOND);
    assert!((9..=11).contains(&world.host("alpha").probes()), "{}", world.host("alpha").probes());
    world.pass(300 * SECOND);
    let probes = world.host("alpha").probes();
    world.pass(3600 * SECOND);
    assert_eq!(world.host("alpha").probes(), probes, "it is not in use any more");
    assert_eq!(world.host("bravo").probes(), 0);
}

#[test]
fn nobody_is_asked_who_is_not_to_be() {
    let world = World::new();
    let fleet = tended(&world, |settings| settings.health_check_interval = Duration::ZERO);
    use_once(&world, &fleet, "alpha");
    world.pass(600 * SECOND);
    assert_eq!(world.host("alpha").probes(), 0);
}

#[test]
fn a_dead_host_in_use_is_known_to_be_offline() {
    let world = World::new();
    let fleet = tended(&world, |_| {});
    use_once(&world, &fleet, "alpha");
    world.pass(120 * SECOND);
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    world.pass(35 * SECOND);
    let ttl = fleet.settings().host_status_ttl;
    let route = fleet.route("alpha").unwrap().unwrap();
    let (presences, net) = (Rc::clone(&fleet.presences), Rc::clone(&fleet.net));
    let before = world.host("alpha").probes();
    assert!(!world.run(async move { presences.is_online(&net, &route.host, ttl).await }));
    assert!(world.host("alpha").probes() - before <= 1);
}

#[test]
fn a_silent_host_is_known_to_be_gone_after_fifteen_seconds() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let route = fleet.route("alpha").unwrap().unwrap();
    use_once(&world, &fleet, "alpha");
    world.host("alpha").is_mute.set(true);
    world.pass(14 * SECOND);
    assert!(fleet.pool.is_connected(&route));
    world.pass(SECOND + Duration::from_millis(100));
    assert!(!fleet.pool.is_connected(&route));
}

#[test]
fn a_closed_fleet_connects_nobody() {
    let world = World::new();
    let fleet = tended(&world, warm(&["alpha"]));
    world.pass(2 * SECOND);
    world.run(async move { fleet.close().await });
    world.pass(600 * SECOND);
    assert_eq!((world.host("alpha").open(), world.host("alpha").dials()), (0, 1));
}
