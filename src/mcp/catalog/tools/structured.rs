//! Answers for programs, beside their text. What both hold is written once.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::base::{Error, Kind, Result};
use crate::fleet::{HostStatus, Presence};
use crate::mcp::content::{Content, SharedText, Structured, ToolOutput};
use crate::scout::list::Entry;
use crate::scout::look::Found;
use crate::scout::run::{End, Output};
use crate::scout::{Answer, Seen, hosts};

/// An answer with both forms.
///
/// # Errors
/// It cannot be written, which no text and no number provokes.
pub fn output(answer: &Answer) -> Result<ToolOutput> {
    let failed = |error| Error::new(Kind::Internal, format!("an answer cannot be written: {error}"));
    let text = SharedText::new(&answer.text()).map_err(failed)?;
    let structured = match answer {
        Answer::Hosts(hosts) => written(&Form::Hosts { hosts: hosts.iter().map(HostLine::of).collect() }),
        Answer::Place(Seen::Found(Found::Directory(listing))) => written(&Form::Directory {
            entries: listing.entries.iter().map(EntryLine::of).collect(),
            truncated: listing.truncated,
        }),
        Answer::Place(Seen::Ran(output)) => written(&Form::ran(output)),
        Answer::Place(Seen::Found(Found::File(file))) => Ok(Structured::WithText {
            text: text.clone(),
            others: vec![
                ("kind", "file".into()),
                ("size", file.data.len().into()),
                ("truncated", file.truncated.into()),
            ],
        }),
        Answer::Place(Seen::Found(Found::Tree(tree))) => Ok(Structured::WithText {
            text: text.clone(),
            others: vec![("kind", "tree".into()), ("truncated", tree.is_cut.into())],
        }),
        Answer::Place(Seen::Remembered(remembered)) => Ok(Structured::WithText {
            text: text.clone(),
            others: vec![
                ("kind", "cached".into()),
                ("age_seconds", remembered.age.map(|age| age.as_secs()).into()),
            ],
        }),
    };
    let structured_content = Some(structured.map_err(failed)?);
    Ok(ToolOutput { content: vec![Content::Shared { text }], structured_content, is_error: false })
}

fn written(form: &Form<'_>) -> serde_json::Result<Structured> {
    to_raw_value(form).map(Structured::Written)
}

/// What `outputSchema` says of them.
pub fn schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let number = |description: &str| json!({ "type": ["integer", "null"], "description": description });
    json!({
        "type": "object",
        "properties": {
            "kind": {
                "type": "string",
                "enum": ["hosts", "file", "directory", "command", "cached"],
                "description": "What this is; it decides which of the other members there are.",
            },
            "hosts": {
                "type": "array",
                "description": "hosts: those that can be reached.",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": text("As targets begin."),
                        "status": {
                            "type": "string",
                            "enum": ["online", "offline", "unknown", "misconfigured"],
                        },
                        "address": text("user@hostname:port, or what is wrong with the configuration."),
                        "behind": { "type": ["string", "null"], "description": "The jump host before it." },
                    },
                    "required": ["name", "status", "address"],
                },
            },
            "text": text("file, cached: the same as the text of the answer."),
            "size": { "type": "integer", "description": "file: how many bytes of it were read." },
            "truncated": { "type": "boolean", "description": "file, directory, command: there is more." },
            "entries": {
                "type": "array",
                "description": "directory: what is in it.",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": text("Without the directory."),
                        "type": {
                            "type": "string",
                            "enum": [
                                "file", "directory", "symlink", "fifo", "socket", "character device",
                                "block device", "unknown",
                            ],
                        },
                        "size": number("In bytes."),
                        "mode": { "type": ["string", "null"], "description": "Permissions in octal, such as 0644." },
                        "mtime": number("Last modification, in seconds since 1970."),
                        "owner": { "type": ["string", "null"], "description": "Name or number of the user." },
                        "target": { "type": ["string", "null"], "description": "symlink: where it points." },
                    },
                    "required": ["name", "type"],
                },
            },
            "stdout": text("command"),
            "stderr": text("command"),
            "exit_code": number("command: null when it did not end by itself."),
            "signal": { "type": ["string", "null"], "description": "command: what killed it, without SIG." },
            "timed_out": { "type": "boolean", "description": "command: it took too long and was ended." },
            "age_seconds": number("cached: how old it is; null when it was read just now."),
        },
        "required": ["kind"],
    })
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Form<'a> {
    Hosts {
        hosts: Vec<HostLine<'a>>,
    },
    Directory {
        entries: Vec<EntryLine<'a>>,
        truncated: bool,
    },
    Command {
        stdout: Cow<'a, str>,
        stderr: Cow<'a, str>,
        exit_code: Option<u32>,
        signal: Option<&'a str>,
        timed_out: bool,
        truncated: bool,
    },
}

#[derive(Serialize)]
struct HostLine<'a> {
    name: &'a str,
    status: &'static str,
    address: String,
    behind: Option<&'a str>,
}

#[derive(Serialize)]
struct EntryLine<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    size: Option<u64>,
    mode: Option<String>,
    mtime: Option<u32>,
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
            stdout: String::from_utf8_lossy(&output.stdout),
            stderr: String::from_utf8_lossy(&output.stderr),
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
        Self { name: &host.name, status, address: hosts::place(host), behind: host.behind.as_deref() }
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
