//! The way to a connection, and to another core.

use super::Chore;
use crate::fleet::{Class, ClientId, Need, Repeat};
use crate::io::mesh::Inboxes;
use crate::testing::world::World;

pub fn chores() -> Vec<Chore> {
    vec![
        Chore::new("fleet: a host of 1,000", || {
            let world = World::with_hosts(1_000);
            let fleet = world.fleet(|_| {});
            move || drop(fleet.host("h500").expect("it is there"))
        }),
        Chore::new("pool: the connection of a warm host", || {
            let world = World::with_hosts(1);
            let fleet = world.fleet(|_| {});
            move || {
                let caller = fleet.caller(Class::Interactive, ClientId::STDIO);
                let work =
                    async move { caller.work("h0", Need::Files, Repeat::Safe, async |_| Ok(())).await };
                world.run(work).expect("a connection");
            }
        })
        .uncounted(),
        Chore::new("mailbox: a note to a core that is awake", || {
            let inboxes = Inboxes::new(2).expect("descriptors");
            move || assert!(inboxes.pass_note(1))
        })
        .uncounted(),
    ]
}
