//! A measurement as it is kept: the JSON file, and all that tables, charts and comparisons are made from. Times are in
//! microseconds, memory in bytes.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::plan::{Load, Plan};
use super::series::Moment;
use super::tally::Tally;
use super::unit::{approximate, rounded};
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};

/// What this build writes and reads.
const FORMAT: u32 = 1;

/// A measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of this form.
    pub format: u32,
    /// Of this program.
    pub version: String,
    /// When it began, in seconds since 1970.
    pub begun: u64,
    /// The command line, without secrets.
    pub command: Vec<String>,
    pub machine: Machine,
    pub plan: Plan,
    /// What whoever reads it has to know.
    pub notes: Vec<String>,
    pub steps: Vec<Step>,
    /// It was ended before all of it was done.
    pub interrupted: bool,
}

/// Where it was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub system: String,
    pub processor: String,
    pub processors: usize,
    pub memory_bytes: u64,
}

/// One load of one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub load: Load,
    /// From 1.
    pub round: u32,
    /// Requests a second that an open loop wanted to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_rate: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    pub started: u64,
    /// Answered well.
    pub done: u64,
    pub failed: u64,
    /// Requests of an open loop that were due, and could not be begun before its end.
    pub not_started: u64,
    /// Requests that were under way when somebody ended it.
    pub unfinished: u64,
    /// Good answers a second.
    pub rate: f64,
    pub latency: Distribution,
    /// How long it took to fail.
    pub failures: Distribution,
    /// How long after they were due requests were begun.
    pub lag: Distribution,
    /// How long it took to connect, of requests on a connection of their own; a part of their latency.
    #[serde(default, skip_serializing_if = "Distribution::is_empty")]
    pub connect: Distribution,
    pub errors: Vec<ErrorCount>,
    pub series: Vec<Moment>,
    /// In the order of their names.
    pub hosts: Vec<HostResult>,
    /// What this process took: the rig, and our engine where that is measured.
    pub generator: Costs,
    /// What the server took, where its process is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Costs>,
}

/// What processes take of their machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Processor time for each request that ended.
    pub cpu_us_per_request: f64,
    /// Processors at work on average.
    pub processors: f64,
    /// Resident memory, the most that was seen.
    pub memory_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorCount {
    pub kind: String,
    pub count: u64,
    /// What the first of them said.
    pub example: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostResult {
    pub name: String,
    pub failed: u64,
    pub latency: Distribution,
}

/// Processor time and memory of processes while a step went on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub processor: Duration,
    pub memory_bytes: u64,
}

impl Results {
    pub fn new(begun: u64, command: Vec<String>, machine: Machine, plan: Plan) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            begun,
            command,
            machine,
            plan,
            notes: Vec::new(),
            steps: Vec::new(),
            interrupted: false,
        }
    }

    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::new(Kind::Internal, format!("Cannot write the results: {error}")))
    }

    /// Errors: it is no measurement, or one of a build that writes another form.
    pub fn from_json(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let wrong = |error| Error::new(Kind::InvalidArgument, format!("no results of `bench run`: {error}"));
        let Head { format } = serde_json::from_str(text).map_err(wrong)?;
        if format != FORMAT {
            let message = format!("results of another version: format {format}, this is {FORMAT}");
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        serde_json::from_str(text).map_err(wrong)
    }

    /// The share of requests that were not answered well, from 0 to 1.
    pub fn error_share(&self) -> f64 {
        let sum = |of: fn(&Step) -> u64| self.steps.iter().map(of).sum::<u64>();
        share(sum(Step::wrong), sum(Step::due))
    }
}

impl Step {
    /// `names` are those of the hosts; `end` is when all of it was over.
    pub fn new(load: Load, round: u32, tally: &Tally, names: &[impl AsRef<str>], end: Instant) -> Self {
        let took = end.saturating_duration_since(tally.begin()).as_secs_f64();
        let done = tally.done.len();
        let errors = tally.errors.iter().map(|(kind, errors)| ErrorCount {
            kind: kind.to_string(),
            count: errors.count,
            example: errors.example.clone(),
        });
        let hosts = tally.hosts.iter().zip(names).filter_map(|(host, name)| {
            let host = host.as_ref()?;
            let latency = Distribution::with_histogram(&host.done);
            Some(HostResult { name: name.as_ref().to_owned(), failed: host.failed, latency })
        });
        Self {
            load,
            round,
            asked_rate: None,
            seconds: took,
            started: tally.started,
            done,
            failed: tally.failures(),
            not_started: tally.not_started,
            unfinished: tally.started.saturating_sub(tally.ended()),
            rate: if took > 0.0 { rounded(approximate(tally.in_time) / took) } else { 0.0 },
            latency: Distribution::full(&tally.done),
            failures: Distribution::brief(&tally.failed),
            lag: Distribution::brief(&tally.lag),
            connect: Distribution::brief(&tally.connect),
            errors: errors.collect(),
            series: tally.series.moments(took),
            hosts: hosts.collect(),
            generator: Costs::default(),
            server: None,
        }
    }

    /// What processes have spent on it, each request's share.
    pub fn costs(&self, spent: Spent) -> Costs {
        let requests = approximate((self.done + self.failed).max(1));
        let processor = spent.processor.as_secs_f64();
        Costs {
            cpu_us_per_request: rounded(processor * 1e6 / requests),
            processors: if self.seconds > 0.0 { rounded(processor / self.seconds) } else { 0.0 },
            memory_bytes: spent.memory_bytes,
        }
    }

    /// Requests that should have been answered.
    pub fn due(&self) -> u64 {
        self.done + self.wrong()
    }

    /// Those of them that were not, or not well; not those that somebody has ended.
    pub fn wrong(&self) -> u64 {
        self.failed + self.not_started
    }

    /// Their share, from 0 to 1.
    pub fn error_share(&self) -> f64 {
        share(self.wrong(), self.due())
    }

    /// The memory of what is measured: the server's where that is known.
    pub fn memory_bytes(&self) -> u64 {
        self.server.unwrap_or(self.generator).memory_bytes
    }
}

fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { approximate(part) / approximate(of) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn results_are_read_as_they_were_written() {
        let results = sample(&[Load::Closed(1), Load::Open(500.0), Load::Share(80.0)], 2, 1.0);
        assert!(Results::from_json(&results.to_json().unwrap()).unwrap() == results);
        let other = results.to_json().unwrap().replace("\"format\":1", "\"format\":2");
        assert!(Results::from_json(&other).unwrap_err().message().contains("another version: format 2"));
        assert!(Results::from_json("{}").unwrap_err().message().contains("no results of `bench run`"));
    }

    #[test]
    fn a_step_adds_up() {
        let results = sample(&[Load::Closed(1)], 1, 1.0);
        let step = &results.steps[0];
        assert_eq!((step.started, step.done, step.failed, step.unfinished), (3_000, 2_994, 6, 0));
        assert!((step.rate - 1_497.0).abs() < 1.0 && (step.error_share() - 0.002).abs() < 1e-9);
        assert_eq!(step.errors[0].count, 6);
        assert_eq!(step.hosts.iter().map(|host| host.latency.count + host.failed).sum::<u64>(), 3_000);
        assert!((step.generator.cpu_us_per_request - 333.3).abs() < 0.1);
    }
}
