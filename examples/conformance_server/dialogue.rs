//! Tools that ask their client while they work (2024-11-05 to 2025-11-25).

use futures_util::FutureExt;
use scout_mcp::mcp::{Answer, Question, ToolOutput};
use serde_json::{Value, json};

use super::form::{elicitation, sampling};
use super::tools::{Run, Scene, Started};

pub const SAMPLING: Run = |scene| {
    let question = sampling(scene.text("prompt")?, 100);
    Ok(asking(scene, question, |answer| format!("LLM response: {}", answer["content"]["text"])))
};

pub const ELICITATION: Run = |scene| {
    let properties = json!({
        "username": { "type": "string", "description": "User's response" },
        "email": { "type": "string", "description": "User's email address" },
    });
    let question = elicitation(scene.text("message")?, properties, &["username", "email"]);
    Ok(asking(scene, question, |answer| format!("User response: {answer}")))
};

/// A default for every primitive type (SEP-1034).
pub const DEFAULTS: Run = |scene| {
    let properties = json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true },
    });
    Ok(asking(scene, elicitation("Please review the defaults", properties, &[]), completed))
};

/// Every way to offer a choice (SEP-1330).
pub const CHOICES: Run = |scene| {
    let plain = ["option1", "option2", "option3"];
    let titled = |word: &str| -> Vec<Value> {
        let option =
            |(value, ordinal): (&str, &str)| json!({ "const": value, "title": format!("{ordinal} {word}") });
        [("value1", "First"), ("value2", "Second"), ("value3", "Third")].map(option).into()
    };
    let properties = json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string", "oneOf": titled("Option") },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } },
    });
    Ok(asking(scene, elicitation("Please choose", properties, &[]), completed))
};

fn completed(answer: &Value) -> String {
    format!("Elicitation completed: action={}, content={}", answer["action"], answer["content"])
}

/// Asks, and says what came back.
fn asking(scene: &Scene<'_>, question: Question, say: fn(&Value) -> String) -> Started {
    let call = scene.call();
    let work = async move {
        Ok(Answer::Done(match call.ask(&question).await {
            Ok(answer) => ToolOutput::text(say(&answer)),
            Err(unanswered) => ToolOutput::failure(unanswered.to_string()),
        }))
    };
    work.boxed_local()
}
