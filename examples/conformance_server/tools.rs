//! The tools: what the suite calls, by name.

use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use scout_mcp::mcp::{Answer, Body, Call, Content, Contents, Level, List, ToolFault, ToolOutput, Work};
use serde_json::{Value, json};

use super::fixtures::Shared;
use super::{dialogue, rounds, samples};

pub type Started = Work<Answer<ToolOutput>>;
pub type Run = fn(&Scene<'_>) -> Result<Started, ToolFault>;

/// A call, with all that a tool may want to know.
pub struct Scene<'a> {
    pub tool: &'static str,
    pub call: Rc<Call>,
    pub arguments: &'a Value,
    pub shared: &'a Shared,
}

pub struct Tool {
    pub name: &'static str,
    description: &'static str,
    schema: fn() -> Value,
    pub run: Run,
}

const fn tool(name: &'static str, description: &'static str, run: Run) -> Tool {
    Tool { name, description, schema: nothing, run }
}

/// In the order in which clients see them; the suite tries headers with the first.
const TOOLS: &[Tool] = &[
    tool("test_simple_text", "Returns a text", |_| Ok(text("This is a simple text response for testing."))),
    tool("test_image_content", "Returns a picture", |_| Ok(content(vec![samples::image()]))),
    tool("test_audio_content", "Returns a sound", |_| Ok(content(vec![samples::sound()]))),
    tool("test_embedded_resource", "Returns a resource", |_| {
        let text = "This is an embedded resource content.";
        Ok(content(vec![embedded("test://embedded-resource", "text/plain", text)]))
    }),
    tool("test_multiple_content_types", "Returns a text, a picture and a resource", |_| {
        let text = Content::Text { text: "Multiple content types test:".into() };
        let data = r#"{"test":"data","value":123}"#;
        let resource = embedded("test://mixed-content-resource", "application/json", data);
        Ok(content(vec![text, samples::image(), resource]))
    }),
    tool("test_error_handling", "Fails", |_| {
        let output = ToolOutput::text("This tool intentionally returns an error for testing");
        Ok(at_once(ToolOutput { is_error: true, ..output }))
    }),
    tool("test_tool_with_logging", "Says what it does", |scene| Ok(logging(scene))),
    tool("test_logging_tool", "Says what it does", |scene| Ok(logging(scene))),
    tool("test_tool_with_progress", "Says how far it is", |scene| Ok(progressing(scene))),
    tool("test_reconnection", "Takes a while", |scene| Ok(progressing(scene))),
    Tool {
        name: "test_sampling",
        description: "Has the client's model answer a prompt",
        schema: || required("prompt"),
        run: dialogue::SAMPLING,
    },
    Tool {
        name: "test_elicitation",
        description: "Has the user fill in a form",
        schema: || required("message"),
        run: dialogue::ELICITATION,
    },
    tool("test_elicitation_sep1034_defaults", "Asks with defaults", dialogue::DEFAULTS),
    tool("test_elicitation_sep1330_enums", "Asks for choices", dialogue::CHOICES),
    tool("test_input_required_result_elicitation", "Asks for a name", rounds::ELICITATION),
    tool("test_input_required_result_sampling", "Asks the client's model", rounds::SAMPLING),
    tool("test_input_required_result_list_roots", "Asks for roots", rounds::ROOTS),
    tool("test_input_required_result_request_state", "Asks with a state", rounds::STATE),
    tool("test_input_required_result_tampered_state", "Asks with a state", rounds::STATE),
    tool("test_input_required_result_multiple_inputs", "Asks three questions", rounds::MANY),
    tool("test_input_required_result_multi_round", "Asks twice", rounds::STEPS),
    tool("test_input_required_result_capabilities", "Asks what the client can answer", rounds::ABLE),
    tool("test_streaming_elicitation", "Asks on a stream", rounds::STREAMING),
    tool("test_missing_capability", "Cannot do without sampling", |scene| {
        scene.call.require("sampling").map_err(ToolFault::Refused)?;
        Ok(text("The client can sample."))
    }),
    tool("test_trigger_tool_change", "Tells that the tools have changed", |scene| {
        Ok(changed(scene, List::Tools))
    }),
    tool("test_trigger_prompt_change", "Tells that the prompts have changed", |scene| {
        Ok(changed(scene, List::Prompts))
    }),
    Tool {
        name: "json_schema_2020_12_tool",
        description: "Tool with JSON Schema 2020-12 features",
        schema: rich,
        run: |_| Ok(text("Done.")),
    },
];

impl Tool {
    pub fn named(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }
}

/// The entries of `tools/list`.
pub fn describe() -> Vec<Value> {
    let describe = |tool: &Tool| json!({ "name": tool.name, "description": tool.description, "inputSchema": (tool.schema)() });
    TOOLS.iter().map(describe).collect()
}

impl Scene<'_> {
    pub fn call(&self) -> Rc<Call> {
        Rc::clone(&self.call)
    }

    /// An argument that must be there and be text.
    pub fn text(&self, name: &str) -> Result<&str, ToolFault> {
        self.arguments[name].as_str().ok_or_else(|| ToolFault::Arguments(format!("{name} must be a string")))
    }

    /// The state that the client has brought back, if it is ours.
    pub fn state(&self) -> Result<Option<&str>, ToolFault> {
        let state = self.call.input.state.as_deref();
        state.map(|state| self.shared.seal.open(self.tool, state)).transpose().map_err(ToolFault::Refused)
    }

    pub fn sealed(&self, state: &str) -> String {
        self.shared.seal.close(self.tool, state)
    }
}

pub fn embedded(uri: &str, mime_type: &'static str, text: &str) -> Content {
    Content::Resource {
        resource: Contents { uri: uri.into(), mime_type, body: Body::Text(text.into()), meta: None },
    }
}

fn text(text: &str) -> Started {
    at_once(ToolOutput::text(text))
}

fn content(content: Vec<Content>) -> Started {
    at_once(ToolOutput { content, structured_content: None, is_error: false })
}

fn at_once(output: ToolOutput) -> Started {
    ready(Ok(Answer::Done(output))).boxed_local()
}

fn logging(scene: &Scene<'_>) -> Started {
    let (call, tool) = (scene.call(), scene.tool);
    let work = async move {
        for step in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
            call.log(Level::Info, tool, &step);
            pause().await;
        }
        Ok(Answer::Done(ToolOutput::text("Said three things.")))
    };
    work.boxed_local()
}

fn progressing(scene: &Scene<'_>) -> Started {
    let call = scene.call();
    let work = async move {
        for done in [0.0, 50.0, 100.0] {
            call.progress(done, Some(100.0), None);
            pause().await;
        }
        Ok(Answer::Done(ToolOutput::text("Took three steps.")))
    };
    work.boxed_local()
}

fn changed(scene: &Scene<'_>, list: List) -> Started {
    scene.shared.news.tell(list);
    text("Told.")
}

/// Long enough for a client to hear of each step by itself.
async fn pause() {
    monoio::time::sleep(Duration::from_millis(50)).await;
}

fn nothing() -> Value {
    json!({ "type": "object", "properties": {} })
}

fn required(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

/// Words of JSON Schema that a server must leave as they are (SEP-1613, SEP-2106).
fn rich() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}
