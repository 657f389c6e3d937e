//! The connections of one core: at most one for each host, dialled once however many wait for it.
//!
//! A jump host's connection is one like any other: it has its place here, and all hosts behind it share it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared, join_all};

use super::link::Link;
use super::memory::Memory;
use super::net::{Hop, Net};
use super::route::Route;
use crate::base::time::Instant;
use crate::base::{Error, Kind, Result, limits};
use crate::metrics::{Counter, Gauge, Histogram, Reason, Recorder, Snapshot};

type Dial = LocalBoxFuture<'static, Result<Rc<Link>>>;

/// See the module's documentation.
pub struct Pool {
    net: Rc<dyn Net>,
    recorder: Rc<Recorder>,
    connections_max: usize,
    /// By the keys of routes.
    places: RefCell<Places>,
    /// One for each host that was ever dialled.
    memories: RefCell<HashMap<Rc<str>, Rc<Memory>>>,
}

type Places = HashMap<Rc<str>, Place>;

/// What stands at a host's place. A place is taken before its dial begins, so the cap holds at every moment.
struct Place {
    content: Content,
    /// The place of the hop that it needs.
    hop: Option<Rc<str>>,
}

enum Content {
    /// Everybody who waits shares the dial; when all of them leave, it is dropped.
    Dialling(WeakShared<Dial>),
    /// The dial lives on until everybody who waited for it has come for the link.
    Ready(Rc<Link>, WeakShared<Dial>),
}

impl Place {
    fn is_vacant(&self) -> bool {
        self.found().is_none()
    }

    fn found(&self) -> Option<Found> {
        match &self.content {
            Content::Ready(link, _) => (!link.has_ended()).then(|| Found::Ready(Rc::clone(link))),
            Content::Dialling(dial) => dial.upgrade().map(Found::Dialling),
        }
    }

    /// Since when nobody wants it, for itself.
    fn idle_since(&self) -> Option<Instant> {
        match &self.content {
            Content::Ready(link, dial) if dial.upgrade().is_none() => link.idle_since(),
            _ => None,
        }
    }
}

enum Found {
    Ready(Rc<Link>),
    Dialling(Shared<Dial>),
}

impl Pool {
    pub fn new(net: Rc<dyn Net>, recorder: Rc<Recorder>, connections_max: usize) -> Rc<Self> {
        let (places, memories) = (RefCell::default(), RefCell::default());
        Rc::new(Self { net, recorder, connections_max, places, memories })
    }

    /// The host's connection: the one there is, the one being dialled, or a new one.
    ///
    /// Errors: those of the dial; `Busy` when the pool is full of connections at work.
    pub async fn link(self: &Rc<Self>, route: &Rc<Route>) -> Result<Rc<Link>> {
        // A hop that has died unnoticed is dialled anew, and there may be another behind it.
        let mut tries_left = limits::HOPS_MAX;
        loop {
            let dial = match self.find(&route.key) {
                Some(Found::Ready(link)) => {
                    self.recorder.count(Counter::PoolHits);
                    return Ok(link);
                }
                Some(Found::Dialling(dial)) => dial,
                None => {
                    self.recorder.count(Counter::PoolMisses);
                    self.dial(route)?
                }
            };
            match self.outcome(&route.key, dial).await {
                Err(error) if error.kind() == Kind::NotBegun && tries_left > 0 => tries_left -= 1,
                outcome => return outcome,
            }
        }
    }

    /// The host's connection, if there is one at this moment.
    pub fn ready(&self, route: &Route) -> Option<Rc<Link>> {
        match self.find(&route.key)? {
            Found::Ready(link) => Some(link),
            Found::Dialling(_) => None,
        }
    }

    /// What is known of the host.
    pub fn memory(&self, route: &Route) -> Rc<Memory> {
        Rc::clone(self.memories.borrow_mut().entry(Rc::clone(&route.key)).or_default())
    }

    /// Whether there is a connection to the host at this moment.
    pub fn is_connected(&self, route: &Route) -> bool {
        matches!(self.find(&route.key), Some(Found::Ready(_)))
    }

    /// Says how many connections there are, and how many of them are wanted.
    pub fn measure(&self, snapshot: &mut Snapshot) {
        let places = self.places.borrow();
        let hops = hops(&places);
        let taken: Vec<_> = places.iter().filter(|(_, place)| !place.is_vacant()).collect();
        let size = taken.len();
        let is_idle =
            |(key, place): &(&Rc<str>, &Place)| place.idle_since().is_some() && !hops.contains(*key);
        let idle = taken.into_iter().filter(is_idle).count();
        snapshot.set(Gauge::PoolSize, size);
        snapshot.set(Gauge::PoolActive, size - idle);
        snapshot.set(Gauge::PoolIdle, idle);
    }

    /// Takes leave of every host, of those behind others first, and waits until that is said.
    pub async fn close(&self) {
        let mut places = self.places.take();
        while !places.is_empty() {
            let hops: HashSet<Rc<str>> = hops(&places);
            let last: Places = places.extract_if(|key, _| !hops.contains(key)).collect();
            let links = last.into_values().filter_map(|place| match place.content {
                Content::Ready(link, _) => Some(link),
                Content::Dialling(_) => None,
            });
            join_all(links.map(|link| async move {
                link.close();
                link.closed().await;
            }))
            .await;
        }
    }

    fn find(&self, key: &str) -> Option<Found> {
        self.places.borrow().get(key)?.found()
    }

