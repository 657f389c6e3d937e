//! Sessions of the handshake era: a client that begins with `initialize` gets one, lives with its owner core, whose number
//! its id carries, and is forgotten when it has not been used for a while.
//!
//! There are only so many. Where there is no room for a new one, another goes: of the client who has the most, the one
//! that he has left alone the longest. So nobody is kept out by who begins sessions and never ends them.

mod order;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use crate::base::limits::{HTTP_SESSION_IDLE_MAX, HTTP_SESSIONS_MAX};
use crate::base::time::Instant;
use crate::crypto::random;
use crate::mcp::{Client, Session};
use order::{Order, Use};

/// The sessions of one core.
pub struct Sessions {
    here: usize,
    table: RefCell<Table>,
}

#[derive(Default)]
struct Table {
    held: HashMap<Rc<str>, Held>,
    order: Order,
}

struct Held {
    session: Rc<Session>,
    /// Nobody else gets to it, whatever id he names; nor does he once he may do something else than when it began.
    client: Client,
    used: Instant,
    last: Use,
}

impl Held {
    fn is_forgotten(&self, now: Instant) -> bool {
        // Whoever works for it, or listens, has a hold on it.
        Rc::strong_count(&self.session) == 1 && now - self.used >= HTTP_SESSION_IDLE_MAX
    }
}

/// What a session is known by.
pub struct Kept {
    pub id: String,
    /// Another one had to go.
    pub in_place_of: Option<Rc<Session>>,
}

impl Sessions {
    pub fn new(here: usize) -> Self {
        Self { here, table: RefCell::default() }
    }

    /// Keeps a session.
    pub fn keep(&self, session: Rc<Session>, client: Client, now: Instant) -> Kept {
        let mut id = format!("{}-", self.here);
        for byte in random::array::<16>() {
            // Writing to a text does not fail.
            let _ = write!(id, "{byte:02x}");
        }
        let mut table = self.table.borrow_mut();
        table.forget(&client, now);
        let full = table.held.len() >= HTTP_SESSIONS_MAX;
        let dispensable = table.order.dispensable().filter(|_| full).cloned();
        let in_place_of = dispensable.and_then(|id| table.remove(&id)).inspect(|session| session.end());
        let name: Rc<str> = id.as_str().into();
        let last = table.order.add(client.id, Rc::clone(&name));
        table.held.insert(name, Held { session, client, used: now, last });
        Kept { id, in_place_of }
    }

    /// The session of that id and client.
    pub fn find(&self, id: &str, client: &Client, now: Instant) -> Option<Rc<Session>> {
        let Table { held, order } = &mut *self.table.borrow_mut();
        let found = held.get_mut(id).filter(|found| found.client == *client)?;
        if found.is_forgotten(now) {
            order.remove(client.id, found.last);
            held.remove(id);
            return None;
        }
        (found.used, found.last) = (now, order.renew(client.id, found.last));
        Some(Rc::clone(&found.session))
    }

    /// Ends it, and all that is under way in it. Whether there was one.
    pub fn end(&self, id: &str, client: &Client) -> bool {
        let mut table = self.table.borrow_mut();
        if table.held.get(id).is_none_or(|found| found.client != *client) {
            return false;
        }
        table.remove(id).inspect(|ended| ended.end()).is_some()
    }

    /// What is under way in any of them cannot be finished any more.
    pub fn give_up(&self) {
        self.table.borrow().held.values().for_each(|held| held.session.give_up());
    }

    pub fn here(&self) -> usize {
        self.here
    }
}

impl Table {
    /// A client who comes again leaves behind what he has not used for so long; what is in use behind that stays as well.
    fn forget(&mut self, client: &Client, now: Instant) {
        let is_forgotten =
            |table: &Self, id: &Rc<str>| table.held.get(id).is_some_and(|held| held.is_forgotten(now));
        while let Some(id) = self.order.oldest(client.id).filter(|id| is_forgotten(self, id)).cloned() {
            self.remove(&id);
        }
    }

    fn remove(&mut self, id: &str) -> Option<Rc<Session>> {
        let Held { session, client, last, .. } = self.held.remove(id)?;
        self.order.remove(client.id, last);
        Some(session)
    }
}

/// The core that a session lives on, if its id is one of ours.
pub fn owner(id: &str) -> Option<usize> {
    let (core, _) = id.split_once('-')?;
    core.parse().ok()
}
