//! The official client in Rust: opens with `initialize`, asking for a version that knows none.

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ProgressNotificationParam,
    ReadResourceRequestParams, ResourceContents,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{CONTENT, KEY, Scene, TEMPLATE};
use crate::support::{eventually, process_running};

/// Passes on the progress that it is told of.
struct Listener(UnboundedSender<ProgressNotificationParam>);

/// What came of it.
type Told = UnboundedReceiver<ProgressNotificationParam>;

type Client = RunningService<RoleClient, Listener>;

impl ClientHandler for Listener {
    async fn on_progress(&self, told: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.0.send(told).expect("the test listens");
    }
}

#[test]
fn over_stdio() {
    let scene = Scene::over_stdio();
    let mut command = tokio::process::Command::from(scene.scout.command());
    command.arg("serve");
    run(async {
        let (listener, progress) = listener();
        let transport = TokioChildProcess::new(command).expect("it starts");
        let client = listener.serve(transport).await.expect("it initializes");
        drive(client, progress, &scene).await;
    });
}

#[test]
fn over_http() {
    let scene = Scene::over_http();
    run(async {
        let (listener, progress) = listener();
        let config =
            StreamableHttpClientTransportConfig::with_uri(scene.url().expect("a server")).auth_header(KEY);
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = listener.serve(transport).await.expect("it initializes");
        drive(client, progress, &scene).await;
    });
}

fn run(client: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(client);
}

fn listener() -> (Listener, Told) {
    let (sender, receiver) = unbounded_channel();
    (Listener(sender), receiver)
}

async fn drive(client: Client, progress: Told, scene: &Scene) {
    let tools = client.list_all_tools().await.expect("tools");
    let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names.first(), Some(&"scout"));

    let call = async |arguments: Value| called(&client, "scout", arguments).await;
    assert_eq!(text(&call(json!({ "target": scene.file })).await), CONTENT);
    assert!(text(&call(json!({ "target": scene.directory })).await).contains("notes.txt"));
    let run = call(json!({ "target": scene.directory, "query": "cat notes.txt" })).await;
    assert_eq!(text(&run).trim_end(), CONTENT.trim_end());
    let missing = call(json!({ "target": "h1:/nope" })).await;
    assert_eq!(missing.is_error, Some(true));
    assert_eq!(text(&missing), "Error: Path not found: /nope");

    let calls = scene.tools();
    let calls = calls.as_array().expect("a list");
    assert_eq!(names.len(), 1 + calls.len());
    for tool in calls {
        let name = tool["name"].as_str().expect("a name");
        assert!(names.contains(&name), "{name} of {names:?}");
        let result = called(&client, name, tool["arguments"].clone()).await;
        let says = tool["says"].as_str().expect("a text");
        assert!(result.is_error != Some(true) && text(&result).contains(says), "{name}: {result:?}");
    }

    let read = client.read_resource(ReadResourceRequestParams::new(&scene.resource)).await;
    let contents = read.expect("the resource").contents;
    assert!(
        matches!(&contents[..], [ResourceContents::TextResourceContents { text, .. }] if text == CONTENT)
    );
    let completed = client.complete_resource_simple(TEMPLATE, "host", "h").await.expect("values");
    assert_eq!(completed, ["h1", "localhost"]);

    cancel_a_running_call(&client, progress, scene).await;
    client.cancel().await.expect("it ends");
}

async fn cancel_a_running_call(client: &Client, mut progress: Told, scene: &Scene) {
    let sleep = params("scout", json!({ "target": "h1:/", "query": format!("sleep {}", scene.marker) }));
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(sleep));
    let running =
        client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("sent");
    // Other calls have told of theirs before.
    let seconds = loop {
        let told = progress.recv().await.expect("progress");
        if told.progress_token == running.progress_token {
            break told.progress;
        }
    };
    assert!(seconds >= 1.0 && process_running(&scene.marker), "{seconds}");
    running.cancel(Some("test".into())).await.expect("cancelled");
    let marker = scene.marker.clone();
    until("sleep is gone", move || !process_running(&marker)).await;
}

/// Waits off the runtime's thread, which has to carry the client meanwhile.
async fn until(what: &'static str, condition: impl Fn() -> bool + Send + 'static) {
    tokio::task::spawn_blocking(move || eventually(what, condition)).await.expect("it came to be so");
}

async fn called(client: &Client, tool: &str, arguments: Value) -> CallToolResult {
    client.call_tool(params(tool, arguments)).await.expect("an answer")
}

fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}

fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|part| Some(part.as_text()?.text.as_str())).collect()
}
