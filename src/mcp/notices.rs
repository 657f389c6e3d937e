//! What a session hears without having asked this moment: that a list or a resource it looks at has changed (2024-11-05
//! to 2025-11-25).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::task::{Context, Poll, Waker};

use futures_util::stream::{LocalBoxStream, StreamExt};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::provider::List;
use crate::base::limits::SUBSCRIPTIONS_MAX;
use crate::rpc::{self, Id};

/// The changes that one client is told.
#[derive(Default)]
pub struct Notices {
    lists: RefCell<Option<Messages>>,
    /// By address. They are few, and seldom have something to say: each is asked whenever any of them has.
    resources: RefCell<HashMap<Box<str>, Messages>>,
    /// Who listens: the last one that came.
    turn: Cell<u64>,
    listener: Cell<Option<Waker>>,
}

type Messages = LocalBoxStream<'static, Vec<u8>>;

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
    pub fn hear_lists(&self, changes: impl FnOnce() -> LocalBoxStream<'static, List>) {
        let mut lists = self.lists.borrow_mut();
        if lists.is_none() {
            let told = changes().filter_map(|list| async move { list_changed(list, None) });
            *lists = Some(told.fuse().boxed_local());
            self.wake();
        }
    }

    /// Whether it tells of changes of this resource.
    pub fn tells_of(&self, uri: &str) -> bool {
        self.resources.borrow().contains_key(uri)
    }

    /// Tells of changes of a resource from now on.
    pub fn subscribe(&self, uri: &str, changes: LocalBoxStream<'static, ()>) -> Result<(), Full> {
        let mut resources = self.resources.borrow_mut();
        if resources.len() >= SUBSCRIPTIONS_MAX {
            return Err(Full);
        }
        let named = uri.to_owned();
        let told = changes.filter_map(move |()| {
            let message = updated(&named, None);
            async { message }
        });
        resources.insert(uri.into(), told.fuse().boxed_local());
        self.wake();
        Ok(())
    }

    pub fn unsubscribe(&self, uri: &str) {
        self.resources.borrow_mut().remove(uri);
    }

    /// The turn of a new listener; it is no longer that of who listened before.
    pub fn take_turn(&self) -> u64 {
        self.turn.set(self.turn.get() + 1);
        self.wake();
        self.turn.get()
    }

    /// The next change as a message; `None` when somebody else listens now.
    pub fn poll_next(&self, turn: u64, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if turn != self.turn.get() {
            return Poll::Ready(None);
        }
        self.listener.set(Some(cx.waker().clone()));
        let (mut lists, mut resources) = (self.lists.borrow_mut(), self.resources.borrow_mut());
        for messages in lists.iter_mut().chain(resources.values_mut()) {
            if let Poll::Ready(Some(message)) = messages.poll_next_unpin(cx) {
                return Poll::Ready(Some(message));
            }
        }
        // Whatever is watched next wakes us.
        Poll::Pending
    }

    fn wake(&self) {
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
