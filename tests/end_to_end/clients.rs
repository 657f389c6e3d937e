//! The official MCP clients drive the binary: Python's two lines, and Rust's.

use std::process::Stdio;

use rmcp::ServiceExt;
use rmcp::model::{CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest};
use rmcp::service::PeerRequestOptions;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};

use crate::support::{Scout, Sshd, eventually, process_running, test_file, venv_python};

const CONTENT: &str = "first ü\nsecond\n";

#[test]
fn python_1_opens_with_a_handshake() {
    python("mcp-1", "mcp_1.py", &[]);
}

#[test]
fn python_2_discovers() {
    python("mcp-2", "mcp_2.py", &["auto", "2026-07-28"]);
}

#[test]
fn python_2_shakes_hands_when_told_to() {
    python("mcp-2", "mcp_2.py", &["legacy", "2025-11-25"]);
}

#[test]
fn rust_lists_reads_runs_and_cancels() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(drive_rmcp(&scene));
}

async fn drive_rmcp(scene: &Scene) {
    let mut command = tokio::process::Command::from(scene.scout.command());
    command.arg("serve");
    let client = ().serve(TokioChildProcess::new(command).expect("it starts")).await.expect("it initializes");
    let tools = client.list_all_tools().await.expect("tools");
    assert_eq!(tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>(), ["scout"]);

    let call = async |arguments: Value| client.call_tool(params(arguments)).await.expect("an answer");
    assert_eq!(text(&call(json!({ "target": scene.file })).await), CONTENT);
    assert!(text(&call(json!({ "target": scene.directory })).await).contains("notes.txt"));
    let run = call(json!({ "target": scene.directory, "query": "cat notes.txt" })).await;
    assert_eq!(text(&run).trim_end(), CONTENT.trim_end());
    let missing = call(json!({ "target": "h1:/nope" })).await;
    assert_eq!(missing.is_error, Some(true));
    assert_eq!(text(&missing), "Error: Path not found: /nope");

    let sleep = params(json!({ "target": "h1:/", "query": format!("sleep {}", scene.marker) }));
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(sleep));
    let running =
        client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("sent");
    let marker = scene.marker.clone();
    until("sleep runs", move || process_running(&marker)).await;
    running.cancel(Some("test".into())).await.expect("cancelled");
    let marker = scene.marker.clone();
    until("sleep is gone", move || !process_running(&marker)).await;
    client.cancel().await.expect("it ends");
}

/// Waits off the runtime's thread, which has to carry the client meanwhile.
async fn until(what: &'static str, condition: impl Fn() -> bool + Send + 'static) {
    tokio::task::spawn_blocking(move || eventually(what, condition)).await.expect("it came to be so");
}

fn params(arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    CallToolRequestParams::new("scout").with_arguments(arguments)
}

fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|part| Some(part.as_text()?.text.as_str())).collect()
}

/// A host with a file, and what a client is to do with it.
struct Scene {
    _sshd: Sshd,
    scout: Scout,
    file: String,
    directory: String,
    /// In the command line of the command that is cancelled.
    marker: String,
}

impl Scene {
    fn new() -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let sshd = Sshd::start();
        let file = format!("h1:{}", sshd.write("dir/notes.txt", CONTENT));
        let directory = format!("h1:{}", sshd.path("dir"));
        let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
        Self { _sshd: sshd, scout, file, directory, marker: format!("44{n}.{}", std::process::id()) }
    }

    fn job(&self) -> Value {
        let command = self.scout.command();
        let words = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
        let arguments: Vec<String> = command.get_args().map(words).chain(["serve".to_owned()]).collect();
        json!({
            "command": words(command.get_program()),
            "arguments": arguments,
            "environment": self.scout.environment().into_iter().collect::<std::collections::HashMap<_, _>>(),
            "version": env!("CARGO_PKG_VERSION"),
            "file": self.file,
            "directory": self.directory,
            "content": CONTENT,
            "query": "cat notes.txt",
            "marker": self.marker,
        })
    }
}

fn python(venv: &str, driver: &str, arguments: &[&str]) {
    let scene = Scene::new();
    let mut command = venv_python(venv);
    command.arg(test_file("clients").join(driver)).args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("python runs");
    serde_json::to_writer(child.stdin.take().expect("its stdin"), &scene.job()).expect("the job is read");
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{driver}:\n{}", String::from_utf8_lossy(&output.stderr));
}
