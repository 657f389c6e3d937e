//! The built binary with MCP over HTTP, and a client that knows no more of HTTP than tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::mcp_pipe::McpPipe;
use super::scout::Scout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct HttpServer {
    pub process: McpPipe,
    pub door: Door,
}

/// An answer that comes event by event.
pub struct Events(BufReader<TcpStream>);

/// The way in.
#[derive(Debug, Clone)]
pub struct Door {
    address: String,
}

/// What came back.
#[derive(Debug)]
pub struct HttpAnswer {
    pub status: u16,
    headers: String,
    pub body: String,
}

impl HttpServer {
    pub fn start(scout: &Scout) -> Self {
        Self::of(scout.serve_with(&["--transport", "http", "--port", "0"]))
    }

    /// One that serves HTTP because it was told so in another way.
    pub fn of(process: McpPipe) -> Self {
        let line = process.stderr.wait_for("serving MCP at http://");
        let address = line.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/mcp"));
        let door = Door { address: address.expect("an address").to_owned() };
        Self { process, door }
    }
}

impl Door {
    /// What clients are told.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends a message on a connection of its own.
    pub fn post(&self, headers: &[(&str, &str)], message: &[u8]) -> HttpAnswer {
        self.send("POST /mcp", headers, message)
    }

    pub fn get(&self, path: &str) -> HttpAnswer {
        self.send(&format!("GET {path}"), &[], b"")
    }

    fn send(&self, line: &str, headers: &[(&str, &str)], message: &[u8]) -> HttpAnswer {
        let mut stream = self.begin(line, headers, message);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        HttpAnswer::read(&answer)
    }

    /// Listens to what is answered with events.
    pub fn listen(&self, line: &str, headers: &[(&str, &str)], message: &[u8]) -> Events {
        Events(BufReader::new(self.begin(line, headers, message)))
    }

    fn begin(&self, line: &str, headers: &[(&str, &str)], message: &[u8]) -> TcpStream {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            message.len()
        );
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(&[head.as_bytes(), message].concat()).expect("the server reads");
        stream
    }
}

impl Events {
    /// The next one; `None` at the end.
    pub fn next(&mut self) -> Option<Value> {
        let lines = self.0.by_ref().lines().map(|line| line.expect("a line in time"));
        let mut data = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        data.next().map(|data| serde_json::from_str(&data).expect("JSON"))
    }
}

impl HttpAnswer {
    fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer}"));
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {answer}"));
        Self { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The one message that it is.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
