//! What becomes of the figures of a soak: whether anything grew, slowed down, or failed that should not have.

use std::collections::BTreeMap;
use std::fmt;

use scout_mcp::rig::{HostResult, Moment, Results, duration};
use serde::Serialize;

use super::hosts::MORTAL;
use super::vitals::Vitals;

/// Of the run: what caches and allocators take at first is no growth.
const WARMUP_SHARE: f64 = 0.2;
/// With less than that a slope in megabytes an hour says nothing.
const SLOPE_SECONDS_MIN: f64 = 600.0;
const GROWTH_MAX: f64 = 10.0;
/// Of the last third to the first.
const SLOWER_MAX: f64 = 1.25;
/// Connections come and go; a leak of one a minute would show.
const DESCRIPTORS_MORE_MAX: f64 = 12.0;
const THREADS_MORE_MAX: f64 = 2.0;

/// What dying hosts and clients that take things back make of requests. Refusals for no better reason are none of them.
const EXPLAINED: [&str; 7] = [
    "cancelled",
    "unreachable",
    "connection_lost",
    "connect_timeout",
    "circuit_open",
    "not_begun",
    "request_timeout",
];

/// All there is to judge by.
pub struct Evidence<'a> {
    pub results: &'a Results,
    pub vitals: &'a [Vitals],
    pub deeds: &'a BTreeMap<String, u64>,
    pub names: &'a [String],
    /// Commands that nobody waits for any more still run on hosts.
    pub leaves_commands: bool,
}

#[derive(Debug, Serialize)]
pub struct Verdict {
    what: String,
    asked: String,
    seen: String,
    /// `None` where it cannot be said.
    is_met: Option<bool>,
}

