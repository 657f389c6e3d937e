//! An MCP server over its standard streams. All users talk to one process, or each request to one of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_channel::{Receiver, Sender};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};

use super::mcp::{self, Call, Era, Reply};
use super::subject::{Subject, failure, in_time};
use super::web::host;
use crate::base::time::Duration;
use crate::io::partner::Partner;
use crate::io::runtime;
use crate::io::stdio::Line;
use crate::rig::{Failure, Operation, Turn};

/// What is known of it.
pub struct Spec {
    pub hosts: Vec<Box<str>>,
    pub command: String,
    pub era: Era,
    pub calls: Vec<(Operation, Call)>,
    pub cold: bool,
    pub timeout: Duration,
    /// The number of the process, for those who look what it takes.
    pub process: AtomicU32,
}

/// See the module's documentation.
pub struct Program {
    spec: Arc<Spec>,
    /// The conversation with the process that all talk to, or its begin.
    talk: RefCell<Option<Beginning>>,
    /// The number of the next request; 0 is that of `initialize`.
    next: Cell<u64>,
}

type Beginning = Shared<LocalBoxFuture<'static, Result<Rc<Talk>, Failure>>>;

/// A process that takes requests. It ends when this is dropped.
struct Talk {
    partner: Partner,
    waiting: Waiting,
}

/// Who waits for which answer.
type Waiting = Rc<RefCell<HashMap<u64, Sender<Reply>>>>;

impl Program {
    pub fn new(spec: Arc<Spec>) -> Self {
        Self { spec, talk: RefCell::default(), next: Cell::new(1) }
    }

    async fn answer(&self, turn: Turn, connected: &dyn Fn()) -> Result<(), Failure> {
        let spec = &self.spec;
        let call = spec.calls.iter().find(|(operation, _)| *operation == turn.operation);
        let Some((_, call)) = call else { return Ok(()) };
        let talk = if spec.cold { Talk::begin(Arc::clone(spec)).await? } else { self.talk().await? };
        if spec.cold {
            connected();
        }
        // No number comes twice in a conversation.
        let id = self.next.replace(self.next.get() + 1);
        let reply = talk.ask(id, call.message(spec.era, id, &host(&spec.hosts, turn))).await;
        if reply.as_ref().is_err_and(|failure| failure.kind == GONE) {
            // The next one starts it anew.
            self.talk.take();
        }
        reply?.outcome
    }

    fn talk(&self) -> Beginning {
        let mut talk = self.talk.borrow_mut();
        if talk.as_ref().is_some_and(|begun| begun.peek().is_some_and(Result::is_err)) {
            talk.take();
        }
        let begin = || Talk::begin(Arc::clone(&self.spec)).boxed_local().shared();
        talk.get_or_insert_with(begin).clone()
    }
}

const GONE: &str = "connection_lost";

impl Talk {
    async fn begin(spec: Arc<Spec>) -> Result<Rc<Self>, Failure> {
        let partner = Partner::start(&spec.command, !spec.cold).await.map_err(|error| failure(&error))?;
        spec.process.store(partner.id(), Ordering::Relaxed);
        let waiting = Waiting::default();
        runtime::spawn(listen(partner.lines(), Rc::clone(&waiting)));
        let talk = Rc::new(Self { partner, waiting });
        if spec.era == Era::Sessions {
            talk.ask(0, mcp::initialize()).await?.outcome?;
            talk.partner.say(mcp::initialized()).await.map_err(|error| failure(&error))?;
        }
        Ok(talk)
    }

    async fn ask(&self, id: u64, message: Vec<u8>) -> Result<Reply, Failure> {
        let (sender, receiver) = async_channel::bounded(1);
        self.waiting.borrow_mut().insert(id, sender);
        let _place = Place { id, waiting: &self.waiting };
        self.partner.say(message).await.map_err(|error| failure(&error))?;
        let gone = |_| Failure { kind: GONE.into(), message: "the program has ended".to_owned() };
        receiver.recv().await.map_err(gone)
    }
}

/// Somebody waits; dropped, he does not any more.
struct Place<'a> {
    id: u64,
    waiting: &'a Waiting,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.borrow_mut().remove(&self.id);
    }
}

/// Gives every answer to whoever waits for it, up to the end of the program.
async fn listen(lines: Receiver<Line>, waiting: Waiting) {
    while let Ok(line) = lines.recv().await {
        let Line::Text(text) = line else { continue };
        let reply = Reply::read(&text);
        let who = reply.as_ref().and_then(|reply| waiting.borrow_mut().remove(&reply.id));
        if let (Some(who), Some(reply)) = (who, reply) {
            let _ = who.try_send(reply);
        }
    }
    waiting.borrow_mut().clear();
}

impl Subject for Program {
    fn ask<'a>(&'a self, turn: Turn, connected: &'a dyn Fn()) -> LocalBoxFuture<'a, Result<(), Failure>> {
        in_time(self.spec.timeout, self.answer(turn, connected)).boxed_local()
    }
}
