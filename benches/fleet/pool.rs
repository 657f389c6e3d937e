//! Connections: one for a host, made once, shared, replaced, bounded.

use std::cell::Cell;
use std::time::{Duration, Instant};

use scout_mcp::config::Settings;
use scout_mcp::testing::Crypto;

use super::figures::{Scale, Times, median, millis, ms, rate, row, timed, us};
use super::site::Plan;

pub fn all(scale: Scale) {
    cold(scale);
    warm(scale);
    herd(scale);
    many_hosts(scale);
    cleanup(scale);
    stale(scale);
    sweep(scale);
    thundering_herd(scale);
}

fn cold(scale: Scale) {
    let hosts = scale.of(50, 2);
    let times =
        Plan::new(hosts, millis(10), millis(1)).run(async |site| Times::of(hosts, |n| site.connect(n)).await);
    let added = times.median().saturating_sub(millis(10));
    row(
        "PB-1",
        "cold start, one host, dial 10 ms",
        "10.47 ms",
        "< 20 ms, ours < 1 ms of it",
        format!("{} (p95 {})", ms(times.median()), ms(times.at(0.95))),
        times.at(0.95) < millis(20) && added < millis(1),
    );
}

fn warm(scale: Scale) {
    let calls = scale.of(100_000, 100);
    let here = Plan { cores: 1, ..Plan::new(1, millis(1), millis(1)) }.run(async |site| {
        site.connect(0).await;
        Times::of(calls, |_| site.connect(0)).await
    });
    row(
        "PB-2",
        "connection of a warm host, admission and all, owned by this core",
        "0.02 ms",
        "≤ 1 µs",
        format!("{} (p99 {})", us(here.median()), us(here.at(0.99))),
        here.median() <= Duration::from_micros(1),
    );
}

fn herd(_scale: Scale) {
    let (times, total, dials) = Plan::new(1, millis(1), millis(1)).run(async |site| {
        let (total, times) = timed(site.at_once(100, |_| site.connect(0))).await;
        (times, total, site.tally.dials())
    });
    row(
        "PB-3",
        "100 at once want one host's connection, dial 1 ms",
        "1.70 / 2.60 / 2.63 ms (mean, p95, p99), 26,920/s",
        "p99 < 10 ms, 1 connection",
        format!(
            "{} / {} / {}, {:.0}/s, {dials} dial",
            ms(times.mean()),
            ms(times.at(0.95)),
            ms(times.at(0.99)),
            rate(100, total)
        ),
        times.at(0.99) < millis(10) && dials == 1,
    );
}

fn many_hosts(scale: Scale) {
    let rounds = scale.of(7, 1);
    for (name, hosts, document, target) in [("PB-4", 10, "104.66 ms", 15), ("PB-5", 100, "1,000 ms", 20)] {
        for (crypto, what) in
            [(Crypto::None { stock: hosts }, "no crypto"), (Crypto::Real, "real crypto, of both sides")]
        {
            let total = || {
                Plan { crypto, ..Plan::new(hosts, millis(10), millis(1)) }
                    .run(async |site| timed(site.at_once(hosts, |n| site.connect(n))).await.0)
            };
            let total = median((0..rounds).map(|_| total()).collect());
            let met = (crypto != Crypto::Real).then_some(total <= millis(target));
            row(
                name,
                &format!("{hosts} cold hosts at once, dial 10 ms, {what}"),
                document,
                &if met.is_some() { format!("≤ {target} ms") } else { String::new() },
                ms(total),
                met,
            );
        }
    }
}

/// Many idle connections are closed while one is at work.
fn cleanup(scale: Scale) {
    let (idle, watched) = (millis(scale.of(1_500, 150) as u64), millis(scale.of(1_000, 100) as u64));
    let change = if scale.is_full {
        |settings: &mut Settings| settings.idle_timeout = Duration::from_millis(1_500)
    } else {
        |settings: &mut Settings| settings.idle_timeout = Duration::from_millis(150)
    };
    let plan = Plan { settings: change, ..Plan::new(100, millis(1), millis(1)) };
    let (before, during) = plan.run(async |site| {
        site.warm(100).await;
        let until = |end: Instant| async move {
            let mut times = Times::new();
            while Instant::now() < end {
                times.add(timed(site.read(0)).await.0);
            }
            times
        };
        let begun = Instant::now();
        (until(begun + watched).await, until(begun + watched + idle).await)
    });
    let added = during.mean().saturating_sub(before.mean());
    row(
        "PB-7",
        "99 idle connections are closed beside reads of 1 ms: what that adds to a read",
        "0.01 ms",
        "< 5 ms",
        format!("{} (p99 {}, before {})", ms(added), ms(during.at(0.99)), ms(before.at(0.99))),
        added < millis(5) && during.at(0.99) < before.at(0.99) + millis(5),
    );
}

fn stale(scale: Scale) {
    let times = scale.of(20, 1);
    let (taken, dials) = Plan::new(times, millis(10), millis(1)).run(async |site| {
        let mut taken = Times::new();
        for n in 0..times {
            site.read(n).await;
            site.break_off(n).await;
            taken.add(timed(site.read(n)).await.0);
        }
        (taken, site.tally.dials())
    });
    row(
        "PB-8",
        "the connection is found broken, dial 10 ms: read on a fresh one",
        "10.35 ms, 2 connections",
        "< 50 ms, 2 connections",
        format!("{} with a read of 1 ms, {} connections", ms(taken.median()), dials / times),
        taken.at(0.95) < millis(50) && dials == 2 * times,
    );
}

fn sweep(scale: Scale) {
    let (hosts, sweeps) = (scale.of(1_000, 100), scale.of(10, 2));
    let plan =
        Plan { settings: |settings| settings.max_pool_size = 50, ..Plan::new(hosts, millis(1), millis(1)) };
    let (peak, dials, errors, time) = plan.run(async |site| {
        let errors = Cell::new(0);
        let read = |n| {
            let answer = site.ask(format!("h{n}:/file"), None);
            async { errors.set(errors.get() + usize::from(answer.await.is_err())) }
        };
        let (time, ()) = timed(async {
            for _ in 0..sweeps {
                site.at_once(hosts, read).await;
            }
        })
        .await;
        (site.tally.peak(), site.tally.dials(), errors.get(), time)
    });
    row(
        "PB-22",
        &format!("{hosts} hosts read {sweeps} times over with a pool of 50, all at once"),
        "expected to fail",
        "never more than 50 open, 0 errors",
        format!("{peak} open at most, {dials} dials, {errors} errors, {} a sweep", ms(time / sweeps as u32)),
        peak <= 50 && errors == 0,
    );
}

fn thundering_herd(_scale: Scale) {
    let requests = 1_000;
    let (total, times, dials) = Plan::new(1, millis(10), millis(1)).run(async |site| {
        let (total, times) = timed(site.at_once(requests, |_| site.read(0))).await;
        (total, times, site.tally.dials())
    });
    row(
        "PB-25",
        "1,000 reads at once of one cold host, dial 10 ms",
        "",
        "1 connection, 0 errors",
        format!("{dials} dial, 0 errors, all in {} (p99 {})", ms(total), ms(times.at(0.99))),
        dials == 1,
    );
}
