//! The schedule: turns, rooms, and a model that nobody is lost or forgotten in.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::base::time::now;

const SECOND: Duration = Duration::from_secs(1);

fn flow<T>(queue: &mut Queue<T>, class: Class, client: u64, host: &str, width: usize) -> Flow {
    let lane = queue.lane(&host.into(), Need::Session);
    queue.set_width(lane, width);
    Flow { class, client: ClientId(client), lane }
}

/// Whoever begins next.
fn begin<T>(queue: &mut Queue<T>, at: Instant) -> Option<(Flow, T)> {
    let flow = queue.next(at)?;
    Some((flow, queue.take(flow, at)?))
}

#[test]
fn clients_take_turns_and_so_do_the_hosts_of_one() {
    let (mut queue, at) = (Queue::new(100), now());
    for (client, host, count) in [(1, "a", 5), (1, "b", 2), (2, "a", 2)] {
        let flow = flow(&mut queue, Class::Interactive, client, host, 100);
        for index in 0..count {
            queue.join(flow, format!("{client}{host}{index}"));
        }
    }
    let order: Vec<_> = std::iter::from_fn(|| begin(&mut queue, at).map(|(_, name)| name)).collect();
    assert_eq!(order, ["1a0", "2a0", "1b0", "2a1", "1a1", "1b1", "1a2", "1a3", "1a4"]);
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn urgent_work_goes_first_and_the_rest_is_not_forgotten() {
    let (mut queue, mut at) = (Queue::new(1), now());
    for class in [Class::Background, Class::Batch, Class::Interactive] {
        let flow = flow(&mut queue, class, 1, "a", 100);
        for _ in 0..1_000 {
            queue.join(flow, class);
        }
    }
    let mut order = Vec::new();
    for _ in 0..500 {
        let (flow, class) = begin(&mut queue, at).unwrap();
        order.push(class);
        at += SECOND / 100;
        queue.end(flow, at, SECOND / 100);
    }
    assert_eq!(
        order[..3],
        [Class::Interactive, Class::Batch, Class::Background],
        "nobody has had anything yet"
    );
    let count = |class| order.iter().filter(|other| **other == class).count();
    assert!(count(Class::Interactive) > 420, "{}", count(Class::Interactive));
    assert!(count(Class::Batch) > 40 && count(Class::Background) > 4);
}

#[test]
fn who_waits_for_room_on_his_host_stands_in_nobodys_way() {
    let (mut queue, at) = (Queue::new(100), now());
    let slow = flow(&mut queue, Class::Interactive, 1, "slow", 8);
    for _ in 0..500 {
        queue.join(slow, "slow");
    }
    let quick = flow(&mut queue, Class::Batch, 2, "quick", 8);
    queue.join(quick, "quick");
    let begun: Vec<_> = std::iter::from_fn(|| begin(&mut queue, at).map(|(_, name)| name)).collect();
    assert_eq!(begun.iter().filter(|name| **name == "slow").count(), 8);
    assert_eq!((begun.len(), queue.waiting()), (9, 492));
    queue.end(slow, at, SECOND);
    assert_eq!(begin(&mut queue, at), Some((slow, "slow")));
    assert_eq!(begin(&mut queue, at), None);
    queue.set_width(slow.lane, 10);
    assert_eq!(std::iter::from_fn(|| begin(&mut queue, at)).count(), 2);
}

#[test]
fn within_a_lane_urgent_work_and_other_clients_come_first() {
    let (mut queue, at) = (Queue::new(100), now());
    let long = flow(&mut queue, Class::Batch, 1, "a", 1);
    for index in 0..10 {
        queue.join(long, index);
    }
    let (running, _) = begin(&mut queue, at).unwrap();
    assert_eq!(begin(&mut queue, at), None);
    let (other, urgent) =
        (flow(&mut queue, Class::Batch, 2, "a", 1), flow(&mut queue, Class::Interactive, 2, "a", 1));
    queue.join(other, 100);
    queue.join(urgent, 200);
    let mut order = Vec::new();
    queue.end(running, at, SECOND);
    while let Some((flow, member)) = begin(&mut queue, at) {
        order.push(member);
        queue.end(flow, at, SECOND);
    }
    assert_eq!(order[..4], [200, 1, 100, 2]);
}

#[test]
fn who_leaves_makes_room_for_those_behind() {
    let (mut queue, at) = (Queue::new(100), now());
    let flow = |queue: &mut Queue<u32>, client| flow(queue, Class::Interactive, client, "a", 1);
    let (first, second, third) = (flow(&mut queue, 1), flow(&mut queue, 2), flow(&mut queue, 3));
    queue.join(first, 1);
    let running = begin(&mut queue, at).unwrap().0;
    let ticket = queue.join(second, 2);
    queue.join(third, 3);
    queue.end(running, at, SECOND);
    // It stood ready for the only room there is.
    assert_eq!(queue.leave(ticket), Some(2));
    assert_eq!(queue.leave(ticket), None);
    assert_eq!(begin(&mut queue, at).map(|(_, member)| member), Some(3));
}

#[test]
fn room_without_end_takes_no_time() {
    let (mut queue, at) = (Queue::new(100), now());
    let one = flow(&mut queue, Class::Interactive, 1, "a", 0);
    queue.join(one, ());
    assert_eq!(begin(&mut queue, at), None);
    queue.set_width(one.lane, usize::MAX);
    assert!(begin(&mut queue, at).is_some());
}

#[test]
fn a_newcomer_overtakes_nobody() {
    let (mut queue, at) = (Queue::new(100), now());
    let one = flow(&mut queue, Class::Interactive, 1, "a", 2);
    assert!(queue.is_free(one, at));
    queue.join(one, ());
    assert!(!queue.is_free(one, at), "there is room, but somebody was first");
    begin(&mut queue, at).unwrap();
    assert!(queue.is_free(one, at));
    queue.begin(one, at);
    assert!(!queue.is_free(one, at), "no room");
}

#[test]
fn the_wait_is_expected_from_what_was_served() {
    let (mut queue, at) = (Queue::new(100), now());
    let busy = flow(&mut queue, Class::Interactive, 1, "a", 2);
    for _ in 0..8 {
        queue.begin(busy, at);
        queue.end(busy, at, 3 * SECOND);
    }
    (0..2).for_each(|_| queue.begin(busy, at));
    assert_eq!(queue.expected_wait(busy), Some(Duration::ZERO));
    for _ in 0..20 {
        queue.join(busy, ());
    }
    assert_eq!(queue.expected_wait(busy), Some(30 * SECOND));
    let other = flow(&mut queue, Class::Interactive, 2, "a", 2);
    assert_eq!(queue.expected_wait(other), Some(Duration::ZERO), "he has a turn of his own");
}

/// A million wait, and leave or are served without anything taking longer for it.
#[test]
fn a_million_may_wait() {
    let (mut queue, at) = (Queue::new(100), now());
    let flows: Vec<_> = (0..100)
        .map(|index| flow(&mut queue, Class::Batch, index % 10, &format!("h{index}"), 1_000_000))
        .collect();
    let tickets: Vec<_> = (0..1_000_000).map(|index| queue.join(flows[index % 100], index)).collect();
    assert_eq!(queue.waiting(), 1_000_000);
    for (index, ticket) in tickets.into_iter().enumerate().filter(|(index, _)| index % 4 > 0) {
        assert_eq!(queue.leave(ticket), Some(index));
    }
    let mut served = 0;
    while let Some((flow, _)) = begin(&mut queue, at) {
        served += 1;
        queue.end(flow, at, SECOND);
    }
    assert_eq!((served, queue.waiting()), (250_000, 0));
}

#[derive(Debug, Clone)]
enum Step {
    Join(usize, u64, usize),
    Leave(usize),
    Begin,
    End(usize),
    Widen(usize, usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3usize, 0..3u64, 0..3usize).prop_map(|(class, client, host)| Step::Join(class, client, host)),
        1 => (0..100usize).prop_map(Step::Leave),
        3 => Just(Step::Begin),
        2 => (0..100usize).prop_map(Step::End),
        1 => (0..3usize, 0..4usize).prop_map(|(host, width)| Step::Widen(host, width)),
        1 => (0..1_000u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..300)
}

/// What the schedule is measured by: everybody who waits, in a list.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<usize, (Flow, Ticket)>,
    /// Of those who wait no more.
    stale: Vec<Ticket>,
    running: Vec<Flow>,
}

