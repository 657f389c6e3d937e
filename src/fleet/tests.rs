//! Fleets in a world of their own: admission, deadlines, the second try, and the end.

mod reload;
mod simulation;

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::base::Error;
use crate::simulated::sftp::{Knobs, SftpServer};
use crate::ssh::Phase;
use crate::testing::ssh_server::Misbehaviour;
use crate::testing::world::{Handle, World};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a command as an operation does.
fn run(world: &World, fleet: &Rc<Fleet>, repeat: Repeat, command: &'static str) -> Handle<Result<Exit>> {
    let fleet = Rc::clone(fleet);
    world.spawn(async move {
        let work =
            async |machine: &Machine| machine.run(command.as_bytes(), &mut Collected::up_to(1_000_000)).await;
        fleet.caller(Class::Interactive, ClientId::STDIO).work("alpha", Need::Session, repeat, work).await
    })
}

#[test]
fn safe_work_cut_in_the_middle_is_done_once_more() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").cut.set(Some(1000));
    let cut = run(&world, &fleet, Repeat::Safe, "bytes 5000");
    world.pass(SECOND);
    assert_eq!(cut.output().unwrap(), Exit::Code(0));
    assert_eq!(world.host("alpha").dials(), 2);
}

#[test]
fn work_that_may_have_had_effects_is_not() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").cut.set(Some(1000));
    let cut = run(&world, &fleet, Repeat::Never, "bytes 5000");
    world.pass(SECOND);
    assert_eq!(cut.output().unwrap_err().kind(), Kind::ConnectionLost);
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn what_was_never_begun_is_begun_elsewhere() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").sessions.set(1);
    world.host("alpha").cut.set(Some(1000));
    let cut = run(&world, &fleet, Repeat::Never, "bytes 5000");
    let queued = run(&world, &fleet, Repeat::Never, "echo hi");
    world.pass(SECOND);
    assert_eq!(cut.output().unwrap_err().kind(), Kind::ConnectionLost);
    assert_eq!(queued.output().unwrap(), Exit::Code(0));
}

/// Whether the host has SFTP.
fn files(world: &World, fleet: &Rc<Fleet>) -> Handle<Result<bool>> {
    let fleet = Rc::clone(fleet);
    world.spawn(async move {
        let work = async |machine: &Machine| match machine.files()? {
            Some(link) => link.read(b"/", 0, 1).await.map(|_| true),
            None => Ok(false),
        };
        fleet.caller(Class::Interactive, ClientId::STDIO).work("alpha", Need::Files, Repeat::Safe, work).await
    })
}

#[test]
fn a_server_that_hangs_up_when_asked_for_sessions_is_not_asked_again() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").server.borrow_mut().misbehaviour = Some(Misbehaviour::CloseAt(Phase::Connected));
    let asked = files(&world, &fleet);
    world.pass(SECOND);
    // It hung up on sessions that nobody used yet, then on SFTP.
    assert_eq!((asked.output(), world.host("alpha").dials()), (Ok(false), 3));
}

#[test]
fn a_host_that_goes_down_when_asked_for_sftp_has_it_when_it_is_back() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let host = world.host("alpha");
    host.server.borrow_mut().sftp = Some(SftpServer::default);
    let before = files(&world, &fleet);
    world.pass(SECOND);
    host.server.borrow_mut().misbehaviour = Some(Misbehaviour::CloseAt(Phase::Connected));
    host.last().break_off();
    for _ in 0..3 {
        let meanwhile = files(&world, &fleet);
        world.pass(120 * SECOND);
        assert!(meanwhile.output().is_err());
    }
    host.server.borrow_mut().misbehaviour = None;
    let after = files(&world, &fleet);
    world.pass(120 * SECOND);
    assert_eq!((before.output(), after.output()), (Ok(true), Ok(true)));
}

#[test]
fn sftp_gives_way_where_there_is_one_session_at_a_time() {
    let world = World::new();
    let fleet = world.fleet(|settings| settings.max_connections_per_host = 1);
    let host = world.host("alpha");
    host.server.borrow_mut().sftp = Some(SftpServer::default);
    host.server.borrow_mut().sessions_max = 1;
    let before = files(&world, &fleet);
    world.pass(SECOND);
    assert_eq!(before.output(), Ok(true));
    for _ in 0..3 {
        let runs: Vec<_> = (0..5).map(|_| run(&world, &fleet, Repeat::Never, "echo hi")).collect();
        world.pass(5 * SECOND);
        assert!(runs.iter().all(|run| run.output().is_ok()));
        let after = files(&world, &fleet);
        world.pass(SECOND);
        assert_eq!(after.output(), Ok(false));
    }
    assert_eq!(host.dials(), 2);
}

#[test]
fn a_wire_that_breaks_does_not_speak_against_sftp() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").server.borrow_mut().sftp = Some(SftpServer::default);
    world.host("alpha").cut.set(Some(1));
    let asked = files(&world, &fleet);
    world.pass(SECOND);
    assert_eq!((asked.output(), world.host("alpha").dials()), (Ok(true), 2));
}

