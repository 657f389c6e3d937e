//! More connections to a host whose commands wait, and none where they would not help.

use super::*;

fn open(world: &World) -> usize {
    world.host("alpha").open()
}

fn commands(world: &World, link: &Rc<Link>, count: usize, line: &'static str) -> Vec<Handle<Result<Exit>>> {
    (0..count).map(|_| command(world, link, line)).collect()
}

#[test]
fn a_host_grows_to_four_connections_and_back() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    let hanging = commands(&world, &link, 40, "hang");
    world.pass(10 * SECOND);
    assert_eq!((open(&world), world.host("alpha").dials()), (4, 4));
    assert_eq!(fleet.pool.memories.borrow()["alpha"].memory.sessions.wanted(), 40 - 4 * 8);
    // Those whose turn it is not yet are served as well when others end.
    hanging[..32].iter().for_each(Handle::cancel);
    let echo = command(&world, &link, "echo hi");
    world.pass(SECOND);
    assert_eq!(echo.output().unwrap(), Exit::Code(0));
    hanging.iter().for_each(Handle::cancel);
    world.pass(70 * SECOND);
    assert_eq!(open(&world), 0);
    assert_eq!(fleet.quotas().connections.held(), 0);
}

#[test]
fn commands_that_are_soon_served_make_no_connections() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    for _ in 0..10 {
        let runs = commands(&world, &link, 24, "echo hi");
        world.pass(SECOND);
        assert!(runs.iter().all(|run| run.output().is_ok()));
    }
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_long_queue_of_short_commands_is_worth_connections() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    let warm = command(&world, &link, "echo hi");
    world.pass(SECOND);
    assert!(warm.output().is_ok());
    let begun = world.now();
    let runs = commands(&world, &link, 400, "echo hi");
    while !runs.iter().all(Handle::is_done) {
        world.pass(Duration::from_millis(10));
    }
    assert!(runs.iter().all(|run| run.output().is_ok()));
    assert_eq!(world.host("alpha").dials(), 4);
    // One connection takes a second: fifty rounds of 20 ms.
    let took = world.now() - begun;
    assert!(took < SECOND * 6 / 10, "{took:?}");
}

#[test]
fn a_connection_nobody_waits_for_any_more_is_not_made() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    world.host("alpha").never_answers.set(true);
    let hanging = commands(&world, &link, 9, "hang");
    world.pass(SECOND);
    assert_eq!(world.host("alpha").dialling(), 1);
    hanging[0].cancel();
    world.pass(SECOND);
    assert_eq!(world.host("alpha").dialling(), 0);
    assert_eq!(fleet.quotas().connections.held(), 1);
}

#[test]
fn growth_takes_no_connection_from_anybody() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_pool_size = 2);
    let (alpha, bravo) = (connected(&world, &fleet, "alpha"), connected(&world, &fleet, "bravo"));
    let hanging = commands(&world, &alpha, 20, "hang");
    world.pass(30 * SECOND);
    assert!(!bravo.has_ended());
    bravo.close();
    // Somebody else comes first.
    let charlie = connect(&world, &fleet, "charlie");
    world.pass(SECOND);
    assert!(charlie.output().is_ok());
    assert_eq!((open(&world), world.host("alpha").dials()), (1, 1));
    assert!(hanging.iter().all(|run| !run.is_done()));
}

#[test]
fn a_host_that_refuses_another_connection_is_left_alone_for_a_while() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Refused, "one is enough")));
    let hanging = commands(&world, &link, 9, "hang");
    world.pass(50 * SECOND);
    assert_eq!(world.host("alpha").dials(), 2);
    assert!(hanging.iter().all(|run| !run.is_done()), "that fails nobody");
    world.host("alpha").refusal.take();
    world.pass(100 * SECOND);
    assert_eq!((world.host("alpha").dials(), open(&world)), (3, 2));
}

#[test]
fn a_further_connection_that_ends_at_once_is_not_made_again_and_again() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "alpha");
    let hanging = commands(&world, &link, 8, "hang");
    world.pass(SECOND);
    // As where only so many may be logged in, and that is found out after the login.
    world.host("alpha").cut.set(Some(1));
    let waiting = command(&world, &link, "echo hi");
    world.pass(50 * SECOND);
    assert_eq!((open(&world), world.host("alpha").dials()), (1, 2));
    drop((hanging, waiting));
}

#[test]
fn what_waits_goes_on_when_one_of_two_connections_breaks() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let first = connected(&world, &fleet, "alpha");
    let hanging = commands(&world, &first, 16, "hang");
    world.pass(10 * SECOND);
    assert_eq!(open(&world), 2);
    let waiting = commands(&world, &first, 3, "echo hi");
    world.host("alpha").refusal.replace(Some(Error::new(Kind::Refused, "no more")));
    world.pass(SECOND);
    first.close();
    world.settle();
    assert!(waiting.iter().all(|run| !run.is_done()), "the other one may still serve them");
    hanging.iter().for_each(Handle::cancel);
    world.pass(10 * SECOND);
    assert!(waiting.iter().all(|run| run.output().is_ok()));
    // It is now the host's connection.
    assert!(!Rc::ptr_eq(&connected(&world, &fleet, "alpha"), &first));
    assert_eq!(open(&world), 1);
}

#[test]
fn a_host_behind_a_hop_grows_through_it() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let link = connected(&world, &fleet, "far");
    let hanging = commands(&world, &link, 16, "hang");
    world.pass(10 * SECOND);
    assert_eq!((world.host("far").open(), world.host("alpha").dials()), (2, 1));
    hanging.iter().for_each(Handle::cancel);
    world.pass(200 * SECOND);
    assert_eq!(fleet.quotas().connections.held(), 0);
}
