//! Hosts behind hosts: `far` and `away` through `alpha`, `deep` through `alpha` and `bravo`.

use super::*;
use crate::config::Access;

#[test]
fn hosts_that_are_dialled_together_share_the_dial_of_their_hop() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let waiters = ["far", "away", "deep", "alpha"].map(|host| connect(&world, &fleet, host));
    world.pass(SECOND);
    assert!(waiters.iter().all(|waiter| waiter.output().is_ok()));
    for host in ["alpha", "bravo", "far", "away", "deep"] {
        assert_eq!(world.host(host).dials(), 1, "{host}");
    }
}

#[test]
fn a_dial_that_is_given_up_gives_up_its_hops() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").never_answers.set(true);
    let (deep, far) = (connect(&world, &fleet, "deep"), connect(&world, &fleet, "far"));
    world.pass(SECOND);
    deep.cancel();
    world.settle();
    assert_eq!((world.host("alpha").dialling(), world.host("bravo").dialling()), (1, 0));
    far.cancel();
    world.settle();
    assert_eq!(world.host("alpha").dialling(), 0);
}

#[test]
fn a_hop_that_cannot_be_reached_fails_everybody_behind_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody at alpha")));
    let waiters = ["far", "deep"].map(|host| connect(&world, &fleet, host));
    world.pass(SECOND);
    assert!(waiters.iter().all(|waiter| waiter.output().is_err_and(|e| e.message().contains("alpha"))));
    world.host("alpha").refusal.take();
    connected(&world, &fleet, "deep");
    assert_eq!(world.host("alpha").dials(), 2);
}

#[test]
fn when_a_hop_dies_the_hosts_behind_it_are_lost_and_dialled_anew() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let (deep, alpha) = (connected(&world, &fleet, "deep"), connected(&world, &fleet, "alpha"));
    alpha.close();
    world.pass(SECOND);
    assert!(deep.has_ended());
    connected(&world, &fleet, "deep");
    assert_eq!((world.host("alpha").dials(), world.host("bravo").dials()), (2, 2));
}

#[test]
fn a_hop_that_died_unnoticed_costs_a_second_try_only() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    connected(&world, &fleet, "alpha");
    // It breaks at the first answer, which is the one to the tunnel.
    world.host("alpha").last().break_off();
    let far = connect(&world, &fleet, "far");
    world.pass(SECOND);
    assert!(far.output().is_ok());
    assert_eq!((world.host("alpha").dials(), world.host("far").open()), (2, 1));
}

#[test]
fn a_hop_is_idle_when_nobody_behind_it_is_left() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let (deep, alpha) = (connected(&world, &fleet, "deep"), connected(&world, &fleet, "alpha"));
    let working = command(&world, &deep, "hang");
    world.pass(600 * SECOND);
    assert!(!deep.has_ended() && !alpha.has_ended());
    working.cancel();
    // Each is idle for its own time, the outermost last.
    world.pass(70 * SECOND);
    assert!(deep.has_ended() && !alpha.has_ended());
    world.pass(130 * SECOND);
    assert!(alpha.has_ended());
}

#[test]
fn a_full_pool_closes_who_is_behind_a_hop_before_the_hop() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 3);
    let (alpha, far) = (connected(&world, &fleet, "alpha"), connected(&world, &fleet, "far"));
    let charlie = connected(&world, &fleet, "charlie");
    // `alpha` was idle first, but `away` needs it, and `far` was idle before `charlie`.
    connected(&world, &fleet, "away");
    assert!(far.has_ended() && !alpha.has_ended() && !charlie.has_ended());
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_pool_full_of_idle_ways_makes_room_for_another_way() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 3);
    connected(&world, &fleet, "deep");
    // The whole way has to go, from its end on, and nobody waits for the goodbyes.
    let [charlie, far] = ["charlie", "far"].map(|host| connect(&world, &fleet, host));
    world.pass(SECOND);
    assert!(charlie.output().is_ok() && far.output().is_ok());
}

#[test]
fn hops_at_work_are_not_closed() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let far = connected(&world, &fleet, "far");
    let working = command(&world, &far, "hang");
    world.pass(SECOND);
    let refused = connect(&world, &fleet, "charlie");
    world.pass(60 * SECOND);
    assert_eq!(refused.output().unwrap_err().kind(), Kind::Busy);
    assert!(!working.is_done());
    let refused = connect(&world, &fleet, "deep");
    world.settle();
    assert!(refused.output().unwrap_err().message().contains("takes"));
}

#[test]
fn a_place_is_kept_for_the_whole_way() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    world.host("alpha").never_answers.set(true);
    let far = connect(&world, &fleet, "far");
    let second = connect(&world, &fleet, "charlie");
    world.pass(SECOND);
    assert_eq!(world.host("charlie").dials(), 0);
    far.cancel();
    world.pass(SECOND);
    assert!(second.output().is_ok());
}

#[test]
fn leave_is_taken_of_the_hosts_behind_first() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    connected(&world, &fleet, "deep");
    world.run(async move { fleet.close().await });
    for host in ["alpha", "bravo", "deep"] {
        assert!(world.host(host).last().server().is_closed(), "{host} heard a goodbye");
    }
}

#[test]
fn a_host_that_is_connected_is_online_and_others_behind_a_hop_may_be() {
    use crate::fleet::{Presence, Shards};
    let world = World::new();
    let fleet = world.fleet(|_| {});
    connected(&world, &fleet, "far");
    let hosts = world.run(async move { Shards::alone(fleet).status(&Access::all()).await });
    let of = |name: &str| hosts.iter().find(|host| host.name.as_ref() == name).unwrap();
    assert_eq!((of("far").presence, of("far").behind.as_deref()), (Presence::Online, Some("alpha")));
    assert_eq!((of("deep").presence, of("deep").behind.as_deref()), (Presence::Unknown, Some("bravo")));
    assert_eq!((of("alpha").presence, of("alpha").behind.as_deref()), (Presence::Online, None));
}
