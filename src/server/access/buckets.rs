//! The buckets of all clients, shared by all cores and bounded.
//!
//! A client has a place in the one part of the table that its number leads to. Who has a place takes from his bucket by one
//! exchange of a word, whichever core he asks. A place is another's as soon as its bucket is full again, as nothing is lost
//! with it then, and never before: whoever comes with many addresses cannot make anybody's bucket a new one. Those who find
//! all places of their part in use have one bucket together.
//!
//! What makes the exchange safe is that the moment of a place ([`Rate`]) only ever grows, whoever has the place, and that
//! the client of a place changes only while that moment reads [`MOVING`]. So when the moment is still what it was before the
//! client was read, the client is still the same. Clients move in under the lock of their part, so none has two places.

use std::num::NonZeroU64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, PoisonError};

use super::rate::Rate;
use crate::base::limits::RATE_LIMIT_PART_PLACES;
use crate::base::time::Duration;

/// See the module's documentation.
#[derive(Debug)]
pub struct Buckets(Box<[Part]>);

#[derive(Debug, Default)]
struct Part {
    places: [Place; RATE_LIMIT_PART_PLACES],
    /// When the bucket is full that all share who have no place. It is no earlier than any moment that was forgotten here,
    /// so that a core whose clock was read a little earlier than the one that forgot it gives nothing twice.
    others: Mutex<u64>,
}

#[derive(Debug, Default)]
struct Place {
    /// 0 before the first.
    client: AtomicU64,
    /// When its bucket is full again.
    full_at: AtomicU64,
}

/// Somebody else is moving in.
const MOVING: u64 = u64::MAX;

impl Buckets {
    /// With `places` for clients, a multiple of `RATE_LIMIT_PART_PLACES`.
    pub fn new(places: usize) -> Self {
        let parts = (places / RATE_LIMIT_PART_PLACES).max(1);
        Self((0..parts).map(|_| Part::default()).collect())
    }

    /// Takes a token of a client.
    ///
    /// # Errors
    /// There is none before this has passed.
    pub fn take(&self, client: NonZeroU64, now: u64, rate: &Rate) -> Result<(), Duration> {
        let part = usize::try_from(client.get() % self.0.len() as u64).ok().and_then(|part| self.0.get(part));
        // The remainder is less than the length.
        part.map_or(Ok(()), |part| part.take(client.get(), now, rate))
    }
}

impl Part {
    fn take(&self, client: u64, now: u64, rate: &Rate) -> Result<(), Duration> {
        loop {
            let Some((place, full_at)) = self.find(client) else {
                match self.move_in(client, now, rate) {
                    Some(taken) => return taken,
                    None => continue,
                }
            };
            let then = rate.take(full_at, now)?;
            if place.full_at.compare_exchange(full_at, then, SeqCst, SeqCst).is_ok() {
                return Ok(());
            }
        }
    }

    /// The client's place, and a moment at which it was his.
    fn find(&self, client: u64) -> Option<(&Place, u64)> {
        self.places.iter().find_map(|place| Some((place, place.full_at_of(client)?)))
    }

    /// Gives a client a place, or lets him share; `None` when he has one.
    fn move_in(&self, client: u64, now: u64, rate: &Rate) -> Option<Result<(), Duration>> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        // Another core may have been faster, or this one may have looked while he took a token elsewhere.
        if self.places.iter().any(|place| place.client.load(SeqCst) == client) {
            return None;
        }
        let vacated = self.places.iter().find_map(|place| Some((place, place.vacate(now)?)));
        if let Some((_, forgotten)) = vacated {
            *others = (*others).max(forgotten);
        }
        let taken = rate.take(*others, now);
        let full_at = taken.unwrap_or(*others);
        match vacated {
            Some((place, _)) => {
                place.client.store(client, SeqCst);
                place.full_at.store(full_at, SeqCst);
            }
            None => *others = full_at,
        }
        Some(taken.map(|_| ()))
    }
}

impl Place {
    /// When the bucket of this client is full again; `None` when the place is not his.
    fn full_at_of(&self, client: u64) -> Option<u64> {
        loop {
            let full_at = self.full_at.load(SeqCst);
            if self.client.load(SeqCst) != client || full_at == MOVING {
                return None;
            }
            // Else a token was taken meanwhile.
            if self.full_at.load(SeqCst) == full_at {
                return Some(full_at);
            }
        }
    }

    /// Empties a place whose bucket is full, and tells since when it was.
    fn vacate(&self, now: u64) -> Option<u64> {
        let full_at = self.full_at.load(SeqCst);
        let is_full = full_at <= now && full_at != MOVING;
        (is_full && self.full_at.compare_exchange(full_at, MOVING, SeqCst, SeqCst).is_ok()).then_some(full_at)
    }
}

#[cfg(test)]
mod tests;