impl Evidence<'_> {
    pub fn verdicts(&self) -> Vec<Verdict> {
        vec![
            self.memory(),
            self.flat("descriptors", DESCRIPTORS_MORE_MAX, |vitals| vitals.descriptors as f64),
            self.flat("threads", THREADS_MORE_MAX, |vitals| vitals.threads as f64),
            self.latency(),
            self.kinds(),
            self.steady_hosts(),
            self.begun(),
            self.clients(),
            self.commands(),
        ]
    }

    fn memory(&self) -> Verdict {
        let end = self.vitals.last().map_or(0.0, |vitals| vitals.at_seconds);
        let points: Vec<(f64, f64)> = self
            .vitals
            .iter()
            .filter(|vitals| vitals.at_seconds >= end * WARMUP_SHARE)
            .map(|vitals| (vitals.at_seconds / 3_600.0, vitals.resident_kib as f64 * 1_024.0 / 1e6))
            .collect();
        let slope = slope(&points);
        let is_long = end * (1.0 - WARMUP_SHARE) >= SLOPE_SECONDS_MIN;
        Verdict {
            what: format!("memory, by a line through the last {:.0} s", end * (1.0 - WARMUP_SHARE)),
            asked: format!("< {GROWTH_MAX} MB/h"),
            seen: format!("{slope:+.1} MB/h"),
            is_met: is_long.then_some(slope < GROWTH_MAX),
        }
    }

    fn flat(&self, what: &str, more_max: f64, of: fn(&Vitals) -> f64) -> Verdict {
        let (first, last) = thirds(self.vitals, |vitals| vitals.at_seconds, of);
        Verdict {
            what: format!("{what}, medians of the first third and the last"),
            asked: format!("at most {more_max} more"),
            seen: format!("{first}, {last}"),
            is_met: Some(last <= first + more_max),
        }
    }

    fn latency(&self) -> Verdict {
        let series = self.results.steps.last().map_or(&[][..], |step| &step.series);
        let at = |moment: &Moment| moment.at_seconds;
        let (first, last) = thirds(series, at, |moment| moment.p99_us);
        let (first_p50, last_p50) = thirds(series, at, |moment| moment.p50_us);
        Verdict {
            what: "latency, medians of the first third's pieces and of the last's: p99 (p50)".to_owned(),
            asked: format!("p99 at most × {SLOWER_MAX}"),
            seen: format!(
                "{} ({}), {} ({})",
                duration(first),
                duration(first_p50),
                duration(last),
                duration(last_p50)
            ),
            is_met: Some(last <= first * SLOWER_MAX),
        }
    }

    fn kinds(&self) -> Verdict {
        let mut all = BTreeMap::<&str, u64>::new();
        let each = self.vitals.iter().flat_map(|vitals| &vitals.errors);
        each.for_each(|(kind, count)| *all.entry(kind).or_default() += count);
        let is_met = all.keys().all(|kind| EXPLAINED.contains(kind));
        let seen: Vec<String> = all.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        Verdict {
            what: "errors by kind, of all clients".to_owned(),
            asked: "only what dying hosts and cancelling clients explain".to_owned(),
            seen: seen.join(", "),
            is_met: Some(is_met),
        }
    }

    fn steady_hosts(&self) -> Verdict {
        let hosts = self.results.steps.iter().flat_map(|step| &step.hosts);
        let (mortal, steady): (Vec<_>, Vec<_>) = hosts.partition(|host| host.name.starts_with(MORTAL));
        let of = |hosts: &[&HostResult]| {
            let failed: u64 = hosts.iter().map(|host| host.failed).sum();
            let answered: u64 = hosts.iter().map(|host| host.latency.count).sum();
            (failed, failed + answered)
        };
        let ((failed, asked), (mortal_failed, mortal_asked)) = (of(&steady), of(&mortal));
        Verdict {
            what: format!("failed requests to the {} hosts that stay", steady.len()),
            asked: "0".to_owned(),
            seen: format!("{failed} of {asked}; of those that die {mortal_failed} of {mortal_asked}"),
            is_met: Some(failed == 0 && steady.len() + mortal.len() == self.names.len()),
        }
    }

    fn begun(&self) -> Verdict {
        let missed: u64 = self.results.steps.iter().map(|step| step.not_started).sum();
        let late = self.results.steps.last().map_or(0.0, |step| step.lag.p99_us);
        Verdict {
            what: "requests that were due and could not be begun (p99 of how late others were)".to_owned(),
            asked: "0".to_owned(),
            seen: format!("{missed} ({})", duration(late)),
            is_met: Some(missed == 0),
        }
    }

    /// Their names say what was well.
    fn clients(&self) -> Verdict {
        let odd: Vec<String> = self
            .deeds
            .iter()
            .filter(|(what, _)| {
                ["not ended", "something else", "cut off", "got less"].iter().any(|odd| what.contains(odd))
            })
            .map(|(what, count)| format!("{what}: {count}"))
            .collect();
        Verdict {
            what: "clients that cancel, read slowly or drip and were served otherwise than they should have been".to_owned(),
            asked: "none".to_owned(),
            seen: if odd.is_empty() { "none".to_owned() } else { odd.join("; ") },
            is_met: Some(odd.is_empty()),
        }
    }

    fn commands(&self) -> Verdict {
        Verdict {
            what: "commands of clients that took them back or vanished, a while after the last of them"
                .to_owned(),
            asked: "none runs".to_owned(),
            seen: if self.leaves_commands { "some run" } else { "none runs" }.to_owned(),
            is_met: Some(!self.leaves_commands),
        }
    }
}

impl Verdict {
    pub fn passes(&self) -> bool {
        self.is_met != Some(false)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, asked, seen, is_met } = self;
        let verdict = match is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "too short to say",
        };
        write!(f, "| {what} | {asked} | {seen} | {verdict} |")
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The medians of what happened in the first third of the time and in the last.
fn thirds<T>(all: &[T], at: impl Fn(&T) -> f64, of: impl Fn(&T) -> f64) -> (f64, f64) {
    let end = all.last().map_or(0.0, &at);
    let of_those =
        |is_in: &dyn Fn(f64) -> bool| median(all.iter().filter(|one| is_in(at(one))).map(&of).collect());
    (of_those(&|at| at <= end / 3.0), of_those(&|at| at >= end * 2.0 / 3.0))
}

/// Of the line with the least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if variance > 0.0 { covariance / variance } else { 0.0 }
}
