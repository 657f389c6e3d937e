//! The connections of one core: at most one for each host, dialled once however many wait for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared, join_all};

use super::link::Link;
use super::memory::Memory;
use super::net::Net;
use crate::base::time::Instant;
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;

type Dial = LocalBoxFuture<'static, Result<Rc<Link>>>;

/// See the module's documentation.
pub struct Pool {
    net: Rc<dyn Net>,
    connections_max: usize,
    places: RefCell<HashMap<Rc<str>, Place>>,
    /// One for each host that was ever dialled.
    memories: RefCell<HashMap<Rc<str>, Rc<Memory>>>,
}

/// What stands at a host's place. A place is taken before its dial begins, so the cap holds at every moment.
enum Place {
    /// Everybody who waits shares the dial; when all of them leave, it is dropped.
    Dialling(WeakShared<Dial>),
    /// The dial lives on until everybody who waited for it has come for the link.
    Ready(Rc<Link>, WeakShared<Dial>),
}

impl Place {
    fn is_vacant(&self) -> bool {
        match self {
            Self::Dialling(dial) => dial.upgrade().is_none(),
            Self::Ready(link, _) => link.has_ended(),
        }
    }

    /// Since when nobody wants it.
    fn idle_since(&self) -> Option<Instant> {
        match self {
            Self::Ready(link, dial) if dial.upgrade().is_none() => link.idle_since(),
            _ => None,
        }
    }
}

impl Pool {
    pub fn new(net: Rc<dyn Net>, connections_max: usize) -> Self {
        Self { net, connections_max, places: RefCell::default(), memories: RefCell::default() }
    }

    /// The host's connection: the one there is, the one being dialled, or a new one.
    ///
    /// Errors: those of the dial; `Busy` when the pool is full of connections at work.
    pub async fn link(&self, name: &Rc<str>, host: &Rc<HostConfig>) -> Result<Rc<Link>> {
        let dial = match self.find(name) {
            Some(Found::Ready(link)) => return Ok(link),
            Some(Found::Dialling(dial)) => dial,
            None => self.dial(name, host)?,
        };
        let dialled = dial.clone().await;
        self.settle(name, &dial, &dialled);
        dialled
    }

    /// Takes leave of every host, and waits until that is said.
    pub async fn close(&self) {
        let links = self.places.take().into_values().filter_map(|place| match place {
            Place::Ready(link, _) => Some(link),
            Place::Dialling(_) => None,
        });
        join_all(links.map(|link| async move {
            link.close();
            link.closed().await;
        }))
        .await;
    }

    fn find(&self, name: &str) -> Option<Found> {
        match self.places.borrow().get(name)? {
            Place::Ready(link, _) => (!link.has_ended()).then(|| Found::Ready(Rc::clone(link))),
            Place::Dialling(dial) => dial.upgrade().map(Found::Dialling),
        }
    }

    fn dial(&self, name: &Rc<str>, host: &Rc<HostConfig>) -> Result<Shared<Dial>> {
        let mut places = self.places.borrow_mut();
        if !places.contains_key(name) && places.len() >= self.connections_max {
            make_room(&mut places, self.connections_max)?;
        }
        let memory = Rc::clone(self.memories.borrow_mut().entry(Rc::clone(name)).or_default());
        let dial = self.net.dial(Rc::clone(host), memory).shared();
        if let Some(weak) = dial.downgrade() {
            places.insert(Rc::clone(name), Place::Dialling(weak));
        }
        Ok(dial)
    }

    /// Puts the outcome of a dial in its place; of several who waited for it the first one does.
    fn settle(&self, name: &Rc<str>, dial: &Shared<Dial>, dialled: &Result<Rc<Link>>) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get_mut(name) else { return };
        let Place::Dialling(current) = place else { return };
        // A later dial may have taken the place of this one.
        if !current.upgrade().is_some_and(|current| current.ptr_eq(dial)) {
            return;
        }
        match dialled {
            Ok(link) => *place = Place::Ready(Rc::clone(link), current.clone()),
            Err(_) => drop(places.remove(name)),
        }
    }
}

enum Found {
    Ready(Rc<Link>),
    Dialling(Shared<Dial>),
}

/// Clears away what is over; if that is not enough, closes the connection that was idle the longest.
fn make_room(places: &mut HashMap<Rc<str>, Place>, connections_max: usize) -> Result<()> {
    places.retain(|_, place| !place.is_vacant());
    if places.len() < connections_max {
        return Ok(());
    }
    let idle = places.iter().filter_map(|(name, place)| Some((place.idle_since()?, Rc::clone(name))));
    let Some((_, name)) = idle.min_by_key(|(since, _)| *since) else {
        let text = format!("All {connections_max} connections are at work; try again later");
        return Err(Error::new(Kind::Busy, text));
    };
    if let Some(Place::Ready(link, _)) = places.remove(&name) {
        link.close();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
