//! Who has a place in the pool, who needs it, and whose can be given up first. Knows nothing of dials but that they end.
//!
//! Each place holds one of the connections of the process from before its dial begins until the link has ended: then its
//! [`Seat`], which the dial and later the link owns, is dropped, and nothing of it is left.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};

use event_listener::{Event, EventListener};
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};

use super::{Further, Pool};
use crate::base::Result;
use crate::base::time::Instant;
use crate::fleet::link::{Keeper, Link};
use crate::fleet::quota::Grant;
use crate::fleet::route::Route;

pub(super) type Dial = LocalBoxFuture<'static, Result<Rc<Link>>>;

/// The places of a pool.
#[derive(Default)]
pub(super) struct Places {
    /// By the keys of routes, the oldest of a host first. There are no empty lists.
    hosts: RefCell<HashMap<Rc<str>, Vec<Rc<Place>>>>,
    /// Those that could be given up at some moment, by when they fell idle. A place that was used since is found out
    /// when its turn comes, so that use costs nothing, and giving up no more than a logarithm for each use before it.
    idle: RefCell<BTreeMap<(Instant, u64), Rc<Place>>>,
    taken: Cell<u64>,
    /// Told when one can be given up.
    spare: Event,
    /// Connections that are over and not closed yet: their room is about to come free.
    leaving: Cell<usize>,
}

/// One connection's place.
pub(super) struct Place {
    pub(super) route: Rc<Route>,
    places: Weak<Places>,
    number: u64,
    /// The host had another one already.
    pub(super) is_further: bool,
    content: RefCell<Content>,
    /// Requests that come for it, and places behind it.
    needed: Cell<usize>,
    /// Its moment among the idle ones.
    listed: Cell<Option<Instant>>,
    /// Who has it keeps it; nobody finds it any more.
    is_retired: Cell<bool>,
    /// The last configuration that leads here ([`Pool::generation`]).
    generation: Cell<u64>,
}

enum Content {
    /// Everybody who waits shares the dial; when all of them leave, it is dropped.
    Dialling(Option<WeakShared<Dial>>),
    Ready(Rc<Link>),
    Vacant,
}

/// What stands at a place.
pub(super) enum Found {
    Ready(Rc<Link>),
    Dialling(Shared<Dial>),
}

impl Places {
    /// Takes a place, behind that of a hop where there is one.
    pub(super) fn take(
        self: &Rc<Self>,
        pool: &Rc<Pool>,
        route: &Rc<Route>,
        hop: Option<&Rc<Place>>,
        grant: Grant,
    ) -> Seat {
        let number = self.taken.get();
        self.taken.set(number + 1);
        let place = Rc::new(Place {
            route: Rc::clone(route),
            places: Rc::downgrade(self),
            number,
            is_further: self.count(&route.key) > 0,
            content: RefCell::new(Content::Dialling(None)),
            needed: Cell::new(0),
            listed: Cell::new(None),
            is_retired: Cell::new(false),
            generation: Cell::new(pool.generation()),
        });
        self.hosts.borrow_mut().entry(Rc::clone(&route.key)).or_default().push(Rc::clone(&place));
        Seat {
            place,
            pool: Rc::downgrade(pool),
            is_leaving: Cell::new(false),
            _hop: hop.map(Need::new),
            _grant: grant,
        }
    }

    /// The host's oldest connection, or the oldest that is being made.
    pub(super) fn find(&self, key: &str) -> Option<(Rc<Place>, Found)> {
        let hosts = self.hosts.borrow();
        let places = hosts.get(key)?;
        let find = |wanted: fn(Found) -> Option<Found>| {
            let mut places = places.iter().filter(|place| !place.is_retired.get());
            places.find_map(|place| Some((Rc::clone(place), place.found().and_then(wanted)?)))
        };
        find(Found::ready).or_else(|| find(Found::dialling))
    }

    /// The connections to a host that are being made.
    pub(super) fn dialling(&self, key: &str) -> Vec<Shared<Dial>> {
        let hosts = self.hosts.borrow();
        let places = hosts.get(key).into_iter().flatten().filter(|place| !place.is_retired.get());
        let found = places.filter_map(|place| place.found());
        found
            .filter_map(|found| match found {
                Found::Dialling(dial) => Some(dial),
                Found::Ready(_) => None,
            })
            .collect()
    }

