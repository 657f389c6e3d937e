//! Who waits at his place, for whatever it is; and who loses it when there are no more. Pure.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::line::{Line, Number, Numbers};
use crate::fleet::ClientId;

/// One client's requests to one host.
type Flow = (ClientId, Rc<str>);

/// Those who wait, by client and host. Everything takes O(log n).
#[derive(Debug)]
pub(super) struct Places<T> {
    flows: HashMap<Flow, Line<T>>,
    /// With the longest at the end.
    lengths: BTreeSet<(usize, Flow)>,
    numbers: Numbers,
    count: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { flows: HashMap::new(), lengths: BTreeSet::new(), numbers: Numbers::default(), count: 0 }
    }
}

impl<T> Places<T> {
    /// Comes to wait.
    pub(super) fn join(&mut self, flow: Flow, member: T) -> Number {
        self.change(flow, |line, numbers| line.join(numbers, member))
    }

    /// Waits no more. `None` for who was displaced.
    pub(super) fn leave(&mut self, flow: Flow, number: Number) -> Option<T> {
        self.change(flow, |line, _| line.leave(number))
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Makes room for a newcomer: the newest of the flow with the most waiting goes. `None` when that would be the
    /// newcomer himself: nobody is displaced by one who has as many waiting already.
    pub(super) fn displace(&mut self, newcomer: &Flow) -> Option<T> {
        let (longest, flow) = self.lengths.last().cloned()?;
        let own = self.flows.get(newcomer).map_or(0, Line::len) + 1;
        if own >= longest { None } else { self.change(flow, |line, _| line.take_last()) }
    }

    fn change<R>(&mut self, flow: Flow, change: impl FnOnce(&mut Line<T>, &mut Numbers) -> R) -> R {
        let line = self.flows.entry(flow.clone()).or_default();
        let before = line.len();
        let result = change(line, &mut self.numbers);
        let after = line.len();
        self.count = self.count - before + after;
        if after == 0 {
            self.flows.remove(&flow);
        }
        if before != after {
            self.lengths.remove(&(before, flow.clone()));
            if after > 0 {
                self.lengths.insert((after, flow));
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow(client: u64, host: &str) -> Flow {
        (ClientId(client), host.into())
    }

    #[test]
    fn the_newest_of_the_longest_goes() {
        let mut places = Places::default();
        for index in 0..3 {
            places.join(flow(1, "a"), index);
        }
        places.join(flow(1, "b"), 10);
        places.join(flow(2, "a"), 20);
        assert_eq!(places.displace(&flow(1, "a")), None, "his own is the longest");
        assert_eq!(places.displace(&flow(3, "c")), Some(2));
        assert_eq!(places.displace(&flow(2, "a")), None, "with him his own would be as long");
        assert_eq!(places.displace(&flow(3, "c")), Some(1));
        assert_eq!(places.displace(&flow(3, "c")), None, "all have one");
    }

    #[test]
    fn who_was_displaced_is_not_taken_for_who_comes_after_him() {
        let mut places = Places::default();
        let (first, displaced) = (places.join(flow(1, "a"), 0), places.join(flow(1, "a"), 1));
        assert_eq!(places.displace(&flow(2, "b")), Some(1));
        assert_eq!(places.leave(flow(1, "a"), first), Some(0));
        let numbers: Vec<_> = (2..4).map(|index| places.join(flow(1, "a"), index)).collect();
        assert_eq!(places.leave(flow(1, "a"), displaced), None);
        assert_eq!(places.leave(flow(1, "a"), numbers[1]), Some(3));
    }

    proptest! {
        #[test]
        fn lengths_are_those_of_the_flows(steps in prop::collection::vec((0..4u64, 0..3u8), 1..200)) {
            let mut places = Places::default();
            let mut members = Vec::new();
            for (client, step) in steps {
                match step {
                    0 => members.push((client, places.join(flow(client, "h"), client))),
                    1 if !members.is_empty() => {
                        let (client, number) = members.swap_remove(client as usize % members.len());
                        places.leave(flow(client, "h"), number);
                    }
                    _ => {
                        let longest = places.flows.values().map(Line::len).max().unwrap_or_default();
                        let own = places.flows.get(&flow(client, "h")).map_or(0, Line::len);
                        let displaced = places.displace(&flow(client, "h"));
                        prop_assert_eq!(displaced.is_some(), longest > own + 1);
                    }
                }
                let mut lengths: Vec<_> = places.flows.values().map(Line::len).collect();
                lengths.sort_unstable();
                let known: Vec<_> = places.lengths.iter().map(|(length, _)| *length).collect();
                prop_assert_eq!(places.len(), lengths.iter().sum::<usize>());
                prop_assert_eq!(lengths, known);
            }
        }
    }
}
