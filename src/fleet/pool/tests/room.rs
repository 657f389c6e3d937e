//! Who finds no room: waiting, giving up, lending between cores.

use super::*;
use crate::fleet::Quotas;
use crate::testing;

fn held(fleet: &Fleet) -> usize {
    fleet.quotas().connections.held()
}

#[test]
fn whoever_waits_first_is_served_first() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    let hold = connected(&world, &fleet, "alpha").hold();
    let [bravo, charlie] = ["bravo", "charlie"].map(|host| connect(&world, &fleet, host));
    world.pass(SECOND);
    let again = connect(&world, &fleet, "bravo");
    drop(hold);
    world.settle();
    assert_eq!((world.host("bravo").dialling(), world.host("charlie").dialling()), (1, 0));
    world.pass(SECOND);
    assert!(Rc::ptr_eq(&bravo.output().unwrap(), &again.output().unwrap()));
    assert!(charlie.output().is_ok());
    assert_eq!((world.host("bravo").dials(), world.host("charlie").dials()), (1, 1));
}

#[test]
fn nobody_overtakes_those_who_wait() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let [alpha, bravo] = ["alpha", "bravo"].map(|host| connected(&world, &fleet, host).hold());
    // It needs two, and gets one first.
    let far = connect(&world, &fleet, "deep");
    world.settle();
    assert!(far.output().is_err(), "three are more than there may ever be");
    let hops = connect(&world, &fleet, "far");
    drop(bravo);
    let late = connect(&world, &fleet, "charlie");
    world.pass(SECOND);
    assert!(hops.output().is_ok(), "alpha is there already");
    drop(alpha);
    world.pass(SECOND);
    assert!(late.output().is_ok());
}

#[test]
fn a_jump_host_that_is_dialled_for_others_serves_those_who_wait_for_it() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let holds = ["bravo", "charlie"].map(|host| connected(&world, &fleet, host).hold());
    let far = connect(&world, &fleet, "far");
    let alpha = connect(&world, &fleet, "alpha");
    world.pass(SECOND);
    assert!(!far.is_done() && !alpha.is_done());
    drop(holds);
    world.pass(SECOND);
    assert!(far.output().is_ok() && alpha.output().is_ok());
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn many_who_wait_for_a_way_with_hops_do_not_keep_it_from_each_other() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let [bravo, charlie] = ["bravo", "charlie"].map(|host| connected(&world, &fleet, host).hold());
    let far: Vec<_> = (0..3).map(|_| connect(&world, &fleet, "far")).collect();
    world.pass(SECOND / 2);
    drop(bravo);
    world.settle();
    // Whoever began to wait first may not be the one who goes on.
    far[0].cancel();
    drop(charlie);
    world.pass(SECOND);
    assert!(far[1..].iter().all(|far| far.output().is_ok()));
}

#[test]
fn waiters_that_leave_leave_no_trace() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 3);
    let holds = ["alpha", "bravo"].map(|host| connected(&world, &fleet, host).hold());
    world.host("charlie").never_answers.set(true);
    let dialling = connect(&world, &fleet, "charlie");
    world.settle();
    assert_eq!(held(&fleet), 3);
    let waiting: Vec<_> = ["far", "deep", "away", "far"].map(|host| connect(&world, &fleet, host)).into();
    world.pass(SECOND / 2);
    waiting.iter().for_each(Handle::cancel);
    dialling.cancel();
    world.settle();
    assert_eq!(held(&fleet), 2);
    drop(holds);
    world.pass(SECOND);
    assert_eq!(held(&fleet), 2);
    world.pass(120 * SECOND);
    assert_eq!(held(&fleet), 0, "idle connections are closed and give back what they had");
    assert!(fleet.pool.line.is_empty());
}

#[test]
fn a_failed_dial_gives_its_room_to_the_next() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Unreachable, "nobody there")));
    let [alpha, bravo] = ["alpha", "bravo"].map(|host| connect(&world, &fleet, host));
    world.pass(SECOND);
    assert!(alpha.output().is_err() && bravo.output().is_ok());
}

