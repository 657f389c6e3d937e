//! Commands: sessions, refusals, and the end of those that were given up.

use super::*;
use crate::base::limits;
use crate::testing::ssh_server::Misbehaviour;

#[test]
fn a_command_tells_its_output_and_its_end() {
    let world = World::new();
    let link = world.link("alpha");
    let runs =
        [run(&world, &link, "echo hi"), run(&world, &link, "exit 3"), run(&world, &link, "killed SEGV")];
    world.pass(SECOND);
    let [echo, exit, killed] = runs.map(|run| run.output().unwrap());
    assert_eq!(echo, (Exit::Code(0), b"hi".to_vec()));
    assert_eq!((exit.0, killed.0), (Exit::Code(3), Exit::Signal("SEGV".into())));
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 0);
}

#[test]
fn however_bytes_are_cut_a_large_output_arrives_whole() {
    let expected: Vec<u8> = (0..500_000).map(|at| at as u8).collect();
    for seed in 0..5 {
        let world = World::new();
        world.host("alpha").pieces.set(Some(seed));
        let link = world.link("alpha");
        assert_eq!(world.run(run_to_end(link, "bytes 500000")), (Exit::Code(0), expected.clone()));
    }
}

async fn run_to_end(link: Rc<Link>, command: &'static str) -> (Exit, Vec<u8>) {
    let mut output = Collected::up_to(1_000_000);
    (link.run(command.as_bytes(), &mut output).await.unwrap(), output.stdout)
}

#[test]
fn more_commands_than_sessions_take_turns() {
    let world = World::new();
    let link = world.link("alpha");
    let runs: Vec<_> = (0..100).map(|at| run(&world, &link, &format!("echo {at}"))).collect();
    world.pass(10 * SECOND);
    for (at, run) in runs.iter().enumerate() {
        assert_eq!(run.output().unwrap().1, at.to_string().into_bytes());
    }
    // Nobody was refused: the gate stood before the server.
    assert_eq!(world.host("alpha").last().server().tally().refused_sessions, 0);
}

#[test]
fn a_server_that_gives_fewer_sessions_is_learned() {
    let world = world_with_sessions(3);
    let link = world.link("alpha");
    let runs: Vec<_> = (0..50).map(|at| run(&world, &link, &format!("echo {at}"))).collect();
    world.pass(10 * SECOND);
    assert!(runs.iter().all(|run| run.output().is_ok()));
    assert!(link.sessions.width() <= 3);
}

#[test]
fn a_server_that_gives_no_session_refuses_everybody() {
    let world = world_with_sessions(0);
    let link = world.link("alpha");
    let runs: Vec<_> = (0..50).map(|_| run(&world, &link, "echo hi")).collect();
    world.pass(10 * SECOND);
    assert!(runs.iter().all(|run| run.output().is_err_and(|error| error.kind() == Kind::Refused)));
}

#[test]
fn a_server_that_frees_its_sessions_late_is_not_taken_for_a_smaller_one() {
    let world = world_with_sessions(2);
    world.host("alpha").sessions.set(2);
    let link = world.link("alpha");
    let runs: Vec<_> = (0..50).map(|at| run(&world, &link, &format!("echo {at}"))).collect();
    world.pass(10 * SECOND);
    assert!(runs.iter().all(|run| run.output().is_ok()));
    assert_eq!((link.sessions.width(), link.has_ended()), (2, false));
}

#[test]
fn a_command_that_is_refused_says_so() {
    let world = World::new();
    let link = world.link("alpha");
    let refused = run(&world, &link, "unheard-of");
    world.pass(SECOND);
    assert_eq!(refused.output().unwrap_err().kind(), Kind::Refused);
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 0);
}

#[test]
fn who_leaves_the_queue_gives_its_turn_up() {
    let world = World::new();
    world.host("alpha").sessions.set(1);
    let link = world.link("alpha");
    let runs = ["hang", "hang", "echo hi"].map(|command| run(&world, &link, command));
    world.pass(SECOND);
    runs[1].cancel();
    runs[0].cancel();
    world.pass(SECOND);
    assert!(runs[2].output().is_ok());
    assert_eq!(world.host("alpha").last().server().signals(), ["TERM"]);
}

