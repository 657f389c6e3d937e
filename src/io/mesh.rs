//! The cores of the process and the mail between them.
//!
//! Every core has an inbox that any other may put mail into without waiting. A call has a slot on the core that makes it
//! from before its mail is sent until its answer is there, so an answer always finds its place, and the slots bound what
//! all inboxes together may hold. A core that sleeps is woken by the first mail; what comes before it has looked does
//! not wake it again.

mod bank;
mod bell;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crossbeam_queue::SegQueue;
use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable, LocalBoxFuture};
use slab::Slab;

use super::runtime;
use crate::base::refusal::Reason;
use crate::base::time::{self, Instant};
use crate::base::{Error, Kind, Result};
use crate::fleet::{Fleet, Job, Mesh, Note, Outcome};
use crate::metrics::Histogram;

pub use bank::Banks;
use bell::Bell;
pub use bell::Ear;

/// The inboxes of all cores.
pub struct Inboxes(Box<[Inbox]>);

struct Inbox {
    mail: SegQueue<Mail>,
    bell: Bell,
}

enum Mail {
    /// Work, the slot that waits for its outcome, and when it was sent.
    Call(Sender, Job, Instant),
    /// Nobody wants the outcome any more.
    Cancel(Sender),
    /// The outcome of a call of this core; `None` when the work was cancelled.
    Answer(usize, Option<Outcome>),
    Note(Note),
    /// The process ends.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Sender {
    core: usize,
    slot: usize,
}

impl Inboxes {
    /// Errors: no descriptors are left.
    pub fn new(cores: usize) -> io::Result<Arc<Self>> {
        let inbox = |_| Ok(Inbox { mail: SegQueue::new(), bell: Bell::new()? });
        Ok(Arc::new(Self((0..cores.max(1)).map(inbox).collect::<io::Result<_>>()?)))
    }

    fn send(&self, core: usize, mail: Mail) {
        let Some(inbox) = self.0.get(core) else { return };
        inbox.mail.push(mail);
        inbox.bell.ring();
    }

    /// Ends the loops of all cores but the one that calls.
    pub fn end_others(&self, here: usize) {
        (0..self.0.len()).filter(|core| *core != here).for_each(|core| self.send(core, Mail::End));
    }
}

/// What it costs without the cores.
#[cfg(any(test, feature = "testing"))]
impl Inboxes {
    /// Puts a note into an inbox whose core is awake, and takes it out again; false when another mail was there.
    pub(crate) fn pass_note(&self, core: usize) -> bool {
        self.send(core, Mail::Note(Box::new(|_| {})));
        let mail = self.0.get(core).and_then(|inbox| inbox.mail.pop());
        matches!(mail, Some(Mail::Note(_)))
    }
}

impl Inbox {
    async fn next(&self, ear: &mut Ear) -> Mail {
        loop {
            if let Some(mail) = self.mail.pop() {
                return mail;
            }
            self.bell.listen();
            // Mail may have come before the bell was listened to.
            if let Some(mail) = self.mail.pop() {
                self.bell.ignore();
                return mail;
            }
            ear.hear().await;
        }
    }
}

/// One core's end of the mesh.
pub struct Core {
    here: usize,
    inboxes: Arc<Inboxes>,
    calls_max: usize,
    calls: RefCell<Slab<Call>>,
    /// What others have asked for and is not done yet.
    work: RefCell<HashMap<Sender, AbortHandle>>,
}

/// A call that this core has made.
enum Call {
    Waiting(Option<Waker>),
    Answered(Option<Outcome>),
    /// Nobody waits for it; the slot is free again when its answer comes.
    Abandoned,
}

impl Core {
    /// To be called on the event loop of the core. `calls_max` is how many of its calls may be under way.
    ///
    /// Errors: no descriptors are left.
    pub fn new(here: usize, inboxes: Arc<Inboxes>, calls_max: usize) -> io::Result<(Rc<Self>, Ear)> {
        let inbox =
            inboxes.0.get(here).ok_or_else(|| io::Error::other(format!("there is no core {here}")))?;
        let ear = inbox.bell.ear()?;
        let core = Self { here, inboxes, calls_max, calls: RefCell::default(), work: RefCell::default() };
        Ok((Rc::new(core), ear))
    }

