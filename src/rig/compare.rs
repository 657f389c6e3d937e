//! Whether a measurement is worse than another one of the same plan.
//!
//! Where there are several rounds, the medians of each load are compared: what else the machine does then moves a few
//! rounds, not the verdict.

use std::fmt::Write;

use super::plan::{Load, Plan};
use super::results::{Results, Step};
use super::table::aligned;
use super::unit::{count, decimal_size, duration};
use crate::base::{Error, Kind, Result};

/// How much worse is still the same, in per cent; of errors in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gates {
    /// How much higher p50 and p99 may be.
    pub latency: f64,
    /// How much lower the rate.
    pub throughput: f64,
    /// How much more memory.
    pub memory: f64,
    /// How many more of a hundred requests may fail.
    pub errors: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self { latency: 10.0, throughput: 5.0, memory: 20.0, errors: 1.0 }
    }
}

/// All that was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub rows: Vec<Row>,
    /// Rounds of each.
    rounds: [usize; 2],
}

/// One figure of one load.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub load: Load,
    pub what: &'static str,
    before: String,
    after: String,
    /// How much worse it has become, in the unit of its gate; negative where it is better.
    pub worse_by: f64,
    pub gate: f64,
}

impl Row {
    pub fn passes(&self) -> bool {
        self.worse_by <= self.gate
    }
}

impl Comparison {
    pub fn passes(&self) -> bool {
        self.rows.iter().all(Row::passes)
    }

    pub fn text(&self) -> String {
        let mut rows = vec![
            ["load", "figure", "before", "after", "worse by", "allowed", ""].map(str::to_owned).to_vec(),
        ];
        rows.extend(self.rows.iter().map(|row| {
            let unit = if row.what == ERRORS { "points" } else { "%" };
            let verdict = if row.passes() { "ok" } else { "WORSE" };
            let figures = [row.before.clone(), row.after.clone()];
            let changes = [format!("{:+.1} {unit}", row.worse_by), format!("{} {unit}", row.gate)];
            let mut cells = vec![row.load.to_string(), row.what.to_owned()];
            cells.extend(figures.into_iter().chain(changes));
            cells.push(verdict.to_owned());
            cells
        }));
        let mut out = aligned(&rows);
        let [before, after] = self.rounds;
        if before.max(after) > 1 {
            let _ = writeln!(out, "\nMedians of {before} and {after} rounds");
        }
        let failed = self.rows.iter().filter(|row| !row.passes()).count();
        let _ = match failed {
            0 => writeln!(out, "\nNothing is worse than allowed"),
            failed => writeln!(out, "\n{failed} of {} figures are worse than allowed", self.rows.len()),
        };
        out
    }
}

const ERRORS: &str = "errors";

/// Errors: the plans are not the same, or one was not carried out to its end.
pub fn compare(before: &Results, after: &Results, gates: Gates) -> Result<Comparison> {
    for (name, results) in [("first", before), ("second", after)] {
        if results.interrupted {
            return Err(refusal(format!("the {name} was ended before all of it was done")));
        }
    }
    let differences = differences(&before.plan, &after.plan);
    if !differences.is_empty() {
        return Err(refusal(format!("they did not do the same: {}", differences.join("; "))));
    }
    let loads = &before.plan.loads;
    let rows = loads.iter().map(|load| rows(*load, [before, after].map(|results| of(results, *load)), gates));
    let rows =
        rows.collect::<Option<Vec<_>>>().ok_or_else(|| refusal("a load is missing in one of them".into()))?;
    let rounds = [before, after].map(|results| results.steps.len() / loads.len().max(1));
    Ok(Comparison { rows: rows.into_iter().flatten().collect(), rounds })
}

fn refusal(why: String) -> Error {
    Error::new(Kind::InvalidArgument, format!("These results cannot be compared: {why}"))
}

/// Something of a whole, with its name.
type Told<'a, Whole, Part> = (&'static str, &'a dyn Fn(&Whole) -> Part);

/// In what two plans differ that must not.
fn differences(before: &Plan, after: &Plan) -> Vec<String> {
    let loads = |plan: &Plan| plan.loads.iter().map(Load::to_string).collect::<Vec<_>>().join(", ");
    let temperature = |plan: &Plan| if plan.cold { "cold" } else { "warm" }.to_owned();
    let told: [Told<'_, Plan, String>; 9] = [
        ("subject", &|plan| plan.subject.clone()),
        ("operations", &|plan| plan.mix.to_string()),
        ("details", &|plan| plan.details.join(", ")),
        ("hosts", &|plan| plan.hosts.to_string()),
        ("connections", &temperature),
        ("loads", &loads),
        ("each step", &|plan| plan.extent.to_string()),
        ("timeout", &|plan| format!("{} s", plan.timeout_seconds)),
        ("in flight", &|plan| plan.in_flight_max.to_string()),
    ];
    let differing = told.iter().map(|(name, of)| (name, of(before), of(after)));
    differing
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| format!("{name}: {before} and {after}"))
        .collect()
}

fn of(results: &Results, load: Load) -> Vec<&Step> {
    results.steps.iter().filter(|step| step.load == load).collect()
}

