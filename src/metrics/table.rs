//! A report for people: aligned, in the order of the names.

use std::fmt::{self, Write};

use super::report::{Count, Percentiles, Report, Summary};

const COLUMNS: [&str; 6] = ["count", "p50", "p90", "p99", "p99.9", "max"];

impl fmt::Display for Report {
    /// Without a line end after the last line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uptime = duration(self.uptime_seconds);
        writeln!(f, "scout-mcp {}, pid {}, up for {uptime}", self.version, self.pid)?;
        if let Some(Summary { avg_response_time, p95_response_time, error_rate, throughput }) = self.summary {
            writeln!(
                f,
                "{throughput} requests/s, {avg_response_time} ms on average, 95 % within {p95_response_time} ms, \
                 {} % failed",
                number(error_rate * 100.0)
            )?;
        }
        writeln!(f)?;
        let mut rows = vec![row("", COLUMNS.map(str::to_owned))];
        rows.extend(self.histograms.iter().map(|(name, values)| row(name, cells(values))));
        write!(f, "{}\n\n", aligned(&rows))?;

        let gauges = self.gauges.iter().map(|(name, value)| row(name, [number(*value)]));
        let mut rows: Vec<_> = gauges.collect();
        for (name, count) in &self.counters {
            match count {
                Count::One(value) => rows.push(row(name, [value.to_string()])),
                Count::ByLabel(values) if values.is_empty() => rows.push(row(name, ["0".to_owned()])),
                Count::ByLabel(values) => rows.extend(
                    values.iter().map(|(label, value)| row(&format!("{name} {label}"), [value.to_string()])),
                ),
            }
        }
        f.write_str(&aligned(&rows))
    }
}

fn row<const N: usize>(name: &str, values: [String; N]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(values).collect()
}

fn cells(values: &Percentiles) -> [String; 6] {
    let Percentiles { count, p50, p90, p99, p99_9, max } = *values;
    let mut cells = [p50, p50, p90, p99, p99_9, max].map(|value| match count {
        0 => "-".to_owned(),
        _ => number(value),
    });
    cells[0] = count.to_string();
    cells
}

/// Whole numbers as they are, others with three digits behind the point.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// Names to the left, values to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a String cannot fail.
            let _ = match column {
                0 => write!(line, "{cell:width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The two largest units of it.
fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_words() {
        for (seconds, words) in [(0, "0s"), (59, "59s"), (60, "1m 0s"), (7322, "2h 2m"), (90_000, "1d 1h")] {
            assert_eq!(duration(seconds), words);
        }
    }
}
