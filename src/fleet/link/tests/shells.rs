//! Shells that are kept: who shares one, when they go, and what becomes of commands where none can be kept.

use super::*;
use crate::base::limits::{KEPT_SHELL_IDLE_MAX, KEPT_SHELL_REAPS_AFTER, KEPT_SHELL_START_MAX};

/// A command that may run twice.
fn query(world: &World, link: &Rc<Link>, command: &str) -> Handle<Result<(Exit, Vec<u8>)>> {
    let (link, command) = (Rc::clone(link), command.as_bytes().to_vec());
    world.spawn(async move {
        let mut output = Collected::up_to(1_000_000);
        let exit = link.query(&command, &mut output).await?;
        Ok((exit, output.stdout))
    })
}

/// Sessions in which something runs, or waits for something to run.
fn busy(world: &World) -> usize {
    world.host("alpha").last().server().busy_sessions()
}

#[test]
fn commands_that_follow_each_other_share_a_session() {
    let world = World::new();
    let link = world.link("alpha");
    for (command, exit, output) in
        [("echo one", 0, "one"), ("exit 3", 3, ""), ("echo two", 0, "two"), ("fail x", 1, "")]
    {
        let query = query(&world, &link, command);
        world.pass(SECOND);
        assert_eq!(query.output().unwrap(), (Exit::Code(exit), output.into()), "{command}");
        assert_eq!(busy(&world), 1);
    }
    let large = query(&world, &link, "bytes 500000");
    world.pass(SECOND);
    assert_eq!(large.output().unwrap().1.len(), 500_000);
    assert_eq!(busy(&world), 1);
}

#[test]
fn however_bytes_are_cut_marks_are_found() {
    for seed in 0..20 {
        let world = World::new();
        world.host("alpha").pieces.set(Some(seed));
        let link = world.link("alpha");
        for round in ["a", "b"] {
            let query = query(&world, &link, &format!("echo {round}"));
            world.pass(SECOND);
            assert_eq!(query.output().unwrap(), (Exit::Code(0), round.into()));
        }
    }
}

#[test]
fn a_shell_without_work_goes() {
    let world = World::new();
    let link = world.link("alpha");
    let queries: Vec<_> = (0..3).map(|_| query(&world, &link, "echo x")).collect();
    world.pass(KEPT_SHELL_REAPS_AFTER + SECOND);
    assert!(queries.iter().all(|query| query.output().is_ok()));
    assert_eq!(busy(&world), 3);
    world.pass(KEPT_SHELL_IDLE_MAX);
    assert_eq!((busy(&world), link.has_ended()), (0, false));
    let next = query(&world, &link, "echo x");
    world.pass(SECOND);
    assert!(next.output().is_ok());
}

#[test]
fn a_command_given_up_takes_its_shell_along() {
    let world = World::new();
    let link = world.link("alpha");
    let first = query(&world, &link, "echo x");
    world.pass(SECOND);
    first.output().unwrap();
    let hung = query(&world, &link, "hang");
    world.pass(SECOND);
    hung.cancel();
    world.pass(5 * SECOND);
    assert_eq!(busy(&world), 0);
    let next = query(&world, &link, "echo y");
    world.pass(SECOND);
    assert_eq!(next.output().unwrap().1, b"y");
}

#[test]
fn a_first_command_that_is_given_up_says_nothing_against_shells() {
    let world = World::new();
    let link = world.link("alpha");
    let slow = query(&world, &link, "hang");
    world.pass(2 * KEPT_SHELL_START_MAX);
    slow.cancel();
    world.pass(5 * SECOND);
    for _ in 0..2 {
        let query = query(&world, &link, "echo x");
        world.pass(SECOND);
        assert!(query.output().is_ok());
    }
    assert_eq!(busy(&world), 1);
}

#[test]
fn shells_without_work_make_room_for_commands_of_their_own() {
    let world = World::new();
    let link = world.link("alpha");
    let queries: Vec<_> = (0..8).map(|_| query(&world, &link, "echo x")).collect();
    world.pass(SECOND);
    let runs: Vec<_> = (0..20).map(|at| run(&world, &link, &format!("echo {at}"))).collect();
    world.pass(10 * SECOND);
    assert!(queries.iter().all(|query| query.output().is_ok()));
    assert!(runs.iter().all(|run| run.output().is_ok()));
}

#[test]
fn a_host_with_few_sessions_keeps_none() {
    for sessions in 1..4 {
        let world = world_with_sessions(sessions);
        let link = world.link("alpha");
        for at in 0..3 {
            let (query, read) = (query(&world, &link, &format!("echo {at}")), read(&world, &link));
            world.pass(10 * SECOND);
            let told = |text: String| format!("{sessions} sessions, round {at}: {text}");
            assert!(query.output().is_ok(), "{}", told("command".into()));
            drop(read);
        }
        let queries: Vec<_> = (0..10).map(|_| query(&world, &link, "echo x")).collect();
        world.pass(20 * SECOND);
        assert!(queries.iter().all(|query| query.output().is_ok()), "{sessions}");
    }
}
