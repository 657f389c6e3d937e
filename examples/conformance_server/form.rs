//! Questions to a client, and whether its answers fit them.

use scout_mcp::mcp::{Answer, Call, InputRequired, Question};
use scout_mcp::rpc::Error;
use serde_json::{Value, json};

/// Questions by the names that their answers come back under.
pub type Form = Vec<(&'static str, Question)>;

/// Asks for one word.
pub fn text(message: &str, member: &str) -> Question {
    elicitation(message, json!({ member: { "type": "string" } }), &[member])
}

/// Asks for a yes.
pub fn confirmation() -> Question {
    elicitation("Please confirm", json!({ "ok": { "type": "boolean" } }), &["ok"])
}

pub fn elicitation(message: &str, properties: Value, required: &[&str]) -> Question {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let params = json!({ "message": message, "requestedSchema": schema });
    Question { method: "elicitation/create", params }
}

pub fn sampling(prompt: &str, tokens_max: u32) -> Question {
    let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    let params = json!({ "messages": [message], "maxTokens": tokens_max });
    Question { method: "sampling/createMessage", params }
}

pub fn roots() -> Question {
    Question { method: "roots/list", params: json!({}) }
}

/// That the client can answer all of it.
pub fn check_able(call: &Call, form: &Form) -> Result<(), Error> {
    form.iter().try_for_each(|(_, question)| call.require(question.capability()))
}

/// The answers, in the order of the questions; `None` while one is missing or does not fit.
pub fn answers<'a>(call: &'a Call, form: &Form) -> Option<Vec<&'a Value>> {
    let given = call.input.responses.as_ref()?;
    form.iter().map(|(name, question)| given.get(name).filter(|answer| fits(question, answer))).collect()
}

fn fits(question: &Question, answer: &Value) -> bool {
    match question.method {
        "elicitation/create" => match answer["action"].as_str() {
            Some("accept") => answer["content"].is_object(),
            action => matches!(action, Some("decline" | "cancel")),
        },
        "sampling/createMessage" => answer["content"].is_object(),
        _ => answer["roots"].is_array(),
    }
}

/// The questions, instead of an answer.
pub fn ask<T>(form: Form, state: Option<String>) -> Answer<T> {
    Answer::NeedsInput(InputRequired { input_requests: form.into_iter().collect(), request_state: state })
}
