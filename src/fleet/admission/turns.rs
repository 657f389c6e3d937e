//! Whose turn it is within a class: clients take turns, and the hosts of one client. Pure.

use std::collections::HashMap;

use super::line::{Line, Number, Numbers};
use super::queue::{Flow, LaneId};
use super::shares::CLASSES;
use crate::fleet::{Class, ClientId};

/// The flows that could begin as far as they know.
#[derive(Debug, Default)]
pub(super) struct Turns {
    classes: [Line<ClientId>; CLASSES.len()],
    /// Those with a flow here.
    clients: HashMap<(Class, ClientId), Client>,
    numbers: Numbers,
}

#[derive(Debug)]
struct Client {
    lanes: Line<LaneId>,
    turn: Number,
}

impl Turns {
    /// A flow comes in, behind all others of its client.
    pub(super) fn join(&mut self, flow: Flow) -> Number {
        let Self { classes, clients, numbers } = self;
        let client = clients.entry((flow.class, flow.client)).or_insert_with(|| {
            let turn = classes[flow.class as usize].join(numbers, flow.client);
            Client { lanes: Line::default(), turn }
        });
        client.lanes.join(numbers, flow.lane)
    }

    /// A flow goes, `number` being what it got when it came in.
    pub(super) fn leave(&mut self, flow: Flow, number: Number) {
        let Some(client) = self.clients.get_mut(&(flow.class, flow.client)) else { return };
        client.lanes.leave(number);
        if client.lanes.is_empty() {
            self.classes[flow.class as usize].leave(client.turn);
            self.clients.remove(&(flow.class, flow.client));
        }
    }

    /// A client has had his turn.
    pub(super) fn pass(&mut self, class: Class, client: ClientId) {
        let Some(found) = self.clients.get_mut(&(class, client)) else { return };
        self.classes[class as usize].leave(found.turn);
        found.turn = self.classes[class as usize].join(&mut self.numbers, client);
    }

    pub(super) fn has(&self, class: Class) -> bool {
        !self.classes[class as usize].is_empty()
    }

    pub(super) fn next(&self, class: Class) -> Option<Flow> {
        let client = *self.classes[class as usize].first()?;
        let lane = *self.clients.get(&(class, client))?.lanes.first()?;
        Some(Flow { class, client, lane })
    }
}
