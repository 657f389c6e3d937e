//! Counts what clients ask, by who they are.

use core::net::{IpAddr, Ipv6Addr};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;

use super::buckets::Buckets;
use super::rate::Rate;
use crate::base::limits::{RATE_LIMITED_ADDRESSES_MAX, RATE_LIMITED_KEYS_MAX};
use crate::base::time::{Duration, Instant};
use crate::fleet::ClientId;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The number of a key.
    Key(u64),
    Address(IpAddr),
}

/// See the module's documentation. One for all cores. Keys have a table of their own, which no flood of addresses fills.
#[derive(Debug)]
pub struct Limiter {
    keys: Buckets,
    addresses: Buckets,
    /// Nobody can tell which addresses share a part of the table.
    hash: RandomState,
    begun: Instant,
}

impl Limiter {
    pub fn new(now: Instant) -> Self {
        Self {
            keys: Buckets::new(RATE_LIMITED_KEYS_MAX),
            addresses: Buckets::new(RATE_LIMITED_ADDRESSES_MAX),
            hash: RandomState::new(),
            begun: now,
        }
    }

    /// Takes one of the requests that a client may make.
    ///
    /// # Errors
    /// He may make the next one when this has passed.
    pub fn take(&self, who: Who, now: Instant, rate: &Rate) -> Result<(), Duration> {
        let nanos = now.saturating_duration_since(self.begun).as_nanos();
        // Enough for five centuries.
        let now = u64::try_from(nanos).unwrap_or(u64::MAX / 2);
        let ClientId(number) = self.id(who);
        // No client's number is 0.
        let number = NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN);
        match who {
            Who::Key(_) => self.keys.take(number, now, rate),
            Who::Address(_) => self.addresses.take(number, now, rate),
        }
    }

    /// By which the client is known while the process lives.
    pub fn id(&self, who: Who) -> ClientId {
        match who {
            Who::Key(number) => Self::id_of_key(number),
            Who::Address(address) => ClientId::of_hash(self.hash.hash_one(network(address))),
        }
    }

    /// The same at every start.
    pub fn id_of_key(number: u64) -> ClientId {
        ClientId::of_hash(number)
    }
}

/// What an address tells of who has it: whoever has one of IPv6 has all with the same first half (RFC 4291 §2.5.4).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time;

    fn address(text: &str) -> Who {
        Who::Address(text.parse().unwrap())
    }

    #[test]
    fn clients_are_told_apart_by_key_and_by_network() {
        let limiter = Limiter::new(time::now());
        let id = |text| limiter.id(address(text));
        assert_eq!(id("2001:db8:0:1::1"), id("2001:db8:0:1:ffff::2"));
        assert_ne!(id("2001:db8:0:1::1"), id("2001:db8:0:2::1"));
        assert_eq!(id("192.0.2.1"), id("::ffff:192.0.2.1"));
        assert_ne!(id("192.0.2.1"), id("192.0.2.2"));
        assert_eq!(limiter.id(Who::Key(7)), ClientId(7));
    }

    #[test]
    fn each_has_the_same_share_and_gets_it_back() {
        let begun = time::now();
        let (limiter, rate) = (Limiter::new(begun), Rate::new(60, 2).unwrap());
        for who in [Who::Key(0), Who::Key(7), address("192.0.2.1"), address("2001:db8::1")] {
            assert!(limiter.take(who, begun, &rate).is_ok() && limiter.take(who, begun, &rate).is_ok());
            let wait = limiter.take(who, begun, &rate).unwrap_err();
            assert_eq!(wait, Duration::from_secs(1));
            assert!(limiter.take(who, begun + wait, &rate).is_ok());
        }
    }
}
