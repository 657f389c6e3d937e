//! A provider that does what tests want: its tools speak, ask and wait, and its resources change when they are told to.

use std::cell::RefCell;
use std::pin::pin;

use async_channel::Sender;
use futures_util::future::{join_all, pending, ready};
use futures_util::stream::LocalBoxStream;
use serde_json::value::to_raw_value;

use super::*;
use crate::base::limits::QUESTIONS_MAX;
use crate::base::{self, Kind};
use crate::mcp::{
    About, Answer, Blank, Body, Call, Capabilities, Changing, Completion, Content, Contents, Implementation,
    InputRequired, List, Page, Prompt, PromptMessage, Provider, Question, Reference, Role, ToolFault,
    ToolOutput, Work,
};

#[derive(Default)]
pub struct Prompter {
    changes: RefCell<Vec<Sender<List>>>,
    watches: RefCell<Vec<(String, Sender<()>)>>,
    /// For which reasons requests were refused.
    pub refused: RefCell<Vec<Reason>>,
}

/// A session with a [`Prompter`] behind it.
pub struct Stage {
    pub prompter: Rc<Prompter>,
    pub session: Rc<Session>,
}

/// How many entries each list has, and a page of it.
pub const ENTRIES: usize = 5;
pub const PAGE: usize = 2;

impl Stage {
    /// Where the client's answers find their way.
    pub fn new() -> Self {
        let prompter = Rc::<Prompter>::default();
        let client = client();
        let provider = Rc::<Prompter>::clone(&prompter);
        let session = Session::new(provider, client, SESSION_REQUESTS_MAX).with_questions();
        Self { prompter, session: Rc::new(session) }
    }

