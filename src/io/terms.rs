//! On which terms to speak with a host: its configuration, what is known of its keys, and the settings.

use crate::base::{Error, Kind, Result};
use crate::config::{HostConfig, KnownHosts, Settings};
use crate::simulated::plan;
use crate::ssh::{ClientConfig, Keepalive, Offer};

/// Which connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    All,
    /// Those to the addresses of simulated hosts are not.
    AllButSimulated,
}

impl Guard {
    fn covers(self, host: &HostConfig) -> bool {
        let address = || host.hostname.parse().ok();
        self == Self::All || address().and_then(plan::host_at).is_none()
    }
}

/// Everything but what to log in with. Types of host keys that are known are asked for first, certificates before
/// them where an authority is known: of another type the host would show a key that cannot be checked.
///
/// Errors: a list of algorithms has none that we speak.
pub(super) fn terms(
    settings: &Settings,
    host: &HostConfig,
    known: &KnownHosts,
    guard: Guard,
) -> Result<ClientConfig> {
    let lists = &host.algorithms;
    let offer = Offer::from_names(&lists.kex, &lists.host_keys, &lists.ciphers, &lists.macs);
    let mut config = ClientConfig::new(host.user.as_str());
    config.offer = offer.map_err(|error| Error::new(Kind::HostConfig, error.to_string()))?;
    if !guard.covers(host) {
        config.offer = config.offer.without_protection();
    }
    config.offer.prefer_host_keys(&known.known_algorithms(host));
    if known.knows_authority(host) {
        config.offer.prefer_certificates();
    }
    config.keepalive = keepalive(settings, host);
    config.rekey = host.rekey_limit;
    Ok(config)
}

/// The host's own wish wins over the settings; zero means never.
fn keepalive(settings: &Settings, host: &HostConfig) -> Option<Keepalive> {
    let interval = host.server_alive_interval.unwrap_or(settings.keepalive_interval);
    let missed_max = host.server_alive_count_max.unwrap_or(settings.keepalive_count_max);
    (!interval.is_zero()).then_some(Keepalive { interval, missed_max })
}
