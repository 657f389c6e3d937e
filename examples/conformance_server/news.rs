//! Changes of lists: told on one core, heard on all of them.

use std::sync::{Mutex, PoisonError};

use async_channel::{Receiver, Sender};
use scout_mcp::mcp::List;

/// Changes that a listener may be behind.
const BEHIND_MAX: usize = 16;

#[derive(Default)]
pub struct News {
    listeners: Mutex<Vec<Sender<List>>>,
}

impl News {
    /// What is told from now on.
    pub fn listen(&self) -> Receiver<List> {
        let (listener, changes) = async_channel::bounded(BEHIND_MAX);
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        changes
    }

    pub fn tell(&self, list: List) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| !listener.is_closed());
        for listener in &*listeners {
            // Who is that far behind will look at the list anyway.
            let _ = listener.try_send(list);
        }
    }
}
