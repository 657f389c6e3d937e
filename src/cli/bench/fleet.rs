//! `bench fleet`: plays hosts until it is told to stop.

use std::future::pending;
use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use clap::Args;
use futures_util::future::select;

use super::{Common, duration};
use crate::base::limits::{SIMULATED_CORES_MAX, SIMULATED_ENTRIES_MAX, SIMULATED_HOSTS_MAX};
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::io::runtime;
use crate::io::signals::EndRequest;
use crate::io::site::{Counts, Site};
use crate::io::stdio;
use crate::io::usage::Usage;
use crate::simulated::Plan;
use crate::simulated::weather::{Startups, Weather};

/// What a simulated fleet is like.
#[derive(Debug, Clone, Args)]
pub struct Conditions {
    /// What a connection takes until its host says the first word
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub handshake: Duration,
    /// What a command or an SFTP request takes; those under way together take it together
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub latency: Duration,
    /// How much longer or shorter both may be
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub jitter: Duration,
    /// How likely an operation is to lose its connection, from 0 to 1
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.0)]
    pub loss: f64,
    /// What a connection carries each way in a second, as in 10MB or 500kB; 0 is as much as there is
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = bandwidth)]
    pub bandwidth: u64,
    /// The last so many hosts refuse connections
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub down: usize,
    /// So many before those accept them and say nothing
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub silent: usize,
    /// Sessions on one connection, as in sshd_config
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_sessions: usize,
    /// Connections to one host that have not logged in, as in sshd_config; `none` for any number
    #[arg(long, value_name = "START:RATE:FULL", default_value = "10:30:100", value_parser = startups)]
    pub max_startups: MaxStartups,
    /// Entries of the directory /srv/list
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub entries: usize,
    /// Encrypt nothing: for what `bench` itself connects, and for nobody else
    #[arg(long)]
    pub null_crypto: bool,
    /// Of all that is left to chance
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct Options {
    /// How many hosts
    #[arg(long, value_name = "N", default_value_t = 100)]
    hosts: usize,
    #[command(flatten)]
    conditions: Conditions,
    /// The port that all hosts listen on; 0 is a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Where to write ssh_config, key and known_hosts: a folder that is there. By default a new one, which is removed
    /// in the end
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Give every host a host key of its own
    #[arg(long)]
    own_keys: bool,
    /// Let nobody in with another key than the one that is written
    #[arg(long)]
    only_key: bool,
    /// End when standard input does, too
    #[arg(long)]
    until_eof: bool,
}

/// `MaxStartups`, or no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxStartups(Option<Startups>);

/// Plays a fleet and says on standard error where it is, and in the end what has happened.
///
/// Errors: an argument makes no sense, the fleet cannot be played.
pub fn run(options: &Options, common: &Common) -> Result<ExitCode> {
    let mut plan = options.conditions.plan(options.hosts, common.cores.as_deref())?;
    plan.port = options.port;
    (plan.own_keys, plan.only_key) = (options.own_keys, options.only_key);
    let end = EndRequest::new()?;
    let site = Site::start(plan, options.folder.as_deref())?;
    let config = site.ssh_config();
    say(&format!(
        "{} hosts, {} to {}, listen on port {}:\n  ssh -F {} {} uptime\n  sftp -F {} {}",
        site.hosts(),
        site.name(1),
        site.name(site.hosts()),
        site.port(),
        config.display(),
        site.name(1),
        config.display(),
        site.name(1),
    ));
    let ended = async {
        let (asked, left) = (pin!(end.heard()), pin!(input_ended(options.until_eof)));
        select(asked, left).await.factor_first().0?;
        Usage::now().await
    };
    let usage = runtime::run(ended)
        .map_err(|error| Error::new(Kind::Local, format!("Cannot start the event loop: {error}")))??;
    say(&summary(&site.stop(), &usage));
    Ok(ExitCode::SUCCESS)
}

