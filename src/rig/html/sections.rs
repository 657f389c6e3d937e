//! What is drawn of a measurement.

use std::cmp::Ordering;

use super::bars::{Bar, Bars};
use super::chart::{Chart, LINES_MAX, Line};
use super::markup::{figure, table};
use super::scale::{Axis, Unit, percent};
use crate::rig::plan::Load;
use crate::rig::results::{HostResult, Results, Step};
use crate::rig::series::Moment;
use crate::rig::unit::{approximate, count, duration};

/// Hosts that have a bar; of more, all together are a curve.
const BARS_MAX: usize = 40;

/// The charts, each a section of the page.
pub(super) fn all(results: &Results) -> Vec<String> {
    let steps = typical(results);
    let sections = [
        percentiles(results, &steps),
        latency_over_time(results),
        rate_over_time(results),
        hosts(results),
        throughput(&steps),
        latency_by_rate(&steps),
    ];
    sections.into_iter().flatten().collect()
}

/// A step for each load: of several rounds the one in the middle, by its p99.
fn typical(results: &Results) -> Vec<&Step> {
    let of = |load: &Load| {
        let mut steps: Vec<&Step> = results.steps.iter().filter(|step| step.load == *load).collect();
        steps.sort_by(|one, other| one.latency.p99_us.total_cmp(&other.latency.p99_us));
        steps.get(steps.len() / 2).copied()
    };
    results.plan.loads.iter().filter_map(of).collect()
}

fn percentiles(results: &Results, steps: &[&Step]) -> Option<String> {
    let told: Vec<&Step> = steps.iter().copied().filter(|step| step.latency.count > 0).collect();
    if told.is_empty() {
        let text = "<section>\n<h2>Latency by percentile</h2>\n<p>Nothing was answered.</p>\n</section>\n";
        return (!results.steps.is_empty()).then(|| text.to_owned());
    }
    let shown = spread(&told, LINES_MAX);
    let most = shown.iter().map(|step| step.latency.count).max().unwrap_or(1);
    // So many nines that the last of them is still one of a few requests.
    let nines = most.ilog10().clamp(2, 6);
    let lines = shown.iter().map(|step| Line {
        name: step.load.to_string(),
        points: step.latency.curve.iter().map(|point| (point.quantile, point.us)).collect(),
        has_dots: false,
    });
    let lines: Vec<Line> = lines.collect();
    let worst = worst(&shown);
    let description = format!(
        "For each load, the latency that a share of all requests did not exceed, from 0 % to {}. {worst}",
        percent(1.0 - 10_f64.powi(-i32::try_from(nines).unwrap_or(6)))
    );
    let y = Axis::log(values(&lines), Unit::Microseconds);
    let chart = Chart {
        id: "percentiles",
        title: "Latency by percentile".to_owned(),
        description,
        x: (Axis::nines(nines), "share of requests"),
        y: (y, "latency"),
        lines,
        marks: Vec::new(),
    };
    let quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];
    let head: Vec<String> = quantiles.iter().map(|quantile| percent(*quantile)).collect();
    let head: Vec<&str> =
        ["Load", "Round", "Requests"].into_iter().chain(head.iter().map(String::as_str)).collect();
    let rows = told.iter().map(|step| {
        let at = |quantile: f64| {
            let point = step.latency.curve.iter().find(|point| point.quantile >= quantile - 1e-9);
            point.map_or(String::new(), |point| duration(point.us))
        };
        let first = [step.load.to_string(), step.round.to_string(), step.latency.count.to_string()];
        first.into_iter().chain(quantiles.iter().map(|quantile| at(*quantile))).collect::<Vec<_>>()
    });
    let figures = table("Latency by percentile", &head, &rows.collect::<Vec<_>>());
    let rounds =
        if results.steps.len() > steps.len() { " Of several rounds the middle one is shown." } else { "" };
    let what =
        format!("How long requests took; to the right the slowest few. Both axes are logarithmic.{rounds}");
    Some(figure(&chart.title, &what, &chart.drawing(), &chart.legend(), &figures))
}

/// All steps on one axis of time.
struct Timeline<'a> {
    /// The middle of each piece, and itself.
    pieces: Vec<(f64, &'a Moment)>,
    /// When steps begin, and which.
    marks: Vec<(f64, String)>,
    end: f64,
}

/// Names of steps that have room beside each other.
const MARKS_MAX: usize = 12;

