//! The way of a request on the core that owns its host: its breaker, a place among those taken on, a connection, the right
//! to execute, the work. Whoever waits for a connection does not hold the right to execute.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;

use super::admission::{self, Flow, Need, Turn, refusal};
use super::caller::{Claim, Class};
use super::machine::Machine;
use super::route::Route;
use super::{Fleet, Hold, Repeat};
use crate::base::error::{Contact, Fault};
use crate::base::{Error, Kind, Result, limits};
use crate::metrics::{Counter, Reason};

/// Where work is to be done.
struct Site {
    /// Names the host among those of this core.
    key: Rc<str>,
    /// `None`: here.
    route: Option<Rc<Route>>,
}

impl Fleet {
    /// Does work on a host, once more on a fresh connection if the one it began on is lost and `repeat` allows it; and
    /// on as many connections as it takes to find one that can begin it, as long as somebody is served by them.
    ///
    /// Errors: those of the work; the host cannot be reached; the request is refused ([`Reason`]), which is counted.
    pub(super) async fn work<T>(
        &self,
        claim: &Claim,
        name: &str,
        need: Need,
        repeat: Repeat,
        work: impl AsyncFnMut(&Machine) -> Result<T>,
    ) -> Result<T> {
        let result = self.try_work(claim, name, need, repeat, work).await;
        self.recorder.count_refusal(&result);
        result
    }

    async fn try_work<T>(
        &self,
        claim: &Claim,
        name: &str,
        need: Need,
        repeat: Repeat,
        mut work: impl AsyncFnMut(&Machine) -> Result<T>,
    ) -> Result<T> {
        if claim.class != Class::Background
            && let Some(name) = self.directory().name(name)
        {
            self.usage.borrow_mut().note(name, self.now());
        }
        // It is kept for another try as well.
        let mut place = None;
        let mut begun = self.begin(claim, name, need, &mut place).await?;
        let mut tries = Tries::new(repeat);
        loop {
            let (machine, turn) = begun;
            let result = work(&machine).await;
            drop(turn);
            machine.learn_from(&result);
            let error = match result {
                Err(error) if error.kind().is_worth_retrying() => error,
                result => return result,
            };
            if !tries.take(&error, &machine) {
                return Err(error);
            }
            tracing::debug!(host = name, reason = %error, "trying once more");
            // Kept, it might be what there is no room for another one for.
            drop(machine);
            begun = match self.begin(claim, name, need, &mut place).await {
                // What went wrong on the host tells more than that we have no time for a second try.
                Err(refusal) if refusal.kind().fault() == Fault::Limit => return Err(error),
                begun => begun?,
            };
        }
    }

    /// A connection, and the right to execute; and a place among the requests that are taken on, unless it is there.
    async fn begin(
        &self,
        claim: &Claim,
        name: &str,
        need: Need,
        place: &mut Option<admission::Place>,
    ) -> Result<(Machine, Turn)> {
        let begin = async |route: Option<Rc<Route>>| {
            let key = route.as_ref().map_or_else(|| name.into(), |route| Rc::clone(&route.key));
            self.begin_at(claim, &Site { key, route }, need, place).await
        };
        self.by_route(name, begin).await
    }

    /// At once where nobody has to be waited for.
    async fn begin_at(
        &self,
        claim: &Claim,
        site: &Site,
        need: Need,
        place: &mut Option<admission::Place>,
    ) -> Result<(Machine, Turn)> {
        let begun = self.begin_at_once(claim, site, need);
        if begun.is_none() {
            site.route.as_ref().map_or(Ok(()), |route| self.check_way(route))?;
        }
        if place.is_none() {
            *place = self.admission.place(claim.client, &site.key);
        }
        match (begun, place) {
            // Where all places are taken by those who wait on other cores, nobody here can make room; but who can begin is
            // not refused for their sake. There are never more of them than rights to execute.
            (Some(begun), _) => Ok(begun),
            (None, None) => Err(refusal::full(Reason::Queue)),
            (None, Some(place)) => {
                let turn = self.wait_for_turn(claim, site, need);
                self.admission.wait(place, claim.client, &site.key, claim.deadline, turn).await
            }
        }
    }

    fn begin_at_once(&self, claim: &Claim, site: &Site, need: Need) -> Option<(Machine, Turn)> {
        let machine = self.at_hand(site)?;
        let turn = self.admission.try_turn(self.flow(claim, site, need, &machine))?;
        if site.route.is_some() {
            self.recorder.count(Counter::PoolHits);
        }
        Some((machine, turn))
    }

