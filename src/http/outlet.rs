//! How much of the answers of one core waits for its peers to take it.
//!
//! A peer that reads nothing keeps us the whole of a long answer for as long as it is waited for, and may have many. So
//! there is a bound for all of them, and each peer may have as much of it as the others have left free (the "dynamic
//! threshold" of Choudhury and Hahne, 1998): one alone at most half, so that whoever comes next finds room.

use core::net::IpAddr;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// See the module's documentation.
#[derive(Debug)]
pub struct Outlet {
    bytes_max: usize,
    held: Cell<usize>,
    of_peer: RefCell<HashMap<IpAddr, usize>>,
}

/// The room of one answer; given back when dropped.
#[derive(Debug)]
pub struct Load {
    outlet: Rc<Outlet>,
    peer: IpAddr,
    bytes: usize,
}

impl Outlet {
    pub fn new(bytes_max: usize) -> Rc<Self> {
        Rc::new(Self { bytes_max, held: Cell::default(), of_peer: RefCell::default() })
    }

    /// Room for an answer to this peer, if there is any. Who has none waiting may have one that is too long for it.
    pub fn take(self: &Rc<Self>, peer: IpAddr, bytes: usize) -> Option<Load> {
        let free = self.bytes_max.saturating_sub(self.held.get());
        let mut of_peer = self.of_peer.borrow_mut();
        let own = of_peer.get(&peer).copied().unwrap_or_default();
        let has_room = if own == 0 { free > 0 } else { own.saturating_add(bytes) <= free };
        if !has_room {
            return None;
        }
        of_peer.insert(peer, own.saturating_add(bytes));
        self.held.set(self.held.get().saturating_add(bytes));
        Some(Load { outlet: Rc::clone(self), peer, bytes })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let Outlet { held, of_peer, .. } = &*self.outlet;
        held.set(held.get().saturating_sub(self.bytes));
        let mut of_peer = of_peer.borrow_mut();
        if let Some(own) = of_peer.get_mut(&self.peer) {
            *own = own.saturating_sub(self.bytes);
            if *own == 0 {
                of_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    fn peer(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    /// How many answers of this size a peer gets to have waiting.
    fn fill(outlet: &Rc<Outlet>, number: u32, bytes: usize) -> Vec<Load> {
        std::iter::from_fn(|| outlet.take(peer(number), bytes)).collect()
    }

    #[test]
    fn each_leaves_room_for_the_next() {
        let outlet = Outlet::new(1_000);
        let first = fill(&outlet, 1, 100);
        let second = fill(&outlet, 2, 100);
        assert_eq!((first.len(), second.len()), (5, 3));
        assert!(outlet.take(peer(3), 100).is_some() && outlet.take(peer(1), 1).is_none());
        drop(second);
        assert_eq!(fill(&outlet, 1, 100).len(), 0, "it has its half already");
        drop(first);
        assert_eq!(outlet.held.get(), 0);
        assert!(outlet.of_peer.borrow().is_empty());
    }

    #[test]
    fn one_answer_may_be_longer_than_all_may_be_together() {
        let outlet = Outlet::new(1_000);
        let long = outlet.take(peer(1), 5_000);
        assert!(long.is_some() && outlet.take(peer(2), 1).is_none());
        drop(long);
        assert!(outlet.take(peer(2), 1).is_some());
    }
}
