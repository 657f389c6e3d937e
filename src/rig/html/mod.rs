//! The report: one HTML file with everything in it, which renders without a network, a font or a script. Charts are SVG
//! with a title and a description, each with its figures as a table; both themes of a browser are served.
//!
//! `scale` places values on axes, `chart` and `bars` draw, `sections` says what is drawn of a measurement, and `markup`
//! writes elements: whatever comes from outside goes through it, and stays text.

mod bars;
mod chart;
mod markup;
mod scale;
mod sections;

use markup::{escaped, table};

use super::results::{Costs, Results, Step};
use super::unit::{count, decimal_size, duration, time_of};

const STYLE: &str = include_str!("style.css");
/// Nothing is fetched, and nothing runs, whatever a name says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report of a measurement.
pub fn page(results: &Results) -> String {
    let title = title(results);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{}</h1>\n",
        escaped(&title),
        escaped(&title)
    );
    out.push_str(&facts(results));
    out.push_str(&summary(results));
    out.push_str(&notes(results));
    sections::all(results).iter().for_each(|section| out.push_str(section));
    out.push_str(&errors(results));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn title(results: &Results) -> String {
    let plan = &results.plan;
    let temperature = if plan.cold { "cold" } else { "warm" };
    let hosts = if plan.hosts == 1 { "1 host".to_owned() } else { format!("{} hosts", plan.hosts) };
    format!("{}, {temperature}, {hosts}, {}", plan.mix, plan.subject)
}

fn facts(results: &Results) -> String {
    let (machine, plan) = (&results.machine, &results.plan);
    let rows = [
        ("Measured", format!("{} UTC, scout-mcp {}", time_of(results.begun), results.version)),
        ("Command", results.command.join(" ")),
        (
            "Machine",
            format!(
                "{}, {} × {}, {}",
                machine.system,
                machine.processors,
                machine.processor,
                decimal_size(machine.memory_bytes)
            ),
        ),
        (
            "Plan",
            format!(
                "{} a step, after {} s of warm-up; timeout {} s; at most {} in flight",
                plan.extent, plan.warmup_seconds, plan.timeout_seconds, plan.in_flight_max
            ),
        ),
        ("Details", plan.details.join("; ")),
    ];
    let mut out = "<dl>\n".to_owned();
    for (name, text) in rows {
        out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(&text)));
    }
    out.push_str("</dl>\n");
    out
}

/// A column of the summary: its name, and what a step has there.
type Column<'a> = (&'static str, &'a dyn Fn(&Step) -> String);

