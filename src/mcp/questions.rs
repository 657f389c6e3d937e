//! What the server asks its client while it works on a request (2024-11-05 to 2025-11-25): a request in the other
//! direction, answered by a message of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use async_channel::Sender;
use serde_json::Value;

use super::content::Question;
use super::flow::Outbox;
use crate::base::limits::QUESTIONS_MAX;
use crate::rpc::{self, Response};

/// The questions of one session that have no answer yet.
#[derive(Default)]
pub struct Questions {
    waiting: RefCell<HashMap<u64, Sender<Result<Value, Value>>>>,
    asked: Cell<u64>,
    is_closed: Cell<bool>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unanswered {
    #[error("the client cannot be asked in this session")]
    NobodyListens,
    #[error("the client has not declared the capability {0}")]
    NotOffered(&'static str),
    #[error("too many questions wait for the client")]
    TooMany,
    #[error("the client refused: {0}")]
    Refused(Value),
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").field("waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}

impl Questions {
    pub(super) async fn ask(
        self: &Rc<Self>,
        question: &Question,
        outbox: &Outbox,
    ) -> Result<Value, Unanswered> {
        if self.is_closed.get() {
            return Err(Unanswered::NobodyListens);
        }
        if self.waiting.borrow().len() >= QUESTIONS_MAX {
            return Err(Unanswered::TooMany);
        }
        let number = self.asked.get();
        self.asked.set(number + 1);
        let (answer, answered) = async_channel::bounded(1);
        self.waiting.borrow_mut().insert(number, answer);
        let waits = Waits { questions: Rc::clone(self), number };
        if !outbox.put(rpc::request(&id(number), question.method, &question.params)) {
            return Err(Unanswered::TooMany);
        }
        let answered = answered.recv().await;
        drop(waits);
        answered.map_err(|_| Unanswered::NobodyListens)?.map_err(Unanswered::Refused)
    }

    /// No answers come any more: who waits for one waits no longer.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        self.waiting.borrow_mut().clear();
    }

    /// Takes an answer. One that nobody waits for is ignored: it may have crossed the end of the request on its way.
    pub(super) fn answer(&self, response: &Response<'_>) {
        let Some(number) = response.id.as_ref().and_then(|id| number(id.as_json())) else { return };
        let read = |raw: rpc::Raw<'_>| serde_json::from_str(raw.get()).unwrap_or_default();
        if let Some(waiting) = self.waiting.borrow_mut().remove(&number) {
            // Whoever asked may have gone.
            let _ = waiting.try_send(response.outcome.map(read).map_err(read));
        }
    }
}

const PREFIX: &str = "scout-";

fn id(number: u64) -> String {
    format!("{PREFIX}{number}")
}

fn number(json: &str) -> Option<u64> {
    json.strip_prefix('"')?.strip_suffix('"')?.strip_prefix(PREFIX)?.parse().ok()
}

/// Forgets the question when nobody waits any more.
struct Waits {
    questions: Rc<Questions>,
    number: u64,
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.questions.waiting.borrow_mut().remove(&self.number);
    }
}
