//! What the pool does for nobody in particular: connections that are kept warm, and what becomes of all of them when the
//! configuration changes.

use std::collections::HashMap;
use std::rc::Rc;

use super::Pool;
use super::place::{Found, Need};
use crate::base::{Error, Kind, Result};
use crate::fleet::directory::Directory;
use crate::fleet::memory::Memory;
use crate::fleet::route::Route;

/// What is known of the host at the end of a route.
pub(super) struct Remembered {
    route: Rc<Route>,
    pub(super) memory: Rc<Memory>,
}

impl Pool {
    /// What is known of the host at the end of a leg, as long as it is reached by it.
    pub fn memory(&self, leg: &Rc<Route>) -> Rc<Memory> {
        let mut memories = self.memories.borrow_mut();
        let new = || Remembered { route: Rc::clone(leg), memory: Rc::default() };
        let known = memories.entry(Rc::clone(&leg.key)).or_insert_with(new);
        if known.route != *leg {
            *known = new();
        }
        Rc::clone(&known.memory)
    }

    /// Connects a host, unless somebody waits for room or would have to make some; whether it is connected then.
    ///
    /// Errors: those of the dial.
    pub async fn warm(self: &Rc<Self>, route: &Rc<Route>) -> Result<bool> {
        if !self.line.is_empty() {
            return Ok(false);
        }
        let missing = route.legs().take_while(|leg| self.places.find(&leg.key).is_none()).count();
        let mut grants: Vec<_> = (0..missing).map_while(|_| self.room.try_take()).collect();
        if grants.len() < missing {
            return Ok(false);
        }
        let Some((place, found)) = self.begin_way(route, &mut grants) else { return Ok(false) };
        let _need = Need::new(&place);
        match found {
            Found::Ready(_) => Ok(true),
            Found::Dialling(dial) => dial.await.map(|_| true),
        }
    }

    /// Whether the host's connection stays when nobody needs it.
    pub fn keep(&self, route: &Route, is_kept: bool) {
        if let Some((_, Found::Ready(link))) = self.places.find(&route.key) {
            link.stay(is_kept);
        }
    }

    /// The configuration has changed. Connections to hosts that are reached otherwise now, or not at all, take no new
    /// work and are closed when they have done theirs; what was learned of these hosts is forgotten. Of all others only that
    /// they did not let us in: there may be other keys.
    pub fn retire(&self, directory: &Directory) {
        self.generation.set(self.generation.get() + 1);
        let routes = self.places.routes().into_iter().filter(|route| directory.leads_by(route));
        let legs: HashMap<Rc<str>, Rc<Route>> = routes
            .flat_map(|route| route.legs().cloned().collect::<Vec<_>>())
            .map(|leg| (Rc::clone(&leg.key), leg))
            .collect();
        self.places.retire(self.generation(), |route| legs.get(&route.key) != Some(route));
        // Those of hosts that are there still, but reached otherwise, go when they are asked for.
        self.memories.borrow_mut().retain(|key, _| legs.contains_key(key) || directory.name(key).is_some());
        let memories = self.memories.borrow();
        memories.values().for_each(|known| known.memory.logins.borrow_mut().forget());
        self.line.call_all();
    }

    /// How often the configuration has changed.
    pub fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// Whether routes of the configuration before `generation` may lead elsewhere now.
    pub fn check_generation(&self, generation: u64) -> Result<()> {
        match self.generation.get() == generation {
            true => Ok(()),
            false => Err(Error::new(Kind::NotBegun, "the configuration has changed meanwhile; try again")),
        }
    }
}
