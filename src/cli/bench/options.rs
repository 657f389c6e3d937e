//! The arguments of `bench run`, and the plan that they make.

use std::path::PathBuf;

use clap::Args;

use super::duration;
use super::fleet::Conditions;
use super::mcp::{Call, Era};
use crate::base::limits::{
    RIG_IN_FLIGHT_DEFAULT, RIG_LOADS_MAX, RIG_REQUESTS_MAX, RIG_ROUNDS_MAX, RIG_STEP_MAX, RIG_USERS_MAX,
};
use crate::base::text::shown;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::rig::{Extent, Load, Mix, Operation, Plan};
use crate::simulated;
use crate::target::RemotePath;

pub(super) const EXAMPLES: &str = "Examples:\n  \
    scout-mcp bench run --hosts 'web*,@db' -c 1,10,100\n  \
    scout-mcp bench run --hosts web1 --operation run --query uptime --rate 50 --duration 60s\n  \
    scout-mcp bench run --hosts 'web*' --cold -c 1 --requests 100\n  \
    scout-mcp bench run --url http://127.0.0.1:8000/mcp --hosts web1 -c 1,10,100 --rate 80% --export-html report.html\n  \
    scout-mcp bench run --command 'scout-mcp serve' --hosts web1\n  \
    scout-mcp bench run --command 'npx -y ssh-mcp --host=web1' --tool exec --arguments '{\"command\":\"uptime\"}'\n  \
    scout-mcp bench run --fleet 100 --handshake 10ms --latency 15ms -c 1,10,100 --rounds 5 --export-json before.json\n  \
    scout-mcp bench compare before.json after.json";

#[derive(Debug, Args)]
#[group(skip)]
pub struct Options {
    /// Hosts to ask in turn: names, patterns and groups as in 'web*,@db,!web9'
    #[arg(long, value_name = "HOSTS", help_heading = "What is measured")]
    pub hosts: Option<String>,
    /// An MCP server over HTTP or HTTPS
    #[arg(long, value_name = "URL", conflicts_with_all = ["command", "fleet"], help_heading = "What is measured")]
    pub url: Option<String>,
    /// Certificates (PEM) of whom to trust with an https URL, instead of those that this machine trusts
    #[arg(long, value_name = "FILE", requires = "url", help_heading = "What is measured")]
    pub ca_file: Option<PathBuf>,
    /// An MCP server over its standard streams: the command line that starts it
    #[arg(long, value_name = "COMMAND", conflicts_with = "fleet", help_heading = "What is measured")]
    pub command: Option<String>,
    /// So many simulated hosts, played by threads of this process that are not counted as ours
    #[arg(long, value_name = "N", help_heading = "What is measured")]
    pub fleet: Option<usize>,
    /// File with the API key for --url; SCOUT_BENCH_API_KEY holds one itself
    #[arg(long, value_name = "FILE", requires = "url", help_heading = "What is measured")]
    pub api_key_file: Option<PathBuf>,
    /// Speak the revision 2026-07-28, in which every request stands for itself, instead of beginning with `initialize`
    #[arg(long, help_heading = "What is measured")]
    pub stateless: bool,
    /// Process whose processor time and memory count as the server's (that of --command is known)
    #[arg(long, value_name = "NUMBER", help_heading = "What is measured")]
    pub pid: Option<u32>,

    /// read, list, run, broadcast (a file of all hosts, as one request), or mixed
    #[arg(short, long, value_name = "OPERATION", default_value = "read", help_heading = "What is asked")]
    pub operation: String,
    /// How often each operation comes, for mixed
    #[arg(long, value_name = "MIX", default_value = "read=7,list=2,run=1", help_heading = "What is asked")]
    pub mix: String,
    /// The file for read and broadcast
    #[arg(long, value_name = "PATH", default_value = "/etc/hostname", help_heading = "What is asked")]
    pub path: String,
    /// The directory for list
    #[arg(long, value_name = "PATH", default_value = "/etc", help_heading = "What is asked")]
    pub directory: String,
    /// The command for run, in the home directory
    #[arg(long, value_name = "COMMAND", default_value = "cat /etc/hostname", help_heading = "What is asked")]
    pub query: String,
    /// The tool of an MCP server to call instead
    #[arg(long, value_name = "NAME", requires = "arguments", help_heading = "What is asked")]
    pub tool: Option<String>,
    /// Its arguments as a JSON object, in which {host} stands for the host
    #[arg(long, value_name = "JSON", requires = "tool", help_heading = "What is asked")]
    pub arguments: Option<String>,
    /// Make a new connection for every request, and a new process where the server is one
    #[arg(long, help_heading = "What is asked")]
    pub cold: bool,

