//! Busy days of a small pool: hosts before and behind each other, some dead, some that break, people who leave.

use super::*;
use crate::testing::choices::{Choices, noise};

const HOSTS: usize = 24;
const CONNECTIONS: usize = 6;

/// A third of them behind the first two.
fn world() -> World {
    let host = |n: usize| match n % 3 {
        2 => format!("Host h{n}\nProxyJump h{}\n", n % 2),
        _ => format!("Host h{n}\n"),
    };
    World::with_config(&(0..HOSTS).map(host).collect::<String>())
}

fn check(fleet: &Fleet) {
    let (taken, idle) = fleet.pool.places.measure();
    let held = fleet.quotas().connections.held();
    assert!(idle <= taken && taken <= held && held <= CONNECTIONS, "{idle} of {taken} idle, {held} held");
}

/// What happened, and how often.
fn day(seed: u64) -> Vec<(usize, bool)> {
    let world = world();
    let fleet = world.fleet(|settings| settings.max_pool_size = CONNECTIONS);
    let bytes = noise(seed, 3_000);
    let mut choices = Choices::new(&bytes);
    let mut requests = Vec::new();
    let mut outcomes = Vec::new();
    while !choices.is_empty() {
        let host = usize::from(choices.u8()) % HOSTS;
        let name = format!("h{host}");
        match choices.u8() % 12 {
            0 => world.host(&name).never_answers.set(choices.flag()),
            1 => drop(
                world
                    .host(&name)
                    .refusal
                    .replace(choices.flag().then(|| Error::new(Kind::Unreachable, "nobody there"))),
            ),
            2 if world.host(&name).open() > 0 => world.host(&name).last().break_off(),
            3 | 4 if !requests.is_empty() => {
                let (_, request): (usize, Handle<_>) = requests.swap_remove(host % requests.len());
                request.cancel();
            }
            5 => world.pass(SECOND),
            6 => drop(fleet.give_up_idle()),
            _ => requests.push((host, request(&world, &fleet, name, choices.pick(&["echo hi", "hang"])))),
        }
        world.pass(Duration::from_millis(u64::from(choices.u8())));
        check(&fleet);
        requests.retain(|(host, request)| match request.is_done() {
            true => {
                outcomes.push((*host, request.output().is_ok()));
                false
            }
            false => true,
        });
    }
    requests.iter().for_each(|(_, request)| request.cancel());
    world.pass(300 * SECOND);
    assert_eq!((fleet.pool.places.measure(), fleet.quotas().connections.held()), ((0, 0), 0));
    assert!(fleet.pool.line.is_empty());
    assert!((0..HOSTS).all(|n| world.host(&format!("h{n}")).dialling() == 0));
    outcomes
}

/// A command of somebody who waits five seconds for room.
fn request(world: &World, fleet: &Rc<Fleet>, host: String, line: &'static str) -> Handle<Result<Exit>> {
    let (fleet, deadline) = (Rc::clone(fleet), world.now() + 5 * SECOND);
    world.spawn(async move {
        let machine = fleet.machine(&host, deadline).await?;
        machine.run(line.as_bytes(), &mut Collected::up_to(100)).await
    })
}

#[test]
fn whatever_happens_the_bound_holds_and_nothing_is_left_behind() {
    for seed in 0..10 {
        let outcomes = day(seed);
        assert!(outcomes.iter().any(|(_, ok)| *ok) && outcomes.iter().any(|(_, ok)| !ok), "seed {seed}");
    }
}

#[test]
fn the_same_day_twice_is_the_same() {
    assert_eq!(day(77), day(77));
}