impl Model {
    fn busy(&self, lane: LaneId) -> usize {
        self.running.iter().filter(|flow| flow.lane == lane).count()
    }

    fn held(&self, class: Class) -> usize {
        self.running.iter().filter(|flow| flow.class == class).count()
    }
}

proptest! {
    /// Whoever has joined waits until he begins or leaves, once; nobody begins beyond the bounds of his lane and class, or
    /// before those of his flow; and when nobody begins, nobody could.
    #[test]
    fn nobody_is_lost_and_bounds_hold(steps in steps()) {
        const RIGHTS: usize = 16;
        let (mut queue, mut at, mut model) = (Queue::new(RIGHTS), now(), Model::default());
        let mut widths = [2usize; 3];
        let hosts = ["a", "b", "c"].map(|host| {
            let lane = queue.lane(&host.into(), Need::Session);
            queue.set_width(lane, 2);
            lane
        });
        let width = |widths: &[usize; 3], lane| widths[hosts.iter().position(|host| *host == lane).unwrap()];
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Join(class, client, host) => {
                    let class = [Class::Interactive, Class::Batch, Class::Background][class];
                    let flow = Flow { class, client: ClientId(client), lane: hosts[host] };
                    model.waiting.insert(number, (flow, queue.join(flow, number)));
                }
                Step::Leave(index) => {
                    let chosen = model.waiting.keys().nth(index % model.waiting.len().max(1)).copied();
                    if let Some(number) = chosen {
                        let (_, ticket) = model.waiting.remove(&number).unwrap();
                        prop_assert_eq!(queue.leave(ticket), Some(number));
                        model.stale.push(ticket);
                    }
                    // Whoever had his turn comes late to leave, when others stand where he stood.
                    prop_assert!(model.stale.iter().all(|ticket| queue.leave(*ticket).is_none()));
                }
                Step::Begin => match begin(&mut queue, at) {
                    Some((flow, number)) => {
                        let (joined, ticket) = model.waiting.remove(&number).expect("he waited");
                        model.stale.push(ticket);
                        prop_assert_eq!(joined, flow);
                        prop_assert!(model.waiting.iter().all(|(other, (joined, _))| *joined != flow || *other > number));
                        model.running.push(flow);
                        prop_assert!(model.busy(flow.lane) <= width(&widths, flow.lane));
                        prop_assert!(model.held(Class::Background) <= 1 && model.held(Class::Batch) < RIGHTS);
                    }
                    None => prop_assert!(model.waiting.values().all(|(flow, _)| {
                        let is_capped = flow.class == Class::Background && model.held(Class::Background) == 1;
                        is_capped || model.busy(flow.lane) >= width(&widths, flow.lane)
                    }), "somebody could have begun"),
                },
                Step::End(index) if !model.running.is_empty() => {
                    let flow = model.running.swap_remove(index % model.running.len());
                    queue.end(flow, at, SECOND);
                }
                Step::Widen(host, to) => {
                    widths[host] = to;
                    queue.set_width(hosts[host], to);
                }
                Step::Wait(time) => at += Duration::from_millis(time),
                Step::End(_) => {}
            }
            prop_assert_eq!(queue.waiting(), model.waiting.len());
        }
        // In the end everybody is served.
        hosts.iter().for_each(|host| queue.set_width(*host, 1));
        model.running.drain(..).for_each(|flow| queue.end(flow, at, SECOND));
        while let Some((flow, number)) = begin(&mut queue, at) {
            prop_assert!(model.waiting.remove(&number).is_some());
            at += SECOND;
            queue.end(flow, at, SECOND);
        }
        prop_assert!(model.waiting.is_empty());
    }
}