    /// Takes places for the host and all its hops that have none, and joins their dials: each waits for the one before.
    fn dial(self: &Rc<Self>, route: &Rc<Route>) -> Result<Shared<Dial>> {
        let length = route.legs().count();
        if length > self.connections_max {
            let text =
                format!("The way there takes {length} connections, and {} are allowed", self.connections_max);
            return Err(Error::new(Kind::Busy, text));
        }
        let mut places = self.places.borrow_mut();
        let mut missing = Vec::new();
        let mut found = None;
        for leg in route.legs() {
            found = places.get(&leg.key).and_then(Place::found).map(|found| (leg, found));
            if found.is_some() {
                break;
            }
            places.remove(&leg.key);
            missing.push(leg);
        }
        let keep = found.as_ref().map(|(leg, _)| &*leg.key);
        self.make_room(&mut places, missing.len(), keep)?;
        let mut hop = found;
        for leg in missing.into_iter().rev() {
            let place = hop.as_ref().map(|(hop, _)| Rc::clone(&hop.key));
            let dial = self.begin(leg, hop).shared();
            if let Some(weak) = dial.downgrade() {
                places.insert(Rc::clone(&leg.key), Place { content: Content::Dialling(weak), hop: place });
            }
            hop = Some((leg, Found::Dialling(dial)));
        }
        match hop {
            Some((_, Found::Dialling(dial))) => Ok(dial),
            _ => Err(Error::new(Kind::Internal, "a dial was not begun")),
        }
    }

    /// The dial of one leg.
    fn begin(self: &Rc<Self>, leg: &Rc<Route>, hop: Option<(&Rc<Route>, Found)>) -> Dial {
        let memory = self.memory(leg);
        let Some((hop, found)) = hop else {
            return self.measured(self.net.dial(Rc::clone(&leg.host), memory, None));
        };
        let (pool, key, name) = (Rc::clone(self), Rc::clone(&hop.key), Rc::from(hop.host.alias.as_str()));
        let (link, used) = match found {
            Found::Dialling(dial) => (async move { pool.outcome(&key, dial).await }.boxed_local(), None),
            Found::Ready(link) => (std::future::ready(Ok(Rc::clone(&link))).boxed_local(), Some(link)),
        };
        let dial = self.measured(self.net.dial(Rc::clone(&leg.host), memory, Some(Hop { name, link })));
        async move {
            let dialled = dial.await;
            // The hop had been used before, and was over without anybody knowing.
            let hop_is_over = used.is_some_and(|link| link.has_ended());
            dialled.map_err(|error| match hop_is_over {
                true => Error::new(Kind::NotBegun, error.message()),
                false => error,
            })
        }
        .boxed_local()
    }

    /// Counts a dial, and measures it if it comes to something.
    fn measured(&self, dial: Dial) -> Dial {
        let (recorder, net) = (Rc::clone(&self.recorder), Rc::clone(&self.net));
        recorder.count(Counter::Dials);
        let begun = net.now();
        let measured = dial.inspect(move |dialled| match dialled {
            Ok(_) => recorder.time(Histogram::Dial, net.now() - begun),
            Err(_) => recorder.count(Counter::DialFailures),
        });
        measured.boxed_local()
    }

    /// Waits for a dial and puts its outcome in its place; of several who wait the first one does.
    async fn outcome(&self, key: &str, dial: Shared<Dial>) -> Result<Rc<Link>> {
        let dialled = dial.clone().await;
        self.settle(key, &dial, &dialled);
        dialled
    }

    fn settle(&self, key: &str, dial: &Shared<Dial>, dialled: &Result<Rc<Link>>) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get_mut(key) else { return };
        let Content::Dialling(current) = &place.content else { return };
        // A later dial may have taken the place of this one.
        if !current.upgrade().is_some_and(|current| current.ptr_eq(dial)) {
            return;
        }
        match dialled {
            Ok(link) => place.content = Content::Ready(Rc::clone(link), current.clone()),
            Err(_) => drop(places.remove(key)),
        }
    }

    /// Makes room for `count` places without touching `keep`: clears away what is over; if that is not enough, closes
    /// what was idle the longest. A hop stays as long as anybody behind it.
    fn make_room(&self, places: &mut Places, count: usize, keep: Option<&str>) -> Result<()> {
        let connections_max = self.connections_max;
        if places.len() + count > connections_max {
            places.retain(|_, place| !place.is_vacant());
        }
        while places.len() + count > connections_max {
            let hops = hops(places);
            let free = places.iter().filter(|(key, _)| !hops.contains(*key) && Some(&***key) != keep);
            let idle = free.filter_map(|(key, place)| Some((place.idle_since()?, key)));
            let Some(key) = idle.min_by_key(|(since, _)| *since).map(|(_, key)| Rc::clone(key)) else {
                self.recorder.count(Counter::Rejected(Reason::Pool));
                let text = format!("All {connections_max} connections are at work; try again later");
                return Err(Error::new(Kind::Busy, text));
            };
            if let Some(Place { content: Content::Ready(link, _), .. }) = places.remove(&key) {
                self.recorder.count(Counter::PoolEvictions);
                link.close();
            }
        }
        Ok(())
    }
}

/// The places that others need.
fn hops(places: &Places) -> HashSet<Rc<str>> {
    places.values().filter_map(|place| place.hop.clone()).collect()
}

#[cfg(test)]
mod tests;
