//! How much each client watches on this core, so that none has a core look after nothing but what he watches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::base::limits::WATCHES_PER_CLIENT_MAX;
use crate::fleet::ClientId;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Watches {
    held: RefCell<HashMap<ClientId, usize>>,
}

/// One of a client's watches; his to have again when this is dropped.
#[derive(Debug)]
pub struct Watch {
    watches: Rc<Watches>,
    client: ClientId,
}

impl Watches {
    /// `None` when the client has as many as one may.
    pub fn begin(self: &Rc<Self>, client: ClientId) -> Option<Watch> {
        let mut held = self.held.borrow_mut();
        let count = held.entry(client).or_default();
        if *count >= WATCHES_PER_CLIENT_MAX {
            return None;
        }
        *count += 1;
        Some(Watch { watches: Rc::clone(self), client })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut held = self.watches.held.borrow_mut();
        if let Some(count) = held.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_his_own_share_and_gets_it_back() {
        let watches = Rc::<Watches>::default();
        let begin = |client| watches.begin(ClientId(client));
        let held: Vec<_> = (0..WATCHES_PER_CLIENT_MAX).map(|_| begin(1).unwrap()).collect();
        assert!(begin(1).is_none() && begin(2).is_some());
        drop(held);
        assert!(begin(1).is_some());
        assert!(watches.held.borrow().is_empty(), "who watches nothing is forgotten");
    }
}
