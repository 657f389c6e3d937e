//! Results as text for people or as one JSON document for programs.

use std::io::{self, IsTerminal, Write};
use std::process;

use serde_json::{Value, json};

use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Host, HostStatus, Presence};
use crate::metrics::Report;
use crate::rig::compare::Comparison;
use crate::rig::{self, Results};
use crate::scout::list::Listing;
use crate::scout::read::{self, Part};
use crate::scout::run::{self, End};
use crate::scout::system::Shown;
use crate::scout::transfer::Transferred;
use crate::scout::{self, Answer};
use crate::target::RemotePath;

const SIGPIPE: i32 = 13;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Standard output.
pub struct Output {
    format: Format,
    out: io::Stdout,
}

impl Output {
    pub fn new(format: Format) -> Self {
        Self { format, out: io::stdout() }
    }

    pub fn hosts(&mut self, hosts: &[HostStatus]) -> Result<()> {
        match self.format {
            Format::Json => self.json(&hosts.iter().map(host_json).collect()),
            Format::Text => {
                let text = scout::hosts::text(hosts);
                let text = if self.out.is_terminal() { coloured(&text) } else { text };
                self.line(&text)
            }
        }
    }

    /// Prints a whole file as it comes; as JSON, what a `read` of the server would return.
    pub async fn file(&mut self, caller: &Caller, host: &str, path: &RemotePath) -> Result<()> {
        match self.format {
            Format::Text => read::copy(caller, host, path, &mut |bytes| self.bytes(bytes)).await?,
            Format::Json => {
                let file = scout::in_time(caller, read::read(caller, host, path, Part::WHOLE)).await?;
                self.json(&json!({
                    "host": host,
                    "path": path.as_str(),
                    "text": String::from_utf8_lossy(&file.data),
                    "bytes": file.data.len(),
                    "truncated": file.goes_on,
                }))?;
            }
        }
        self.out.flush().map_err(broken)
    }

    /// Prints what a host's software says.
    pub fn shown(&mut self, shown: &Shown) -> Result<()> {
        match self.format {
            Format::Text => self.line(&shown.text),
            Format::Json => {
                let mut object = json!({ "text": shown.text, "truncated": shown.cut_at.is_some() });
                if let Some(rows) = &shown.rows {
                    object["rows"] = rows.named().map(Iterator::collect::<Value>).collect();
                }
                self.json(&object)
            }
        }
    }

    pub fn listing(&mut self, listing: &Listing) -> Result<()> {
        match self.format {
            Format::Text => self.line(&listing.text()),
            Format::Json => self.json(&json!({
                "entries": listing.entries.iter().map(|entry| json!({
                    "name": entry.name,
                    "type": entry.kind.to_string(),
                    "size": entry.size,
                    "link": entry.link,
                })).collect::<Value>(),
                "truncated": listing.truncated,
            })),
        }
    }

    /// Prints what a command printed, each stream to its own.
    pub fn ran(&mut self, ran: &run::Output) -> Result<()> {
        if self.format == Format::Json {
            let (code, signal) = match &ran.end {
                End::Code(code) => (Some(*code), None),
                End::Signal(signal) => (None, Some(signal)),
                End::TooMuchOutput(_) | End::TimedOut(_) => (None, None),
            };
            return self.json(&json!({
                "stdout": String::from_utf8_lossy(&ran.stdout),
                "stderr": String::from_utf8_lossy(&ran.stderr),
                "exit_code": code,
                "signal": signal,
                "timed_out": matches!(ran.end, End::TimedOut(_)),
                "truncated": matches!(ran.end, End::TooMuchOutput(_)),
            }));
        }
        self.bytes(&ran.stdout)?;
        self.out.flush().map_err(broken)?;
        let mut err = io::stderr();
        err.write_all(&ran.stderr).map_err(broken)?;
        let note = match &ran.end {
            End::Code(_) => return Ok(()),
            End::Signal(signal) => format!("the command was killed by signal {signal}"),
            End::TooMuchOutput(limit) => format!("the output reached {limit} bytes; the command was ended"),
            End::TimedOut(limit) => {
                format!("the command timed out after {}s and was ended", limit.as_secs_f64())
            }
        };
        writeln!(err, "scout-mcp: {note}").map_err(broken)
    }

