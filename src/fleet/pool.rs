//! The connections of one core: one for each host, dialled once however many wait for it, and more where commands wait
//! for sessions.
//!
//! A jump host's connection is one like any other: it has its place here, and all hosts behind it share it. Every place
//! holds one of the connections that the process may have. Where there is none left, the one that was idle the longest is
//! closed; where none is idle, who comes waits in a line, and before long one that is at work takes nothing new any more.

mod further;
mod growth;
mod line;
mod place;
mod upkeep;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{Either, Shared, join_all, select};

use super::link::{Hold, Link};
use super::memory::Memory;
use super::net::{Hop, Net};
use super::quota::{Grant, Quota};
use super::route::Route;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::config::Settings;
use crate::metrics::{Circuit, Counter, Gauge, Reason, Recorder, Snapshot};
use further::Further;
use line::Line;
use place::{Dial, Found, Need, Place, Places, Seat};
use upkeep::Remembered;

/// See the module's documentation.
pub struct Pool {
    net: Rc<dyn Net>,
    recorder: Rc<Recorder>,
    /// Connections of the whole process, for messages; `room` is what counts.
    connections_max: usize,
    per_host_max: usize,
    room: Rc<Quota>,
    places: Rc<Places>,
    line: Rc<Line>,
    /// One for each host that was ever dialled, as itself or as a hop: no more than the configuration names.
    memories: RefCell<HashMap<Rc<str>, Remembered>>,
    /// How often the configuration has changed.
    generation: Cell<u64>,
}

/// What leads to the next leg.
struct Hopped<'a> {
    route: &'a Rc<Route>,
    place: Rc<Place>,
    found: Found,
}

/// How much somebody who waits for room wants it.
struct Pressure {
    rises: Instant,
    patience: Duration,
}

impl Pressure {
    fn new(now: Instant) -> Self {
        Self { rises: now + limits::ROOM_PATIENCE, patience: limits::ROOM_PATIENCE }
    }

    /// What makes room may take its time, so it is given more each time.
    fn rise(&mut self) {
        self.patience *= 2;
        self.rises += self.patience;
    }
}

impl Pool {
    /// `room` is what all pools of the process share.
    pub fn new(net: Rc<dyn Net>, recorder: Rc<Recorder>, settings: &Settings, room: Rc<Quota>) -> Rc<Self> {
        Rc::new(Self {
            net,
            recorder,
            connections_max: settings.max_pool_size,
            per_host_max: settings.max_connections_per_host,
            room,
            places: Rc::default(),
            line: Rc::default(),
            memories: RefCell::default(),
            generation: Cell::default(),
        })
    }

