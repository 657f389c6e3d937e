//! Tools that ask by their results, and are called again with the answers (2026-07-28).

use std::future::ready;

use futures_util::FutureExt;
use scout_mcp::mcp::{Answer, Call, ToolFault, ToolOutput};
use serde_json::Value;

use super::form::{self, Form};
use super::tools::{Run, Scene, Started};

pub const ELICITATION: Run = |scene| {
    once(scene, vec![("user_name", form::text("What is your name?", "name"))], |answers| {
        format!("Hello, {}!", word(answers[0], "name"))
    })
};

pub const SAMPLING: Run = |scene| {
    once(
        scene,
        vec![("capital_question", form::sampling("What is the capital of France?", 100))],
        |answers| format!("The client says: {}", answers[0]["content"]["text"]),
    )
};

pub const ROOTS: Run = |scene| {
    once(scene, vec![("client_roots", form::roots())], |answers| format!("Roots: {}", answers[0]["roots"]))
};

pub const STATE: Run = |scene| {
    with_state(scene, vec![("confirm", form::confirmation())], |answers| {
        format!("state-ok, confirmed: {}", answers[0]["content"]["ok"])
    })
};

pub const MANY: Run = |scene| {
    let form = vec![
        ("user_name", form::text("What is your name?", "name")),
        ("greeting", form::sampling("Generate a greeting", 50)),
        ("client_roots", form::roots()),
    ];
    with_state(scene, form, |answers| {
        let [name, greeting, roots] = answers else { return String::new() };
        let name = word(name, "name");
        format!("{name}: {}, with the roots {}", greeting["content"]["text"], roots["roots"])
    })
};

/// What was said in the first round is in the state of the second.
pub const STEPS: Run = |scene| {
    let first = vec![("step1", form::text("Step 1: What is your name?", "name"))];
    let second = vec![("step2", form::text("Step 2: What is your favorite color?", "color"))];
    form::check_able(&scene.call, &first).map_err(ToolFault::Refused)?;
    let name = scene.state()?.and_then(|state| state.strip_prefix("name="));
    Ok(at_once(match (name, form::answers(&scene.call, &first), form::answers(&scene.call, &second)) {
        (Some(name), _, Some(answers)) => done(format!("{name} likes {}", word(answers[0], "color"))),
        (Some(name), _, None) => form::ask(second, Some(scene.sealed(&format!("name={name}")))),
        (None, Some(answers), _) => {
            form::ask(second, Some(scene.sealed(&format!("name={}", word(answers[0], "name")))))
        }
        (None, None, _) => form::ask(first, Some(scene.sealed("begun"))),
    }))
};

/// Asks for no more than the client can answer.
pub const ABLE: Run = |scene| {
    let all = vec![
        ("user_name", form::text("What is your name?", "name")),
        ("greeting", form::sampling("Generate a greeting", 50)),
        ("client_roots", form::roots()),
    ];
    let able = |call: &Call, form: Form| {
        form.into_iter().filter(|(_, question)| call.offers(question.capability())).collect::<Form>()
    };
    once(scene, able(&scene.call, all), |answers| format!("{} answers", answers.len()))
};

/// Says how far it is before it asks.
pub const STREAMING: Run = |scene| {
    scene.call.progress(0.0, Some(1.0), None);
    ELICITATION(scene)
};

/// One round of questions.
fn once(scene: &Scene<'_>, form: Form, say: fn(&[&Value]) -> String) -> Result<Started, ToolFault> {
    form::check_able(&scene.call, &form).map_err(ToolFault::Refused)?;
    Ok(at_once(match form::answers(&scene.call, &form) {
        Some(answers) => done(say(&answers)),
        None => form::ask(form, None),
    }))
}

/// One round, with a state that has to come back.
fn with_state(scene: &Scene<'_>, form: Form, say: fn(&[&Value]) -> String) -> Result<Started, ToolFault> {
    form::check_able(&scene.call, &form).map_err(ToolFault::Refused)?;
    let state = scene.state()?;
    Ok(at_once(match form::answers(&scene.call, &form).filter(|_| state == Some("asked")) {
        Some(answers) => done(say(&answers)),
        None => form::ask(form, Some(scene.sealed("asked"))),
    }))
}

/// A member of what was filled in; what the client did where it filled in nothing.
fn word<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer["content"][member].as_str().or(answer["action"].as_str()).unwrap_or_default()
}

fn done(text: String) -> Answer<ToolOutput> {
    Answer::Done(ToolOutput::text(text))
}

fn at_once(answer: Answer<ToolOutput>) -> Started {
    ready(Ok(answer)).boxed_local()
}
