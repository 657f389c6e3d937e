//! The percentiles of a distribution as HdrHistogram's plotter reads them (`.hgrm`), in milliseconds.

use std::fmt::Write;

use super::distribution::Distribution;
use super::results::{Results, Step};

/// A file for each step: its name, and what is in it.
pub fn files(results: &Results) -> Vec<(String, String)> {
    results.steps.iter().map(|step| (name(step), text(&step.latency))).collect()
}

/// As `Histogram.outputPercentileDistribution` of Java prints it.
pub fn text(times: &Distribution) -> String {
    let mut out =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for point in &times.curve {
        let left = 1.0 - point.quantile;
        let _ = write!(out, "{:12.3} {:2.12} {:10}", point.us / 1e3, point.quantile, point.count);
        // At 100 % nothing is left to be divided by.
        let _ = if left > 0.0 { writeln!(out, " {:14.2}", 1.0 / left) } else { writeln!(out) };
    }
    let (mean, stdev, max) = (times.mean_us / 1e3, times.stdev_us / 1e3, times.max_us / 1e3);
    let _ = writeln!(out, "#[Mean    = {mean:12.3}, StdDeviation   = {stdev:12.3}]");
    let _ = writeln!(out, "#[Max     = {max:12.3}, Total count    = {:12}]", times.count);
    let _ = writeln!(out, "#[Buckets = {:12}, SubBuckets     = {:12}]", 32, 2048);
    out
}

fn name(step: &Step) -> String {
    let load = step.load.to_string().replace(" % of maximum", "-percent").replace("/s", "-per-second");
    let load: String = load.replace(' ', "-").chars().filter(|char| *char != ',').collect();
    format!("{load}-round-{}.hgrm", step.round)
}

#[cfg(test)]
mod tests {
    use super::super::plan::Load;
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let results = sample(&[Load::Closed(10), Load::Open(2_500.0), Load::Share(80.0)], 1, 1.0);
        let files = files(&results);
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        let expected = ["10-at-once-round-1.hgrm", "2500-per-second-round-1.hgrm", "80-percent-round-1.hgrm"];
        assert_eq!(names, expected);
        let times = &results.steps[0].latency;
        // As the plotter does: lines of numbers behind the head, without those of remarks.
        let numbers = files[0].1.lines().skip(2).filter(|line| !line.starts_with('#'));
        let rows: Vec<Vec<f64>> =
            numbers.map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect()).collect();
        assert_eq!(rows.len(), times.curve.len());
        for (row, point) in rows.iter().zip(&times.curve) {
            assert!((row[0] - point.us / 1e3).abs() < 0.001 && (row[1] - point.quantile).abs() < 1e-9);
            assert!((row[2] - super::super::unit::approximate(point.count)).abs() < 0.5);
        }
        assert_eq!(rows.iter().filter(|row| row.len() == 3).count(), 1, "only the last has no inverse");
        assert!(files[0].1.contains("Total count    =         2994]"), "{}", files[0].1);
    }
}
