//! How many dials stand before a server without having logged in, and when to knock again at one that turned us away.
//!
//! sshd counts such connections for its whole daemon (`MaxStartups 10:30:100`): of those beyond the tenth it drops one
//! in three, of those beyond the hundredth every one. So there are at most [`STARTUPS_PER_ADDRESS_MAX`] to an address.
//!
//! One daemon may answer at many addresses, which nobody can know before. Therefore whoever is turned away takes a
//! detour to the door: these knock again side by side no more than the servers that turned them away were
//! seen to bear. Everybody else dials freely, so that a crowded server delays nobody but its own. To let nobody dial
//! freely would have a thousand machines far away wait for each other.

mod detour;

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use super::gate::{Gate, Permit};
use crate::base::jitter::Jitter;
use crate::base::limits::{
    QUEUED_REQUESTS_DEFAULT, STARTUPS_PER_ADDRESS_MAX, TURNED_AWAY_PAUSE, TURNED_AWAY_RETRIES_MAX,
};
use crate::base::refusal::Reason;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use detour::Detour;

/// What all dials of a core share.
#[derive(Debug)]
pub struct Ramp {
    /// Of the addresses that somebody dials.
    addresses: RefCell<HashMap<String, Rc<Gate>>>,
    detour: Detour,
    jitter: Jitter,
}

/// Why a login failed.
#[derive(Debug)]
pub struct Refusal {
    pub error: Error,
    /// The server was too busy to listen, and may not be so for long.
    pub may_pass: bool,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, may_pass: false }
    }
}

impl Ramp {
    /// The seed is what chance begins with.
    pub fn new(seed: u64) -> Rc<Self> {
        Rc::new(Self { addresses: RefCell::default(), detour: Detour::new(), jitter: Jitter::new(seed) })
    }

    /// Connects and logs in by `knock`, when it is this dial's turn at the address, and again after a pause as long as
    /// the server only was too busy. Whoever waits gives up when he likes; the pauses together last a few seconds.
    ///
    /// Errors: the last of `knock`.
    pub async fn climb<T, S: Future<Output = ()>>(
        &self,
        address: &str,
        sleep: impl Fn(Duration) -> S,
        mut knock: impl AsyncFnMut() -> Result<T, Refusal>,
    ) -> Result<T> {
        let _place = self.place(address).await?;
        let mut refusal = match knock().await {
            Err(refusal) if refusal.may_pass => refusal.error,
            outcome => return outcome.map_err(|refusal| refusal.error),
        };
        let mut pause = TURNED_AWAY_PAUSE;
        for _ in 0..TURNED_AWAY_RETRIES_MAX {
            tracing::debug!(address, reason = %refusal, ?pause, "turned away, trying again");
            sleep(self.jitter.around(pause)).await;
            pause *= 2;
            let _turn = self.detour.enter().await?;
            match knock().await {
                Err(again) if again.may_pass => {
                    self.detour.handle_turned_away();
                    refusal = again.error;
                }
                outcome => {
                    self.detour.handle_let_in();
                    return outcome.map_err(|refusal| refusal.error);
                }
            }
        }
        Err(refusal)
    }

    /// Whether so many addresses are dialled at once that what is measured meanwhile says little of any of them.
    pub fn is_crowded(&self) -> bool {
        self.addresses.borrow().len() > STARTUPS_PER_ADDRESS_MAX
    }

    /// Waits for a place at the address.
    async fn place<'a>(&'a self, address: &'a str) -> Result<Place<'a>> {
        let gate = Rc::clone(
            self.addresses
                .borrow_mut()
                .entry(address.to_owned())
                .or_insert_with(|| Gate::new(STARTUPS_PER_ADDRESS_MAX, QUEUED_REQUESTS_DEFAULT)),
        );
        let mut place = Place { ramp: self, address, gate, permit: None };
        place.permit = Some(place.gate.enter().await.map_err(|_| crowded())?);
        Ok(place)
    }
}

/// What is dialled for a host, through the hop of this name.
pub fn address(host: &HostConfig, hop: Option<&str>) -> String {
    let way = hop.map_or_else(String::new, |hop| format!("{hop} "));
    format!("{way}{}:{}", host.hostname, host.port)
}

fn crowded() -> Error {
    let text = "too many other connections are being made; try again later";
    Error::refused(Reason::Dials, Kind::Busy, text)
}

/// One of the dials to an address. The last one to leave takes the address with it.
struct Place<'a> {
    ramp: &'a Ramp,
    address: &'a str,
    gate: Rc<Gate>,
    permit: Option<Permit>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        drop(self.permit.take());
        // The map's and ours.
        if Rc::strong_count(&self.gate) == 2 {
            self.ramp.addresses.borrow_mut().remove(self.address);
        }
    }
}

#[cfg(test)]
mod tests;
