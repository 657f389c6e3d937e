//! Who is taken on, and who may execute.
//!
//! A request takes a [`Place`] among those that are taken on, and keeps it to its end; there are so many in the whole
//! process. Who waits at his, whatever he waits for, may lose it. When a connection is there he gets a [`Turn`]: the right
//! to execute, of which there are so many as well, given by a fair schedule (`queue`). Everything is given back by being
//! dropped. Knows no connections: what a host has room for is told.

mod lane;
mod line;
mod place;
mod places;
mod queue;
pub(super) mod refusal;
mod shares;
mod turn;
mod turns;

use std::cell::RefCell;
use std::rc::Rc;

use super::net::Net;
use super::{Claim, Quotas};
use crate::metrics::{Gauge, Recorder, Snapshot};
pub use lane::Need;
pub(super) use place::Place;
use place::Waiting;
use places::Places;
pub(super) use queue::Flow;
use queue::Queue;
pub(super) use turn::Turn;
use turn::{Listening, Waiter};

/// The admission of one core. See the module's documentation.
pub(super) struct Admission {
    net: Rc<dyn Net>,
    quotas: Quotas,
    recorder: Rc<Recorder>,
    waiting: RefCell<Places<Waiting>>,
    queue: RefCell<Queue<Rc<Waiter>>>,
    listening: RefCell<Option<Listening>>,
}

impl Admission {
    /// `rights` to execute are there in the whole process.
    pub(super) fn new(net: Rc<dyn Net>, quotas: Quotas, rights: usize, recorder: &Rc<Recorder>) -> Rc<Self> {
        Rc::new(Self {
            net,
            quotas,
            recorder: Rc::clone(recorder),
            waiting: RefCell::default(),
            queue: RefCell::new(Queue::new(rights)),
            listening: RefCell::default(),
        })
    }

    /// Says how many execute, and how many wait.
    pub(super) fn measure(&self, snapshot: &mut Snapshot) {
        snapshot.set(Gauge::Executing, self.quotas.executing.held());
        snapshot.set(Gauge::Queued, self.waiting.borrow().len());
    }

    /// The flow that a request belongs to. `width` of its kind may be at work on the host at once.
    pub(super) fn flow(&self, claim: &Claim, host: &Rc<str>, need: Need, width: usize) -> Flow {
        let mut queue = self.queue.borrow_mut();
        let lane = queue.lane(host, need);
        queue.set_width(lane, width);
        Flow { class: claim.class, client: claim.client, lane }
    }
}

#[cfg(test)]
mod tests;
