//! What is recorded is what was done, to the millisecond.

use super::*;
use crate::base::{Error, Kind};
use crate::fleet::{ClientId, Shards};
use crate::metrics::{Counter, Gauge, Histogram, Reason, Snapshot, TargetType};
use crate::scout::{Request, scout};

const MILLISECOND: u64 = 1000;

fn ask(far: &Far, target: &str, query: Option<&str>) -> Result<String, Kind> {
    let shards = Shards::alone(Rc::clone(&far.fleet));
    let request = Request { target: target.into(), query: query.map(str::to_owned) };
    let answer = far.world.run(async move { scout(&shards, ClientId::STDIO, &request).await });
    answer.map(|answer| answer.text).map_err(|error| error.kind())
}

fn counted(snapshot: &Snapshot, counters: &[(Counter, u64)]) {
    for counter in Counter::all() {
        let expected = counters.iter().find(|(other, _)| *other == counter).map_or(0, |(_, count)| *count);
        assert_eq!(snapshot.counter(counter), expected, "{counter:?}");
    }
}

#[test]
fn reads_of_one_host_share_one_connection() {
    let far = Far::new();
    let mut answered = 0;
    for _ in 0..10 {
        answered += ask(&far, "alpha:/small", None).unwrap().len();
        far.world.pass(SECOND);
    }
    let snapshot = far.fleet.snapshot();
    counted(
        &snapshot,
        &[
            (Counter::Requests(TargetType::Path), 10),
            (Counter::PoolMisses, 1),
            (Counter::PoolHits, 9),
            (Counter::Dials, 1),
        ],
    );
    let gauges = Gauge::ALL.map(|gauge| snapshot.gauge(gauge));
    assert_eq!(gauges, [1, 0, 1]);
    for (histogram, count) in [
        (Histogram::Request, 10),
        (Histogram::Dial, 1),
        (Histogram::Idle, 10),
        (Histogram::QueueWait, 10),
        (Histogram::FileSize, 10),
        (Histogram::OutputSize, 10),
        (Histogram::MailboxWait, 0),
    ] {
        assert_eq!(snapshot.histogram(histogram).len(), count, "{histogram:?}");
    }
    let requests = snapshot.histogram(Histogram::Request);
    // Six round trips for the first, one for the others.
    assert!(requests.equivalent(requests.max(), 300 * MILLISECOND));
    assert!(requests.equivalent(requests.min(), 50 * MILLISECOND));
    assert_eq!(snapshot.histogram(Histogram::OutputSize).max(), answered as u64 / 10);
    let idle = snapshot.histogram(Histogram::Idle);
    assert!(idle.equivalent(idle.max(), 1000 * MILLISECOND));
}

#[test]
fn failures_are_counted_by_their_kind() {
    let far = Far::new();
    let refusal = Error::new(Kind::ConnectTimeout, "nobody there");
    far.world.host("bravo").refusal.replace(Some(refusal));
    assert_eq!(ask(&far, "bravo:/small", None), Err(Kind::ConnectTimeout));
    assert_eq!(ask(&far, "alpha:/missing", None), Err(Kind::NotFound));
    assert_eq!(ask(&far, "alpha:/", Some("rm x")), Err(Kind::CommandRefused));
    assert_eq!(ask(&far, "nobody:/", None), Err(Kind::UnknownHost));
    assert!(ask(&far, "hosts", None).is_ok());
    counted(
        &far.fleet.snapshot(),
        &[
            (Counter::Requests(TargetType::Hosts), 1),
            (Counter::Requests(TargetType::Path), 3),
            (Counter::Requests(TargetType::Command), 1),
            (Counter::RequestErrors(Kind::ConnectTimeout), 1),
            (Counter::RequestErrors(Kind::NotFound), 1),
            (Counter::RequestErrors(Kind::CommandRefused), 1),
            (Counter::RequestErrors(Kind::UnknownHost), 1),
            (Counter::RequestTimeouts, 1),
            (Counter::PoolMisses, 2),
            (Counter::Dials, 2),
            (Counter::DialFailures, 1),
        ],
    );
}

#[test]
fn evictions_and_refusals_of_a_full_pool_are_counted() {
    let mut far = Far::new();
    far.fleet = far.world.fleet(|settings| settings.max_pool_size = 1);
    far.command();
    far.world.pass(SECOND);
    let other = Rc::clone(&far.fleet);
    let hanging = far.world.spawn(async move { other.machine("bravo").await });
    far.world.settle();
    let wanted = Rc::clone(&far.fleet);
    let refused = far.world.run(async move { wanted.machine("alpha").await.map(drop) });
    assert_eq!(refused.unwrap_err().kind(), Kind::Busy);
    far.world.pass(SECOND);
    assert!(hanging.output().is_ok());
    let snapshot = far.fleet.snapshot();
    counted(
        &snapshot,
        &[
            (Counter::PoolMisses, 3),
            (Counter::PoolEvictions, 1),
            (Counter::Dials, 2),
            (Counter::Rejected(Reason::Pool), 1),
        ],
    );
    // Its session was asked for ahead, and given beside the first word of the command.
    let commands = snapshot.histogram(Histogram::Command);
    assert!(commands.len() == 1 && commands.equivalent(commands.max(), 100 * MILLISECOND));
}