impl<'a> Timeline<'a> {
    fn of(results: &'a Results) -> Self {
        let (mut pieces, mut marks, mut end) = (Vec::new(), Vec::new(), 0.0);
        let is_named = results.steps.len() <= MARKS_MAX;
        for step in &results.steps {
            marks.push((end, if is_named { step.load.to_string() } else { String::new() }));
            let middle = |moment: &Moment| end + moment.at_seconds + moment.seconds / 2.0;
            pieces.extend(step.series.iter().map(|moment| (middle(moment), moment)));
            let last = step.series.last().map_or(0.0, |moment| moment.at_seconds + moment.seconds);
            end += step.seconds.max(last);
        }
        Self { pieces, marks, end }
    }
}

fn latency_over_time(results: &Results) -> Option<String> {
    let Timeline { pieces, marks, end } = Timeline::of(results);
    if pieces.iter().all(|(_, moment)| moment.done == 0) {
        return None;
    }
    let line = |name: &str, of: fn(&Moment) -> f64| Line {
        name: name.to_owned(),
        points: pieces.iter().map(|(at, moment)| (*at, of(moment))).collect(),
        has_dots: pieces.len() <= 60,
    };
    let lines = vec![
        line("p50", |moment| moment.p50_us),
        line("p99", |moment| moment.p99_us),
        line("max", |moment| moment.max_us),
    ];
    let slowest = pieces.iter().max_by(|one, other| one.1.max_us.total_cmp(&other.1.max_us));
    let slowest = slowest.map_or(String::new(), |(at, moment)| {
        format!(
            "The slowest request, of {}, ended about {} into it.",
            duration(moment.max_us),
            Unit::Seconds.shown(*at)
        )
    });
    let chart = Chart {
        id: "latency-over-time",
        title: "Latency over time".to_owned(),
        description: format!("p50, p99 and the slowest request of each second, over all steps. {slowest}"),
        x: (Axis::linear(end, Unit::Seconds), "time"),
        y: (Axis::log(values(&lines), Unit::Microseconds), "latency"),
        lines,
        marks,
    };
    let figures = series_table(results);
    let what = "Second by second, all steps one after the other; warm-ups are left out.";
    Some(figure(&chart.title, what, &chart.drawing(), &chart.legend(), &figures))
}

fn rate_over_time(results: &Results) -> Option<String> {
    let Timeline { pieces, marks, end } = Timeline::of(results);
    if pieces.is_empty() {
        return None;
    }
    let line = |name: &str, of: fn(&Moment) -> u64| Line {
        name: name.to_owned(),
        points: pieces.iter().map(|(at, moment)| (*at, approximate(of(moment)) / moment.seconds)).collect(),
        has_dots: pieces.len() <= 60,
    };
    let lines = vec![line("answered", |moment| moment.done), line("failed", |moment| moment.failed)];
    let most = values(&lines).fold(0.0, f64::max);
    let chart = Chart {
        id: "rate-over-time",
        title: "Rate over time".to_owned(),
        description: format!("Requests answered and failed in each second. The most were {}/s.", count(most)),
        x: (Axis::linear(end, Unit::Seconds), "time"),
        y: (Axis::linear(most, Unit::PerSecond), "requests"),
        lines,
        marks,
    };
    let what = "All steps one after the other; warm-ups are left out.";
    Some(figure(&chart.title, what, &chart.drawing(), &chart.legend(), &series_table(results)))
}

fn series_table(results: &Results) -> String {
    let rows = results.steps.iter().flat_map(|step| {
        step.series.iter().map(|moment| {
            let place =
                [step.load.to_string(), step.round.to_string(), Unit::Seconds.shown(moment.at_seconds)];
            let counts = [moment.done, moment.failed].map(|number| number.to_string());
            let times = [moment.p50_us, moment.p99_us, moment.max_us].map(duration);
            place.into_iter().chain(counts).chain(times).collect::<Vec<_>>()
        })
    });
    let head = ["Load", "Round", "From", "Answered", "Failed", "p50", "p99", "Max"];
    table("Second by second", &head, &rows.collect::<Vec<_>>())
}

