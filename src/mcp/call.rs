//! What work knows of the request it answers, and how it speaks to its client meanwhile.

use std::cell::Cell;
use std::rc::Rc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::content::Question;
use super::flow::Outbox;
use super::provider::Client;
use super::questions::{Questions, Unanswered};
use super::{Level, Revision};
use crate::rpc::{self, Code, Error};

/// A request needs what its client has not said that it can do (2026-07-28).
const MISSING_CAPABILITY: Code = Code::Server(-32021);

/// See the module's documentation.
#[derive(Debug)]
pub struct Call {
    pub client: Client,
    pub revision: Revision,
    /// What the client can do beside listening.
    pub client_capabilities: Value,
    /// The client's answers to questions that this request was answered with before (2026-07-28).
    pub input: Input,
    /// Under which the client wants to hear of progress.
    progress: Option<Progress>,
    /// From which level on it wants to read along.
    level: Option<Level>,
    outbox: Rc<Outbox>,
    questions: Option<Rc<Questions>>,
}

/// See [`Call::input`].
#[derive(Debug, Default)]
pub struct Input {
    /// By the names that the questions had.
    pub responses: Option<Value>,
    pub state: Option<String>,
}

#[derive(Debug)]
struct Progress {
    token: Box<RawValue>,
    /// What was said last; it only ever grows.
    said: Cell<f64>,
}

/// What a request says about itself beside what it asks.
#[derive(Debug)]
pub(super) struct Asked {
    pub revision: Revision,
    pub client_capabilities: Value,
    pub progress_token: Option<Box<RawValue>>,
    pub level: Option<Level>,
    pub input: Input,
}

impl Call {
    pub(super) fn new(
        client: Client,
        asked: Asked,
        outbox: &Rc<Outbox>,
        questions: Option<Rc<Questions>>,
    ) -> Rc<Self> {
        let progress = |token| Progress { token, said: Cell::new(f64::NEG_INFINITY) };
        Rc::new(Self {
            client,
            revision: asked.revision,
            client_capabilities: asked.client_capabilities,
            input: asked.input,
            progress: asked.progress_token.map(progress),
            level: asked.level,
            outbox: Rc::clone(outbox),
            questions,
        })
    }

    /// Whether anybody wants to hear of progress.
    pub fn wants_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// So much is done, of `total` if that is known. What is no progress is not said, and of what the client is too slow to
    /// hear only the last.
    pub fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let Some(progress) = &self.progress else { return };
        if done > progress.said.get() {
            progress.said.set(done);
            let params = ProgressParams { progress_token: &progress.token, progress: done, total, message };
            self.outbox.put_progress(rpc::notification("notifications/progress", &params));
        }
    }

    /// Something to read along, for a client that wants to.
    pub fn log(&self, level: Level, logger: &str, data: &impl Serialize) {
        if self.level.is_some_and(|wanted| level >= wanted) {
            let params = LogParams { level, logger, data };
            self.outbox.put(rpc::notification("notifications/message", &params));
        }
    }

    /// Whether the client has said that it can do something, such as `sampling`.
    pub fn offers(&self, capability: &str) -> bool {
        self.client_capabilities.get(capability).is_some_and(Value::is_object)
    }

    /// For work that is nothing without something that the client can do.
    ///
    /// # Errors
    /// The client has not said that it can.
    pub fn require(&self, capability: &str) -> Result<(), Error> {
        if self.offers(capability) {
            return Ok(());
        }
        let message = format!("The client has not declared the capability {capability}");
        let required = json!({ "requiredCapabilities": { capability: {} } });
        Err(Error::new(MISSING_CAPABILITY, message).with_data(&required))
    }

    /// Asks the client, and waits for what it says (before 2026-07-28).
    ///
    /// # Errors
    /// It cannot be asked, has not said that it can answer such a question, or refuses.
    pub async fn ask(&self, question: &Question) -> Result<Value, Unanswered> {
        let questions = self.questions.as_ref().ok_or(Unanswered::NobodyListens)?;
        if !self.offers(question.capability()) {
            return Err(Unanswered::NotOffered(question.capability()));
        }
        questions.ask(question, &self.outbox).await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProgressParams<'a> {
    progress_token: &'a RawValue,
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct LogParams<'a, T> {
    level: Level,
    logger: &'a str,
    data: &'a T,
}
