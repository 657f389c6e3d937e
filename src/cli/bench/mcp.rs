//! What is said to an MCP server that is measured, and what its answers mean: one tool is called, again and again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::base::{Error, Kind, Result};
use crate::mcp::Revision;
use crate::rig::Failure;

/// What stands for the host in the arguments of a tool.
const HOST: &str = "{host}";

/// How a client presents itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// It begins with `initialize`.
    Sessions,
    /// Every request stands for itself.
    Stateless,
}

impl Era {
    pub fn revision(self) -> Revision {
        match self {
            Self::Sessions => Revision::LATEST_HANDSHAKE,
            Self::Stateless => Revision::V2026_07_28,
        }
    }
}

/// A tool with its arguments, but for the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub tool: String,
    /// The arguments, cut where the host is to be said.
    pieces: Vec<String>,
}

impl Call {
    /// Errors: the arguments are no JSON object, or the name could not be told in a header.
    pub fn of(tool: &str, arguments: &str) -> Result<Self> {
        let wrong = |message: String| Error::new(Kind::InvalidArgument, message);
        if tool.is_empty() || !tool.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(format!("--tool: '{}' is no name of a tool", tool.escape_debug())));
        }
        match serde_json::from_str(arguments) {
            Ok(Value::Object(_)) => {}
            Ok(_) => return Err(wrong("--arguments: expected a JSON object".to_owned())),
            Err(error) => return Err(wrong(format!("--arguments: no JSON: {error}"))),
        }
        Ok(Self { tool: tool.to_owned(), pieces: arguments.split(HOST).map(str::to_owned).collect() })
    }

    /// The request of a number.
    pub fn message(&self, era: Era, id: u64, host: &str) -> Vec<u8> {
        // A name is text, and stands between quotes already.
        let quoted = Value::from(host).to_string();
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        let arguments = self.pieces.join(inner);
        let tool = Value::from(self.tool.as_str());
        let meta = match era {
            Era::Sessions => String::new(),
            Era::Stateless => format!(",\"_meta\":{}", meta()),
        };
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":{tool},\"arguments\":{arguments}{meta}}}}}"
        )
        .into_bytes()
    }
}

/// The first request of a session; its number is 0.
pub fn initialize() -> Vec<u8> {
    let params = json!({
        "protocolVersion": Era::Sessions.revision(),
        "capabilities": {},
        "clientInfo": { "name": "scout-mcp bench", "version": env!("CARGO_PKG_VERSION") },
    });
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string().into_bytes()
}

/// What follows its answer.
pub fn initialized() -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string().into_bytes()
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": Era::Stateless.revision(),
        "io.modelcontextprotocol/clientInfo": { "name": "scout-mcp bench", "version": env!("CARGO_PKG_VERSION") },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub id: u64,
    pub outcome: Result<(), Failure>,
    /// The revision that an answer to `initialize` agrees on.
    pub revision: Option<String>,
}

impl Reply {
    /// Reads a message; `None` when it is no answer to a request of ours.
    pub fn read(message: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Message<'a> {
            id: Option<u64>,
            method: Option<&'a RawValue>,
            #[serde(borrow)]
            result: Option<Outcome<'a>>,
            #[serde(borrow)]
            error: Option<Fault<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outcome<'a> {
            #[serde(default)]
            is_error: bool,
            #[serde(borrow)]
            content: Option<&'a RawValue>,
            protocol_version: Option<String>,
        }
        #[derive(Deserialize)]
        struct Fault<'a> {
            code: i64,
            #[serde(borrow)]
            message: Cow<'a, str>,
        }
        let message: Message<'_> = serde_json::from_slice(message).ok()?;
        let id = message.id.filter(|_| message.method.is_none())?;
        let mut revision = None;
        let outcome = match (message.result, message.error) {
            (_, Some(Fault { code, message })) => {
                Err(Failure { kind: "rpc_error".into(), message: format!("{code}: {message}") })
            }
            (Some(outcome), None) if outcome.is_error => {
                let content = outcome.content.map_or("", RawValue::get);
                Err(Failure { kind: "tool_error".into(), message: first_text(content) })
            }
            (Some(outcome), None) => {
                revision = outcome.protocol_version;
                Ok(())
            }
            (None, None) => {
                Err(Failure { kind: "rpc_error".into(), message: "neither result nor error".into() })
            }
        };
        Some(Self { id, outcome, revision })
    }
}

