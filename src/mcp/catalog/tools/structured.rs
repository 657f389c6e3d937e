//! Answers for programs, beside their text. What both hold is written once.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::looks;
use super::many::Outcome;
use crate::base::text::lossy;
use crate::base::{Error, Kind, Result};
use crate::fleet::{HostStatus, Presence};
use crate::mcp::content::{Content, SharedText, Structured, ToolOutput};
use crate::scout::Seen;
use crate::scout::hosts::{HostList, place};
use crate::scout::list::Entry;
use crate::scout::look::Found;
use crate::scout::run::{End, Output};
use crate::scout::transfer::Transferred;

/// The host list.
///
/// # Errors
/// As [`seen`].
pub fn hosts(list: &HostList) -> Result<ToolOutput> {
    output(&list.text(), of_hosts(list)?)
}

/// What a host had to say.
///
/// # Errors
/// It cannot be written, which no text and no number provokes.
pub fn seen(seen: &Seen) -> Result<ToolOutput> {
    let text = text(&seen.text())?;
    let structured = of_seen(seen, &text)?;
    Ok(both(text, structured))
}

/// What an agent sees, with a form for programs.
///
/// # Errors
/// As [`seen`].
pub fn output(shown: &str, structured: Structured) -> Result<ToolOutput> {
    text(shown).map(|text| both(text, structured))
}

/// The form of a host list.
///
/// # Errors
/// As [`seen`].
pub fn of_hosts(list: &HostList) -> Result<Structured> {
    written(&Form::Hosts { hosts: list.hosts.iter().map(HostLine::of).collect(), groups: &list.groups })
}

/// The form of what a host had to say, with the text of it.
///
/// # Errors
/// As [`seen`].
pub fn of_seen(seen: &Seen, text: &SharedText) -> Result<Structured> {
    Ok(match seen {
        Seen::Found(Found::Directory(listing)) => written(&Form::Directory {
            entries: listing.entries.iter().map(EntryLine::of).collect(),
            truncated: listing.truncated,
        })?,
        Seen::Ran(output) => written(&Form::ran(output))?,
        Seen::Found(Found::File(file)) => Structured::WithText {
            text: text.clone(),
            others: vec![
                ("kind", "file".into()),
                ("size", file.data.len().into()),
                ("truncated", file.truncated.into()),
            ],
        },
        Seen::Found(Found::Tree(tree)) => Structured::WithText {
            text: text.clone(),
            others: vec![("kind", "tree".into()), ("truncated", tree.is_cut.into())],
        },
        Seen::Read(excerpt) => {
            Structured::WithText { text: text.clone(), others: looks::of_excerpt(excerpt) }
        }
        Seen::Listed(listed) => written(&Form::Page {
            entries: listed.listing.entries.iter().map(EntryLine::of).collect(),
            truncated: listed.is_cut,
            total: listed.total,
            next_offset: listed.next_offset(),
        })?,
        Seen::Matches(matches) => {
            written(&Form::Paths { paths: &matches.paths, truncated: matches.stop.is_some() })?
        }
        Seen::Hits(hits) => written(&Form::Matches {
            matches: hits.hits.iter().map(looks::HitLine::of).collect(),
            truncated: hits.stop.is_some(),
        })?,
        Seen::Shown(shown) => {
            let rows = shown.rows.as_ref().map(|rows| ("rows", rows.named().map(Value::from_iter).collect()));
            let others = [("kind", "view".into()), ("truncated", shown.cut_at.is_some().into())];
            Structured::WithText { text: text.clone(), others: others.into_iter().chain(rows).collect() }
        }
        Seen::Remembered(remembered) => {
            let age = remembered.age.map(|age| ("age_seconds", age.as_secs().into()));
            let others = [("kind", "cached".into())].into_iter().chain(age).collect();
            Structured::WithText { text: text.clone(), others }
        }
    })
}

/// A file that the tool for everything has transferred, in its words.
///
/// # Errors
/// As [`seen`].
pub fn beamed(moved: &Transferred) -> Result<ToolOutput> {
    Ok(both(text(&moved.text())?, written(&Form::Beam { size: moved.size })?))
}

/// A file that was transferred, with the text of who tells it.
///
/// # Errors
/// As [`seen`].
pub fn transferred(moved: &Transferred, told: &str) -> Result<ToolOutput> {
    let form = Form::Transfer {
        from: &moved.from,
        to: &moved.to,
        size: moved.size,
        resumed_at: moved.resumed_at,
        sha256: &moved.sha256,
        checked_by: moved.checked_by.to_string(),
        notes: moved.notes(),
    };
    Ok(both(text(told)?, written(&form)?))
}

pub fn both(text: SharedText, structured: Structured) -> ToolOutput {
    let content = vec![Content::Shared { text }];
    ToolOutput { content, structured_content: Some(structured), is_error: false }
}

/// # Errors
/// As [`seen`].
pub fn text(text: &str) -> Result<SharedText> {
    SharedText::new(text).map_err(unwritten)
}

/// # Errors
/// As [`seen`].
pub fn written(form: &Form<'_>) -> Result<Structured> {
    to_raw_value(form).map(Structured::Written).map_err(unwritten)
}

fn unwritten(error: serde_json::Error) -> Error {
    Error::new(Kind::Internal, format!("an answer cannot be written: {error}"))
}