    /// Does what the mail asks for until the process ends.
    pub async fn serve(self: Rc<Self>, mut ear: Ear, fleet: Rc<Fleet>) {
        let Some(inbox) = self.inboxes.0.get(self.here) else { return };
        loop {
            match inbox.next(&mut ear).await {
                Mail::Call(sender, job, sent) => {
                    fleet.recorder().time(Histogram::MailboxWait, time::now() - sent);
                    self.begin(sender, job(Rc::clone(&fleet)));
                }
                Mail::Cancel(sender) => {
                    if let Some(work) = self.work.borrow().get(&sender) {
                        work.abort();
                    }
                }
                Mail::Answer(slot, outcome) => self.answered(slot, outcome),
                Mail::Note(note) => note(&fleet),
                Mail::End => return,
            }
        }
    }

    fn begin(self: &Rc<Self>, sender: Sender, work: LocalBoxFuture<'static, Outcome>) {
        let (abort, registration) = AbortHandle::new_pair();
        self.work.borrow_mut().insert(sender, abort);
        let core = Rc::clone(self);
        runtime::spawn(async move {
            let outcome = Abortable::new(work, registration).await.ok();
            core.work.borrow_mut().remove(&sender);
            core.inboxes.send(sender.core, Mail::Answer(sender.slot, outcome));
        });
    }

    fn answered(&self, slot: usize, outcome: Option<Outcome>) {
        let mut calls = self.calls.borrow_mut();
        match calls.get_mut(slot) {
            Some(call @ Call::Waiting(_)) => {
                if let Call::Waiting(Some(waker)) = std::mem::replace(call, Call::Answered(outcome)) {
                    waker.wake();
                }
            }
            Some(Call::Abandoned) => drop(calls.remove(slot)),
            Some(Call::Answered(_)) | None => {}
        }
    }
}

impl Mesh for Rc<Core> {
    fn cores(&self) -> usize {
        self.inboxes.0.len()
    }

    fn here(&self) -> usize {
        self.here
    }

    fn call(&self, core: usize, job: Job) -> LocalBoxFuture<'static, Result<Outcome>> {
        let mut calls = self.calls.borrow_mut();
        if calls.len() >= self.calls_max {
            let text = "Server busy: too much is under way between its cores; try again later";
            return std::future::ready(Err(Error::refused(Reason::Mail, Kind::Busy, text))).boxed_local();
        }
        let slot = calls.insert(Call::Waiting(None));
        self.inboxes.send(core, Mail::Call(Sender { core: self.here, slot }, job, time::now()));
        Answer { from: Rc::clone(self), core, slot, is_taken: Cell::new(false) }.boxed_local()
    }

    fn tell(&self, core: usize, note: Note) {
        self.inboxes.send(core, Mail::Note(note));
    }
}

/// Waits for the answer to a call.
struct Answer {
    from: Rc<Core>,
    core: usize,
    slot: usize,
    is_taken: Cell<bool>,
}

impl Future for Answer {
    type Output = Result<Outcome>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut calls = self.from.calls.borrow_mut();
        if let Some(Call::Waiting(waker)) = calls.get_mut(self.slot) {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.is_taken.set(true);
        let lost = || Error::new(Kind::Internal, "another core dropped a request");
        match calls.try_remove(self.slot) {
            Some(Call::Answered(Some(outcome))) => Poll::Ready(Ok(outcome)),
            _ => Poll::Ready(Err(lost())),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.is_taken.get() {
            return;
        }
        let mut calls = self.from.calls.borrow_mut();
        match calls.get_mut(self.slot) {
            Some(call @ Call::Waiting(_)) => {
                *call = Call::Abandoned;
                let sender = Sender { core: self.from.here, slot: self.slot };
                self.from.inboxes.send(self.core, Mail::Cancel(sender));
            }
            Some(Call::Answered(_)) => drop(calls.remove(self.slot)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
