//! The clients that people have drive the binary, over stdio and over HTTP with a key: they list tools, call each, read
//! resources, complete, are told of progress, and cancel.

mod inspector;
mod rust;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::process::{Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::{HttpServer, Scout, Sshd, node_with, test_file, venv_python};

const CONTENT: &str = "first ü\nsecond\n";
const KEY: &str = "0123456789abcdef-key";
const TEMPLATE: &str = "scout://{host}/{+path}";

#[test]
fn python_1() {
    over_both(|scene| python("mcp-1", "mcp_1.py", &[], scene));
}

#[test]
fn python_2_discovers() {
    over_both(|scene| python("mcp-2", "mcp_2.py", &["auto", "2026-07-28"], scene));
}

#[test]
fn python_2_shakes_hands_when_told_to() {
    over_both(|scene| python("mcp-2", "mcp_2.py", &["legacy", "2025-11-25"], scene));
}

#[test]
fn fastmcp() {
    over_both(|scene| python("fastmcp", "fastmcp_4.py", &[], scene));
}

#[test]
fn typescript_1() {
    over_both(|scene| typescript("sdk_1.cjs", &[], scene));
}

#[test]
fn typescript_2_shakes_hands() {
    over_both(|scene| typescript("sdk_2.cjs", &["legacy", "2025-11-25"], scene));
}

#[test]
fn typescript_2_discovers_when_told_to() {
    over_both(|scene| typescript("sdk_2.cjs", &["auto", "2026-07-28"], scene));
}

/// Side by side, as most of it is waiting. What fails on the thread without a name failed over stdio.
fn over_both(client: impl Fn(&Scene) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| client(&Scene::over_stdio()));
        client(&Scene::over_http());
    });
}

/// A driver of `tests/clients`, which is told what to do on its stdin.
fn python(venv: &str, driver: &str, arguments: &[&str], scene: &Scene) {
    let mut command = venv_python(venv);
    command.arg(test_file("clients").join(driver)).args(arguments);
    drive(command, &scene.job(&json!({ "X-API-Key": KEY })));
}

fn typescript(driver: &str, arguments: &[&str], scene: &Scene) {
    let mut command = node_with("clients", &test_file("clients").join(driver));
    command.args(arguments);
    drive(command, &scene.job(&json!({ "Authorization": format!("Bearer {KEY}") })));
}

fn drive(mut driver: Command, job: &Value) {
    driver.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = driver.spawn().expect("it starts");
    serde_json::to_writer(child.stdin.take().expect("its stdin"), job).expect("the job is read");
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{driver:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// A host with a file, a server, and what a client is to do with them.
struct Scene {
    _sshd: Sshd,
    scout: Scout,
    /// None when the client starts its own.
    server: Option<HttpServer>,
    file: String,
    directory: String,
    /// The file's address.
    resource: String,
    /// In the command line of the command that is cancelled.
    marker: String,
}

impl Scene {
    fn over_stdio() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let sshd = Sshd::start();
        let path = sshd.write("dir/notes.txt", CONTENT);
        let directory = format!("h1:{}", sshd.path("dir"));
        let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
        Self {
            _sshd: sshd,
            scout,
            server: None,
            file: format!("h1:{path}"),
            directory,
            resource: format!("scout://h1{path}"),
            marker: format!("44{n}.{}", id()),
        }
    }

    fn over_http() -> Self {
        let mut scene = Self::over_stdio();
        let scout = scene.scout.env("SCOUT_API_KEYS", KEY).env("SCOUT_RATE_LIMIT_PER_MINUTE", 0);
        scene.scout = scout.env("SCOUT_HTTP_TRANSFERS", true);
        scene.server = Some(HttpServer::start(&scene.scout));
        scene
    }

    fn url(&self) -> Option<String> {
        self.server.as_ref().map(|server| server.door.url())
    }

    fn job(&self, headers: &Value) -> Value {
        let command = self.scout.command();
        let words = |word: &OsStr| word.to_string_lossy().into_owned();
        let arguments: Vec<String> = command.get_args().map(words).chain(["serve".to_owned()]).collect();
        json!({
            "command": words(command.get_program()),
            "arguments": arguments,
            "environment": self.scout.environment().into_iter().collect::<HashMap<_, _>>(),
            "url": self.url(),
            "headers": headers,
            "version": env!("CARGO_PKG_VERSION"),
            "file": self.file,
            "directory": self.directory,
            "resource": self.resource,
            "template": TEMPLATE,
            "content": CONTENT,
            "query": "cat notes.txt",
            "marker": self.marker,
            "tools": self.tools(),
        })
    }

    /// A call of each tool beside `scout`, in the order of the list, and what is in its answer. Clients hold the
    /// structured half against the tool's schema.
    fn tools(&self) -> Value {
        let Self { file, directory, .. } = self;
        let tool = |name, arguments, says| json!({ "name": name, "arguments": arguments, "says": says });
        json!([
            tool("hosts", json!({ "match": "h*" }), "h1 (online)"),
            tool("read", json!({ "target": file, "lines": "2" }), "second"),
            tool("list", json!({ "target": directory, "sort": "time" }), "notes.txt"),
            tool("find", json!({ "target": directory, "name": "*.txt" }), "/notes.txt"),
            tool("search", json!({ "target": directory, "pattern": "s.cond" }), "second"),
            tool("run", json!({ "target": directory, "command": "echo $((6 * 7))" }), "42"),
            tool("diff", json!({ "targets": [file], "content": "first ü\nthird\n" }), "+second"),
            tool("transfer", json!({ "from": file, "to": format!("{directory}/copy") }), "copy"),
            tool("batch", json!({ "calls": [{ "target": file }, { "target": "h1:/nope" }] }), "second"),
        ])
    }
}
