//! The parameters of an address: `?lines=50&since=2h`.
//!
//! | parameter | of | value |
//! |---|---|---|
//! | `lines` | logs, processes | how many, the last ones |
//! | `since` | logs | `30s`, `10m`, `2h`, `7d`, or `2026-01-31`, `2026-01-31T12:30:00`, the same with `Z` for UTC |
//! | `unit`, `priority` | `syslog` | a unit of systemd; `emerg` to `debug`, or 0 to 7 |
//! | `sort` | `processes` | `cpu` or `memory` |

use crate::base::limits::{LOG_LINES_DEFAULT, LOG_LINES_MAX, LOG_SINCE_SECONDS_MAX};
use crate::base::percent::decoded;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};

/// Parameters that have not been asked for yet.
#[derive(Debug, Default)]
pub struct Query<'a> {
    left: Vec<(&'a str, String)>,
    known: Vec<&'static str>,
}

impl<'a> Query<'a> {
    /// Errors: a parameter is no text, or is given twice.
    pub fn parse(text: &'a str) -> Result<Self> {
        let mut query = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value =
                decoded(value).ok_or_else(|| refused(format!("Parameter '{}' is no text", shown(name))))?;
            if query.left.iter().any(|(known, _)| *known == name) {
                return Err(refused(format!("Parameter '{}' is given twice", shown(name))));
            }
            query.left.push((name, value.into_owned()));
        }
        Ok(query)
    }

    /// The value of a parameter; one without any is not there.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let at = self.left.iter().position(|(known, _)| *known == name)?;
        Some(self.left.swap_remove(at).1).filter(|value| !value.is_empty())
    }

    /// Errors: it is no number from 1 to the most there may be.
    pub fn lines(&mut self, default: usize) -> Result<usize> {
        let Some(text) = self.take("lines") else { return Ok(default) };
        let lines = text.parse().ok().filter(|lines| (1..=LOG_LINES_MAX).contains(lines));
        lines.ok_or_else(|| {
            refused(format!("lines must be a number from 1 to {LOG_LINES_MAX}, got '{}'", shown(&text)))
        })
    }

    /// Errors: there are others than those that were asked for.
    pub fn finish(&self) -> Result<()> {
        let Some((name, _)) = self.left.first() else { return Ok(()) };
        let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
        Err(refused(format!("Unknown parameter '{}'. Known here: {known}", shown(name))))
    }
}

/// Which part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub lines: usize,
    pub since: Option<Since>,
}

impl Span {
    /// Errors: a parameter is not what it should be.
    pub fn read(query: &mut Query<'_>) -> Result<Self> {
        let lines = query.lines(LOG_LINES_DEFAULT)?;
        let since = query.take("since").map(|text| Since::parse(&text)).transpose()?;
        Ok(Self { lines, since })
    }

    /// A word made of the beginning; without one the empty word.
    pub fn since(&self, word: fn(&Since) -> String) -> String {
        self.since.as_ref().map(word).unwrap_or_default()
    }
}

/// When a log begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// So many seconds ago.
    Ago(u64),
    /// At a moment.
    At {
        /// `2026-01-31`
        date: Box<str>,
        /// `12:30:00`
        time: Box<str>,
        /// UTC, else the host's own time.
        is_utc: bool,
    },
}

impl Since {
    fn parse(text: &str) -> Result<Self> {
        Self::ago(text).or_else(|| Self::moment(text)).ok_or_else(|| {
            let message = "since must be like 30s, 10m, 2h, 7d, 2026-01-31 or 2026-01-31T12:30:00Z";
            refused(format!("{message}, got '{}'", shown(text)))
        })
    }

    fn ago(text: &str) -> Option<Self> {
        let unit = match text.as_bytes().last()? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        let count = text.get(..text.len() - 1).filter(|count| count.bytes().all(|b| b.is_ascii_digit()))?;
        let seconds = count.parse::<u64>().ok()?.checked_mul(unit)?;
        (seconds <= LOG_SINCE_SECONDS_MAX).then_some(Self::Ago(seconds))
    }

