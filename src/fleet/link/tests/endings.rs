//! How links end, and that nobody is left waiting then.

use super::*;
use crate::fleet::Need;
use crate::testing::ssh_server::Misbehaviour;

#[test]
fn wherever_the_connection_is_cut_everybody_hears_of_it() {
    for bytes in (1..3000).step_by(37) {
        let world = world_with_sessions(10);
        world.host("alpha").sessions.set(2);
        world.host("alpha").cut.set(Some(bytes));
        let link = world.link("alpha");
        let runs: Vec<_> = (0..10).map(|_| run(&world, &link, "bytes 3000")).collect();
        let reads = [read(&world, &link), read(&world, &link)];
        world.pass(SECOND);
        assert!(link.has_ended(), "cut after {bytes}");
        // Without a session nothing can have run.
        let kind = if link.state.borrow().has_served { Kind::ConnectionLost } else { Kind::NotBegun };
        let lost = |error: crate::base::Error| error.kind() == kind;
        assert!(runs.iter().any(|run| run.output().is_err_and(lost)), "cut after {bytes}");
        assert!(reads.iter().all(Handle::is_done), "cut after {bytes}");
        assert_eq!((link.sessions.held(), link.pipeline.held()), (0, 0), "cut after {bytes}");
        assert_eq!(link.active.get(), 0);
    }
}

#[test]
fn who_waits_for_a_connection_that_has_ended_is_let_through_to_find_that_out() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    assert_eq!(link.lane(Need::Session), (Need::Session, 8));
    link.close();
    assert_eq!(link.lane(Need::Session), (Need::Session, 1));
}

#[test]
fn a_peer_that_falls_silent_is_noticed_by_everybody() {
    let world = world_with_sessions(10);
    world.host("alpha").server.borrow_mut().misbehaviour = Some(Misbehaviour::Silent);
    world.host("alpha").sessions.set(1);
    let link = world.link("alpha");
    let waiting = [run(&world, &link, "hang"), run(&world, &link, "hang"), run(&world, &link, "echo hi")];
    world.pass(SECOND);
    world.host("alpha").is_mute.set(true);
    let file = read(&world, &link);
    world.pass(30 * SECOND);
    let ends = waiting.map(|run| run.output().unwrap_err().kind());
    assert_eq!(ends, [Kind::ConnectionLost, Kind::NotBegun, Kind::NotBegun]);
    assert!(file.output().is_err());
    assert_eq!(world.host("alpha").open(), 0);
}

#[test]
fn an_idle_link_is_closed_in_good_order() {
    let world = World::new();
    let link = world.link("alpha");
    world.pass(30 * SECOND);
    let used = run(&world, &link, "echo hi");
    world.pass(59 * SECOND);
    assert!(used.output().is_ok() && !link.has_ended());
    world.pass(2 * SECOND);
    assert!(link.has_ended() && world.host("alpha").last().server().is_closed());
}

#[test]
fn a_link_at_work_is_not_idle() {
    let world = World::new();
    let link = world.link("alpha");
    let hanging = run(&world, &link, "hang");
    world.pass(600 * SECOND);
    assert!(!link.has_ended() && !hanging.is_done());
}

#[test]
fn a_link_is_not_idle_while_somebody_waits_on_it_or_holds_it() {
    let world = World::new();
    world.host("alpha").sessions.set(1);
    let link = world.link("alpha");
    let (hanging, waiting) = (run(&world, &link, "hang"), run(&world, &link, "hang"));
    world.pass(600 * SECOND);
    assert!(!link.has_ended());
    hanging.cancel();
    waiting.cancel();
    let hold = link.hold();
    world.pass(600 * SECOND);
    assert!(!link.has_ended());
    drop(hold);
    world.pass(59 * SECOND);
    assert!(!link.has_ended());
    world.pass(2 * SECOND);
    assert!(link.has_ended());
}

#[test]
fn an_ended_link_takes_no_work() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    link.close();
    let (command, file) = (run(&world, &link, "echo hi"), read(&world, &link));
    world.settle();
    assert_eq!(command.output().unwrap_err().kind(), Kind::NotBegun);
    assert_eq!(file.output().unwrap_err().kind(), Kind::NotBegun);
}