    /// Closed loops: how many requests at once, one step each; 1 where there is no --rate
    #[arg(short, long, value_name = "N,N", help_heading = "How much")]
    pub concurrency: Option<String>,
    /// Open loops: requests a second, one step each, as 500 or 2.5k, or as 80% of the highest rate of the closed loops
    #[arg(short, long, value_name = "RATE,RATE", help_heading = "How much")]
    pub rate: Option<String>,
    /// How long each step takes
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "How much")]
    pub duration: Duration,
    /// End each step of a closed loop after so many requests instead
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "rate", help_heading = "How much")]
    pub requests: Option<u64>,
    /// Before each step, not counted
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = duration, help_heading = "How much")]
    pub warmup: Duration,
    /// Do everything so many times; comparisons then go by medians
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "How much")]
    pub rounds: u32,
    /// How long one request may take; without --url and --command SCOUT_REQUEST_TIMEOUT counts too
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "How much")]
    pub timeout: Duration,
    /// Requests of an open loop under way at once
    #[arg(long, value_name = "N", default_value_t = RIG_IN_FLIGHT_DEFAULT, help_heading = "How much")]
    pub in_flight: usize,

    /// Share of requests that may fail before the exit code is 1
    #[arg(long, value_name = "PERCENT", default_value = "1%", help_heading = "What comes of it")]
    pub max_errors: String,
    /// Write everything that was measured to a file
    #[arg(long, value_name = "FILE", help_heading = "What comes of it")]
    pub export_json: Option<PathBuf>,
    /// Write a report with charts, which needs no network
    #[arg(long, value_name = "FILE", help_heading = "What comes of it")]
    pub export_html: Option<PathBuf>,
    /// Write the percentiles of each step for HdrHistogram's plotter
    #[arg(long, value_name = "FOLDER", help_heading = "What comes of it")]
    pub export_hgrm: Option<PathBuf>,

    #[command(flatten, next_help_heading = "What simulated hosts are like (--fleet)")]
    pub conditions: Conditions,
}

