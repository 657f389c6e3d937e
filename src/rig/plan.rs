//! What is done, under which loads, for how long; and how people write that.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::unit::count;
use crate::base::limits::{RIG_MIX_WEIGHT_MAX, RIG_RATE_MAX, RIG_USERS_MAX};
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};

/// What a measurement does. Two with the same plan can be compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is measured: `engine`, `simulated`, `http` or `stdio`.
    pub subject: String,
    pub mix: Mix,
    /// What exactly is asked, and under which conditions: a line each.
    pub details: Vec<String>,
    /// How many hosts take turns.
    pub hosts: usize,
    /// Every request on a connection of its own.
    pub cold: bool,
    /// In their order; each is a step of each round.
    pub loads: Vec<Load>,
    pub extent: Extent,
    /// Before each step, not counted.
    pub warmup_seconds: f64,
    /// What one request may take.
    pub timeout_seconds: f64,
    /// Requests of an open loop that may be under way at once.
    pub in_flight_max: usize,
}

/// Operations that take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix(pub Vec<Weighted>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighted {
    pub operation: Operation,
    /// How many times it comes while another of weight 1 comes once.
    pub weight: u32,
}

/// What one request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// A file of one host.
    Read,
    /// A directory of one host.
    List,
    /// A command on one host.
    Run,
    /// A file of all hosts, as one request.
    Broadcast,
    /// A tool of an MCP server, as the user says.
    Tool,
    /// Nothing at all: what the rig itself costs.
    Nothing,
}

/// How requests come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Load {
    /// So many users, each of whom asks again as soon as he is answered.
    Closed(usize),
    /// So many a second, whether the others are answered or not.
    Open(f64),
    /// The same, in per cent of the highest rate that closed loops of the same round have reached.
    Share(f64),
}

/// How long a step goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    Seconds(f64),
    Requests(u64),
}

impl Operation {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::List, Self::Run, Self::Broadcast, Self::Tool, Self::Nothing];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Run => "run",
            Self::Broadcast => "broadcast",
            Self::Tool => "tool",
            Self::Nothing => "nothing",
        }
    }

    /// Errors: there is none of that name.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name).ok_or_else(|| {
            wrong(format!("'{}' is no operation: expected read, list, run or broadcast", shown(name)))
        })
    }
}

impl Mix {
    pub fn of(operation: Operation) -> Self {
        Self(vec![Weighted { operation, weight: 1 }])
    }

    /// Reads `read=7,list=2,run=1`.
    ///
    /// Errors: a word is not of that form; the weights are too large.
    pub fn parse(text: &str) -> Result<Self> {
        let weighted = |word: &str| {
            let (name, weight) = word.trim().split_once('=').unwrap_or((word.trim(), "1"));
            let weight = weight.parse().ok().filter(|weight| (1..=RIG_MIX_WEIGHT_MAX).contains(weight));
            let weight = weight.ok_or_else(|| {
                let text = shown(word);
                wrong(format!("'{text}' is no part of a mix: expected read=7, up to {RIG_MIX_WEIGHT_MAX}"))
            })?;
            Ok(Weighted { operation: Operation::named(name)?, weight })
        };
        let mix: Vec<Weighted> = text.split(',').map(weighted).collect::<Result<_>>()?;
        match mix.len() > Operation::ALL.len() {
            true => Err(wrong(format!("'{}' names operations more than once", shown(text)))),
            false => Ok(Self(mix)),
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => f.write_str(only.operation.name()),
            all => {
                let words: Vec<_> =
                    all.iter().map(|part| format!("{}={}", part.operation.name(), part.weight)).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

impl Load {
    /// Reads `10` of a list of concurrencies.
    ///
    /// Errors: it is no number, or a very large one.
    pub fn closed(text: &str) -> Result<Self> {
        let users = text.trim().parse().ok().filter(|users| (1..=RIG_USERS_MAX).contains(users));
        users.map(Self::Closed).ok_or_else(|| {
            wrong(format!("'{}' is no concurrency: expected 1 to {RIG_USERS_MAX}", shown(text)))
        })
    }

    /// Reads `500`, `500/s`, `2.5k` or `80%` of a list of rates.
    ///
    /// Errors: it is none of these.
    pub fn open(text: &str) -> Result<Self> {
        let given = text.trim();
        let number = |digits: &str, max: f64| {
            digits.trim().parse().ok().filter(|number: &f64| *number > 0.0 && *number <= max)
        };
        let read = match (given.strip_suffix('%'), given.strip_suffix("/s").unwrap_or(given)) {
            (Some(percent), _) => number(percent, 1_000.0).map(Self::Share),
            (None, rate) => match rate.strip_suffix(['k', 'K']) {
                Some(thousands) => {
                    number(thousands, RIG_RATE_MAX / 1_000.0).map(|rate| Self::Open(rate * 1_000.0))
                }
                None => number(rate, RIG_RATE_MAX).map(Self::Open),
            },
        };
        read.ok_or_else(|| {
            let max = count(RIG_RATE_MAX);
            wrong(format!(
                "'{}' is no rate: expected requests a second up to {max} as 500 or 2.5k, or 80% of the highest rate",
                shown(text)
            ))
        })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(1) => f.write_str("1 at once"),
            Self::Closed(users) => write!(f, "{users} at once"),
            Self::Open(rate) if *rate < 1_000.0 => write!(f, "{rate}/s"),
            Self::Open(rate) => write!(f, "{}/s", count(*rate)),
            Self::Share(percent) => write!(f, "{percent} % of maximum"),
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
            Self::Requests(requests) => write!(f, "{requests} requests"),
        }
    }
}

fn wrong(message: String) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_written_in_several_ways() {
        for (text, load) in [
            ("500", Load::Open(500.0)),
            (" 500/s", Load::Open(500.0)),
            ("2.5k", Load::Open(2_500.0)),
            ("2k/s", Load::Open(2_000.0)),
            ("80%", Load::Share(80.0)),
        ] {
            assert_eq!(Load::open(text), Ok(load), "{text}");
        }
        assert_eq!(Load::closed("10"), Ok(Load::Closed(10)));
        for text in ["", "0", "-1", "x", "0%", "1e99", "NaN", "inf", "5/m"] {
            assert!(Load::open(text).is_err(), "{text}");
        }
        for text in ["", "0", "1.5", "1000000000"] {
            assert!(Load::closed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mix_is_read_and_shown() {
        let mix = Mix::parse("read=7, list=2,run").unwrap();
        assert_eq!(mix.to_string(), "read=7,list=2,run=1");
        assert_eq!(Mix::parse("read").unwrap(), Mix::of(Operation::Read));
        for text in ["", "read=0", "read=x", "write", "read=1000000", "read,read,read,read,read,read,read"] {
            assert!(Mix::parse(text).is_err(), "{text}");
        }
    }
}