/// The messages among the events of a stream (`text/event-stream`), as the HTML standard has them: the data of each.
pub fn events(stream: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let lines = stream.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut data: Vec<u8> = Vec::new();
    lines.chain([&b""[..]]).filter_map(move |line| {
        if let Some(more) = line.strip_prefix(b"data:") {
            data.extend_from_slice(more.strip_prefix(b" ").unwrap_or(more));
            return None;
        }
        (line.is_empty() && !data.is_empty()).then(|| std::mem::take(&mut data))
    })
}

/// What a failed tool says.
fn first_text(content: &str) -> String {
    let parsed: Value = serde_json::from_str(content).unwrap_or_default();
    let text = parsed.get(0).and_then(|first| first.get("text")).and_then(Value::as_str);
    text.unwrap_or(content).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_text_wherever_it_stands() {
        let call = Call::of("scout", r#"{"target":"{host}:/x","hosts":["{host}"]}"#).unwrap();
        let message: Value = serde_json::from_slice(&call.message(Era::Sessions, 7, "a\"b\\c")).unwrap();
        assert_eq!(message["params"]["arguments"]["target"], "a\"b\\c:/x");
        assert_eq!(
            (&message["params"]["arguments"]["hosts"][0], &message["id"]),
            (&json!("a\"b\\c"), &json!(7))
        );
        let stateless: Value = serde_json::from_slice(&call.message(Era::Stateless, 7, "h")).unwrap();
        assert_eq!(stateless["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    }

    #[test]
    fn arguments_are_an_object() {
        for (tool, arguments) in [("t", "[]"), ("t", "{"), ("", "{}"), ("a b", "{}"), ("a\r\nb", "{}")] {
            assert!(Call::of(tool, arguments).is_err(), "{tool} {arguments}");
        }
    }

    #[test]
    fn answers_are_judged() {
        let read = |text: &str| Reply::read(text.as_bytes());
        let failure = |text: &str| read(text).unwrap().outcome.unwrap_err();
        assert_eq!(
            read(r#"{"jsonrpc":"2.0","id":3,"result":{"content":[],"isError":false}}"#).unwrap().outcome,
            Ok(())
        );
        let failed =
            failure(r#"{"id":3,"result":{"isError":true,"content":[{"type":"text","text":"Error: no\n"}]}}"#);
        assert_eq!((failed.kind.as_ref(), failed.message.as_str()), ("tool_error", "Error: no\n"));
        let failed = failure(r#"{"id":3,"error":{"code":-32601,"message":"no \"such\" method"}}"#);
        assert_eq!(
            (failed.kind.as_ref(), failed.message.as_str()),
            ("rpc_error", "-32601: no \"such\" method")
        );
        assert_eq!(failure(r#"{"id":3}"#).kind, "rpc_error");
        let begun = read(r#"{"id":0,"result":{"protocolVersion":"2025-06-18"}}"#).unwrap();
        assert_eq!(begun.revision.as_deref(), Some("2025-06-18"));
        for other in [r#"{"id":1,"method":"ping"}"#, r#"{"method":"notifications/x"}"#, "log line", "", "{}"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn events_carry_messages() {
        let stream =
            b"event: message\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n: pulse\n\ndata:2\n\nid: 3\n\ndata: 4";
        let found: Vec<_> = events(stream).map(|data| String::from_utf8(data).unwrap()).collect();
        assert_eq!(found, ["{\"a\":1}", "2", "4"]);
    }
}