    pub fn agreed(revision: &str) -> Self {
        let stage = Self::new();
        let capabilities = r#"{"elicitation":{}}"#;
        let params = format!(r#"{{"protocolVersion":"{revision}","capabilities":{capabilities}}}"#);
        let reply = ask(&stage.session, &request("0", "initialize", &params));
        assert_eq!(reply["result"]["protocolVersion"], revision);
        stage
    }

    /// Begins a request that has no answer at once.
    pub fn begin(&self, message: &str) -> Flow {
        match self.session.handle(message.as_bytes(), None) {
            Incoming::Call(flow) => flow,
            other => panic!("{message} was answered with {other:?}"),
        }
    }

    /// All that is heard of a request until it waits or ends.
    pub fn heard(&self, message: &str) -> Vec<Value> {
        heard(&mut self.begin(message))
    }

    /// What the client is told unasked.
    pub fn notices(&self) -> Vec<Value> {
        let mut notices = pin!(self.session.notices());
        let mut told = Vec::new();
        while let Some(Some(notice)) = notices.next().now_or_never() {
            told.push(serde_json::from_slice(&notice).expect("JSON"));
        }
        told
    }
}

/// All messages of a request that are there by now.
pub fn heard(flow: &mut Flow) -> Vec<Value> {
    let mut heard = Vec::new();
    while let Some(Some(outgoing)) = flow.next().now_or_never() {
        heard.push(serde_json::from_slice(outgoing.message()).expect("JSON"));
    }
    heard
}

pub fn tool(id: &str, name: &str, meta: &str) -> String {
    request(id, "tools/call", &format!(r#"{{"name":"{name}","_meta":{{{meta}}}}}"#))
}

impl Prompter {
    /// A list has changed.
    pub fn change(&self, list: List) {
        self.changes.borrow_mut().retain(|listener| listener.try_send(list).is_ok());
    }

    /// A resource has changed. Says how many heard of it.
    pub fn touch(&self, uri: &str) -> usize {
        let mut watches = self.watches.borrow_mut();
        watches.retain(|(watched, listener)| watched != uri || listener.try_send(()).is_ok());
        watches.iter().filter(|(watched, _)| watched == uri).count()
    }
}

const ABOUT: About = About {
    implementation: Implementation {
        name: "prompter",
        title: "Prompter",
        version: "1",
        website_url: None,
        icons: &[],
    },
    instructions: None,
    capabilities: Capabilities {
        tools: Some(Changing { list_changed: true, subscribe: false }),
        resources: Some(Changing { list_changed: true, subscribe: true }),
        prompts: Some(Changing { list_changed: false, subscribe: false }),
        completions: Some(Empty {}),
        logging: Some(Empty {}),
    },
};

impl Provider for Prompter {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn list(&self, _list: List, _client: &Client, cursor: Option<&str>) -> Option<Page> {
        let begin =
            cursor.map_or(Some(0), |cursor| cursor.parse().ok().filter(|at| (1..ENTRIES).contains(at)))?;
        let end = ENTRIES.min(begin + PAGE);
        let entries = to_raw_value(&(begin..end).collect::<Vec<_>>()).unwrap().into();
        Some(Page { entries, next: (end < ENTRIES).then(|| end.to_string()) })
    }

    fn call_tool(
        &self,
        call: &Rc<Call>,
        name: &str,
        _arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<ToolOutput>>, ToolFault> {
        let call = Rc::clone(call);
        let done = |text: &str| Ok(Answer::Done(ToolOutput::text(text)));
        Ok(match name {
            "advance" => async move {
                for step in [1.0, 1.0, 0.5, f64::NAN, 2.0] {
                    call.progress(step, Some(2.0), Some("on its way"));
                    yield_once().await;
                }
                done(if call.wants_progress() { "watched" } else { "unwatched" })
            }
            .boxed_local(),
            "chatter" => async move {
                for step in 0..10_000 {
                    call.progress(f64::from(step), None, None);
                    call.log(Level::Error, "prompter", &step);
                }
                done("said")
            }
            .boxed_local(),
            "levels" => async move {
                for level in [Level::Debug, Level::Info, Level::Warning, Level::Emergency] {
                    call.log(level, "prompter", &json!({ "said at": level }));
                }
                done("said")
            }
            .boxed_local(),
            "ask" => async move {
                let answered = call.ask(&elicitation()).await;
                done(&answered.map_or_else(|unanswered| unanswered.to_string(), |answer| answer.to_string()))
            }
            .boxed_local(),
            "ask_much" => async move {
                let asked = (0..2 * QUESTIONS_MAX).map(|_| async { call.ask(&elicitation()).await.is_err() });
                let refused = join_all(asked).await.into_iter().filter(|refused| *refused).count();
                done(&format!("{refused} refused"))
            }
            .boxed_local(),
            "input" => ready(Ok(match &call.input.responses {
                Some(responses) => {
                    Answer::Done(ToolOutput::text(format!("{responses} {:?}", call.input.state)))
                }
                None => Answer::NeedsInput(InputRequired {
                    input_requests: [("who", elicitation())].into(),
                    request_state: Some("the state".into()),
                }),
            }))
            .boxed_local(),
            "needy" => {
                call.require("sampling").map_err(ToolFault::Refused)?;
                ready(done("able")).boxed_local()
            }
            "wait" => pending().boxed_local(),
            _ => return Err(ToolFault::Unknown),
        })
    }

    fn read(&self, _call: &Rc<Call>, uri: &str) -> Option<Work<Answer<Vec<Contents>>>> {
        let body = Body::Text("here".into());
        let contents = Contents { uri: uri.into(), mime_type: "text/plain", body, meta: None };
        match uri {
            "test://here" => Some(ready(Ok(Answer::Done(vec![contents]))).boxed_local()),
            "test://gone" => Some(ready(Err(base::Error::new(Kind::NotFound, "it went away"))).boxed_local()),
            _ => None,
        }
    }

    fn prompt(
        &self,
        _call: &Rc<Call>,
        name: &str,
        _arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<Prompt>>, Error> {
        let content = Content::Text { text: name.into() };
        let messages = vec![PromptMessage { role: Role::User, content }];
        Ok(ready(Ok(Answer::Done(Prompt { description: None, messages }))).boxed_local())
    }

    fn complete(&self, _call: &Rc<Call>, blank: &Blank<'_>) -> Result<Work<Completion>, Error> {
        let of = match blank.of {
            Reference::Prompt(name) => format!("prompt {name}"),
            Reference::Resource(uri) => format!("resource {uri}"),
        };
        let values = vec![format!("{of} {} {} {:?}", blank.argument, blank.value, blank.known)];
        Ok(ready(Ok(Completion { values, total: Some(1), has_more: false })).boxed_local())
    }

    fn watch(&self, _client: &Client, uri: &str) -> Result<LocalBoxStream<'static, ()>, Unwatched> {
        match uri {
            "test://one-too-many" => Err(Unwatched::TooMany),
            _ if uri.starts_with("test://") => {
                let (sender, changes) = async_channel::unbounded();
                self.watches.borrow_mut().push((uri.into(), sender));
                Ok(changes.boxed_local())
            }
            _ => Err(Unwatched::Unknown),
        }
    }

    fn note_refused(&self, reason: Reason) {
        self.refused.borrow_mut().push(reason);
    }

    fn changes(&self, _client: &Client) -> LocalBoxStream<'static, List> {
        let (sender, changes) = async_channel::unbounded();
        self.changes.borrow_mut().push(sender);
        changes.boxed_local()
    }
}

fn elicitation() -> Question {
    Question { method: "elicitation/create", params: json!({ "message": "Who?" }) }
}

/// Lets whoever polls hear what was said.
async fn yield_once() {
    let mut polled = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut polled, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