/// What becomes of work that may run twice and always fails in this way, and how often it was tried.
fn failing(kind: Kind) -> (Kind, usize) {
    let world = World::new();
    let caller = world.fleet(|_| {}).caller(Class::Interactive, ClientId::STDIO);
    let tries = Rc::new(Cell::new(0));
    let counted = Rc::clone(&tries);
    let lost = world.spawn(async move {
        let work = async |_: &Machine| {
            counted.set(counted.get() + 1);
            Err::<(), _>(Error::new(kind, "it fails"))
        };
        caller.work("alpha", Need::Session, Repeat::Safe, work).await
    });
    world.pass(SECOND);
    (lost.output().unwrap_err().kind(), tries.get())
}

#[test]
fn there_is_no_third_try() {
    assert_eq!(failing(Kind::ConnectionLost), (Kind::ConnectionLost, 2));
}

#[test]
fn connections_that_can_begin_nothing_are_not_dialled_for_ever() {
    assert_eq!(failing(Kind::NotBegun), (Kind::NotBegun, 1 + limits::FRUITLESS_CONNECTIONS_MAX));
}

#[test]
fn a_server_that_breaks_the_rules_when_asked_for_sftp_is_not_asked_again() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").server.borrow_mut().misbehaviour = Some(Misbehaviour::UnknownChannel);
    let asked = files(&world, &fleet);
    world.pass(SECOND);
    assert_eq!(asked.output().unwrap_err().kind(), Kind::Protocol);
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn a_dial_that_fails_is_not_repeated() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    world.host("alpha").refusal.replace(Some(Error::new(Kind::ConnectionLost, "closed mid-handshake")));
    let failed = run(&world, &fleet, Repeat::Safe, "echo hi");
    world.pass(SECOND);
    assert!(failed.output().is_err());
    assert_eq!(world.host("alpha").dials(), 1);
}

#[test]
fn work_that_takes_too_long_is_ended() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let other = Rc::clone(&fleet);
    let late = world.spawn(async move {
        let machine = other.machine("alpha", other.now() + 60 * SECOND).await?;
        let mut output = Collected::up_to(1000);
        let work = async { machine.run(b"hang", &mut output).await.map(Some) };
        other.within(5 * SECOND, work, || Ok(None)).await
    });
    world.pass(5 * SECOND);
    assert!(!late.is_done());
    world.pass(SECOND);
    assert_eq!(late.output().unwrap(), None);
    assert_eq!(world.host("alpha").last().server().signals(), ["TERM"]);
}

#[test]
fn closing_asks_commands_given_up_to_end_and_says_goodbye() {
    let world = World::new();
    let fleet = world.fleet(|_| {});
    let stubborn = run(&world, &fleet, Repeat::Never, "stubborn");
    world.pass(SECOND);
    stubborn.cancel();
    world.settle();
    world.run(async move { fleet.close().await });
    let host = world.host("alpha").last();
    assert_eq!(host.server().signals(), ["TERM"]);
    assert!(host.server().is_closed() && !host.is_open());
}

/// A busy hour of one host: reads and commands by many, on a wire that is cut again and again.
fn hour(seed: u64) -> (Vec<bool>, usize) {
    let world = World::new();
    let host = world.host("alpha");
    host.server.borrow_mut().sftp = Some(|| {
        let mut server = SftpServer::new(Knobs::default());
        server.put_file("/file", vec![7; 50_000]);
        server
    });
    host.server.borrow_mut().sessions_max = 3;
    host.pieces.set(Some(seed));
    let fleet = world.fleet(|_| {});
    let mut outcomes = Vec::new();
    for round in 0..20 {
        host.cut.set(Some(1000 * (1 + (seed as usize * 31 + round * 7) % 40)));
        let runs: Vec<_> = (0..10)
            .map(|_| run(&world, &fleet, Repeat::Safe, "bytes 3000"))
            .chain([look(&world, &fleet)])
            .collect();
        world.pass(180 * SECOND);
        outcomes.extend(runs.iter().map(|run| run.output().is_ok()));
    }
    assert_eq!(world.host("alpha").open(), 0, "idle by now");
    (outcomes, world.host("alpha").dials())
}

fn look(world: &World, fleet: &Rc<Fleet>) -> Handle<Result<Exit>> {
    let fleet = Rc::clone(fleet);
    world.spawn(async move {
        let work = async |machine: &Machine| match machine.files()? {
            Some(link) => {
                link.read(b"/file", 0, 100_000).await?.expect("it is a file");
                Ok(Exit::Code(0))
            }
            None => machine.run(b"bytes 50000", &mut Collected::up_to(100_000)).await,
        };
        fleet.caller(Class::Interactive, ClientId::STDIO).work("alpha", Need::Files, Repeat::Safe, work).await
    })
}

#[test]
fn the_same_hour_twice_is_the_same() {
    for seed in 1..4 {
        let (outcomes, dials) = hour(seed);
        assert!(outcomes.iter().all(|ok| *ok), "one cut is survived");
        assert_eq!(hour(seed), (outcomes, dials));
    }
}