/// Of the step with the most requests: the slowest hosts, and all of them where they are many.
fn hosts(results: &Results) -> Option<String> {
    let step = results.steps.iter().max_by_key(|step| (step.done, std::cmp::Reverse(step.round)))?;
    let mut hosts: Vec<&HostResult> = step.hosts.iter().collect();
    if hosts.is_empty() {
        return None;
    }
    hosts.sort_by(|one, other| slower(one, other));
    let bars = hosts.iter().take(BARS_MAX).map(|host| Bar {
        name: host.name.clone(),
        inner_us: host.latency.p50_us,
        outer_us: host.latency.p99_us,
        remark: format!(
            "p50 {}, p99 {}{}",
            duration(host.latency.p50_us),
            duration(host.latency.p99_us),
            if host.failed > 0 { format!(", {} failed", host.failed) } else { String::new() }
        ),
    });
    let (slowest, all) = (hosts[0], hosts.len());
    let drawing = Bars {
        id: "hosts",
        title: "Latency per host".to_owned(),
        description: format!(
            "p50 and p99 of each host, the slowest first: {} with a p99 of {}.",
            slowest.name,
            duration(slowest.latency.p99_us)
        ),
        bars: bars.collect(),
    };
    let mut drawing = drawing.drawing();
    if all > BARS_MAX {
        drawing.push_str(&ranks(&hosts));
    }
    let shown = if all > BARS_MAX {
        format!("the {BARS_MAX} slowest of {all} hosts")
    } else {
        "every host".to_owned()
    };
    let what = format!(
        "p50 (full bars) and p99 (faint bars) of {shown}, the slowest first, at {}, round {}.",
        step.load, step.round
    );
    let rows = hosts.iter().map(|host| {
        let times = &host.latency;
        let counts = [times.count, host.failed].map(|number| number.to_string());
        let times = [times.p50_us, times.p90_us, times.p99_us, times.max_us].map(duration);
        std::iter::once(host.name.clone()).chain(counts).chain(times).collect::<Vec<_>>()
    });
    let head = ["Host", "Answered", "Failed", "p50", "p90", "p99", "Max"];
    let figures = table("Hosts, the slowest first", &head, &rows.collect::<Vec<_>>());
    Some(figure("Latency per host", &what, &drawing, &[], &figures))
}

/// Hosts of which nothing was answered come first.
fn slower(one: &HostResult, other: &HostResult) -> Ordering {
    let rank = |host: &HostResult| if host.latency.count == 0 { f64::INFINITY } else { host.latency.p99_us };
    rank(other).total_cmp(&rank(one)).then_with(|| one.name.cmp(&other.name))
}

/// p50 and p99 of all hosts, each sorted.
fn ranks(hosts: &[&HostResult]) -> String {
    let line = |name: &str, of: fn(&HostResult) -> f64| {
        let mut times: Vec<f64> = hosts.iter().map(|host| of(host)).collect();
        times.sort_by(|one, other| other.total_cmp(one));
        let points = times.into_iter().enumerate().map(|(rank, us)| (approximate(rank as u64 + 1), us));
        Line { name: name.to_owned(), points: points.collect(), has_dots: false }
    };
    let lines = vec![line("p50", |host| host.latency.p50_us), line("p99", |host| host.latency.p99_us)];
    let chart = Chart {
        id: "host-ranks",
        title: "Latency of all hosts".to_owned(),
        description: format!("p50 and p99 of {} hosts, each curve sorted from the slowest.", hosts.len()),
        x: (Axis::linear(approximate(hosts.len() as u64), Unit::Number), "hosts, the slowest first"),
        y: (Axis::log(values(&lines), Unit::Microseconds), "latency (blue: p50, orange: p99)"),
        lines,
        marks: Vec::new(),
    };
    chart.drawing()
}

fn throughput(steps: &[&Step]) -> Option<String> {
    let users = |step: &Step| match step.load {
        Load::Closed(users) => Some(approximate(users as u64)),
        Load::Open(_) | Load::Share(_) => None,
    };
    let mut points: Vec<(f64, f64)> =
        steps.iter().filter_map(|step| Some((users(step)?, step.rate))).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    let best = points.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let chart = Chart {
        id: "throughput",
        title: "Throughput against concurrency".to_owned(),
        description: format!(
            "Answers a second by requests at once. The most, {}/s, with {}.",
            count(best.1),
            count(best.0)
        ),
        x: (Axis::log(points.iter().map(|point| point.0), Unit::Number), "requests at once"),
        y: (Axis::linear(best.1, Unit::PerSecond), "answers"),
        lines: vec![Line { name: "answers a second".to_owned(), points, has_dots: true }],
        marks: Vec::new(),
    };
    let what = "What closed loops have reached. Where the curve stays level, more users only wait longer.";
    Some(figure(&chart.title, what, &chart.drawing(), &chart.legend(), &rates(steps)))
}

fn latency_by_rate(steps: &[&Step]) -> Option<String> {
    let mut told: Vec<&Step> = steps.iter().copied().filter(|step| step.latency.count > 0).collect();
    if told.len() < 2 {
        return None;
    }
    told.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    let line = |name: &str, of: fn(&Step) -> f64| Line {
        name: name.to_owned(),
        points: told.iter().map(|step| (step.rate, of(step))).collect(),
        has_dots: true,
    };
    let lines = vec![line("p50", |step| step.latency.p50_us), line("p99", |step| step.latency.p99_us)];
    let most = told.last().map_or(0.0, |step| step.rate);
    let chart = Chart {
        id: "latency-by-rate",
        title: "Latency against throughput".to_owned(),
        description: format!("p50 and p99 of each load by the rate that it reached. {}", worst(&told)),
        x: (Axis::linear(most, Unit::PerSecond), "answers"),
        y: (Axis::log(values(&lines), Unit::Microseconds), "latency"),
        lines,
        marks: Vec::new(),
    };
    let what = "Where the curve turns upwards, what is asked is as much as what can be answered.";
    Some(figure(&chart.title, what, &chart.drawing(), &chart.legend(), &rates(steps)))
}

