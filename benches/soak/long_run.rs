//! The soak: a closed loop to find out what there is to be had, and an open loop at 80 % of it with everything that goes wrong.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use scout_mcp::rig::{Results, count, duration};
use serde_json::json;

use super::Options;
use super::churn::Churn;
use super::deeds::Deeds;
use super::hosts::Hosts;
use super::judgement::{Evidence, Verdict, median};
use super::load::{Load, seconds};
use super::served::Served;
use super::vitals::{LOOKED_AT_EVERY, Monitor, Vitals};

/// Of the highest rate.
const SHARE: f64 = 0.8;
const COMMANDS_END_WITHIN: Duration = Duration::from_secs(10);
/// Rows of the table.
const PARTS: usize = 10;

/// Whether the server stays as it is.
pub fn soak(options: &Options) -> bool {
    let mut hosts = Hosts::start(&options.binary, options.is_full);
    let served = Served::start(options, &hosts);
    let names = hosts.names();
    let highest = highest_rate(&served, &names, options.is_full);
    let rate = (highest * SHARE).floor().max(1.0);
    println!(
        "{} hosts; at most {}/s in a closed loop, so {}/s for {} s\n",
        names.len(),
        count(highest),
        count(rate),
        options.soak_seconds
    );
    let (results, vitals, deeds) = open_loop(&served, &mut hosts, rate, options.soak_seconds);
    table(&results, &vitals);
    println!("\nDone to it meanwhile:");
    deeds.counts().iter().for_each(|(what, times)| println!("* {what}: {times}"));
    let evidence = Evidence {
        results: &results,
        vitals: &vitals,
        deeds: &deeds.counts(),
        names: &names,
        leaves_commands: leaves_commands(&hosts),
    };
    let verdicts = evidence.verdicts();
    println!("\n| | asked | seen | verdict |\n|---|---|---|---|");
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    let all = json!({
        "highest_rate": highest, "rate": rate, "vitals": vitals, "deeds": deeds.counts(), "verdicts": verdicts,
        "results": results, "log": served.log(),
    });
    fs::write(&options.export, all.to_string()).unwrap();
    verdicts.iter().all(Verdict::passes)
}

/// Whether what clients have taken back or left still runs on hosts a while after the last of them.
fn leaves_commands(hosts: &Hosts) -> bool {
    let until = Instant::now() + COMMANDS_END_WITHIN;
    while hosts.has_commands() && Instant::now() < until {
        thread::sleep(Duration::from_millis(100));
    }
    hosts.has_commands()
}

fn highest_rate(served: &Served, hosts: &[String], is_full: bool) -> f64 {
    let loads = ["-c", "16,64", "--warmup", "2s", "-d", if is_full { "6s" } else { "1s" }];
    let results = Load::start(served, hosts, &loads).results();
    results.steps.iter().map(|step| step.rate).fold(0.0, f64::max)
}

fn open_loop(served: &Served, hosts: &mut Hosts, rate: f64, time: u64) -> (Results, Vec<Vitals>, Deeds) {
    let arguments = [
        "--rate",
        &rate.to_string(),
        "-d",
        &seconds(Duration::from_secs(time)),
        "--warmup",
        "0",
        "--timeout",
        "30s",
    ];
    let names = hosts.names();
    let mut load = Load::start(served, &names, &arguments);
    let mut monitor = Monitor::new(served);
    let churn = Churn::start(served, hosts);
    let deeds = churn.deeds();
    thread::scope(|scope| {
        scope.spawn(|| churn.work());
        let mut due = Instant::now();
        while !load.is_over() {
            due += LOOKED_AT_EVERY;
            while Instant::now() < due && !load.is_over() {
                thread::sleep(Duration::from_millis(50));
            }
            monitor.look();
        }
        deeds.end();
    });
    (load.results(), monitor.series, deeds)
}

/// A row for each tenth of it. Latencies are the medians of shorter pieces.
fn table(results: &Results, vitals: &[Vitals]) {
    println!(
        "| from | answered | failed | p50 | p99 | resident | proportional | descriptors | threads | processors | errors |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let Some(step) = results.steps.last() else { return };
    let part = step.seconds / PARTS as f64;
    for number in 0..PARTS {
        let (from, to) = (part * number as f64, part * (number + 1) as f64);
        let moments: Vec<_> =
            step.series.iter().filter(|moment| (from..to).contains(&moment.at_seconds)).collect();
        let seen: Vec<_> = vitals.iter().filter(|vitals| (from..to).contains(&vitals.at_seconds)).collect();
        let (Some(last), false) = (seen.last(), moments.is_empty()) else { continue };
        let p50 = median(moments.iter().map(|moment| moment.p50_us).collect());
        let p99 = median(moments.iter().map(|moment| moment.p99_us).collect());
        let mean = seen.iter().map(|vitals| vitals.processors).sum::<f64>() / seen.len() as f64;
        let mut errors = BTreeMap::<&str, u64>::new();
        let all = seen.iter().flat_map(|vitals| &vitals.errors);
        all.for_each(|(kind, count)| *errors.entry(kind).or_default() += count);
        let errors: Vec<_> = errors.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        println!(
            "| {from:.0} s | {} | {} | {} | {} | {} KiB | {} KiB | {} | {} | {mean:.2} | {} |",
            moments.iter().map(|moment| moment.done).sum::<u64>(),
            moments.iter().map(|moment| moment.failed).sum::<u64>(),
            duration(p50),
            duration(p99),
            last.resident_kib,
            last.proportional_kib,
            last.descriptors,
            last.threads,
            errors.join(", "),
        );
    }
}
