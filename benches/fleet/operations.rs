//! What one does on a host that answers after an exact time.

use std::time::Duration;

use futures_util::future::join;

use super::figures::{Scale, Times, millis, ms, rate, row, timed};
use super::site::{LARGE_BYTES, Plan, Site, large_tree};

pub fn all(scale: Scale) {
    single(scale);
    transfer(scale);
    mixed(scale);
    batches(scale);
    round_trips(scale);
}

fn single(scale: Scale) {
    let times = scale.of(100, 3);
    let figures = Plan::new(1, millis(1), millis(1)).run(async |site| {
        site.warm(1).await;
        let half = || site.sleep(millis(1) / 2);
        let nothing = Times::of(times, |_| async {
            half().await;
            half().await;
        })
        .await;
        site.run(0).await;
        let read = Times::of(times, |_| site.read(0)).await;
        let list = Times::of(times, |_| site.list(0)).await;
        let run = Times::of(times, |_| site.run(0)).await;
        [
            ("nothing: what the simulation itself takes", "", nothing),
            ("read, stat included", "1.13 / 1.16 ms", read),
            ("list", "1.13 / 1.16 ms", list),
            ("command", "1.12 / 1.14 ms", run),
        ]
    });
    for (what, document, times) in figures {
        let overhead = times.mean().as_secs_f64() / 1e-3 - 1.0;
        row(
            "PB-9",
            &format!("{what}, host takes 1 ms (mean, p95)"),
            document,
            "< 15 % over 1 ms",
            format!("{} / {} (+{:.0} %)", ms(times.mean()), ms(times.at(0.95)), overhead * 100.0),
            (!document.is_empty()).then_some(overhead < 0.15),
        );
    }
}

fn transfer(scale: Scale) {
    let times = scale.of(20, 1);
    let times = Plan { sftp: large_tree, ..Plan::new(1, millis(10), millis(10)) }.run(async |site| {
        let read = |_| async {
            let text = site.ask("h0:/large".to_owned(), None).await.unwrap();
            assert_eq!(text.len(), LARGE_BYTES);
        };
        read(0).await;
        Times::of(times, read).await
    });
    let rate = LARGE_BYTES as f64 / 1e6 / times.median().as_secs_f64();
    row(
        "PB-10",
        "1 MB, host takes 10 ms",
        "10.70 ms, 93.46 MB/s",
        "≥ 93 MB/s, ≤ 7 % overhead",
        format!("{}, {rate:.1} MB/s", ms(times.median())),
        rate >= 93.0,
    );
}

fn mixed(scale: Scale) {
    let batches = scale.of(10, 1);
    let times = Plan::new(1, millis(5), millis(5)).run(async |site| {
        site.warm(1).await;
        four(site).await;
        Times::of(batches, |_| four(site)).await
    });
    let rate = rate(4, times.mean());
    row(
        "PB-11",
        "4 different operations at once on one connection, host takes 5 ms",
        "6.81 ms a batch, 588/s",
        "≥ 588/s",
        format!("{} a batch, {rate:.0}/s", ms(times.mean())),
        rate >= 588.0,
    );
}

async fn four(site: &Site) {
    join(join(site.read(0), site.list(0)), join(site.run(0), site.run(0))).await;
}

/// Fifty reads made as one, of one host and of five.
fn batches(scale: Scale) {
    let times = scale.of(20, 1);
    let (one, rest) = Plan::new(5, millis(1), millis(15)).run(async |site| {
        site.warm(5).await;
        let one = Times::of(times, |_| site.batch(1, 1)).await;
        let mut rest = Vec::new();
        for hosts in [1, 5] {
            rest.push((hosts, Times::of(times, |_| site.batch(50, hosts)).await));
        }
        (one, rest)
    });
    for (hosts, fifty) in rest {
        let (fifty, one) = (fifty.median(), one.median());
        row(
            "PB-37",
            &format!("a batch of 50 reads, hosts: {hosts}, host takes 15 ms; a batch of one"),
            "3,196/s",
            "≥ 3,196/s, ≤ 1.1 × the time of one",
            format!("{}, {:.0}/s; {}", ms(fifty), rate(50, fifty), ms(one)),
            rate(50, fifty) >= 3_196.0 && fifty <= one.mul_f64(1.1),
        );
    }
}

fn round_trips(scale: Scale) {
    let rows = [(100, "0.3", "0.2"), (1_000, "3", "2"), (50_000, "150", "100"), (500_000, "1,500", "1,000")];
    for (micros, cold_document, warm_document) in rows.into_iter().take(scale.of(4, 2)) {
        let round_trip = Duration::from_micros(micros);
        let times = if micros > 10_000 { scale.of(3, 1) } else { scale.of(20, 1) };
        let (cold, warm) = Plan::new(times, round_trip, round_trip).run(async |site| {
            let cold = Times::of(times, |n| site.read(n)).await;
            let mut warm = Times::new();
            for n in 0..times {
                warm.add(timed(site.read(n)).await.0);
            }
            (cold, warm)
        });
        let shown = |times: &Times| format!("{:.2} ms", times.median().as_secs_f64() * 1e3);
        let in_trips = |times: &Times| times.median().as_secs_f64() / round_trip.as_secs_f64();
        // What we compute is a tenth of a millisecond at most.
        let budget = round_trip + Duration::from_micros(100);
        row(
            "PB-27",
            &format!("{} of round trip: cold, warm read", ms(round_trip)),
            &format!("{cold_document}, {warm_document} ms"),
            "warm: 1 round trip",
            format!(
                "{}, {} ({:.1}, {:.2} round trips)",
                shown(&cold),
                shown(&warm),
                in_trips(&cold),
                in_trips(&warm)
            ),
            warm.median() <= budget.max(round_trip.mul_f64(1.05)),
        );
    }
}
