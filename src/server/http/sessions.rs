//! Sessions of the handshake era: a client that begins with `initialize` gets one, lives with its owner core, whose number
//! its id carries, and is forgotten when it has not been used for a while.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use crate::base::limits::{HTTP_SESSION_IDLE_MAX, HTTP_SESSIONS_MAX};
use crate::base::time::Instant;
use crate::crypto::random;
use crate::mcp::{Client, Session};

/// The sessions of one core.
pub struct Sessions {
    here: usize,
    held: RefCell<HashMap<Box<str>, Held>>,
}

struct Held {
    session: Rc<Session>,
    /// Nobody else gets to it, whatever id he names; nor does he once he may do something else than when it began.
    client: Client,
    used: Cell<Instant>,
}

impl Held {
    fn is_forgotten(&self, now: Instant) -> bool {
        // Whoever works for it, or listens, has a hold on it.
        Rc::strong_count(&self.session) == 1 && now - self.used.get() >= HTTP_SESSION_IDLE_MAX
    }
}

impl Sessions {
    pub fn new(here: usize) -> Self {
        Self { here, held: RefCell::default() }
    }

    /// Keeps a session, under the id that comes back; `None` when there are as many as there may be: then its client has to
    /// do without.
    pub fn keep(&self, session: Rc<Session>, client: Client, now: Instant) -> Option<String> {
        let mut held = self.held.borrow_mut();
        if held.len() >= HTTP_SESSIONS_MAX {
            held.retain(|_, held| !held.is_forgotten(now));
            if held.len() >= HTTP_SESSIONS_MAX {
                return None;
            }
        }
        let mut id = format!("{}-", self.here);
        for byte in random::array::<16>() {
            // Writing to a text does not fail.
            let _ = write!(id, "{byte:02x}");
        }
        held.insert(id.as_str().into(), Held { session, client, used: Cell::new(now) });
        Some(id)
    }

    /// The session of that id and client.
    pub fn find(&self, id: &str, client: &Client, now: Instant) -> Option<Rc<Session>> {
        let mut held = self.held.borrow_mut();
        let found = held.get(id).filter(|found| found.client == *client)?;
        if found.is_forgotten(now) {
            held.remove(id);
            return None;
        }
        found.used.set(now);
        Some(Rc::clone(&found.session))
    }

    /// Ends it, and all that is under way in it. Whether there was one.
    pub fn end(&self, id: &str, client: &Client) -> bool {
        let mut held = self.held.borrow_mut();
        if held.get(id).is_none_or(|found| found.client != *client) {
            return false;
        }
        held.remove(id).inspect(|ended| ended.session.end()).is_some()
    }

    pub fn here(&self) -> usize {
        self.here
    }
}

/// The core that a session lives on, if its id is one of ours.
pub fn owner(id: &str) -> Option<usize> {
    let (core, _) = id.split_once('-')?;
    core.parse().ok()
}
