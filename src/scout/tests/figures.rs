//! What is recorded is what was done, to the millisecond.

use super::*;
use crate::base::{Error, Kind};
use crate::fleet::Shards;
use crate::metrics::{Counter, Gauge, Histogram, Reason, Snapshot, TargetType};
use crate::scout::{Client, Request, scout};

fn ask(far: &Far, target: &str, query: Option<&str>) -> Result<String, Kind> {
    let shards = Shards::alone(Rc::clone(&far.fleet));
    let request = Request { target: target.into(), query: query.map(str::to_owned), ..Request::default() };
    let client = Client::ourselves();
    let answer = far.world.run(async move { scout(&shards, &client, &request, &|_, _| ()).await });
    answer.map(|answer| answer.text().into_owned()).map_err(|error| error.kind())
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
    let mut took = Vec::new();
    for _ in 0..10 {
        let begun = far.world.now();
        assert_eq!(ask(&far, "alpha:/small", None).as_deref(), Ok("content"));
        took.push((far.world.now() - begun).as_micros() as u64);
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
    assert_eq!(gauges, [1, 0, 1, 0, 0, 1, 0, 0]);
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
    // The first has to connect, the others take one round trip.
    took.sort_unstable();
    assert!(took[9] > took[0] && requests.equivalent(requests.max(), took[9]));
    assert!(requests.equivalent(requests.min(), took[0]));
    assert_eq!(snapshot.histogram(Histogram::OutputSize).max(), "content".len() as u64);
    let idle = snapshot.histogram(Histogram::Idle);
    assert!(idle.equivalent(idle.max(), SECOND.as_micros() as u64));
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
            (Counter::CircuitFailures, 1),
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
    let took = (2 * ONE_WAY).mul_f64(far.command(Repeat::Never)).as_micros() as u64;
    far.world.pass(SECOND);
    let other = Rc::clone(&far.fleet);
    let hanging = far.world.spawn(async move { other.machine("bravo", other.now() + SECOND).await });
    far.world.settle();
    let wanted = Rc::clone(&far.fleet);
    let refused = far.world.run(async move { wanted.machine("alpha", wanted.now()).await.map(drop) });
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
    // The connection is no part of it.
    let (commands, dials) = (snapshot.histogram(Histogram::Command), snapshot.histogram(Histogram::Dial));
    assert_eq!((commands.len(), dials.len()), (1, 2));
    assert!(commands.max().abs_diff(took - dials.max()) < took / 100);
}