#[test]
fn a_connection_takes_room_until_it_is_closed() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 1);
    drop(connected(&world, &fleet, "alpha"));
    let bravo = connect(&world, &fleet, "bravo");
    let (old, new) = (world.host("alpha"), world.host("bravo"));
    while !bravo.is_done() {
        world.pass(SECOND / 1_000);
        let connections = old.open() + new.open() + new.dialling();
        assert!(connections <= 1, "{connections} at once");
    }
    assert!(bravo.output().is_ok());
}

#[test]
fn cores_lend_each_other_room() {
    let world = World::new();
    let mut settings = testing::settings();
    settings.max_pool_size = 2;
    let quotas = Quotas::alone(&settings);
    let [one, other] = [(); 2].map(|()| world.core(settings.clone(), &quotas));
    let alpha = connected(&world, &one, "alpha");
    let bravo = connected(&world, &one, "bravo").hold();
    let charlie = connect(&world, &other, "charlie");
    world.pass(SECOND);
    assert!(!charlie.is_done(), "it has nothing of its own to give up");
    one.give_up_idle();
    world.pass(SECOND);
    assert!(charlie.output().is_ok() && alpha.has_ended() && !bravo.has_ended());
    // There is nothing more to be given up.
    one.give_up_idle();
    assert!(!bravo.has_ended());
    assert_eq!(quotas.connections.held(), 2);
}

#[test]
fn a_thousand_hosts_are_swept_with_ten_connections() {
    let world = World::with_hosts(1000);
    let fleet = world.fleet(|settings| settings.max_pool_size = 10);
    let echo = |host: usize| {
        let fleet = Rc::clone(&fleet);
        let work = async |machine: &Machine| machine.run(b"echo hi", &mut Collected::up_to(100)).await;
        let host = format!("h{host}");
        world.spawn(async move {
            fleet.caller(Class::Batch, ClientId::STDIO).work(&host, Need::Session, Repeat::Never, work).await
        })
    };
    let busy = connected(&world, &fleet, "h0");
    let hanging = command(&world, &busy, "hang");
    let sweep: Vec<_> = (1..1000).map(echo).collect();
    let mut most = 0;
    while !sweep.iter().all(Handle::is_done) {
        world.pass(Duration::from_millis(100));
        most = most.max(held(&fleet));
    }
    let failed: Vec<_> = sweep.iter().filter_map(|run| run.output().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(most, 10);
    assert!(!busy.has_ended() && !hanging.is_done(), "what is at work stays");
    assert_eq!(world.host("h0").dials(), 1);
}

#[test]
fn connections_that_never_fall_idle_make_room_in_turn() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let ask = |host: &'static str| {
        let fleet = Rc::clone(&fleet);
        let echo = async |machine: &Machine| machine.run(b"task x 500", &mut Collected::up_to(100)).await;
        world.spawn(async move {
            fleet
                .caller(Class::Interactive, ClientId::STDIO)
                .work(host, Need::Session, Repeat::Never, echo)
                .await
        })
    };
    let mut crowd = Vec::new();
    let mut served = [0; 3];
    for _ in 0..600 {
        // Each asks again long before he has his answer.
        crowd.extend(["alpha", "bravo", "charlie"].into_iter().enumerate().map(|(at, host)| (at, ask(host))));
        world.pass(SECOND / 10);
        for (at, request) in crowd.extract_if(.., |(_, request)| request.is_done()) {
            assert!(request.output().is_ok());
            served[at] += 1;
        }
        assert!(held(&fleet) <= 2);
    }
    assert!(served.iter().all(|served| *served > 100), "{served:?}");
    let dials = ["alpha", "bravo", "charlie"].map(|host| world.host(host).dials());
    assert!(dials.iter().all(|dials| (5..40).contains(dials)), "they take turns of some length: {dials:?}");
}

#[test]
fn commands_go_to_a_connection_that_stays() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let retired = connected(&world, &fleet, "alpha");
    let hanging = command(&world, &retired, "hang");
    world.settle();
    fleet.pool.places.relieve();
    let fresh = connected(&world, &fleet, "alpha");
    assert!(!Rc::ptr_eq(&retired, &fresh));
    let runs: Vec<_> = (0..8).map(|_| command(&world, &fresh, "hang")).collect();
    world.pass(SECOND);
    hanging.cancel();
    world.pass(5 * SECOND);
    assert!(retired.has_ended() && runs.iter().all(|run| !run.is_done()));
}
