//! Whole requests, as an agent makes them: target, fleet, host, text.

use std::time::Duration;

use super::figures::{Scale, Times, median, millis, ms, rate, row, timed, us};
use super::site::{Plan, Site};

pub fn all(scale: Scale) {
    alone(scale);
    one_host(scale);
    ten_hosts(scale);
    mixed(scale);
    hosts(scale);
    dead_hosts(scale);
}

/// Dials of 5 ms, operations of 5 ms.
fn plan(hosts: usize) -> Plan {
    Plan::new(hosts, millis(5), millis(5))
}

fn alone(scale: Scale) {
    let hosts = scale.of(20, 2);
    let (cold, warm) = plan(hosts).run(async |site| {
        let cold = Times::of(hosts, |n| site.read(n)).await;
        (cold, Times::of(hosts, |_| site.read(0)).await)
    });
    row(
        "PB-15",
        "cold request, dial 5 ms, host takes 5 ms",
        "16.10 ms",
        "≤ 16.1 ms",
        ms(cold.median()),
        cold.median() <= Duration::from_micros(16_100),
    );
    row(
        "PB-16",
        "warm request, host takes 5 ms (p50, p95); the document's asked twice",
        "10.62 / 10.99 ms",
        "≤, and what we add < 1 %",
        format!("{} / {}", ms(warm.median()), ms(warm.at(0.95))),
        warm.median() <= Duration::from_micros(5_100),
    );
}

fn one_host(scale: Scale) {
    let rounds = scale.of(9, 1);
    let all = || {
        plan(1).run(async |site| {
            let cold = timed(site.at_once(50, |_| site.read(0))).await;
            (cold, timed(site.at_once(50, |_| site.read(0))).await.0)
        })
    };
    let (mut cold, warm): (Vec<_>, Vec<_>) = (0..rounds).map(|_| all()).unzip();
    cold.sort_by_key(|(all, _)| *all);
    let ((cold, times), warm) = (cold.swap_remove(rounds / 2), median(warm));
    row(
        "PB-17",
        "50 requests at once, one cold host (all, mean, p95)",
        "22.87, 19.91, 20.85 ms, 2,186/s",
        "> 1,000/s",
        format!("{}, {}, {}, {:.0}/s", ms(cold), ms(times.mean()), ms(times.at(0.95)), rate(50, cold)),
        rate(50, cold) > 1_000.0,
    );
    row(
        "PB-17",
        "the same, warm",
        "",
        "≥ 5,000/s",
        format!("{}, {:.0}/s", ms(warm), rate(50, warm)),
        rate(50, warm) >= 5_000.0,
    );
}

fn ten_hosts(scale: Scale) {
    let rounds = scale.of(9, 1);
    let all = || {
        plan(10).run(async |site| {
            let cold = timed(site.at_once(10, |n| site.read(n))).await.0;
            (cold, timed(site.at_once(10, |n| site.read(n))).await.0)
        })
    };
    let (cold, warm) = (0..rounds).map(|_| all()).unzip();
    let (cold, warm) = (median(cold), median(warm));
    row(
        "PB-18",
        "10 cold hosts at once, dial 5 ms, host takes 5 ms",
        "66.94 ms, 149/s",
        "about 15 ms",
        ms(cold),
        cold <= millis(16),
    );
    row(
        "PB-18",
        "the same, warm",
        "",
        "≥ 1,000/s",
        format!("{}, {:.0}/s", ms(warm), rate(10, warm)),
        rate(10, warm) >= 1_000.0,
    );
}

fn mixed(scale: Scale) {
    let batches = scale.of(10, 1);
    let times = plan(2).run(async |site| {
        site.warm(2).await;
        five(site).await;
        Times::of(batches, |_| five(site)).await
    });
    row(
        "PB-19",
        "5 different requests at once, host takes 5 ms",
        "12.94 ms a batch, 386/s",
        "≥ 386/s",
        format!("{} a batch, {:.0}/s", ms(times.mean()), rate(5, times.mean())),
        rate(5, times.mean()) >= 386.0,
    );
}

async fn five(site: &Site) {
    let hosts = async {
        site.ask("hosts".to_owned(), None).await.unwrap();
    };
    let (a, b) = (site.read(0), site.list(0));
    let (c, d) = (site.run(0), site.read(1));
    futures_util::join!(hosts, a, b, c, d);
}

fn hosts(scale: Scale) {
    let calls = scale.of(100, 3);
    for (cores, what) in [(1, "one core"), (2, "two cores, both asked")] {
        let times = Plan { cores, ..plan(10) }.run(async |site| {
            site.warm(10).await;
            Times::of(calls, |_| async { site.ask("hosts".to_owned(), None).await.unwrap() }).await
        });
        let met = (cores == 1).then_some(times.median() <= Duration::from_micros(10));
        row(
            "PB-20",
            &format!("the host list, 10 hosts, {what} (p50, p95)"),
            "0.01 / 0.01 ms",
            if met.is_some() { "≤ 0.01 ms" } else { "" },
            format!("{} / {}", us(times.median()), us(times.at(0.95))),
            met,
        );
    }
}

fn dead_hosts(scale: Scale) {
    let (first, repeat) = Plan {
        change: |name, host| host.never_answers.set(name.len() == 3),
        ..Plan::new(20, millis(1), millis(1))
    }
    .run(async |site| {
        let list = || async { site.ask("hosts".to_owned(), None).await.unwrap() };
        let first = timed(list()).await.0;
        let again = Times::of(scale.of(20, 1), |_| list()).await;
        (first, again.median())
    });
    row(
        "PB-26",
        "the host list, 10 of 20 hosts dead: first, again",
        "2,000 times",
        "≤ 2.1 s, < 1 ms",
        format!("{}, {}", ms(first), ms(repeat)),
        first <= millis(2_100) && repeat < millis(1),
    );
}