impl Options {
    /// What is measured, in a word.
    pub fn subject(&self) -> &'static str {
        match (&self.url, &self.command, &self.fleet) {
            (Some(_), _, _) => "http",
            (_, Some(_), _) => "stdio",
            (_, _, Some(_)) => "simulated",
            _ => "engine",
        }
    }

    /// The plan, for so many hosts.
    ///
    /// Errors: an argument makes no sense.
    pub fn plan(&self, hosts: usize) -> Result<Plan> {
        for (name, time) in
            [("--duration", self.duration), ("--warmup", self.warmup), ("--timeout", self.timeout)]
        {
            if time > RIG_STEP_MAX {
                return Err(wrong(format!("{name}: {time:?} is more than seven days")));
            }
        }
        if self.rounds == 0 || self.rounds > RIG_ROUNDS_MAX {
            return Err(wrong(format!("--rounds: {} is not from 1 to {RIG_ROUNDS_MAX}", self.rounds)));
        }
        if self.in_flight == 0 || self.in_flight > RIG_USERS_MAX {
            return Err(wrong(format!("--in-flight: {} is not from 1 to {RIG_USERS_MAX}", self.in_flight)));
        }
        Ok(Plan {
            subject: self.subject().to_owned(),
            mix: self.mix()?,
            details: self.details()?,
            hosts,
            cold: self.cold,
            loads: self.loads()?,
            extent: self.extent()?,
            warmup_seconds: self.warmup.as_secs_f64(),
            timeout_seconds: self.timeout.max(Duration::from_millis(1)).as_secs_f64(),
            in_flight_max: self.in_flight,
        })
    }

    /// Errors: an operation is none, or cannot be done there.
    pub fn mix(&self) -> Result<Mix> {
        if self.tool.is_some() {
            return match self.url.is_some() || self.command.is_some() {
                true => Ok(Mix::of(Operation::Tool)),
                false => Err(wrong(
                    "--tool: only an MCP server has tools; name one with --url or --command".into(),
                )),
            };
        }
        let mix = match self.operation.as_str() {
            "mixed" => Mix::parse(&self.mix)?,
            name => Mix::of(Operation::named(name)?),
        };
        match mix.0.iter().any(|part| part.operation == Operation::Tool) {
            true => Err(wrong("'tool' is no operation by itself: name one with --tool".into())),
            false => Ok(mix),
        }
    }

    /// The tools that stand for the operations.
    ///
    /// Errors: the arguments of the tool are no object.
    pub fn calls(&self) -> Result<Vec<(Operation, Call)>> {
        if let (Some(tool), Some(arguments)) = (&self.tool, &self.arguments) {
            return Ok(vec![(Operation::Tool, Call::of(tool, arguments)?)]);
        }
        let target = |path: &str| serde_json::json!({ "target": format!("{{host}}:{path}") });
        let mut run = target("~");
        run["query"] = self.query.as_str().into();
        let arguments = [
            (Operation::Read, target(&self.path)),
            (Operation::List, target(&self.directory)),
            (Operation::Run, run),
            (Operation::Broadcast, target(&self.path)),
        ];
        let call = |(operation, arguments): (Operation, serde_json::Value)| {
            Call::of("scout", &arguments.to_string()).map(|call| (operation, call))
        };
        arguments.into_iter().map(call).collect()
    }

    /// Errors: a path is none.
    pub fn check_paths(&self) -> Result<()> {
        [&self.path, &self.directory].into_iter().try_for_each(|path| RemotePath::parse(path).map(drop))
    }

    pub fn era(&self) -> Era {
        if self.stateless { Era::Stateless } else { Era::Sessions }
    }

    /// The share of requests that may fail, from 0 to 1.
    ///
    /// Errors: it is none.
    pub fn error_share_max(&self) -> Result<f64> {
        let text = self.max_errors.trim();
        let percent = text.strip_suffix('%').unwrap_or(text).trim().parse().ok();
        let percent = percent.filter(|percent: &f64| (0.0..=100.0).contains(percent));
        let percent =
            percent.ok_or_else(|| wrong(format!("--max-errors: '{}' is no share as 1%", shown(text))))?;
        Ok(percent / 100.0)
    }

    /// The fleet that is to be played, where one is.
    ///
    /// Errors: it cannot be like that; it is described, but not asked for.
    pub fn fleet(&self) -> Result<Option<simulated::Plan>> {
        let Some(hosts) = self.fleet else {
            let usual = simulated::Plan::default();
            return match self.conditions.plan(usual.hosts, None)? == usual {
                true => Ok(None),
                false => Err(wrong("what simulated hosts are like only matters with --fleet".to_owned())),
            };
        };
        self.conditions.plan(hosts, None).map(Some)
    }

    /// What else has to be the same in a measurement that this one is compared with.
    fn details(&self) -> Result<Vec<String>> {
        let asked = |operation| match operation {
            Operation::Read | Operation::Broadcast => format!("read {}", self.path),
            Operation::List => format!("list {}", self.directory),
            Operation::Run => format!("run {}", self.query),
            Operation::Tool => {
                let (tool, arguments) = (self.tool.as_deref(), self.arguments.as_deref());
                format!("call {} {}", tool.unwrap_or_default(), arguments.unwrap_or_default())
            }
            Operation::Nothing => "do nothing".to_owned(),
        };
        let mut details: Vec<String> = self.mix()?.0.iter().map(|part| asked(part.operation)).collect();
        if self.stateless {
            details.push("without sessions".to_owned());
        }
        if let Some(fleet) = self.fleet()? {
            details.extend(conditions(&fleet));
        }
        Ok(details)
    }

    /// Closed loops come first: shares of a maximum need it.
    fn loads(&self) -> Result<Vec<Load>> {
        let list = |text: &Option<String>, read: fn(&str) -> Result<Load>| {
            text.iter().flat_map(|text| text.split(',')).map(read).collect::<Result<Vec<_>>>()
        };
        let mut loads = list(&self.concurrency, Load::closed)?;
        let open = list(&self.rate, Load::open)?;
        if loads.is_empty() && open.is_empty() {
            loads.push(Load::Closed(1));
        }
        if loads.is_empty() && open.iter().any(|load| matches!(load, Load::Share(_))) {
            let message =
                "--rate: a share needs the highest rate of closed loops; name some with --concurrency";
            return Err(wrong(message.into()));
        }
        loads.extend(open);
        for (place, load) in loads.iter().enumerate() {
            if loads[..place].contains(load) {
                return Err(wrong(format!(
                    "the load '{load}' is there twice; --rounds does everything again"
                )));
            }
        }
        match loads.len() > RIG_LOADS_MAX {
            true => Err(wrong(format!("{} loads, at most {RIG_LOADS_MAX}", loads.len()))),
            false => Ok(loads),
        }
    }

    fn extent(&self) -> Result<Extent> {
        match self.requests {
            Some(requests) if !(1..=RIG_REQUESTS_MAX).contains(&requests) => {
                Err(wrong(format!("--requests: {requests} is not from 1 to {RIG_REQUESTS_MAX}")))
            }
            Some(requests) => Ok(Extent::Requests(requests)),
            None if self.duration.is_zero() => Err(wrong("--duration: a step takes some time".into())),
            None => Ok(Extent::Seconds(self.duration.as_secs_f64())),
        }
    }
}

