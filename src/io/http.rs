//! HTTP on sockets: listeners, the connections they take, TLS.
//!
//! Every core has a socket of its own for the same address, among which the kernel spreads the connections
//! (SO_REUSEPORT), and serves those that come to it from beginning to end. A connection is one task: `line` is its way
//! in, which listens to the peer while an answer is made or sent, `connection` is what is done with it, `tls` what stands
//! between the two where it is wanted. What the bytes mean is known to [`crate::http`].

pub mod client;
mod connection;
mod line;
mod listener;
mod places;
mod roll;
mod tls;
mod trust;

use std::cell::Cell;
use std::rc::Rc;

use crate::base::time::{self, Duration};
use crate::http::{Date, Intake, Outlet, Service, Terms};

pub use listener::{Server, Socket, bind, serve};
pub use places::Places;
pub use tls::Tls;
pub use trust::Trust;

/// How the connections of a process are served.
#[derive(Debug, Clone)]
pub struct Options {
    pub terms: Terms,
    /// One for all cores.
    pub places: Places,
    /// `None` speaks plain text.
    pub tls: Option<Tls>,
}

/// What the connections of one core share.
struct Site {
    service: Rc<dyn Service>,
    intake: Rc<Intake>,
    outlet: Rc<Outlet>,
    tls: Option<Tls>,
    pulse_every: Duration,
    date: Cell<Date>,
}

impl Site {
    fn date(&self) -> Date {
        let date = self.date.get().renewed(time::unix_now());
        self.date.set(date);
        date
    }
}

#[cfg(test)]
mod tests;
