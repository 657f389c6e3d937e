//! The prompts.

use scout_mcp::mcp::{Answer, Call, Content, Prompt, PromptMessage, Role};
use scout_mcp::rpc::Error;
use serde_json::{Value, json};

use super::tools::embedded;
use super::{form, samples};

/// With arguments that can be completed.
pub const COMPLETED: &str = "test_prompt_with_arguments";

const SIMPLE: &str = "test_simple_prompt";
const EMBEDDED: &str = "test_prompt_with_embedded_resource";
const IMAGE: &str = "test_prompt_with_image";
const ASKING: &str = "test_input_required_result_prompt";

/// The entries of `prompts/list`.
pub fn describe() -> Vec<Value> {
    let describe = |(name, description, arguments): (&str, &str, &[&str])| {
        let argument =
            |name: &&str| json!({ "name": name, "description": "Part of the text", "required": true });
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        json!({ "name": name, "description": description, "arguments": arguments })
    };
    let all: [(&str, &str, &[&str]); 5] = [
        (SIMPLE, "A text", &[]),
        (COMPLETED, "A text with two words filled in", &["arg1", "arg2"]),
        (EMBEDDED, "A resource and a text", &["resourceUri"]),
        (IMAGE, "A picture and a text", &[]),
        (ASKING, "A text that the user has to add to", &[]),
    ];
    all.map(describe).into()
}

/// # Errors
/// There is no such prompt, an argument is missing, or the client cannot be asked what has to be asked.
pub fn answer(call: &Call, name: &str, arguments: &Value) -> Result<Answer<Prompt>, Error> {
    let argument = |name: &str| {
        let missing = || Error::invalid_params(format!("The argument {name} is missing"));
        arguments[name].as_str().ok_or_else(missing)
    };
    let content = match name {
        SIMPLE => vec![text("This is a simple prompt for testing.")],
        COMPLETED => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        EMBEDDED => {
            let resource = "Embedded resource content for testing.";
            let resource = embedded(argument("resourceUri")?, "text/plain", resource);
            vec![resource, text("Please process the embedded resource above.")]
        }
        IMAGE => vec![samples::image(), text("Please analyze the image above.")],
        ASKING => {
            let form = vec![("user_context", form::text("What context should the prompt use?", "context"))];
            form::check_able(call, &form)?;
            let Some(answers) = form::answers(call, &form) else { return Ok(form::ask(form, None)) };
            vec![text(&format!("Consider this context: {}", answers[0]["content"]["context"]))]
        }
        _ => return Err(Error::invalid_params(format!("Unknown prompt: {name}"))),
    };
    let message = |content| PromptMessage { role: Role::User, content };
    Ok(Answer::Done(Prompt { description: None, messages: content.into_iter().map(message).collect() }))
}

fn text(text: &str) -> Content {
    Content::Text { text: text.into() }
}