/// In what simulated hosts are not as usual.
fn conditions(fleet: &simulated::Plan) -> Vec<String> {
    let told = |fleet: &simulated::Plan| {
        let weather = &fleet.weather;
        let startups = fleet.startups.as_ref();
        let startups = startups.map(|at| format!("{}:{}:{}", at.begin, at.rate, at.full));
        [
            ("handshake", format!("{:?}", weather.handshake)),
            ("latency", format!("{:?}", weather.latency)),
            ("jitter", format!("{:?}", weather.jitter)),
            ("loss", weather.loss.to_string()),
            ("bandwidth", format!("{} B/s", weather.bandwidth)),
            ("hosts down", fleet.down.to_string()),
            ("hosts silent", fleet.silent.to_string()),
            ("MaxSessions", fleet.sessions_max.to_string()),
            ("MaxStartups", startups.unwrap_or_else(|| "none".to_owned())),
            ("entries", fleet.entries.to_string()),
            ("null crypto", fleet.null_crypto.to_string()),
        ]
    };
    let usual = told(&simulated::Plan::default());
    let unusual = told(fleet).into_iter().zip(usual).filter(|(own, usual)| own != usual);
    unusual.map(|((name, value), _)| format!("{name} {value}")).collect()
}

fn wrong(message: String) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn plan(arguments: &[&str]) -> Result<Plan, String> {
        let line = Line::try_parse_from([&["bench"], arguments].concat());
        let line = line.map_err(|error| error.to_string())?;
        line.options.plan(3).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn arguments_make_a_plan() {
        let all = plan(&["-c", "1,10", "--rate", "80%,2k", "-d", "500ms", "-w", "0"]).unwrap();
        assert_eq!(all.loads, [Load::Closed(1), Load::Closed(10), Load::Share(80.0), Load::Open(2_000.0)]);
        assert_eq!((all.extent, all.warmup_seconds), (Extent::Seconds(0.5), 0.0));
        let least = plan(&[]).unwrap();
        assert_eq!((least.loads, least.mix), (vec![Load::Closed(1)], Mix::of(Operation::Read)));
        assert_eq!(plan(&["-n", "100"]).unwrap().extent, Extent::Requests(100));
        assert_eq!(plan(&["--operation", "mixed"]).unwrap().mix.to_string(), "read=7,list=2,run=1");
    }

    #[test]
    fn arguments_that_make_no_sense_are_named() {
        for (arguments, part) in [
            (&["--rate", "80%"][..], "a share needs the highest rate of closed loops"),
            (&["-c", "10,10"], "the load '10 at once' is there twice"),
            (&["-c", "x"], "'x' is no concurrency"),
            (&["-d", "10 parsecs"], "expected a time as 500us"),
            (&["--timeout", "1000h"], "--timeout: 3600000s is more than seven days"),
            (&["-d", "0"], "a step takes some time"),
            (&["-n", "0"], "--requests: 0"),
            (&["--rounds", "0"], "--rounds: 0"),
            (&["--in-flight", "0"], "--in-flight: 0"),
            (&["--operation", "write"], "'write' is no operation"),
            (&["--operation", "tool"], "name one with --tool"),
            (&["--tool", "x", "--arguments", "{}"], "only an MCP server has tools"),
            (&["--tool", "x"], "--arguments"),
            (&["--url", "http://x", "--command", "y"], "cannot be used with"),
        ] {
            let error = plan(arguments).unwrap_err();
            assert!(error.contains(part), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_fleet_that_is_described_is_asked_for() {
        let fleet = |arguments: &[&str]| {
            let line = Line::try_parse_from([&["bench"], arguments].concat()).unwrap();
            line.options.fleet().map_err(|error| error.message().to_owned())
        };
        assert_eq!(fleet(&[]), Ok(None));
        let played = fleet(&["--fleet", "5", "--latency", "15ms"]).unwrap().unwrap();
        assert_eq!((played.hosts, played.weather.latency), (5, Duration::from_millis(15)));
        assert_eq!(
            plan(&["--fleet", "5", "--latency", "15ms"]).unwrap().details,
            ["read /etc/hostname", "latency 15ms"]
        );
        assert!(fleet(&["--latency", "15ms"]).unwrap_err().contains("only matters with --fleet"));
        assert!(fleet(&["--fleet", "0"]).is_err());
    }

    #[test]
    fn shares_of_errors() {
        let share = |text: &str| {
            let line = Line::try_parse_from(["bench", "--max-errors", text]).unwrap();
            line.options.error_share_max().ok()
        };
        assert_eq!([share("0"), share("1%"), share("0.5 %")], [Some(0.0), Some(0.01), Some(0.005)]);
        assert_eq!([share("101%"), share("x")], [None, None]);
    }
}
