//! Looks after the host more closely while somebody waits for it: how long it may be silent then, it has taught itself.

use super::{Link, State};
use crate::base::time::Instant;
use crate::fleet::patience::Watch;

/// How a link is looked after.
#[derive(Debug, Default)]
pub(super) struct Watched {
    is_closely: bool,
    /// The host was asked whether it answers at all.
    was_asked: bool,
}

impl Link {
    /// To be called when work begins or ends, and when the host was heard.
    pub(super) fn watch(&self, state: &mut State, now: Instant) {
        if let Some(time) = state.client.poll_life() {
            self.memory.patience.borrow_mut().note_keepalive(time);
        }
        // Those behind a tunnel look after their own connections.
        let is_waited_for = self.active.get() > state.tunnels.count();
        if is_waited_for == state.watched.is_closely {
            return;
        }
        if !is_waited_for {
            state.watched.is_closely = false;
            return state.client.press(None, now);
        }
        match self.memory.patience.borrow().watch() {
            Watch::AsConfigured => {}
            Watch::Ask => state.watched.was_asked = state.watched.was_asked || state.client.ask_for_life(now),
            Watch::Silence(silence) => {
                state.watched.is_closely = true;
                state.client.press(Some(silence), now);
            }
        }
    }
}