#[test]
fn a_command_given_up_is_asked_to_end_and_then_made_to() {
    let world = World::new();
    world.host("alpha").sessions.set(1);
    let link = world.link("alpha");
    let stubborn = run(&world, &link, "stubborn");
    world.pass(SECOND);
    stubborn.cancel();
    let next = run(&world, &link, "echo hi");
    world.pass(limits::KILL_GRACE / 2);
    let host = world.host("alpha").last();
    assert_eq!(host.server().signals(), ["TERM"]);
    assert!(!next.is_done(), "its session is not free yet");
    world.pass(limits::KILL_GRACE);
    assert_eq!(host.server().signals(), ["TERM", "KILL"]);
    assert!(next.output().is_ok());
    assert_eq!(host.server().busy_sessions(), 0);
}

#[test]
fn a_command_given_up_before_it_has_a_session_never_begins() {
    let world = World::new();
    let link = world.link("alpha");
    world.pass(SECOND);
    // More than the sessions opened ahead, so that the last ones wait for theirs.
    let runs: Vec<_> = (0..6).map(|_| run(&world, &link, "stubborn")).collect();
    world.settle();
    let opened = link.state.borrow().execs.open();
    assert!(opened < runs.len());
    runs.iter().for_each(Handle::cancel);
    world.settle();
    assert_eq!(link.sessions.held(), runs.len(), "the server may still give the sessions");
    world.pass(limits::KILL_GRACE / 2);
    let host = world.host("alpha").last();
    assert_eq!(host.server().signals(), vec!["TERM"; opened]);
    assert_eq!(link.sessions.held(), opened);
    world.pass(limits::KILL_GRACE);
    assert_eq!((link.sessions.held(), host.server().busy_sessions()), (0, 0));
}

#[test]
fn a_command_given_up_at_any_moment_leaves_nothing_behind() {
    for moment in 0..60 {
        let world = world_with_sessions(3);
        world.host("alpha").sessions.set(1);
        let link = world.link("alpha");
        let given_up = run(&world, &link, "bytes 100000");
        world.pass(moment * Duration::from_millis(2));
        given_up.cancel();
        world.pass(limits::KILL_GRACE + SECOND);
        assert_eq!(world.host("alpha").last().server().busy_sessions(), 0, "after {moment}");
        assert_eq!((link.sessions.held(), link.idle_since().is_some()), (0, true), "after {moment}");
    }
}

#[test]
fn a_command_that_has_ended_is_not_waited_for() {
    let world = World::new();
    let link = world.link("alpha");
    let lingering = run(&world, &link, "linger");
    world.pass(limits::CLOSE_GRACE / 2);
    assert!(!lingering.is_done(), "it may still be closed in good order");
    world.pass(limits::CLOSE_GRACE);
    assert_eq!(lingering.output().unwrap().0, Exit::Code(0));
    world.pass(SECOND);
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 0);
    assert_eq!(link.sessions.held(), 0);
}

#[test]
fn a_sink_that_has_enough_ends_the_command() {
    let world = World::new();
    let link = world.link("alpha");
    let other = Rc::clone(&link);
    let stopped = world.spawn(async move {
        let mut output = Collected::up_to(10);
        let exit = other.run(b"bytes 9000000", &mut output).await;
        (exit.unwrap(), output.stdout.len())
    });
    world.pass(3 * SECOND);
    assert_eq!(stopped.output(), (Exit::Stopped, 10));
    assert_eq!(world.host("alpha").last().server().busy_sessions(), 0);
}

#[test]
fn a_link_with_a_command_to_kill_is_not_idle() {
    let world = World::new();
    world.host("alpha").idle_timeout.set(SECOND);
    let link = world.link("alpha");
    let stubborn = run(&world, &link, "stubborn");
    world.pass(SECOND);
    stubborn.cancel();
    world.pass(limits::KILL_GRACE + SECOND / 2);
    assert_eq!(world.host("alpha").last().server().signals(), ["TERM", "KILL"]);
    world.pass(SECOND);
    assert!(link.has_ended());
}

#[test]
fn a_server_that_breaks_the_rules_fails_every_command() {
    let world = World::new();
    world.host("alpha").server.borrow_mut().misbehaviour = Some(Misbehaviour::UnknownChannel);
    let link = world.link("alpha");
    let runs = [run(&world, &link, "hang"), run(&world, &link, "hang")];
    world.pass(SECOND);
    assert!(runs.iter().all(|run| run.output().is_err_and(|error| error.kind() == Kind::Protocol)));
    assert!(link.has_ended());
}