    /// How many places a host has.
    pub(super) fn count(&self, key: &str) -> usize {
        let is_found = |place: &&Rc<Place>| !place.is_retired.get();
        self.hosts.borrow().get(key).map_or(0, |places| places.iter().filter(is_found).count())
    }

    /// By which routes hosts are connected.
    pub(super) fn routes(&self) -> Vec<Rc<Route>> {
        let hosts = self.hosts.borrow();
        let found = hosts.values().flatten().filter(|place| !place.is_retired.get());
        found.map(|place| Rc::clone(&place.route)).collect()
    }

    /// With another configuration the places at the ends of some routes are not found any more; their links are closed when
    /// nobody needs them.
    pub(super) fn retire(&self, generation: u64, is_outdated: impl Fn(&Rc<Route>) -> bool) {
        for place in self.hosts.borrow().values().flatten() {
            match is_outdated(&place.route) {
                true => place.retire(),
                false => place.generation.set(generation),
            }
        }
    }

    /// Closes the connection that was idle the longest, if there is one that nobody needs. `keep` stays.
    pub(super) fn give_up_idle(&self, keep: Option<&Rc<Place>>) -> bool {
        let mut kept = None;
        let given_up = loop {
            let first = self.idle.borrow_mut().pop_first();
            let Some(((listed, _), place)) = first else { break false };
            place.listed.set(None);
            match place.idle() {
                // Once nobody needs it any more it is listed again.
                None => {}
                Some((since, _)) if keep.is_some_and(|keep| Rc::ptr_eq(keep, &place)) => {
                    kept = Some((since, place))
                }
                Some((since, _)) if since > listed => self.list(&place, since),
                Some((_, link)) => {
                    link.close();
                    break true;
                }
            }
        };
        if let Some((since, place)) = kept {
            self.list(&place, since);
        }
        given_up
    }

    /// How many connections are over and not closed yet.
    pub(super) fn leaving(&self) -> usize {
        self.leaving.get()
    }

    /// Of the connections that are at work, the one that was made first takes nothing new any more, and makes room when
    /// it is done. Those that others lead through stay.
    pub(super) fn relieve(&self) {
        let hosts = self.hosts.borrow();
        let busy =
            hosts.values().flatten().filter(|place| place.needed.get() == 0 && !place.is_retired.get());
        let oldest = busy.filter(|place| place.link().is_some()).min_by_key(|place| place.number);
        oldest.inspect(|place| place.retire());
    }

    /// Hears when a connection can be given up that could not.
    pub(super) fn listen(&self) -> EventListener {
        self.spare.listen()
    }

    /// How many there are, and how many of them nobody needs.
    pub(super) fn measure(&self) -> (usize, usize) {
        let hosts = self.hosts.borrow();
        let idle = hosts.values().flatten().filter(|place| place.idle().is_some());
        (hosts.values().map(Vec::len).sum(), idle.count())
    }

    /// The connections that no other one needs; all of them where there is none such.
    pub(super) fn outermost(&self) -> Vec<Rc<Link>> {
        let hosts = self.hosts.borrow();
        let ready = || hosts.values().flatten().filter_map(|place| Some((place, place.link()?)));
        let (free, all): (Vec<_>, Vec<_>) = ready().partition(|(place, _)| place.needed.get() == 0);
        let links = if free.is_empty() { all } else { free };
        links.into_iter().map(|(_, link)| link).collect()
    }

    fn list(&self, place: &Rc<Place>, since: Instant) {
        place.listed.set(Some(since));
        self.idle.borrow_mut().insert((since, place.number), Rc::clone(place));
    }

    fn vacate(&self, place: &Place) {
        let mut hosts = self.hosts.borrow_mut();
        if let Some(places) = hosts.get_mut(&place.route.key) {
            places.retain(|other| other.number != place.number);
            if places.is_empty() {
                hosts.remove(&place.route.key);
            }
        }
        drop(hosts);
        if let Some(since) = place.listed.take() {
            self.idle.borrow_mut().remove(&(since, place.number));
        }
        place.content.replace(Content::Vacant);
    }
}