/// The figures of each step. What no step has is no column.
fn summary(results: &Results) -> String {
    let server = |step: &Step, of: fn(&Costs) -> String| step.server.as_ref().map_or_else(String::new, of);
    let cpu = |costs: &Costs| duration(costs.cpu_us_per_request);
    let memory = |costs: &Costs| decimal_size(costs.memory_bytes);
    let late = |step: &Step| step.asked_rate.map_or_else(String::new, |_| duration(step.lag.p99_us));
    let always: [Column<'_>; 10] = [
        ("Load", &|step| step.load.to_string()),
        ("Rate", &|step| format!("{}/s", count(step.rate))),
        ("p50", &|step| duration(step.latency.p50_us)),
        ("p90", &|step| duration(step.latency.p90_us)),
        ("p99", &|step| duration(step.latency.p99_us)),
        ("p99.9", &|step| duration(step.latency.p999_us)),
        ("Max", &|step| duration(step.latency.max_us)),
        ("Errors", &|step| format!("{} ({:.2} %)", step.wrong(), step.error_share() * 100.0)),
        ("CPU each", &|step| cpu(&step.generator)),
        ("RSS", &|step| memory(&step.generator)),
    ];
    let round: Column<'_> = ("Round", &|step| step.round.to_string());
    let of_server: [Column<'_>; 2] =
        [("Server CPU each", &|step| server(step, cpu)), ("Server RSS", &|step| server(step, memory))];
    let lag: Column<'_> = ("Late (p99)", &late);
    let any = |has: fn(&Step) -> bool| results.steps.iter().any(has);
    let mut columns = always.to_vec();
    if any(|step| step.round > 1) {
        columns.insert(1, round);
    }
    if any(|step| step.server.is_some()) {
        columns.extend(of_server);
    }
    if any(|step| step.asked_rate.is_some()) {
        columns.push(lag);
    }
    let head: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let row = |step: &Step| columns.iter().map(|(_, of)| of(step)).collect::<Vec<_>>();
    let rows: Vec<_> = results.steps.iter().map(row).collect();
    format!("<section>\n<h2>Summary</h2>\n{}</section>\n", table("Every step", &head, &rows))
}

fn notes(results: &Results) -> String {
    let mut lines = results.notes.clone();
    if results.interrupted {
        lines.push("The measurement was ended before all of it was done.".to_owned());
    }
    for step in results.steps.iter().filter(|step| step.not_started > 0) {
        let asked = step.asked_rate.map(|rate| format!(" of {}/s", count(rate))).unwrap_or_default();
        lines.push(format!(
            "{}, round {}: {} requests{asked} were due and could not be begun.",
            step.load, step.round, step.not_started
        ));
    }
    if lines.is_empty() {
        return String::new();
    }
    let items: String = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
    format!("<ul class=\"notes\">\n{items}</ul>\n")
}

fn errors(results: &Results) -> String {
    let of = |step: &Step| {
        let place = [step.load.to_string(), step.round.to_string()];
        let rows = step.errors.iter().map(move |error| {
            let told = [error.kind.clone(), error.count.to_string(), error.example.clone()];
            place.iter().cloned().chain(told).collect::<Vec<_>>()
        });
        rows.collect::<Vec<_>>()
    };
    let rows: Vec<_> = results.steps.iter().flat_map(of).collect();
    if rows.is_empty() {
        return "<section>\n<h2>Errors</h2>\n<p>None.</p>\n</section>\n".to_owned();
    }
    let head = ["Load", "Round", "Kind", "Count", "The first said"];
    format!("<section>\n<h2>Errors</h2>\n{}</section>\n", table("Errors by kind", &head, &rows))
}

#[cfg(test)]
mod tests {
    use super::super::plan::Load;
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        let mut results = sample(&[Load::Closed(1), Load::Closed(10), Load::Open(500.0)], 1, 1.0);
        results.notes.push("</style><script>alert(1)</script>".to_owned());
        results.machine.processor = "\"><img src=x>".to_owned();
        let page = page(&results);
        for tag in ["<script", "<img", "<b>", "src=", "http://", "https://", "url(", "@import"] {
            let page = page.replace("&lt;img src=x&gt;", "");
            assert!(!page.contains(tag), "{tag} in {page}");
        }
        assert!(page.contains("&lt;script&gt;") && page.contains("&lt;b&gt;no&lt;/b&gt; &quot;room&quot;"));
    }

    #[test]
    fn elements_are_closed_and_ids_are_there_once() {
        for (loads, rounds) in
            [(vec![Load::Closed(1)], 1), (vec![Load::Closed(1), Load::Open(9.0)], 3), (vec![], 1)]
        {
            let page = page(&sample(&loads, rounds, 1.0));
            for element in
                ["svg", "g", "text", "table", "figure", "details", "title", "desc", "section", "ul", "dl"]
            {
                let opened = page.matches(&format!("<{element}>")).count()
                    + page.matches(&format!("<{element} ")).count();
                assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
            }
            let mut ids: Vec<&str> =
                page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count);
            assert!(!page.contains("NaN") && !page.contains("inf"), "a figure is none");
        }
    }

    #[test]
    fn a_measurement_without_an_answer_has_a_report() {
        let mut results = sample(&[Load::Closed(1)], 1, 1.0);
        for step in &mut results.steps {
            (step.latency, step.rate, step.done) = (super::super::Distribution::default(), 0.0, 0);
            step.hosts.iter_mut().for_each(|host| host.latency = super::super::Distribution::default());
            step.series.clear();
        }
        let page = page(&results);
        assert!(page.contains("Nothing was answered") && !page.contains("NaN"));
    }
}
