//! What a simulated fleet is like: how many hosts, which they are, and where they are found.

use core::net::Ipv4Addr;

use super::weather::{Startups, Weather};

/// A fleet to be played.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// From 1 to [`SIMULATED_HOSTS_MAX`](crate::base::limits::SIMULATED_HOSTS_MAX).
    pub hosts: usize,
    /// All hosts listen on the same one; 0 lets the kernel choose.
    pub port: u16,
    /// Threads that play them.
    pub cores: usize,
    pub weather: Weather,
    /// Of all that is left to chance.
    pub seed: u64,
    /// The last so many hosts refuse connections.
    pub down: usize,
    /// So many before those accept them and say nothing.
    pub silent: usize,
    /// Sessions on one connection (`MaxSessions`).
    pub sessions_max: usize,
    /// `None`: as many as there are.
    pub startups: Option<Startups>,
    /// Every host has a host key of its own.
    pub own_keys: bool,
    /// Nobody gets in with any key but the one that is written out.
    pub only_key: bool,
    /// Nothing is encrypted, and no login is looked at: only what knows of it can connect.
    pub null_crypto: bool,
    /// What `/srv/list` of every host holds.
    pub entries: usize,
}

impl Default for Plan {
    /// As sshd by default, in clear weather.
    fn default() -> Self {
        Self {
            hosts: 100,
            port: 0,
            cores: 1,
            weather: Weather::default(),
            seed: 1,
            down: 0,
            silent: 0,
            sessions_max: 10,
            startups: Some(Startups { begin: 10, rate: 30, full: 100 }),
            own_keys: false,
            only_key: false,
            null_crypto: false,
            entries: 100,
        }
    }
}

impl Plan {
    /// Whether host `n`, counted from 1, refuses connections.
    pub fn is_down(&self, n: usize) -> bool {
        n + self.down > self.hosts
    }

    /// Whether it accepts them and says nothing.
    pub fn is_silent(&self, n: usize) -> bool {
        !self.is_down(n) && n + self.down + self.silent > self.hosts
    }
}

/// Hosts of one /24: the first and the last address of one look like those of a network.
const PER_NETWORK: usize = 250;
/// The second byte of every address: far from 127.0.0.1, where other things listen.
const SECOND_BYTE: u8 = 80;

/// The address of host `n`, counted from 1.
pub fn address(n: usize) -> Ipv4Addr {
    let n = n.saturating_sub(1);
    let byte = |value: usize| u8::try_from(value).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, SECOND_BYTE, byte(n / PER_NETWORK), byte(n % PER_NETWORK + 1))
}

/// The host that has an address; `None` when it is none of a fleet.
pub fn host_at(address: Ipv4Addr) -> Option<usize> {
    let [127, SECOND_BYTE, network, host @ 1..=250] = address.octets() else { return None };
    Some(usize::from(network) * PER_NETWORK + usize::from(host))
}

/// What host `n` is called in the SSH configuration, and calls itself.
pub fn name(n: usize) -> String {
    format!("host{n:04}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::SIMULATED_HOSTS_MAX;

    #[test]
    fn the_last_hosts_are_down_and_those_before_silent() {
        let plan = Plan { hosts: 10, down: 2, silent: 3, ..Plan::default() };
        let which = |is: fn(&Plan, usize) -> bool| (1..=10).filter(|n| is(&plan, *n)).collect::<Vec<_>>();
        assert_eq!((which(Plan::is_down), which(Plan::is_silent)), (vec![9, 10], vec![6, 7, 8]));
    }

    #[test]
    fn every_host_has_an_address_of_its_own() {
        for n in 1..=SIMULATED_HOSTS_MAX {
            assert_eq!(host_at(address(n)), Some(n));
        }
        assert_eq!(address(1), Ipv4Addr::new(127, 80, 0, 1));
        assert_eq!(address(10_000), Ipv4Addr::new(127, 80, 39, 250));
        for other in [[127, 0, 0, 1], [127, 80, 0, 0], [127, 80, 0, 251], [10, 80, 0, 1]] {
            assert_eq!(host_at(other.into()), None);
        }
    }
}
