//! Who executes next: a fair, weighted schedule of everything that waits for the right to execute. Pure.
//!
//! The classes share the rights as [`shares`](super::shares) says. Within a class clients take turns, within a client
//! hosts, and for one client on one host it is first come, first served. Who would only wait on for room on his host is
//! parked: he keeps his place and stands in nobody's way.

use std::collections::HashMap;
use std::rc::Rc;

use slab::Slab;

use super::lane::{Lane, Need, Service};
use super::line::{Line, Number, Numbers};
use super::shares::Shares;
use super::turns::Turns;
use crate::base::time::{Duration, Instant};
use crate::fleet::{Class, ClientId};

/// A lane of this core, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LaneId(usize);

/// Requests that are served in the order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::fleet) struct Flow {
    pub(in crate::fleet) class: Class,
    pub(super) client: ClientId,
    pub(super) lane: LaneId,
}

/// The place of one who waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    flow: Flow,
    number: Number,
}

/// See the module's documentation. Everything takes O(log n).
#[derive(Debug)]
pub(super) struct Queue<T> {
    lanes: Slab<Lane>,
    names: HashMap<Rc<str>, [LaneId; 2]>,
    /// Those with anybody in them.
    flows: HashMap<Flow, Members<T>>,
    numbers: Numbers,
    turns: Turns,
    shares: Shares,
    /// Of all lanes.
    service: Service,
}

#[derive(Debug)]
struct Members<T> {
    line: Line<T>,
    /// `None` before it stands anywhere.
    standing: Option<Standing>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { line: Line::default(), standing: None }
    }
}

/// Where a flow stands.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// Among those who take turns.
    Ready(Number),
    /// In its lane, until there is room.
    Parked(Number),
}

impl<T> Queue<T> {
    /// `rights` are those of the whole process.
    pub(super) fn new(rights: usize) -> Self {
        Self {
            lanes: Slab::new(),
            names: HashMap::new(),
            flows: HashMap::new(),
            numbers: Numbers::default(),
            turns: Turns::default(),
            shares: Shares::new(rights),
            service: Service::default(),
        }
    }

    /// The lane for what a host is needed for. Lanes stay: there are two for every host that was ever asked.
    pub(super) fn lane(&mut self, host: &Rc<str>, need: Need) -> LaneId {
        if let Some(lanes) = self.names.get(host) {
            return lanes[need as usize];
        }
        let lanes = [(); 2].map(|()| LaneId(self.lanes.insert(Lane::default())));
        self.names.insert(Rc::clone(host), lanes);
        lanes[need as usize]
    }

    /// How many of a lane may execute at once.
    pub(super) fn set_width(&mut self, lane: LaneId, width: usize) {
        let mut room = self.lanes[lane.0].set_width(width);
        while room > 0 && self.unpark(lane) {
            room -= 1;
        }
    }

    /// Whether a newcomer may begin at once: nobody is before him, and there is room.
    pub(super) fn is_free(&mut self, flow: Flow, now: Instant) -> bool {
        self.lanes[flow.lane.0].has_room() && self.shares.has_room(flow.class) && self.next(now).is_none()
    }

    /// Waits for his turn.
    pub(super) fn join(&mut self, flow: Flow, member: T) -> Ticket {
        let members = self.flows.entry(flow).or_default();
        let is_first = members.line.is_empty();
        let number = members.line.join(&mut self.numbers, member);
        self.lanes[flow.lane.0].joined(flow.class, is_first);
        if is_first {
            self.stand(flow);
        }
        Ticket { flow, number }
    }

