//! Sessions opened ahead: how many there are, and that they are in nobody's way.

use super::*;
use crate::base::limits;

/// One way, in every world.
const DELAY: Duration = Duration::from_millis(10);

fn sessions(world: &World) -> (usize, usize) {
    let connection = world.host("alpha").last();
    let server = connection.server();
    (server.sessions(), server.tally().refused_sessions)
}

#[test]
fn a_link_begins_with_a_session_for_sftp_and_one_more() {
    let world = world_with_sessions(10);
    let link = world.link("alpha");
    world.pass(SECOND);
    assert_eq!(sessions(&world), (2, 0));
    let file = read(&world, &link);
    world.pass(SECOND);
    assert!(file.output().unwrap().is_some());
    assert_eq!(sessions(&world), (2, 0));
}

#[test]
fn a_session_is_there_before_it_is_needed() {
    let world = World::new();
    let link = world.link("alpha");
    world.pass(SECOND);
    for _ in 0..3 {
        let begun = world.now();
        world.run(run_to_end(&link));
        assert_eq!(world.now() - begun, 2 * DELAY);
        world.pass(SECOND);
    }
}

async fn echo(link: Rc<Link>) {
    let exit = link.run(b"echo hi", &mut Collected::up_to(10)).await;
    assert_eq!(exit.unwrap(), Exit::Code(0));
}

fn run_to_end(link: &Rc<Link>) -> impl Future<Output = ()> + use<> {
    echo(Rc::clone(link))
}

#[test]
fn after_a_burst_there_are_as_many_as_it_used_and_later_fewer() {
    let world = World::new();
    let link = world.link("alpha");
    world.pass(SECOND);
    // The first burst has to open most of its sessions, the second one finds them there.
    for round_trips in [2, 1] {
        let runs: Vec<_> = (0..8).map(|_| run(&world, &link, "echo hi")).collect();
        world.pass(2 * round_trips * DELAY);
        assert!(runs.iter().all(|run| run.output().is_ok()));
        world.pass(SECOND);
        assert_eq!(sessions(&world), (8, 0));
    }
    world.pass(limits::SESSIONS_AHEAD_KEPT + SECOND);
    assert_eq!(sessions(&world), (2, 0));
}

#[test]
fn a_server_with_few_sessions_refuses_quietly_and_serves_everybody() {
    for sessions_max in 1..6 {
        let world = world_with_sessions(sessions_max);
        let link = world.link("alpha");
        world.pass(SECOND);
        let runs: Vec<_> = (0..20).map(|_| run(&world, &link, "echo hi")).collect();
        world.pass(10 * SECOND);
        assert!(runs.iter().all(|run| run.output().is_ok()), "{sessions_max} sessions");
        let refused = sessions(&world).1;
        world.pass(limits::SESSIONS_AHEAD_KEPT);
        let run = run(&world, &link, "echo hi");
        world.pass(SECOND);
        assert!(run.output().is_ok(), "{sessions_max} sessions");
        assert_eq!(sessions(&world).1, refused, "what was learned with {sessions_max} sessions is kept");
    }
}

#[test]
fn a_session_that_the_server_closes_is_replaced_by_the_next_command() {
    let world = World::new();
    let link = world.link("alpha");
    world.pass(SECOND);
    world.host("alpha").last().end_unused();
    link.driver.notify(usize::MAX);
    world.pass(SECOND);
    assert_eq!(sessions(&world), (0, 0));
    assert!(!link.has_ended());
    world.run(run_to_end(&link));
    world.pass(SECOND);
    assert_eq!(sessions(&world), (2, 0));
}

#[test]
fn confirmations_tell_the_round_trip() {
    let world = World::new();
    world.host("alpha").delay.set(5 * DELAY);
    let link = world.link("alpha");
    world.pass(SECOND);
    world.run(run_to_end(&link));
    world.pass(SECOND);
    assert_eq!(link.memory.round_trip(), Some(10 * DELAY));
    // A longer one is believed by and by, a shorter one at once.
    link.memory.note_round_trip(18 * DELAY);
    assert_eq!(link.memory.round_trip(), Some(11 * DELAY));
    link.memory.note_round_trip(DELAY);
    assert_eq!(link.memory.round_trip(), Some(DELAY));
}
