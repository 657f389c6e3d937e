//! A measurement for a terminal.

use std::fmt::Write;

use super::results::{Results, Step};
use super::unit::{count, decimal_size, duration, time_of};

const HEAD: [&str; 12] =
    ["load", "rate", "p50", "p90", "p99", "p99.9", "max", "errors", "CPU each", "RSS", "late", "connect"];
/// Columns that not every measurement has.
const LATE: usize = 10;
const CONNECT: usize = 11;

/// What was measured, a line for each step, and what went wrong.
pub fn text(results: &Results) -> String {
    let mut out = heading(results);
    let has_server = results.steps.iter().any(|step| step.server.is_some());
    let has_lag = results.steps.iter().any(|step| step.asked_rate.is_some());
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(results.steps.iter().map(|step| row(step, has_server)));
    let has_connect = results.steps.iter().any(|step| !step.connect.is_empty());
    for (column, is_there) in [(CONNECT, has_connect), (LATE, has_lag)] {
        if !is_there {
            rows.iter_mut().for_each(|row| drop(row.remove(column)));
        }
    }
    if results.steps.iter().any(|step| step.round > 1) {
        rows[0].insert(1, "round".to_owned());
        rows.iter_mut()
            .skip(1)
            .zip(&results.steps)
            .for_each(|(row, step)| row.insert(1, step.round.to_string()));
    }
    out.push_str(&aligned(&rows));
    remarks(results, &mut out);
    out
}

/// Rows in columns: the first to the left, the others to the right.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn heading(results: &Results) -> String {
    let plan = &results.plan;
    let temperature = if plan.cold { "cold" } else { "warm" };
    let (mix, subject, hosts, extent) = (&plan.mix, &plan.subject, plan.hosts, &plan.extent);
    let machine = &results.machine;
    format!(
        "{mix}, {temperature}, {}, {subject}, {extent} a step\nscout-mcp {}, {}, {} processors, {} UTC\n\n",
        if hosts == 1 { "1 host".to_owned() } else { format!("{hosts} hosts") },
        results.version,
        machine.system,
        machine.processors,
        time_of(results.begun),
    )
}

fn row(step: &Step, has_server: bool) -> Vec<String> {
    let times = &step.latency;
    let costs = if has_server { step.server.unwrap_or_default() } else { step.generator };
    let errors = match step.wrong() {
        0 => "0".to_owned(),
        wrong => format!("{wrong} ({:.2} %)", step.error_share() * 100.0),
    };
    vec![
        step.load.to_string(),
        format!("{}/s", count(step.rate)),
        duration(times.p50_us),
        duration(times.p90_us),
        duration(times.p99_us),
        duration(times.p999_us),
        duration(times.max_us),
        errors,
        duration(costs.cpu_us_per_request),
        decimal_size(costs.memory_bytes),
        if step.asked_rate.is_some() { duration(step.lag.p99_us) } else { String::new() },
        duration(step.connect.p50_us),
    ]
}

/// What the figures of the table do not say by themselves.
fn remarks(results: &Results, out: &mut String) {
    let mut lines = results.notes.clone();
    for step in &results.steps {
        let of = format!(
            "{}{}",
            step.load,
            if step.round > 1 { format!(", round {}", step.round) } else { String::new() }
        );
        if let Some(asked) = step.asked_rate.filter(|_| step.not_started > 0) {
            let (not_started, asked) = (step.not_started, count(asked));
            lines.push(format!("{of}: {not_started} requests of {asked}/s were due and could not be begun"));
        }
        for error in &step.errors {
            lines.push(format!("{of}: {} × {}: {}", error.count, error.kind, error.example));
        }
        if step.unfinished > 0 {
            lines.push(format!("{of}: {} requests were under way at the end", step.unfinished));
        }
    }
    if results.interrupted {
        lines.push("It was ended before all of it was done".to_owned());
    }
    if !lines.is_empty() {
        out.push('\n');
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Load;
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn each_step_is_a_line_in_columns() {
        let mut results = sample(&[Load::Closed(1), Load::Closed(100)], 1, 1.0);
        results.steps[1].not_started = 7;
        results.steps[1].asked_rate = Some(500.0);
        let text = text(&results);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "read, warm, 3 hosts, engine, 2 s a step");
        assert!(lines[3].starts_with("load") && lines[3].ends_with("late"), "{text}");
        let column = |line: &str, text: &str| {
            line.find(text).map(|at| line[..at].chars().count() + text.chars().count())
        };
        assert_eq!(column(lines[3], "rate"), column(lines[4], "1,497/s"), "{text}");
        assert!(text.contains("100 at once: 7 requests of 500/s were due and could not be begun"));
        assert!(text.contains("1 at once: 6 × refused: <b>no</b> \"room\""), "{text}");
        results.interrupted = true;
        assert!(super::text(&results).ends_with("It was ended before all of it was done\n"));
    }

    #[test]
    fn rounds_are_told_where_there_are_several() {
        let text = text(&sample(&[Load::Closed(1)], 2, 1.0));
        assert!(text.lines().nth(3).unwrap().starts_with("load       round"), "{text}");
        assert!(text.contains("1 at once, round 2: 6 × refused"));
    }
}
