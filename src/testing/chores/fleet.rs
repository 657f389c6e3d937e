//! The way to a connection.

use super::Chore;
use crate::fleet::{Class, ClientId, Need, Repeat};
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
    ]
}
