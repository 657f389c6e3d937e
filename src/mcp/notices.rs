//! What a session hears without having asked this moment: that a list or a resource it looks at has changed (2024-11-05
//! to 2025-11-25).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::task::{Context, Poll, Waker};

use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{LocalBoxStream, SelectAll, StreamExt};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::provider::List;
use crate::base::limits::SUBSCRIPTIONS_MAX;
use crate::rpc::{self, Id};

/// The changes that one client is told.
#[derive(Default)]
pub struct Notices {
    watched: RefCell<SelectAll<LocalBoxStream<'static, Vec<u8>>>>,
    resources: RefCell<HashMap<Box<str>, AbortHandle>>,
    hears_lists: Cell<bool>,
    /// Who listens: the last one that came.
    turn: Cell<u64>,
    listener: Cell<Option<Waker>>,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("resources", &self.resources.borrow().len()).finish_non_exhaustive()
    }
}

/// There are as many subscriptions as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Notices {
    /// Tells of changed lists from now on.
    pub fn hear_lists(&self, changes: LocalBoxStream<'static, List>) {
        if !self.hears_lists.replace(true) {
            self.add(changes.filter_map(|list| async move { list_changed(list, None) }).boxed_local());
        }
    }

    /// Tells of changes of a resource from now on.
    pub fn subscribe(&self, uri: &str, changes: LocalBoxStream<'static, ()>) -> Result<(), Full> {
        let mut resources = self.resources.borrow_mut();
        if resources.contains_key(uri) {
            return Ok(());
        }
        // Streams that were given up go when somebody listens, which a client need not do.
        if resources.len() >= SUBSCRIPTIONS_MAX || self.watched.borrow().len() > 2 * SUBSCRIPTIONS_MAX {
            return Err(Full);
        }
        let (handle, registration) = AbortHandle::new_pair();
        resources.insert(uri.into(), handle);
        let named = uri.to_owned();
        let told = changes.filter_map(move |()| {
            let message = updated(&named, None);
            async { message }
        });
        self.add(Abortable::new(told, registration).boxed_local());
        Ok(())
    }

    pub fn unsubscribe(&self, uri: &str) {
        if let Some(handle) = self.resources.borrow_mut().remove(uri) {
            handle.abort();
        }
    }

    /// The turn of a new listener; it is no longer that of who listened before.
    pub fn take_turn(&self) -> u64 {
        self.turn.set(self.turn.get() + 1);
        if let Some(listener) = self.listener.take() {
            listener.wake();
        }
        self.turn.get()
    }

    /// The next change as a message; `None` when somebody else listens now.
    pub fn poll_next(&self, turn: u64, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if turn != self.turn.get() {
            return Poll::Ready(None);
        }
        self.listener.set(Some(cx.waker().clone()));
        match self.watched.borrow_mut().poll_next_unpin(cx) {
            Poll::Ready(Some(message)) => Poll::Ready(Some(message)),
            // Whatever is watched next wakes us.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn add(&self, messages: LocalBoxStream<'static, Vec<u8>>) {
        self.watched.borrow_mut().push(messages);
        if let Some(listener) = self.listener.take() {
            listener.wake();
        }
    }
}

/// `notifications/…/list_changed`, of a subscription where there is one; `None` for what has no such message.
pub fn list_changed(list: List, subscription: Option<&Id<'_>>) -> Option<Vec<u8>> {
    let method = match list {
        List::Tools => "notifications/tools/list_changed",
        List::Resources | List::ResourceTemplates => "notifications/resources/list_changed",
        List::Prompts => "notifications/prompts/list_changed",
    };
    rpc::notification(method, &Changed::new(None, subscription))
}

/// `notifications/resources/updated`, of a subscription where there is one.
pub fn updated(uri: &str, subscription: Option<&Id<'_>>) -> Option<Vec<u8>> {
    rpc::notification("notifications/resources/updated", &Changed::new(Some(uri), subscription))
}

/// The parameters of both.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Subscribed<'a>>,
}

/// To which subscription a message belongs (2026-07-28).
#[derive(Serialize)]
pub struct Subscribed<'a> {
    #[serde(rename = "io.modelcontextprotocol/subscriptionId", serialize_with = "as_it_came")]
    id: &'a Id<'a>,
}

impl<'a> Subscribed<'a> {
    pub fn new(id: &'a Id<'a>) -> Self {
        Self { id }
    }
}

fn as_it_came<S: Serializer>(id: &Id<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(id.as_json()).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

impl<'a> Changed<'a> {
    fn new(uri: Option<&'a str>, subscription: Option<&'a Id<'a>>) -> Self {
        Self { uri, meta: subscription.map(Subscribed::new) }
    }
}