/// The annotations of a tool that only looks.
pub fn harmless(title: &str) -> Value {
    json!({
        "title": title,
        "readOnlyHint": true,
        "destructiveHint": false,
        "idempotentHint": true,
        "openWorldHint": true,
    })
}

/// The members of answers: name, type, and the kinds of answers that may have it.
const MEMBERS: &[(&str, &str, &[&str])] = &[
    ("hosts", "array", &["hosts"]),
    ("groups", "array", &["hosts", "diff"]),
    ("succeeded", "integer", &["many"]),
    ("failed", "integer", &["many"]),
    ("results", "array", &["many", "batch"]),
    ("text", "string", &["file", "part", "tree", "diff", "cached", "view"]),
    ("size", "integer", &["beam", "file", "part", "transfer"]),
    (
        "truncated",
        "boolean",
        &["file", "part", "directory", "page", "tree", "paths", "matches", "command", "view"],
    ),
    ("encoding", "string", &["part"]),
    ("mime_type", "string", &["part"]),
    ("next_offset", "integer", &["part", "page"]),
    ("total", "integer", &["page"]),
    ("paths", "array", &["paths"]),
    ("matches", "array", &["matches"]),
    ("identical", "boolean", &["diff"]),
    ("rows", "array", &["view"]),
    ("from", "string", &["transfer"]),
    ("to", "string", &["transfer"]),
    ("entries", "array", &["directory", "page"]),
    ("stdout", "string", &["command"]),
    ("stderr", "string", &["command"]),
    ("exit_code", "integer", &["command"]),
    ("signal", "string", &["command"]),
    ("timed_out", "boolean", &["command"]),
    ("age_seconds", "integer", &["cached"]),
    ("resumed_at", "integer", &["transfer"]),
    ("sha256", "string", &["transfer"]),
    ("checked_by", "string", &["transfer"]),
    ("notes", "array", &["transfer"]),
];

/// What `outputSchema` says of answers of these kinds: their members, and no more words than programs need.
pub fn schema(kinds: &[&str]) -> Value {
    let has = |of: &[&str]| of.iter().any(|kind| kinds.contains(kind));
    let members = MEMBERS.iter().filter(|(.., of)| has(of));
    let mut properties: Map<_, _> =
        members.map(|(name, kind, _)| ((*name).to_owned(), json!({ "type": kind }))).collect();
    properties.insert("kind".to_owned(), json!({ "enum": kinds }));
    json!({ "type": "object", "properties": properties, "required": ["kind"] })
}

/// What programs get to see.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Form<'a> {
    Hosts {
        hosts: Vec<HostLine<'a>>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        groups: &'a [String],
    },
    Many {
        succeeded: usize,
        failed: usize,
        results: Vec<Outcome>,
    },
    Batch {
        results: Vec<Outcome>,
    },
    Directory {
        entries: Vec<EntryLine<'a>>,
        truncated: bool,
    },
    Page {
        entries: Vec<EntryLine<'a>>,
        /// There are more than are counted.
        truncated: bool,
        total: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_offset: Option<usize>,
    },
    Paths {
        paths: &'a [String],
        truncated: bool,
    },
    Matches {
        matches: Vec<looks::HitLine<'a>>,
        truncated: bool,
    },
    Command {
        stdout: Cow<'a, str>,
        stderr: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_code: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<&'a str>,
        timed_out: bool,
        truncated: bool,
    },
    Beam {
        size: u64,
    },
    Transfer {
        from: &'a str,
        to: &'a str,
        size: u64,
        resumed_at: u64,
        sha256: &'a str,
        checked_by: String,
        notes: Vec<&'static str>,
    },
}

#[derive(Serialize)]
pub struct HostLine<'a> {
    name: &'a str,
    status: &'static str,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<&'a str>,
}

#[derive(Serialize)]
pub struct EntryLine<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtime: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

impl<'a> Form<'a> {
    fn ran(output: &'a Output) -> Self {
        let (exit_code, signal) = match &output.end {
            End::Code(code) => (Some(*code), None),
            End::Signal(signal) => (None, Some(signal.as_str())),
            End::TooMuchOutput(_) | End::TimedOut(_) => (None, None),
        };
        Self::Command {
            stdout: lossy(&output.stdout),
            stderr: lossy(&output.stderr),
            exit_code,
            signal,
            timed_out: matches!(output.end, End::TimedOut(_)),
            truncated: output.cut_at().is_some(),
        }
    }
}

impl<'a> HostLine<'a> {
    fn of(host: &'a HostStatus) -> Self {
        let status = match (&host.host, host.presence) {
            (Err(_), _) => "misconfigured",
            (_, Presence::Online) => "online",
            (_, Presence::Offline) => "offline",
            (_, Presence::Unknown) => "unknown",
        };
        Self { name: &host.name, status, address: place(host), behind: host.behind.as_deref() }
    }
}

impl<'a> EntryLine<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            name: &entry.name,
            kind: match entry.kind {
                '-' => "file",
                'd' => "directory",
                'l' => "symlink",
                'p' => "fifo",
                's' => "socket",
                'c' => "character device",
                'b' => "block device",
                _ => "unknown",
            },
            size: entry.size,
            mode: entry.mode.map(|mode| format!("{mode:04o}")),
            mtime: entry.modified,
            owner: entry.owner.as_deref(),
            target: entry.link.as_deref(),
        }
    }
}
