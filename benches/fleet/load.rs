//! Load that comes when it comes, whether or not the last answer is there: times count from the moment at which a
//! request was meant to begin, to the event loop's millisecond.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use monoio::time::sleep_until;
use scout_mcp::config::Settings;

use super::figures::{Scale, Times, median, millis, ms, row};
use super::site::{Plan, Site};

pub fn all(scale: Scale) {
    steps(scale);
    blackhole(scale);
}

fn steps(scale: Scale) {
    let time = millis(scale.of(5_000, 200) as u64);
    for (rate, target) in [(10, 15), (100, 20), (500, 25), (1_000, 30), (5_000, 50)] {
        let times = Plan::new(10, millis(10), millis(10)).run(async |site| {
            site.warm(10).await;
            every(rate, time, |n| site.read(n % 10)).await
        });
        row(
            "PB-28",
            &format!("{rate} reads a second, 10 hosts that take 10 ms (p50, p95, p99)"),
            &format!("p95 {target} ms"),
            &format!("p95 ≤ {target} ms"),
            format!("{}, {}, {}", ms(times.median()), ms(times.at(0.95)), ms(times.at(0.99))),
            times.at(0.95) <= millis(target),
        );
    }
}

/// Begins one future after another, `rate` in a second.
async fn every<F: Future>(rate: usize, time: Duration, work: impl Fn(usize) -> F) -> Times {
    let (begun, work) = (Instant::now(), &work);
    let count = (rate as f64 * time.as_secs_f64()) as usize;
    let each = join_all((0..count).map(|n| async move {
        let due = begun + Duration::from_secs(1).mul_f64(n as f64 / rate as f64);
        sleep_until(due.into()).await;
        work(n).await;
        due.elapsed()
    }));
    let mut times = Times::new();
    each.await.into_iter().for_each(|time| times.add(time));
    times
}

/// One host of a hundred accepts nothing and refuses nothing.
fn blackhole(scale: Scale) {
    let rounds = scale.of(5, 1);
    let time = millis(scale.of(4_000, 200) as u64);
    let patience = if scale.is_full { long_patience } else { short_patience };
    let errors = AtomicUsize::new(0);
    let run = |strikes: usize| {
        Plan {
            change: |name, host| host.never_answers.set(name == "h99"),
            settings: patience,
            ..Plan::new(100, millis(5), millis(5))
        }
        .run(async |site| {
            site.warm(99).await;
            let read = |n| {
                let answer = site.ask(format!("h{}:/file", n % 99), None);
                async { errors.fetch_add(usize::from(answer.await.is_err()), Ordering::Relaxed) }
            };
            join(every(1_000, time, read), every(strikes, time, |_| lost(site))).await.0
        })
    };
    // In turn, so that what else the machine does is shared.
    let pairs: Vec<(Times, Times)> = (0..rounds).map(|_| (run(0), run(20))).collect();
    let p99 =
        |of: fn(&(Times, Times)) -> &Times| median(pairs.iter().map(|pair| of(pair).at(0.99)).collect());
    let (without, with) = (p99(|pair| &pair.0), p99(|pair| &pair.1));
    let errors = errors.into_inner();
    row(
        "PL-2",
        "1,000 reads a second of 99 hosts, 20 a second of a blackhole: p99 of the 99 without and with it",
        "",
        "within 10 %, 0 errors",
        format!("{}, {}, {errors} errors", ms(without), ms(with)),
        with <= without.mul_f64(1.1) && errors == 0,
    );
}

fn long_patience(settings: &mut Settings) {
    settings.request_timeout = Duration::from_secs(5);
}

fn short_patience(settings: &mut Settings) {
    settings.request_timeout = Duration::from_secs(1);
}

async fn lost(site: &Site) {
    assert!(site.ask("h99:/file".to_owned(), None).await.is_err());
}