    /// Leaves without having had his turn. `None` when he has had it.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<T> {
        let Ticket { flow, number } = ticket;
        let members = self.flows.get_mut(&flow)?;
        let member = members.line.leave(number)?;
        let (is_last, standing) = (members.line.is_empty(), members.standing);
        self.left(flow, is_last);
        match standing {
            Some(Standing::Parked(number)) if is_last => self.lanes[flow.lane.0].leave(flow.class, number),
            Some(Standing::Ready(number)) if is_last => {
                self.turns.leave(flow, number);
                // It may have been the one that stood ready for what room there is.
                if self.lanes[flow.lane.0].has_room() {
                    self.unpark(flow.lane);
                }
            }
            _ => {}
        }
        Some(member)
    }

    /// Whose turn it is, if anybody can begin. Parks those who cannot.
    pub(super) fn next(&mut self, now: Instant) -> Option<Flow> {
        loop {
            let class = self.shares.next(now, |class| self.turns.has(class))?;
            let flow = self.turns.next(class)?;
            if self.lanes[flow.lane.0].has_room() {
                return Some(flow);
            }
            self.stand(flow);
        }
    }

    /// The one whose turn it is in a flow.
    pub(super) fn first(&self, flow: Flow) -> Option<&T> {
        self.flows.get(&flow)?.line.first()
    }

    /// The one whose turn it is begins, in the flow that [`next`](Self::next) has named.
    pub(super) fn take(&mut self, flow: Flow, now: Instant) -> Option<T> {
        let members = self.flows.get_mut(&flow)?;
        let member = members.line.take_first()?;
        let is_last = members.line.is_empty();
        if let Some(Standing::Ready(number)) = members.standing.take_if(|_| is_last) {
            self.turns.leave(flow, number);
        }
        self.begin(flow, now);
        self.left(flow, is_last);
        self.turns.pass(flow.class, flow.client);
        if !is_last {
            self.stand(flow);
        }
        Some(member)
    }

    /// Somebody of this flow executes.
    pub(super) fn begin(&mut self, flow: Flow, now: Instant) {
        self.lanes[flow.lane.0].begin();
        self.shares.begin(flow.class, now);
    }

    /// He is done after `took`.
    pub(super) fn end(&mut self, flow: Flow, now: Instant, took: Duration) {
        self.shares.end(flow.class, now);
        self.service.note(took);
        let lane = &mut self.lanes[flow.lane.0];
        lane.service.note(took);
        lane.end();
        if lane.has_room() {
            self.unpark(flow.lane);
        }
    }

    /// How long a newcomer who is not [free](Self::is_free) to begin waits at least: for room on his host, or for the
    /// right to execute, of which this core has as many as it uses. `None` as long as too little is known.
    pub(super) fn expected_wait(&self, flow: Flow) -> Option<Duration> {
        let own = self.flows.get(&flow).map_or(0, |members| members.line.len());
        let lane = &self.lanes[flow.lane.0];
        match lane.has_room() {
            true => self.service.expected_wait(own, self.shares.held()),
            false => lane.service.expected_wait(lane.ahead(flow.class, own), lane.width()),
        }
    }

    /// How many wait.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.flows.values().map(|members| members.line.len()).sum()
    }

    fn left(&mut self, flow: Flow, is_last: bool) {
        self.lanes[flow.lane.0].left(flow.class, is_last);
        if is_last {
            self.flows.remove(&flow);
        }
    }

    /// There is room for one more in a lane: a flow that was parked takes turns again, if there is one.
    fn unpark(&mut self, lane: LaneId) -> bool {
        let parked = self.lanes[lane.0].unpark();
        parked.inspect(|flow| self.stand(*flow)).is_some()
    }

    /// Puts a flow where it belongs now, behind the others there.
    fn stand(&mut self, flow: Flow) {
        let Some(members) = self.flows.get_mut(&flow) else { return };
        if let Some(Standing::Ready(number)) = members.standing {
            self.turns.leave(flow, number);
        }
        let lane = &mut self.lanes[flow.lane.0];
        members.standing = Some(match lane.has_room() {
            true => Standing::Ready(self.turns.join(flow)),
            false => Standing::Parked(lane.park(flow)),
        });
    }
}

#[cfg(test)]
mod tests;
