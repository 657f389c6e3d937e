//! Simulated links, a small SSH server, virtual time. Only adds items, never changes behaviour.

pub mod ssh_server;
mod ssh_server_channel;

use crate::fleet::Fleet;
use std::rc::Rc;

/// A fleet without a network: the host `wait` never answers, the others answer at once.
pub fn fleet() -> Rc<Fleet> {
    Rc::new(Fleet {})
}
