//! An MCP server over HTTP. Each user has a connection of his own and, where there are sessions, a session.

use std::cell::RefCell;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::mcp::{self, Call, Era, Reply};
use super::subject::{Subject, failure, in_time};
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::config::Secret;
use crate::http::Answer;
use crate::io::http::client::{Client, Place};
use crate::rig::{Failure, Operation, Turn};

/// What every core knows of it.
pub struct Spec {
    pub hosts: Vec<Box<str>>,
    pub address: Address,
    pub place: Place,
    pub key: Option<Secret>,
    pub era: Era,
    pub calls: Vec<(Operation, Call)>,
    pub cold: bool,
    pub timeout: Duration,
}

/// Where a server is, as a URL says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
    pub is_secure: bool,
    /// With its query.
    path: String,
}

/// See the module's documentation.
pub struct Web {
    spec: Arc<Spec>,
    /// Connections that nobody uses just now, the one used last at the end.
    idle: RefCell<Vec<Line>>,
}

/// A connection, and what is said at the head of each request on it.
struct Line {
    client: Client,
    head: String,
    /// The number of the next request; 0 is that of `initialize`.
    next: u64,
}

impl Address {
    /// Reads `http://host:port/path` or `https://host:port/path`.
    ///
    /// Errors: it is none, or not of this kind.
    pub fn parse(url: &str) -> Result<Self> {
        let wrong = |what: &str| Error::new(Kind::InvalidArgument, format!("--url: {what}"));
        let (is_secure, rest) = match url.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err(wrong("expected http://host:port/path, or https")),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(wrong("names and passwords do not belong into an address"));
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("expected an address without white space"));
        }
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong("the port is no number"))?),
            None => (authority, if is_secure { 443 } else { 80 }),
        };
        match host.is_empty() {
            true => Err(wrong("it names no host")),
            false => Ok(Self { host: host.to_owned(), port, is_secure, path: path.to_owned() }),
        }
    }
}

impl Web {
    pub fn new(spec: Arc<Spec>) -> Self {
        Self { spec, idle: RefCell::default() }
    }

    async fn answer(&self, turn: Turn, connected: &dyn Fn()) -> Result<(), Failure> {
        let spec = &self.spec;
        let call = spec.calls.iter().find(|(operation, _)| *operation == turn.operation);
        let Some((_, call)) = call else { return Ok(()) };
        let host = host(&spec.hosts, turn);
        let idle = if spec.cold { None } else { self.idle.borrow_mut().pop() };
        let is_reused = idle.is_some();
        let mut line = match idle {
            Some(line) => line,
            None => self.connect().await?,
        };
        if spec.cold {
            connected();
        }
        let mut answer = line.call(call, spec.era, &host).await;
        // A server may close an idle connection at any moment. Asking again what it may have heard is for those alone who
        // know that it does no harm (RFC 9112 §9.3.1): whoever measures asks the same again and again.
        if is_reused && answer.is_err() && !line.client.has_heard() {
            line = self.connect().await?;
            answer = line.call(call, spec.era, &host).await;
        }
        let answer = answer.map_err(|error| failure(&error))?;
        let outcome = judge(&answer);
        if answer.keeps_open && !spec.cold {
            self.idle.borrow_mut().push(line);
        }
        outcome
    }

    async fn connect(&self) -> Result<Line, Failure> {
        let spec = &self.spec;
        let client = Client::connect(&spec.place).await.map_err(|error| failure(&error))?;
        let mut line = Line { client, head: spec.head(), next: 1 };
        if spec.era == Era::Stateless {
            line.say("MCP-Protocol-Version", spec.era.revision().as_str());
            return Ok(line);
        }
        let begun = line.ask(&mcp::initialize(), None).await.map_err(|error| failure(&error))?;
        judge(&begun)?;
        if let Some(session) = begun.headers.text("mcp-session-id") {
            line.say("Mcp-Session-Id", session);
        }
        let revision = messages(&begun).find_map(|message| Reply::read(&message)?.revision);
        line.say("MCP-Protocol-Version", revision.as_deref().unwrap_or(spec.era.revision().as_str()));
        line.ask(&mcp::initialized(), None).await.map_err(|error| failure(&error))?;
        Ok(line)
    }
}