impl Conditions {
    /// A fleet of so many hosts that is like this. `cores` is the flag of all subcommands.
    ///
    /// Errors: a number is out of range.
    pub fn plan(&self, hosts: usize, cores: Option<&str>) -> Result<Plan> {
        check("--hosts", hosts, 1, SIMULATED_HOSTS_MAX)?;
        check("--down and --silent", self.down.saturating_add(self.silent), 0, hosts)?;
        check("--max-sessions", self.max_sessions, 0, SIMULATED_HOSTS_MAX)?;
        check("--entries", self.entries, 0, SIMULATED_ENTRIES_MAX)?;
        if !(0.0..=1.0).contains(&self.loss) {
            return Err(wrong(format!("--loss: {} is not from 0 to 1", self.loss)));
        }
        let cores = cores.map_or(Ok(1), |text| {
            text.parse().map_err(|_| wrong(format!("--cores: '{text}' is not a number")))
        })?;
        check("--cores", cores, 1, SIMULATED_CORES_MAX)?;
        let weather = Weather {
            handshake: self.handshake,
            latency: self.latency,
            jitter: self.jitter,
            loss: self.loss,
            bandwidth: self.bandwidth,
        };
        Ok(Plan {
            hosts,
            cores,
            weather,
            seed: self.seed,
            down: self.down,
            silent: self.silent,
            sessions_max: self.max_sessions,
            startups: self.max_startups.0,
            null_crypto: self.null_crypto,
            entries: self.entries,
            ..Plan::default()
        })
    }
}

/// Standard input has ended, if that matters.
async fn input_ended(matters: bool) -> Result<()> {
    if !matters {
        return pending().await;
    }
    let lines = stdio::lines()
        .map_err(|error| Error::new(Kind::Local, format!("Cannot read standard input: {error}")))?;
    while lines.recv().await.is_ok() {}
    Ok(())
}

fn startups(text: &str) -> std::result::Result<MaxStartups, String> {
    match text {
        "none" => Ok(MaxStartups(None)),
        text => match Startups::parse(text) {
            Some(startups) => Ok(MaxStartups(Some(startups))),
            None => Err("expected START:RATE:FULL, or none".into()),
        },
    }
}

fn bandwidth(text: &str) -> std::result::Result<u64, String> {
    const EXPECTED: &str = "expected bytes a second as 500kB, 1.5MB or 0";
    let text = text.strip_suffix("/s").unwrap_or(text);
    let digits = text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "" | "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return Err(EXPECTED.into()),
    };
    let bytes = number.parse::<f64>().map_err(|_| EXPECTED)? * unit;
    // Less than a byte a second would never carry a login.
    match bytes == 0.0 || (1.0..1e12).contains(&bytes) {
        true => Ok(bytes as u64),
        false => Err(EXPECTED.into()),
    }
}

fn check(name: &str, value: usize, min: usize, max: usize) -> Result<()> {
    match (min..=max).contains(&value) {
        true => Ok(()),
        false => Err(wrong(format!("{name}: {value} is not from {min} to {max}"))),
    }
}

fn wrong(text: String) -> Error {
    Error::new(Kind::InvalidArgument, text)
}

fn summary(counts: &Counts, usage: &Usage) -> String {
    let Counts { connections, dropped, logins, refused_logins, .. } = counts;
    let Counts { sessions, refused_sessions, operations, lost, faults, .. } = counts;
    format!(
        "connections {connections} (dropped {dropped}, lost {lost}, broke the rules {faults}), logins {logins} (refused \
         {refused_logins}), sessions {sessions} (refused {refused_sessions}), operations {operations}; processor {:.2} s, \
         memory {} MiB",
        usage.processor.as_secs_f64(),
        usage.memory_bytes / (1024 * 1024),
    )
}

/// When standard error is closed, there is nobody left to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn plan(flags: &[&str]) -> Result<Plan> {
        let line = Line::try_parse_from([&["x"], flags].concat()).unwrap();
        line.options.conditions.plan(line.options.hosts, None)
    }

    #[test]
    fn a_fleet_is_as_it_was_ordered() {
        assert_eq!(plan(&[]).unwrap(), Plan::default());
        let ordered =
            plan(&["--hosts", "7", "--latency", "15ms", "--loss", "0.5", "--max-startups", "none"]).unwrap();
        assert_eq!((ordered.hosts, ordered.startups), (7, None));
        assert_eq!((ordered.weather.latency, ordered.weather.loss), (Duration::from_millis(15), 0.5));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        for (flag, value) in [
            ("--hosts", "0"),
            ("--hosts", "10001"),
            ("--down", "101"),
            ("--loss", "1.5"),
            ("--entries", "1000000"),
        ] {
            let error = plan(&[flag, value]).unwrap_err();
            assert!(error.message().contains(flag), "{error}");
        }
        assert!(Line::try_parse_from(["x", "--max-startups", "1:2"]).is_err());
    }

    #[test]
    fn bandwidths_have_units() {
        let known =
            [("0", 0), ("800", 800), ("500kB", 500_000), ("1.5MB/s", 1_500_000), ("1GB", 1_000_000_000)];
        assert!(known.iter().all(|(text, bytes)| bandwidth(text) == Ok(*bytes)));
        assert!(["", "MB", "-1", "1mb", "0.5", "1e30"].iter().all(|text| bandwidth(text).is_err()));
    }
}
