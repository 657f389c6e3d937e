//! What work knows of the request it answers, and how it speaks to its client meanwhile.

use std::cell::Cell;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::content::Question;
use super::flow::Outbox;
use super::provider::Client;
use super::questions::{Questions, Unanswered};
use super::{Level, Revision};
use crate::rpc;

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

    /// Asks the client, and waits for what it says (before 2026-07-28).
    ///
    /// # Errors
    /// It cannot be asked, or refuses.
    pub async fn ask(&self, question: &Question) -> Result<Value, Unanswered> {
        let questions = self.questions.as_ref().ok_or(Unanswered::NobodyListens)?;
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