impl Found {
    fn ready(self) -> Option<Self> {
        matches!(self, Self::Ready(_)).then_some(self)
    }

    fn dialling(self) -> Option<Self> {
        matches!(self, Self::Dialling(_)).then_some(self)
    }
}

impl Place {
    fn found(&self) -> Option<Found> {
        match &*self.content.borrow() {
            Content::Ready(link) => Some(Found::Ready(Rc::clone(link))),
            Content::Dialling(dial) => dial.as_ref()?.upgrade().map(Found::Dialling),
            Content::Vacant => None,
        }
    }

    fn link(&self) -> Option<Rc<Link>> {
        match &*self.content.borrow() {
            Content::Ready(link) => Some(Rc::clone(link)),
            _ => None,
        }
    }

    /// The link that nobody needs, and since when.
    fn idle(&self) -> Option<(Instant, Rc<Link>)> {
        let link = self.link().filter(|_| self.needed.get() == 0)?;
        Some((link.idle_since()?, link))
    }

    /// Whether its route is the way to the host, as configured now. That of a place that was vacated before the
    /// configuration changed nobody has looked at.
    pub(super) fn is_current(&self, generation: u64) -> bool {
        !self.is_retired.get() && self.generation.get() == generation
    }

    /// Who has it keeps it; it goes when they are done.
    fn retire(&self) {
        self.is_retired.set(true);
        if let Some(link) = self.link() {
            link.retire();
        }
    }

    /// Somebody may have needed it no longer.
    fn offer(self: &Rc<Self>) {
        let Some((since, _)) = self.idle() else { return };
        let Some(places) = self.places.upgrade() else { return };
        if self.listed.get().is_none() {
            places.list(self, since);
        }
        places.spare.notify(usize::MAX);
    }
}

/// Keeps a place from being given up.
pub(super) struct Need(Rc<Place>);

impl Need {
    pub(super) fn new(place: &Rc<Place>) -> Self {
        place.needed.set(place.needed.get() + 1);
        Self(Rc::clone(place))
    }
}

impl Drop for Need {
    fn drop(&mut self) {
        self.0.needed.set(self.0.needed.get() - 1);
        self.0.offer();
    }
}

/// A place that is taken. Dropping it vacates the place, if that has not been done yet, and gives its room back.
pub(super) struct Seat {
    pub(super) place: Rc<Place>,
    pool: Weak<Pool>,
    /// Its link is over and not closed yet.
    is_leaving: Cell<bool>,
    _hop: Option<Need>,
    _grant: Grant,
}

impl Seat {
    /// Whoever finds the place joins this dial.
    pub(super) fn dials(place: &Place, dial: &Shared<Dial>) {
        place.content.replace(Content::Dialling(dial.downgrade()));
    }

    /// The dial has come to its end: the place is the link's as long as that lives.
    pub(super) fn settle(self, link: &Rc<Link>) {
        let place = Rc::clone(&self.place);
        place.content.replace(Content::Ready(Rc::clone(link)));
        if place.is_retired.get() {
            link.retire();
        }
        link.keep(Box::new(self));
        place.offer();
    }

    /// Vacates the place; its room is taken until the connection is closed.
    fn leave(&self) {
        if matches!(*self.place.content.borrow(), Content::Vacant) {
            return;
        }
        // It ended before it was of use to anybody: further ones would, too.
        if self.place.is_further
            && !self.place.is_retired.get()
            && self.place.link().is_some_and(|link| !link.was_of_use())
            && let Some(pool) = self.pool.upgrade()
        {
            pool.note_crowded(&self.place.route);
        }
        if let Some(places) = self.place.places.upgrade() {
            places.vacate(&self.place);
        }
    }
}

impl Keeper for Seat {
    fn handle_end(&self) {
        if let Some(places) = self.place.places.upgrade()
            && !self.is_leaving.replace(true)
        {
            places.leaving.set(places.leaving.get() + 1);
        }
        self.leave();
    }

    fn handle_idle(&self) {
        self.place.offer();
    }

    fn help(&self) -> LocalBoxFuture<'static, ()> {
        Further::connection(&self.pool, &self.place)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(places) = self.place.places.upgrade()
            && self.is_leaving.get()
        {
            places.leaving.set(places.leaving.get() - 1);
        }
        self.leave();
    }
}