    pub fn transferred(&mut self, moved: &Transferred) -> Result<()> {
        match self.format {
            Format::Text => self.line(&moved.long_text()),
            Format::Json => self.json(&json!({
                "from": moved.from,
                "to": moved.to,
                "size": moved.size,
                "resumed_at": moved.resumed_at,
                "sha256": moved.sha256,
                "checked_by": moved.checked_by.to_string(),
                "notes": moved.notes(),
            })),
        }
    }

    pub fn answer(&mut self, answer: &Answer) -> Result<()> {
        match self.format {
            Format::Text => self.line(&answer.text()),
            Format::Json => self.json(&json!({ "text": answer.text() })),
        }
    }

    /// Prints a table for each server; as JSON an array.
    pub fn reports(&mut self, reports: &[Report]) -> Result<()> {
        match self.format {
            Format::Json => self.json(&json!(reports)),
            Format::Text => {
                let tables: Vec<_> = reports.iter().map(Report::to_string).collect();
                self.line(&tables.join("\n\n"))
            }
        }
    }

    /// Prints a measurement; as JSON all of it.
    pub fn measurement(&mut self, results: &Results) -> Result<()> {
        match self.format {
            Format::Json => self.line(&results.to_json()?),
            Format::Text => self.line(rig::table::text(results).trim_end()),
        }
    }

    /// Prints what was compared, and the verdict.
    pub fn comparison(&mut self, comparison: &Comparison) -> Result<()> {
        match self.format {
            Format::Json => self.json(&json!({
                "passes": comparison.passes(),
                "figures": comparison.rows.iter().map(|row| json!({
                    "load": row.load,
                    "figure": row.what,
                    "worse_by": row.worse_by,
                    "allowed": row.gate,
                    "passes": row.passes(),
                })).collect::<Value>(),
            })),
            Format::Text => self.line(comparison.text().trim_end()),
        }
    }

    /// Prints `key value` lines; as JSON an object, whose repeated keys become arrays.
    pub fn pairs(&mut self, pairs: &[(&'static str, String)]) -> Result<()> {
        if self.format == Format::Text {
            return pairs.iter().try_for_each(|(key, value)| self.line(&format!("{key} {value}")));
        }
        let mut object = serde_json::Map::new();
        for (key, value) in pairs {
            match object.get_mut(*key) {
                None => {
                    object.insert((*key).into(), json!(value));
                }
                Some(Value::Array(values)) => values.push(json!(value)),
                Some(first) => *first = json!([first.take(), value]),
            }
        }
        self.json(&Value::Object(object))
    }

    /// Says what went wrong beside what did not.
    pub fn complain(&self, error: &Error) {
        complain(error, self.format);
    }

    fn json(&mut self, value: &Value) -> Result<()> {
        self.line(&value.to_string())
    }

    fn line(&mut self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")?;
        self.out.flush().map_err(broken)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(broken)
    }
}

/// Says on standard error what went wrong.
pub fn complain(error: &Error, format: Format) {
    let mut err = io::stderr();
    // When standard error is closed, there is nobody left to tell.
    let _ = match format {
        Format::Text => writeln!(err, "scout-mcp: {error}"),
        Format::Json => {
            let body = json!({ "error": { "kind": error.kind().label(), "message": error.message() } });
            writeln!(err, "{body}")
        }
    };
}

fn host_json(status: &HostStatus) -> Value {
    let online = match status.presence {
        Presence::Online => json!(true),
        Presence::Offline => json!(false),
        Presence::Unknown => Value::Null,
    };
    let mut object = json!({ "name": status.name.as_ref(), "online": online });
    if let Some(behind) = &status.behind {
        object["behind"] = json!(behind.as_ref());
    }
    match &status.host {
        Ok(Host::Local) => object["local"] = json!(true),
        Ok(Host::Remote(host)) => {
            object["user"] = json!(host.user);
            object["hostname"] = json!(host.hostname);
            object["port"] = json!(host.port);
        }
        Err(error) => object["error"] = json!(error.message()),
    }
    object
}

/// Green for those that answer, red for those that do not.
fn coloured(text: &str) -> String {
    text.replace("[✓]", "\x1b[32m[✓]\x1b[0m").replace("[✗]", "\x1b[31m[✗]\x1b[0m")
}

/// A reader that has seen enough is no failure: the program ends as others do on `SIGPIPE`.
fn broken(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        process::exit(128 + SIGPIPE);
    }
    Error::new(Kind::Local, format!("Cannot write the result: {error}"))
}