    /// The host's connection: the one there is, the one being dialled, or a new one, for which room is waited for until
    /// `deadline`. It is kept for the caller.
    ///
    /// Errors: those of the dial; `Busy` when there was no room in time; `NotBegun` when the configuration has changed
    /// meanwhile ([`Pool::generation`]).
    pub async fn link(self: &Rc<Self>, route: &Rc<Route>, deadline: Instant) -> Result<Hold> {
        // A hop that has died unnoticed is dialled anew, and there may be another behind it.
        let mut tries_left = limits::HOPS_MAX;
        let generation = self.generation();
        loop {
            self.check_generation(generation)?;
            let found = match self.places.find(&route.key) {
                Some(found) => found,
                None => {
                    self.recorder.count(Counter::PoolMisses);
                    self.dial(route, deadline).await?
                }
            };
            let (place, dial) = match found {
                (_, Found::Ready(link)) => {
                    self.recorder.count(Counter::PoolHits);
                    return Ok(link.hold());
                }
                (place, Found::Dialling(dial)) => (place, dial),
            };
            let _need = Need::new(&place);
            match dial.await {
                Ok(link) => return Ok(link.hold()),
                Err(error) if error.kind() == Kind::NotBegun && tries_left > 0 => tries_left -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The host's connection, if there is one at this moment. It is kept for the caller.
    pub fn ready(&self, route: &Route) -> Option<Hold> {
        match self.places.find(&route.key)? {
            (_, Found::Ready(link)) => Some(link.hold()),
            (_, Found::Dialling(_)) => None,
        }
    }

    /// Whether there is a connection to the host at this moment.
    pub fn is_connected(&self, route: &Route) -> bool {
        matches!(self.places.find(&route.key), Some((_, Found::Ready(_))))
    }

    /// Closes the connection that was idle the longest, if there is one that nobody needs: another core has none left.
    pub fn give_up_idle(&self) -> bool {
        self.evict(None)
    }

    /// The same, as soon as there is one.
    pub async fn give_up_next_idle(&self) {
        let mut pressure = Pressure::new(self.net.now());
        loop {
            let spared = self.places.listen();
            if self.give_up_idle() {
                return;
            }
            self.press(&mut pressure, spared).await;
        }
    }

    /// Says how many connections there are, how many of them are wanted, and what the breakers of hosts are.
    pub fn measure(&self, snapshot: &mut Snapshot) {
        let (size, idle) = self.places.measure();
        snapshot.set(Gauge::PoolSize, size);
        snapshot.set(Gauge::PoolActive, size - idle);
        snapshot.set(Gauge::PoolIdle, idle);
        let (now, memories) = (self.net.now(), self.memories.borrow());
        let states: Vec<_> =
            memories.values().map(|known| known.memory.breaker.borrow().state(now)).collect();
        for state in [Circuit::Closed, Circuit::HalfOpen, Circuit::Open] {
            let count = states.iter().filter(|other| **other == state).count();
            snapshot.set(Gauge::Circuits(state), count);
        }
    }

    /// Takes leave of every host, of those behind others first, and waits until that is said.
    pub async fn close(&self) {
        loop {
            let links = self.places.outermost();
            if links.is_empty() {
                return;
            }
            let patience = self.net.now() + limits::LAST_FILES_PATIENCE;
            join_all(links.into_iter().map(|link| async move {
                select(pin!(link.at_rest()), self.net.sleep_until(patience)).await;
                link.close();
                link.closed().await;
            }))
            .await;
        }
    }

    /// The host does not bear a further connection.
    fn note_crowded(&self, route: &Rc<Route>) {
        self.memory(route).note_crowded(self.net.now());
    }

    /// Begins the host's dial as soon as there is room, or finds that somebody else has.
    async fn dial(self: &Rc<Self>, route: &Rc<Route>, deadline: Instant) -> Result<(Rc<Place>, Found)> {
        let length = route.legs().count();
        if length > self.connections_max {
            let text =
                format!("The way there takes {length} connections, and {} are allowed", self.connections_max);
            return Err(Error::refused(Reason::Pool, Kind::Busy, text));
        }
        if self.line.is_empty()
            && let Some(begun) = self.begin_way(route, &mut Vec::new())
        {
            return Ok(begun);
        }
        let turn = self.turn(route);
        let late = self.net.sleep_until(deadline);
        match select(pin!(turn), late).await {
            Either::Left((begun, _)) => begun,
            Either::Right(_) => {
                let text = format!("All {} connections are at work; try again later", self.connections_max);
                Err(Error::refused(Reason::Pool, Kind::Busy, text))
            }
        }
    }

    /// Waits in the line. The first turn keeps what it has got hold of already, as a way with hops needs room for all its
    /// legs at once. That the first ones of several cores keep it from each other takes a cap of fewer connections than
    /// cores have hops to make, and ends with their deadlines.
    async fn turn(self: &Rc<Self>, route: &Rc<Route>) -> Result<(Rc<Place>, Found)> {
        let generation = self.generation();
        let ticket = self.line.join(&route.key);
        let mut others = self.room.call_in().fuse();
        let (mut pressure, mut heard) = (None, None);
        loop {
            let called = ticket.listen();
            self.check_generation(generation)?;
            if let Some(found) = self.places.find(&route.key) {
                return Ok(found);
            }
            if !ticket.is_first() {
                called.await;
                continue;
            }
            let (mut given, spared) = (self.room.listen(), self.places.listen());
            if let Some(begun) = ticket.with_grants(|grants| self.begin_way(route, grants)) {
                return Ok(begun);
            }
            let pressure = pressure.get_or_insert_with(|| Pressure::new(self.net.now()));
            // One that another core closes for us is ours once that is done.
            let news = select(&mut given, select(called, select(spared, &mut others)));
            if let Some(Either::Left(_)) = self.press(pressure, news).await {
                others = self.room.call_in().fuse();
            }
            // Room that was sent here is kept for the next look.
            heard.replace(given);
        }
    }

    /// Waits for news of those who need room. Where none falls idle for long, has a connection make some.
    async fn press<T>(&self, pressure: &mut Pressure, news: impl Future<Output = T>) -> Option<T> {
        let late = self.net.sleep_until(pressure.rises);
        match select(pin!(news), late).await {
            Either::Left((news, _)) => Some(news),
            Either::Right(_) => {
                pressure.rise();
                self.places.relieve();
                None
            }
        }
    }

    /// Takes places for the host and all its hops that have none, and joins their dials: each waits for the one before.
    /// `None` while there is not enough room; `grants` are what there is of it.
    fn begin_way(self: &Rc<Self>, route: &Rc<Route>, grants: &mut Vec<Grant>) -> Option<(Rc<Place>, Found)> {
        let missing: Vec<_> = route.legs().take_while(|leg| self.places.find(&leg.key).is_none()).collect();
        let found = route.legs().nth(missing.len());
        let mut hop = found.and_then(|route| {
            let (place, found) = self.places.find(&route.key)?;
            Some(Hopped { route, place, found })
        });
        while grants.len() < missing.len() {
            let wanted = missing.len() - grants.len();
            grants.push(self.find_room(wanted, hop.as_ref().map(|hop| &hop.place))?);
        }
        for (leg, grant) in missing.into_iter().rev().zip(std::mem::take(grants)) {
            let (place, dial) = self.begin(leg, hop, grant);
            self.line.call(&leg.key);
            hop = Some(Hopped { route: leg, place, found: Found::Dialling(dial) });
        }
        hop.map(|hop| (hop.place, hop.found))
    }

    /// Room for one of so many connections. Where there is none, as many idle ones are on their way out as it takes, those
    /// first that were idle the longest: their room is free once they are closed.
    fn find_room(&self, wanted: usize, keep: Option<&Rc<Place>>) -> Option<Grant> {
        let grant = self.room.try_take();
        if grant.is_none() {
            while self.places.leaving() < wanted && self.evict(keep) {}
        }
        grant
    }

    fn evict(&self, keep: Option<&Rc<Place>>) -> bool {
        let evicted = self.places.give_up_idle(keep);
        if evicted {
            self.recorder.count(Counter::PoolEvictions);
        }
        evicted
    }

    /// Begins the dial of one leg. It ends when nobody waits for it any more.
    fn begin(
        self: &Rc<Self>,
        leg: &Rc<Route>,
        hop: Option<Hopped>,
        grant: Grant,
    ) -> (Rc<Place>, Shared<Dial>) {
        let (net, recorder, memory) = (Rc::clone(&self.net), Rc::clone(&self.recorder), self.memory(leg));
        let seat = self.places.take(self, leg, hop.as_ref().map(|hop| &hop.place), grant);
        let place = Rc::clone(&seat.place);
        let dial = self.through(leg, &memory, hop);
        recorder.count(Counter::Dials);
        let settled = async move {
            let begun = net.now();
            let dialled = dial.await;
            match &dialled {
                Ok(link) => {
                    link.dialled(begun);
                    seat.settle(link);
                }
                Err(_) => {
                    recorder.count(Counter::DialFailures);
                    if seat.place.is_further {
                        memory.note_crowded(net.now());
                    }
                }
            }
            dialled
        };
        let dial = settled.boxed_local().shared();
        Seat::dials(&place, &dial);
        (place, dial)
    }

    fn through(&self, leg: &Rc<Route>, memory: &Rc<Memory>, hop: Option<Hopped>) -> Dial {
        let (host, memory) = (Rc::clone(&leg.host), Rc::clone(memory));
        let Some(hop) = hop else { return self.net.dial(host, memory, None) };
        let (link, used): (Dial, Option<Rc<Link>>) = match hop.found {
            Found::Dialling(dial) => (dial.boxed_local(), None),
            Found::Ready(link) => (std::future::ready(Ok(Rc::clone(&link))).boxed_local(), Some(link)),
        };
        let name = hop.route.host.alias.as_str().into();
        let dial = self.net.dial(host, memory, Some(Hop { name, link }));
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
}

#[cfg(test)]
mod tests;