impl Spec {
    /// The lines that every request begins with.
    fn head(&self) -> String {
        let Address { host, port, path, .. } = &self.address;
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: scout-mcp-bench/{}\r\n\
             Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n",
            env!("CARGO_PKG_VERSION")
        );
        if let Some(key) = &self.key {
            head.push_str(&format!("Authorization: Bearer {}\r\n", key.expose()));
        }
        head
    }
}

impl Line {
    /// A header of all requests from now on.
    fn say(&mut self, name: &str, value: &str) {
        self.head.push_str(&format!("{name}: {value}\r\n"));
    }

    async fn call(&mut self, call: &Call, era: Era, host: &str) -> Result<Answer> {
        let message = call.message(era, self.next, host);
        self.next += 1;
        self.ask(&message, Some(&call.tool)).await
    }

    /// Sends a message, and the name of the tool that it calls where it does.
    async fn ask(&mut self, message: &[u8], tool: Option<&str>) -> Result<Answer> {
        let mut request = Vec::with_capacity(self.head.len() + message.len() + 128);
        request.extend_from_slice(self.head.as_bytes());
        if let Some(tool) = tool {
            request.extend_from_slice(format!("Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\n").as_bytes());
        }
        request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", message.len()).as_bytes());
        request.extend_from_slice(message);
        self.client.ask(request).await
    }
}

impl Subject for Web {
    fn ask<'a>(&'a self, turn: Turn, connected: &'a dyn Fn()) -> LocalBoxFuture<'a, Result<(), Failure>> {
        in_time(self.spec.timeout, self.answer(turn, connected)).boxed_local()
    }
}

/// The name that stands for the hosts of a request: all of them in a broadcast.
pub fn host(hosts: &[Box<str>], turn: Turn) -> String {
    match turn.operation {
        Operation::Broadcast => hosts.join(","),
        _ => hosts.get(turn.host).map(ToString::to_string).unwrap_or_default(),
    }
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    if !(200..300).contains(&answer.status) {
        let body = String::from_utf8_lossy(&answer.body);
        let hint = if answer.status == 429 { "the server limits the rate of requests: " } else { "" };
        let message = format!("{hint}{body}");
        return Err(Failure { kind: format!("http_{}", answer.status).into(), message });
    }
    let reply = messages(answer).find_map(|message| Reply::read(&message));
    reply.map_or_else(
        || {
            Err(Failure {
                kind: "no_answer".into(),
                message: String::from_utf8_lossy(&answer.body).into_owned(),
            })
        },
        |reply| reply.outcome,
    )
}

/// The messages of an answer, which is one, or events.
fn messages(answer: &Answer) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
    let content_type = answer.headers.text("content-type").unwrap_or_default();
    match content_type.trim_start().to_ascii_lowercase().starts_with("text/event-stream") {
        true => Box::new(mcp::events(&answer.body)),
        false => Box::new(std::iter::once(answer.body.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        let parse = |url: &str| Address::parse(url).map_err(|error| error.message().to_owned());
        let address = |host: &str, port, path: &str| {
            Ok(Address { host: host.into(), port, is_secure: false, path: path.into() })
        };
        assert_eq!(parse("http://127.0.0.1:8000/mcp"), address("127.0.0.1", 8000, "/mcp"));
        assert_eq!(parse("http://web1"), address("web1", 80, "/"));
        assert_eq!(parse("http://[::1]:9/a?b=c"), address("[::1]", 9, "/a?b=c"));
        assert_eq!(parse("http://[::1]/a"), address("[::1]", 80, "/a"));
        let secure = Address { host: "web1".into(), port: 443, is_secure: true, path: "/mcp".into() };
        assert_eq!(parse("https://web1/mcp"), Ok(secure));
        for (url, part) in [
            ("ftp://web1/mcp", "expected http://"),
            ("web1:8000", "expected http://"),
            ("http://me:secret@web1/", "do not belong into an address"),
            ("http://web1:x/", "the port is no number"),
            ("http:///mcp", "names no host"),
            ("http://web1/a b", "without white space"),
        ] {
            assert!(parse(url).unwrap_err().contains(part), "{url}");
        }
    }
}