/// The figures of a load, `None` where one of the measurements has none of it.
fn rows(load: Load, steps: [Vec<&Step>; 2], gates: Gates) -> Option<Vec<Row>> {
    if steps.iter().any(Vec::is_empty) {
        return None;
    }
    let medians = |figure: &dyn Fn(&Step) -> f64| {
        steps.each_ref().map(|steps| median(steps.iter().map(|step| figure(step))))
    };
    let row = |what, [before, after]: [f64; 2], shown: &dyn Fn(f64) -> String, worse_by, gate| Row {
        load,
        what,
        before: shown(before),
        after: shown(after),
        worse_by,
        gate,
    };
    let mut rows = Vec::new();
    let times: [Told<'_, Step, f64>; 2] =
        [("p50", &|step| step.latency.p50_us), ("p99", &|step| step.latency.p99_us)];
    for (what, figure) in times {
        let pair = medians(figure);
        rows.push(row(what, pair, &duration, more(pair), gates.latency));
    }
    let rates = medians(&|step| step.rate);
    rows.push(row("rate", rates, &|rate| format!("{}/s", count(rate)), less(rates), gates.throughput));
    let memory = medians(&|step| super::unit::approximate(step.memory_bytes()));
    let size = |bytes: f64| decimal_size(to_bytes(bytes));
    rows.push(row("memory", memory, &size, more(memory), gates.memory));
    let errors = medians(&|step| step.error_share() * 100.0);
    rows.push(row(ERRORS, errors, &|share| format!("{share:.2} %"), errors[1] - errors[0], gates.errors));
    Some(rows)
}

fn more([before, after]: [f64; 2]) -> f64 {
    match (before > 0.0, after > 0.0) {
        (true, _) => (after / before - 1.0) * 100.0,
        // From nothing to something there is no percentage that would be small enough.
        (false, true) => f64::INFINITY,
        (false, false) => 0.0,
    }
}

fn less([before, after]: [f64; 2]) -> f64 {
    if before > 0.0 { (1.0 - after / before) * 100.0 } else { 0.0 }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => figures[middle],
        _ => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}

/// A size that was a whole number of bytes, or the middle of two.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn to_bytes(size: f64) -> u64 {
    size.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    const LOADS: [Load; 2] = [Load::Closed(1), Load::Closed(10)];

    fn failed(before: &Results, after: &Results) -> Vec<String> {
        let comparison = compare(before, after, Gates::default()).unwrap();
        let failed = comparison.rows.iter().filter(|row| !row.passes());
        let failed: Vec<_> = failed.map(|row| format!("{} {}", row.load, row.what)).collect();
        assert_eq!(comparison.passes(), failed.is_empty());
        assert_eq!(comparison.text().contains("WORSE"), !failed.is_empty());
        failed
    }

    #[test]
    fn the_same_passes_and_eleven_per_cent_more_time_does_not() {
        let before = sample(&LOADS, 3, 1.0);
        assert!(failed(&before, &before).is_empty());
        assert!(failed(&before, &sample(&LOADS, 3, 1.09)).is_empty());
        assert!(failed(&before, &sample(&LOADS, 3, 0.5)).is_empty());
        let slower = ["1 at once p50", "1 at once p99", "10 at once p50", "10 at once p99"];
        assert_eq!(failed(&before, &sample(&LOADS, 3, 1.11)), slower);
    }

    #[test]
    fn every_gate_closes_where_it_should() {
        let before = sample(&LOADS[..1], 1, 1.0);
        let changed = |change: fn(&mut Step)| {
            let mut after = before.clone();
            after.steps.iter_mut().for_each(change);
            failed(&before, &after)
        };
        assert!(changed(|step| step.rate *= 0.951).is_empty());
        assert_eq!(changed(|step| step.rate *= 0.94), ["1 at once rate"]);
        assert!(changed(|step| step.generator.memory_bytes = 11_900_000).is_empty());
        assert_eq!(changed(|step| step.generator.memory_bytes = 12_100_000), ["1 at once memory"]);
        assert!(changed(|step| step.failed += 29).is_empty());
        assert_eq!(changed(|step| step.failed += 40), ["1 at once errors"]);
        assert_eq!(changed(|step| step.not_started += 40), ["1 at once errors"]);
    }

    #[test]
    fn one_bad_round_of_five_changes_nothing() {
        let before = sample(&LOADS, 5, 1.0);
        let mut after = before.clone();
        after.steps[4] = sample(&LOADS, 1, 9.0).steps[0].clone();
        assert!(failed(&before, &after).is_empty());
        let text = compare(&before, &after, Gates::default()).unwrap().text();
        assert!(text.contains("Medians of 5 and 5 rounds") && text.contains("Nothing is worse"), "{text}");
    }

    #[test]
    fn other_plans_are_refused_with_what_differs() {
        let before = sample(&LOADS, 1, 1.0);
        let refused = |change: fn(&mut Results)| {
            let mut after = before.clone();
            change(&mut after);
            compare(&before, &after, Gates::default()).unwrap_err().message().to_owned()
        };
        let other = refused(|after| {
            after.plan.cold = true;
            after.plan.hosts = 4;
        });
        assert_eq!(
            other,
            "These results cannot be compared: they did not do the same: hosts: 3 and 4; connections: warm and cold"
        );
        assert!(refused(|after| after.interrupted = true).contains("the second was ended"));
        assert!(refused(|after| drop(after.steps.pop())).contains("a load is missing"));
    }

    #[test]
    fn nothing_before_and_something_now_is_worse() {
        assert_eq!(more([0.0, 0.0]), 0.0);
        assert!(more([0.0, 1.0]) > 1e9);
        assert_eq!(median([3.0, 1.0, 2.0, 10.0].into_iter()), 2.5);
    }
}