    async fn wait_for_turn(&self, claim: &Claim, site: &Site, need: Need) -> Result<(Machine, Turn)> {
        let generation = self.pool.generation();
        loop {
            let machine = match &site.route {
                None => Machine::Local(self.net.shell()),
                Some(route) => Machine::Remote(self.pool.link(route, claim.deadline).await?),
            };
            let flow = self.flow(claim, site, need, &machine);
            let turn = pin!(self.admission.turn(flow, &site.key, claim.deadline));
            let (machine, turn) = match machine {
                Machine::Local(_) => (machine, turn.await?),
                Machine::Remote(hold) => {
                    let (hold, turn) = self.wait_at(hold, flow, need, turn).await;
                    (Machine::Remote(hold), turn?)
                }
            };
            if !machine.has_ended() {
                return Ok((machine, turn));
            }
            // The connection ended meanwhile. The next one is waited for without the right to execute.
            self.pool.check_generation(generation)?;
        }
    }

    /// Waits for a turn at a connection.
    async fn wait_at<T>(
        &self,
        hold: Hold,
        flow: Flow,
        need: Need,
        turn: Pin<&mut impl Future<Output = T>>,
    ) -> (Hold, T) {
        let link = Rc::clone(&hold);
        let turn = pin!(async {
            match link.lane(need) {
                // Meanwhile the host may get further connections, and with them room for more at once.
                (Need::Session, _) => {
                    let grown = || self.admission.set_width(flow, link.lane(need).1);
                    link.wait_for_session(turn, grown).await
                }
                (Need::Files, _) => turn.await,
            }
        });
        match flow.class {
            Class::Interactive => (hold, turn.await),
            // For a turn that may be long in coming nobody who is in a hurry waits for the connection's room.
            Class::Batch | Class::Background => hold.until_retired(turn).await,
        }
    }

    /// The host, if nothing needs to be waited for to reach it.
    fn at_hand(&self, site: &Site) -> Option<Machine> {
        match &site.route {
            None => Some(Machine::Local(self.net.shell())),
            Some(route) => self.pool.ready(route).map(Machine::Remote),
        }
    }

    fn flow(&self, claim: &Claim, site: &Site, need: Need, machine: &Machine) -> Flow {
        let (need, width) = machine.lane(need);
        self.admission.flow(claim, &site.key, need, width)
    }

    /// Whether a dial is worth a try, by what is known of all legs that there is no connection to.
    fn check_way(&self, route: &Rc<Route>) -> Result<()> {
        let now = self.now();
        for leg in route.legs().take_while(|leg| !self.pool.is_connected(leg)) {
            let (memory, host) = (self.pool.memory(leg), &leg.host.alias);
            memory.check_login(host, now)?;
            memory.check_breaker(host, now)?;
        }
        Ok(())
    }
}

impl Machine {
    fn has_ended(&self) -> bool {
        matches!(self, Self::Remote(link) if link.has_ended())
    }

    /// What work takes of the host, and how many may have that at once.
    fn lane(&self, need: Need) -> (Need, usize) {
        match self {
            Self::Remote(link) => link.lane(need),
            Self::Local(_) => (need, usize::MAX),
        }
    }

    /// An answer of the host shows that it can be reached.
    fn learn_from<T>(&self, result: &Result<T>) {
        let has_answered =
            result.as_ref().map_or_else(|error| error.kind().contact() == Contact::Made, |_| true);
        if let (Self::Remote(link), true) = (self, has_answered) {
            link.note_contact();
        }
    }
}

/// How often work may be tried again.
struct Tries {
    /// On a connection that was lost under it.
    repeats: usize,
    /// On connections that could not begin it.
    fruitless: usize,
}

impl Tries {
    fn new(repeat: Repeat) -> Self {
        Self { repeats: usize::from(repeat == Repeat::Safe), fruitless: limits::FRUITLESS_CONNECTIONS_MAX }
    }

    /// Whether there is another try after this error, which is then taken.
    fn take(&mut self, error: &Error, machine: &Machine) -> bool {
        let left = match (error.kind(), machine) {
            // Others were served: where a connection serves one request only, everybody has to wait for his own.
            (Kind::NotBegun, Machine::Remote(link)) if link.was_of_use() => return true,
            (Kind::NotBegun, _) => &mut self.fruitless,
            _ => &mut self.repeats,
        };
        let fewer = left.checked_sub(1);
        *left = fewer.unwrap_or_default();
        fewer.is_some()
    }
}

#[cfg(test)]
mod tests;
