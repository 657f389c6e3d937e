//! Clients that do not behave as one wishes. Each is a thread that begins anew until all is over.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, SockRef, Socket, Type};

use super::deeds::Deeds;
use super::hosts::{STEADY, STEADY_REAL};

/// Longer than the server waits for anybody.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of a client that reads slowly, so that the kernel does not read for it.
const RECEIVE_BYTES: usize = 16 * 1024;
const PIECE_BYTES: usize = 16 * 1024;

const STATELESS: [(&str, &str); 3] =
    [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "scout")];

/// What they know.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub deeds: Deeds,
    /// What a command waits at for ever on [`STEADY_REAL`].
    pub fifo: String,
}

impl Client {
    /// Begins a session, has a command run that does not end, takes it back, and ends the session.
    pub fn cancels(&self) {
        while self.deeds.wait(Duration::from_millis(500)) {
            let session = self.session();
            let headers = [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Session-Id", &*session)];
            let query = format!("cat {}", self.fifo);
            let params = json!({ "name": "scout", "arguments": { "target": format!("{STEADY_REAL}:/"), "query": query } });
            let mut call = self.connect();
            let asked = Instant::now();
            self.say(&mut call, "POST", &headers, &request(7, "tools/call", params));
            self.deeds.wait(Duration::from_millis(300));
            let notice = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
            self.ask("POST", &headers, &notice);
            let ended = rest(&mut call).is_ok() && asked.elapsed() < Duration::from_secs(5);
            self.deeds.note(if ended { "cancelled" } else { "cancelled, and not ended within 5 s" });
            self.ask("DELETE", &headers, &Value::Null);
        }
    }

    /// Is gone before the answer, with and without a word.
    pub fn vanishes(&self) {
        let mut is_rude = false;
        while self.deeds.wait(Duration::from_millis(200)) {
            let mut call = self.connect();
            let query = if is_rude { "cat /srv/large".to_owned() } else { format!("cat {}", self.fifo) };
            let host = if is_rude { STEADY } else { STEADY_REAL };
            let arguments = json!({ "target": format!("{host}:/"), "query": query });
            self.say(&mut call, "POST", &STATELESS, &stateless(arguments));
            self.deeds.wait(Duration::from_millis(5));
            if is_rude {
                SockRef::from(&call).set_linger(Some(Duration::ZERO)).unwrap();
            }
            self.deeds.note(if is_rude { "vanished by reset" } else { "vanished" });
            is_rude = !is_rude;
        }
    }

    /// Takes some seconds to read a megabyte.
    pub fn reads_slowly(&self) {
        while self.deeds.wait(Duration::from_millis(100)) {
            let mut call = self.connect();
            self.say(
                &mut call,
                "POST",
                &STATELESS,
                &stateless(json!({ "target": format!("{STEADY}:/srv/large") })),
            );
            let mut piece = [0; PIECE_BYTES];
            let mut bytes = 0;
            let end = loop {
                match call.read(&mut piece) {
                    Ok(0) => break "read slowly",
                    Ok(read) => bytes += read,
                    Err(_) => break "read slowly, and was cut off",
                }
                if !self.deeds.wait(Duration::from_millis(40)) {
                    return;
                }
            };
            self.deeds.note(if bytes > 1024 * 1024 { end } else { "read slowly, and got less" });
        }
    }

    /// Sends a head byte by byte, which nobody waits for to its end.
    pub fn drips(&self) {
        let head = format!("POST /mcp HTTP/1.1\r\nHost: {}\r\nX-Long: {}", self.address, "x".repeat(1_000));
        while self.deeds.wait(Duration::from_millis(100)) {
            let mut call = self.connect();
            call.set_nonblocking(true).unwrap();
            let mut answer = [0; 256];
            for byte in head.as_bytes() {
                if !self.deeds.wait(Duration::from_millis(250)) {
                    return;
                }
                let is_answered = match call.read(&mut answer) {
                    Ok(_) => true,
                    Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
                };
                if is_answered || call.write_all(&[*byte]).is_err() {
                    break;
                }
            }
            let is_late = answer.starts_with(b"HTTP/1.1 408");
            self.deeds.note(if is_late {
                "dripped, and was told 408"
            } else {
                "dripped, and was told something else"
            });
        }
    }

    fn session(&self) -> String {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "soak", "version": "0" } });
        let answer = self.ask("POST", &[], &request(1, "initialize", params));
        let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
        let session = lines.find(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id"));
        session.unwrap_or_else(|| panic!("no session: {answer}")).1.to_owned()
    }

    fn ask(&self, method: &str, headers: &[(&str, &str)], message: &Value) -> String {
        let mut stream = self.connect();
        self.say(&mut stream, method, headers, message);
        rest(&mut stream).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(RECEIVE_BYTES).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(&self.address.into()).unwrap();
        socket.into()
    }

    fn say(&self, stream: &mut TcpStream, method: &str, headers: &[(&str, &str)], message: &Value) {
        let body = if message.is_null() { String::new() } else { message.to_string() };
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} /mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(&[head, body].concat().into_bytes()).unwrap();
    }
}

fn rest(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// A call that stands for itself.
fn stateless(arguments: Value) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "soak", "version": "0" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    request(1, "tools/call", json!({ "name": "scout", "arguments": arguments, "_meta": meta }))
}
