//! Links that work begins on before the host has said that the login succeeded.

use super::*;
use crate::base::limits;
use crate::fleet::{Fleet, Machine};
use crate::metrics::{Counter, Histogram};
use crate::testing::ssh_server::Misbehaviour;

/// One way, in every world.
const DELAY: Duration = Duration::from_millis(10);

/// A new link to a host that has been worked with before, its login on its way.
fn hasty(change: impl FnOnce(&World)) -> (World, Rc<Link>) {
    let world = world_with_sessions(10);
    world.host("alpha").server.borrow_mut().ident = "SSH-2.0-OpenSSH_10.0";
    let fleet = world.fleet(|_| {});
    let first = link(&world, &fleet);
    world.pass(SECOND);
    first.close();
    world.pass(SECOND);
    change(&world);
    let second = link(&world, &fleet);
    assert!(!second.state.borrow().client.is_ready());
    (world, second)
}

fn link(world: &World, fleet: &Rc<Fleet>) -> Rc<Link> {
    let fleet = Rc::clone(fleet);
    let deadline = world.now() + SECOND;
    match world.run(async move { fleet.machine("alpha", deadline).await }) {
        Ok(Machine::Remote(link)) => Rc::clone(&link),
        _ => panic!("no link"),
    }
}

/// Starts a command that may run twice.
fn query(world: &World, link: &Rc<Link>, command: &'static str) -> Handle<Result<Exit>> {
    let link = Rc::clone(link);
    world.spawn(async move { link.query(command.as_bytes(), &mut Collected::up_to(100)).await })
}

#[test]
fn what_may_run_twice_does_not_wait_for_the_login() {
    let (world, link) = hasty(|_| {});
    let (query, run) = (query(&world, &link, "echo hi"), run(&world, &link, "echo hi"));
    world.pass(2 * DELAY);
    assert!(query.is_done() && !run.is_done());
    world.pass(2 * DELAY);
    assert!(run.output().is_ok() && query.output().is_ok());
}

/// Dials that were made, and those that came to nothing.
fn dials(link: &Link) -> (u64, u64) {
    let snapshot = link.recorder.snapshot();
    (snapshot.histogram(Histogram::Dial).len(), snapshot.counter(Counter::DialFailures))
}

#[test]
fn a_dial_is_over_when_its_login_is() {
    let (world, link) = hasty(|_| {});
    assert_eq!(dials(&link), (1, 0), "the first one");
    world.pass(2 * DELAY);
    assert_eq!(dials(&link), (2, 0));
    let (world, link) = hasty(|world| world.host("alpha").refuses_next_key.set(true));
    world.pass(SECOND);
    assert_eq!(dials(&link), (1, 1));
}

#[test]
fn a_command_given_up_before_its_session_is_confirmed_is_ended() {
    let (world, link) = hasty(|_| {});
    let query = query(&world, &link, "hang");
    world.pass(DELAY / 2);
    query.cancel();
    world.pass(SECOND);
    let connection = world.host("alpha").last();
    assert_eq!(connection.server().signals(), ["TERM"]);
    assert_eq!((connection.server().busy_sessions(), link.state.borrow().execs.len()), (0, 0));
    assert!(!link.has_ended());
}

#[test]
fn a_login_that_is_not_answered_does_not_last() {
    let (world, link) = hasty(|world| world.host("alpha").is_mute.set(true));
    let (query, run) = (query(&world, &link, "echo hi"), run(&world, &link, "echo hi"));
    let file = read(&world, &link);
    world.pass(limits::CONNECT_TIMEOUT_DEFAULT);
    for end in [query.output().map(drop), run.output().map(drop), file.output().map(drop)] {
        assert_eq!(end.unwrap_err().kind(), Kind::ConnectTimeout);
    }
    assert_eq!(world.host("alpha").open(), 0);
}

#[test]
fn where_the_login_or_the_session_fails_nothing_counts_as_begun() {
    let changes: [fn(&World); 3] = [
        |world| world.host("alpha").refuses_next_key.set(true),
        |world| world.host("alpha").server.borrow_mut().first_channel = 5,
        |world| world.host("alpha").server.borrow_mut().misbehaviour = Some(Misbehaviour::ForgetFirstOpen),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let (world, link) = hasty(change);
        let (query, run) = (query(&world, &link, "echo hi"), run(&world, &link, "echo hi"));
        world.pass(SECOND);
        for end in [query.output().map(drop), run.output().map(drop)] {
            assert_eq!(end.unwrap_err().kind(), Kind::NotBegun, "change {nth}");
        }
        assert!(link.has_ended());
    }
}