    fn moment(text: &str) -> Option<Self> {
        let (text, is_utc) = text.strip_suffix('Z').map_or((text, false), |text| (text, true));
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
        let is_like = |text: &str, form: &str| {
            let fits = |(c, f): (u8, u8)| if f == b'9' { c.is_ascii_digit() } else { c == f };
            text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
        };
        let time = if is_like(time, "99:99") { format!("{time}:00") } else { time.to_owned() };
        let is_moment = is_like(date, "9999-99-99") && is_like(&time, "99:99:99");
        is_moment.then(|| Self::At { date: date.into(), time: time.into(), is_utc })
    }

    /// For `docker logs --since`.
    pub fn for_containers(&self) -> String {
        match self {
            Self::Ago(seconds) => format!("{seconds}s"),
            Self::At { date, time, is_utc } => format!("{date}T{time}{}", if *is_utc { "Z" } else { "" }),
        }
    }

    /// For `journalctl --since`.
    pub fn for_journal(&self) -> String {
        match self {
            Self::Ago(seconds) => format!("-{seconds}s"),
            Self::At { date, time, is_utc } => format!("{date} {time}{}", if *is_utc { " UTC" } else { "" }),
        }
    }

    /// The option of `kubectl logs`, which knows no time of the host's own.
    pub fn for_kubectl(&self) -> String {
        match self {
            Self::Ago(seconds) => format!("--since={seconds}s"),
            Self::At { date, time, .. } => format!("--since-time={date}T{time}Z"),
        }
    }
}

pub(super) fn refused(message: String) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(text: &str) -> Result<Span> {
        let mut query = Query::parse(text)?;
        let span = Span::read(&mut query)?;
        query.finish().map(|()| span)
    }

    #[test]
    fn beginnings_as_each_program_takes_them() {
        for (text, docker, journal, kubectl) in [
            ("90s", "90s", "-90s", "--since=90s"),
            ("10m", "600s", "-600s", "--since=600s"),
            ("7d", "604800s", "-604800s", "--since=604800s"),
            ("2026-01-31", "2026-01-31T00:00:00", "2026-01-31 00:00:00", "--since-time=2026-01-31T00:00:00Z"),
            (
                "2026-01-31T12:30Z",
                "2026-01-31T12:30:00Z",
                "2026-01-31 12:30:00 UTC",
                "--since-time=2026-01-31T12:30:00Z",
            ),
            (
                "2026-01-31%2012:30:05",
                "2026-01-31T12:30:05",
                "2026-01-31 12:30:05",
                "--since-time=2026-01-31T12:30:05Z",
            ),
        ] {
            let since = span(&format!("since={text}")).unwrap().since.unwrap();
            let words = [since.for_containers(), since.for_journal(), since.for_kubectl()];
            assert_eq!(words, [docker, journal, kubectl], "{text}");
        }
    }

    #[test]
    fn what_is_no_parameter_says_what_would_be() {
        for (text, message) in [
            ("lines=0", "lines must be a number from 1 to 10000, got '0'"),
            ("lines=10001", "lines must be a number from 1 to 10000, got '10001'"),
            ("lines=x", "lines must be a number from 1 to 10000, got 'x'"),
            ("tail=5", "Unknown parameter 'tail'. Known here: lines, since"),
            ("lines=1&lines=2", "Parameter 'lines' is given twice"),
            ("since=%ff", "Parameter 'since' is no text"),
        ] {
            assert_eq!(span(text).unwrap_err().message(), message);
        }
        for since in ["yesterday", "1h30m", "h", "-1h", "9999999d", "2026-1-1", "2026-01-31T12", "1x", "é"] {
            assert!(span(&format!("since={since}")).is_err(), "{since}");
        }
        assert_eq!(span("").unwrap(), Span { lines: LOG_LINES_DEFAULT, since: None });
        assert_eq!(span("lines=&&").unwrap().lines, LOG_LINES_DEFAULT);
    }

    proptest! {
        #[test]
        fn a_beginning_is_never_more_than_a_moment(text in "[-0-9a-zTZ: ;']{0,20}") {
            if let Ok(since) = Since::parse(&text) {
                let word = since.for_containers();
                prop_assert!(word.bytes().all(|b| b.is_ascii_digit() || b"-:TZs".contains(&b)), "{}", word);
            }
        }
    }
}
