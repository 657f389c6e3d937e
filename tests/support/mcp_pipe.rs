//! An MCP client over the stdin and stdout of a child, as small as a test needs it: it can also say wrong things.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{DEADLINE, Log, eventually, kill_tree};

pub struct McpPipe {
    child: Child,
    stdin: Option<ChildStdin>,
    inbox: Inbox,
    pub stderr: Log,
    next_id: u64,
    _home: Rc<TempDir>,
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub struct Reply(pub Value);

impl McpPipe {
    /// The server's home directory stays as long as the server.
    pub fn start(mut command: Command, home: Rc<TempDir>) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdin = child.stdin.take();
        let inbox = Inbox::follow(child.stdout.take().expect("its stdout"));
        let stderr = Log::follow(child.stderr.take().expect("its stderr"));
        Self { child, stdin, inbox, stderr, next_id: 1, _home: home }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The handshake; returns the server's result.
    pub fn initialize(&mut self, version: &str) -> Value {
        let client = json!({ "name": "test", "version": "0" });
        let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
        let result = self.request("initialize", params).result();
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        result
    }

    /// Sends a request and waits for its answer.
    pub fn request(&mut self, method: &str, params: Value) -> Reply {
        let id = self.post(method, params);
        self.wait(id)
    }

    /// Sends a request and returns its id.
    pub fn post(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Posts a call of the tool `scout`.
    pub fn post_scout(&mut self, arguments: Value) -> u64 {
        self.post("tools/call", json!({ "name": "scout", "arguments": arguments }))
    }

    /// Calls a tool.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Reply {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Calls the tool `scout`.
    pub fn scout(&mut self, arguments: Value) -> Reply {
        let id = self.post_scout(arguments);
        self.wait(id)
    }

    /// Reads or lists `target`, which must succeed.
    pub fn read(&mut self, target: &str) -> String {
        self.scout(json!({ "target": target })).text()
    }

    /// Runs a command in `target`; a remote exit code is no failure.
    pub fn query(&mut self, target: &str, command: &str) -> String {
        self.scout(json!({ "target": target, "query": command })).text()
    }

    pub fn cancel(&mut self, id: u64) {
        let params = json!({ "requestId": id, "reason": "test" });
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    }

    pub fn send(&mut self, message: &Value) {
        self.send_raw(message.to_string().as_bytes());
    }

    /// Any bytes as one line.
    pub fn send_raw(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(line).and_then(|()| stdin.write_all(b"\n")).expect("the server reads");
    }

    /// Waits for the answer to a request, in whatever order answers come.
    pub fn wait(&self, id: impl Into<Value>) -> Reply {
        Reply(self.inbox.take(&id.into().to_string()))
    }

    /// Waits for an error that answers no request in particular.
    pub fn wait_for_null(&self) -> Reply {
        self.wait(Value::Null)
    }

    /// Waits for something that the server says unasked, and gives all there was of it by then.
    pub fn wait_for_notice(&self, method: &str) -> Vec<Value> {
        let of = |answers: &Answers| -> Vec<Value> {
            answers.notices.iter().filter(|notice| notice["method"] == method).cloned().collect()
        };
        let mut found = Vec::new();
        eventually(method, || {
            found = of(&self.inbox.lock());
            !found.is_empty()
        });
        found
    }

    /// Waits for a batch of answers.
    pub fn wait_for_batch(&self) -> Vec<Value> {
        match self.inbox.take(BATCH) {
            Value::Array(answers) => answers,
            other => panic!("no batch: {other}"),
        }
    }

    /// Whether the answer is there already.
    pub fn has_answer(&self, id: u64) -> bool {
        self.inbox.lock().answers.contains_key(&id.to_string())
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("it runs");
    }

    /// Ends the conversation as a client does, and waits for the process to exit.
    pub fn close(&mut self) -> ExitStatus {
        self.stdin = None;
        self.wait_for_exit()
    }

    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the server has exited", || {
            status = self.child.try_wait().expect("its status");
            status.is_some()
        });
        status.expect("it has exited")
    }
}

impl Drop for McpPipe {
    fn drop(&mut self) {
        kill_tree(&mut self.child);
    }
}

impl Reply {
    /// The result of a request that must have succeeded.
    pub fn result(&self) -> Value {
        match self.0.get("result") {
            Some(result) => result.clone(),
            None => panic!("no result: {}", self.0),
        }
    }

    /// The text of a tool call that must have succeeded.
    pub fn text(&self) -> String {
        let result = self.result();
        assert_ne!(result["isError"], json!(true), "a tool error: {result}");
        content(&result)
    }

    /// The text of a tool call that must have failed.
    pub fn tool_error(&self) -> String {
        let result = self.result();
        assert_eq!(result["isError"], json!(true), "no tool error: {result}");
        content(&result)
    }

    /// Code and message of a protocol error.
    pub fn error(&self) -> (i64, String) {
        let error = &self.0["error"];
        let code = error["code"].as_i64().unwrap_or_else(|| panic!("no error: {}", self.0));
        (code, error["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The text of a failure of either kind.
    pub fn failure(&self) -> String {
        if self.0.get("error").is_some() { self.error().1 } else { self.tool_error() }
    }
}

fn content(result: &Value) -> String {
    let parts = result["content"].as_array().unwrap_or_else(|| panic!("no content: {result}"));
    parts.iter().filter_map(|part| part["text"].as_str()).collect()
}

/// The key of a batch among the answers: no JSON text looks like it.
const BATCH: &str = "batch";

/// What the server has said, by request id.
#[derive(Clone, Default)]
struct Inbox(Arc<(Mutex<Answers>, Condvar)>);

#[derive(Default)]
struct Answers {
    answers: HashMap<String, Value>,
    /// Lines that are no JSON-RPC: nothing but MCP may be on stdout.
    strays: Vec<String>,
    /// What the server said unasked.
    notices: Vec<Value>,
    ended: bool,
}

impl Inbox {
    fn follow(stdout: impl Read + Send + 'static) -> Self {
        let inbox = Self::default();
        let writer = inbox.clone();
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                writer.lock().add(&line);
                writer.0.1.notify_all();
            }
            writer.lock().ended = true;
            writer.0.1.notify_all();
        });
        inbox
    }

    fn take(&self, key: &str) -> Value {
        let waiting = |state: &mut Answers| !state.ended && !state.answers.contains_key(key);
        let (mut state, _) =
            self.0.1.wait_timeout_while(self.lock(), DEADLINE, waiting).expect("the reader lives");
        let (answer, strays, ended) = (state.answers.remove(key), state.strays.clone(), state.ended);
        // A panic with the lock held would take the reader along.
        drop(state);
        assert_eq!(strays, Vec::<String>::new(), "only MCP on stdout");
        answer.unwrap_or_else(|| panic!("no answer to {key} (stdout ended: {ended})"))
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.0.lock().expect("the reader lives")
    }
}

impl Answers {
    fn add(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).into_owned();
        match serde_json::from_slice::<Value>(line) {
            Ok(batch @ Value::Array(_)) => self.insert(BATCH.to_owned(), batch, text),
            Ok(message) if message["jsonrpc"] != "2.0" => self.strays.push(text),
            Ok(message) if message.get("method").is_some() => self.notices.push(message),
            Ok(message) => self.insert(message["id"].to_string(), message, text),
            Err(_) => self.strays.push(text),
        }
    }

    fn insert(&mut self, key: String, answer: Value, line: String) {
        if self.answers.insert(key, answer).is_some() {
            self.strays.push(format!("answered twice: {line}"));
        }
    }
}