fn rates(steps: &[&Step]) -> String {
    let rows = steps.iter().map(|step| {
        let asked = step.asked_rate.map_or("–".to_owned(), |rate| format!("{}/s", count(rate)));
        let times = [step.latency.p50_us, step.latency.p99_us].map(duration);
        [step.load.to_string(), asked, format!("{}/s", count(step.rate))]
            .into_iter()
            .chain(times)
            .collect::<Vec<_>>()
    });
    let head = ["Load", "Asked", "Answered", "p50", "p99"];
    table("Rates", &head, &rows.collect::<Vec<_>>())
}

fn values(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines.iter().flat_map(|line| line.points.iter().map(|point| point.1))
}

/// A sentence about the load with the highest p99.
fn worst(steps: &[&Step]) -> String {
    let worst = steps.iter().max_by(|one, other| one.latency.p99_us.total_cmp(&other.latency.p99_us));
    worst.map_or(String::new(), |step| {
        format!("The highest p99 is {}, at {}.", duration(step.latency.p99_us), step.load)
    })
}

/// As many as there is room for, the first and the last among them.
fn spread<'a>(steps: &[&'a Step], most: usize) -> Vec<&'a Step> {
    if steps.len() <= most {
        return steps.to_vec();
    }
    (0..most).map(|place| steps[place * (steps.len() - 1) / (most - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::markup::escaped;
    use super::*;
    use crate::rig::tests::sample;

    fn ids(sections: &[String]) -> Vec<&str> {
        let text = sections.iter().flat_map(|section| section.split("class=\"chart\" id=\"").skip(1));
        text.filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_chart_has_its_place() {
        let closed = sample(&[Load::Closed(1), Load::Closed(10)], 3, 1.0);
        let expected =
            ["percentiles", "latency-over-time", "rate-over-time", "hosts", "throughput", "latency-by-rate"];
        assert_eq!(ids(&all(&closed)), expected);
        let open = sample(&[Load::Open(500.0)], 1, 1.0);
        assert_eq!(ids(&all(&open)), expected[..4]);
    }

    #[test]
    fn the_middle_round_is_typical() {
        let mut results = sample(&[Load::Closed(1)], 3, 1.0);
        for (step, p99) in results.steps.iter_mut().zip([9.0, 1.0, 5.0]) {
            step.latency.p99_us = p99;
        }
        assert_eq!(typical(&results)[0].round, 3);
    }

    #[test]
    fn of_many_hosts_the_slowest_have_bars() {
        let mut results = sample(&[Load::Closed(1)], 1, 1.0);
        let host = results.steps[0].hosts[0].clone();
        results.steps[0].hosts = (0..100)
            .map(|number| {
                let mut host = HostResult { name: format!("h{number}"), ..host.clone() };
                host.latency.p99_us = 1_000.0 + f64::from(number);
                host
            })
            .collect();
        let section = hosts(&results).unwrap();
        assert_eq!(section.matches("class=\"bar\"").count(), BARS_MAX);
        assert!(
            section.contains("h99: p50") && !section.contains("h59: p50") && section.contains("host-ranks")
        );
        assert_eq!(section.matches("<tr>").count(), 101);
    }

    #[test]
    fn a_host_that_never_answered_is_the_worst() {
        let mut results = sample(&[Load::Closed(1)], 1, 1.0);
        let host = &mut results.steps[0].hosts[1];
        (host.latency, host.failed) = (crate::rig::Distribution::default(), 12);
        let section = hosts(&results).unwrap();
        let first = section.split("class=\"bar\"><title>").nth(1).unwrap();
        assert!(first.starts_with(&escaped("web1: p50 0 µs, p99 0 µs, 12 failed")), "{first}");
    }

    #[test]
    fn lines_are_spread_over_many_loads() {
        let loads: Vec<Load> = (1..=20).map(Load::Closed).collect();
        let results = sample(&loads, 1, 1.0);
        let shown = spread(&results.steps.iter().collect::<Vec<_>>(), LINES_MAX);
        assert_eq!((shown.len(), shown[0].load, shown[7].load), (8, Load::Closed(1), Load::Closed(20)));
    }
}
