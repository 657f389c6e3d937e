//! Who has how many sessions, and which of them he has left alone the longest: known at once, however many there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::fleet::ClientId;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Order {
    /// Every session by its client and its last use.
    uses: BTreeMap<(ClientId, Use), Rc<str>>,
    counts: HashMap<ClientId, usize>,
    /// Every client: last who has the most sessions, and of several of those whose session is the longest unused.
    ranks: BTreeSet<Rank>,
    last: Use,
}

/// A use of a session; later ones are greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use(u64);

type Rank = (usize, Reverse<Use>, ClientId);

impl Order {
    /// A client uses a session for the first time.
    pub fn add(&mut self, client: ClientId, id: Rc<str>) -> Use {
        self.last.0 += 1;
        let new = self.last;
        self.change(client, |order| {
            order.uses.insert((client, new), id);
            *order.counts.entry(client).or_default() += 1;
        });
        new
    }

    /// A client uses a session that he has used before; when, this tells anew.
    pub fn renew(&mut self, client: ClientId, before: Use) -> Use {
        // Whoever is alone, or asks for many things at once, is what he was.
        if before == self.last {
            return before;
        }
        self.last.0 += 1;
        let new = self.last;
        self.change(client, |order| {
            let id = order.uses.remove(&(client, before));
            order.uses.extend(id.map(|id| ((client, new), id)));
        });
        new
    }

    /// A session is no longer there.
    pub fn remove(&mut self, client: ClientId, last: Use) {
        self.change(client, |order| {
            if order.uses.remove(&(client, last)).is_some()
                && let Some(count) = order.counts.get_mut(&client)
            {
                *count -= 1;
            }
        });
    }

    /// The session of a client that he has left alone the longest.
    pub fn oldest(&self, client: ClientId) -> Option<&Rc<str>> {
        self.uses.range((client, Use(0))..).next().filter(|((of, _), _)| *of == client).map(|(_, id)| id)
    }

    /// The one that is best done without: the longest unused of who has the most.
    pub fn dispensable(&self) -> Option<&Rc<str>> {
        self.ranks.last().and_then(|(.., client)| self.oldest(*client))
    }

    /// Changes what a client has, and with it his rank.
    fn change(&mut self, client: ClientId, change: impl FnOnce(&mut Self)) {
        if let Some(rank) = self.rank(client) {
            self.ranks.remove(&rank);
        }
        change(self);
        match self.rank(client) {
            Some(rank) => drop(self.ranks.insert(rank)),
            None => drop(self.counts.remove(&client)),
        }
    }

    fn rank(&self, client: ClientId) -> Option<Rank> {
        let ((of, oldest), _) = self.uses.range((client, Use(0))..).next()?;
        let count = self.counts.get(&client)?;
        (*of == client).then_some((*count, Reverse(*oldest), client))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLIENTS: u64 = 4;

    /// The same, gone through one by one: sessions with their clients, the longest unused first.
    #[derive(Default)]
    struct Model(Vec<(u64, u32)>);

    impl Model {
        fn of(&self, client: u64) -> Vec<u32> {
            self.0.iter().filter(|(of, _)| *of == client).map(|(_, session)| *session).collect()
        }

        fn dispensable(&self) -> Option<u32> {
            let most = (0..CLIENTS).map(|client| self.of(client).len()).max()?;
            self.0.iter().find(|(client, _)| self.of(*client).len() == most).map(|(_, session)| *session)
        }
    }

    proptest! {
        #[test]
        fn it_knows_what_one_finds_by_going_through_all(
            steps in prop::collection::vec((0..CLIENTS, 0_u8..4, any::<prop::sample::Index>()), 1..200),
        ) {
            let (mut order, mut model, mut uses) = (Order::default(), Model::default(), HashMap::new());
            for (number, (client, step, index)) in (0_u32..).zip(steps) {
                let at = (!model.0.is_empty()).then(|| index.index(model.0.len()));
                match (step, at) {
                    (0, Some(at)) => {
                        let (client, session) = model.0.remove(at);
                        order.remove(ClientId(client), uses[&session]);
                    }
                    (1 | 2, Some(at)) => {
                        let (client, session) = model.0.remove(at);
                        model.0.push((client, session));
                        uses.insert(session, order.renew(ClientId(client), uses[&session]));
                    }
                    _ => {
                        model.0.push((client, number));
                        uses.insert(number, order.add(ClientId(client), number.to_string().into()));
                    }
                }
                let known = |id: Option<&Rc<str>>| id.map(|id| id.parse::<u32>().unwrap());
                prop_assert_eq!(known(order.dispensable()), model.dispensable());
                for client in 0..CLIENTS {
                    prop_assert_eq!(known(order.oldest(ClientId(client))), model.of(client).first().copied());
                }
            }
            let clients = (0..CLIENTS).filter(|client| !model.of(*client).is_empty()).count();
            prop_assert_eq!((order.counts.len(), order.ranks.len()), (clients, clients));
        }
    }
}
