//! Whether to talk to a host that has proved to have a key.

use super::authority::Vouching;
use super::refusal::{Reason, Seen};
use super::{KnownHosts, Verdict};
use crate::base::Result;
use crate::config::HostConfig;
use crate::config::ssh::{Proxy, StrictHostKeyChecking};
use crate::ssh::HostKey;

/// Why a host's key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It is known.
    Known,
    /// An authority of this host vouches for it.
    Authority,
    /// It need not be known (`NoHostAuthenticationForLocalhost`): whoever listens there may have it.
    Exempt,
    /// It is new, and `StrictHostKeyChecking` says to take it and to remember it.
    New,
}

impl KnownHosts {
    /// Whether `key`, which the host has proved to have, is the key of `host`. `unix_now`, in seconds, is for
    /// certificates.
    ///
    /// A changed or revoked key is refused in every mode. As in ssh a certificate of an unknown authority counts as the
    /// plain key in it; one that is not valid, or that we cannot judge, does so only where that key is known.
    ///
    /// # Errors
    /// [`Kind::HostKey`](crate::base::Kind::HostKey), with the fingerprint and the command that would mend it.
    pub fn verify(&self, host: &HostConfig, key: &HostKey, unix_now: u64) -> Result<Trust> {
        self.decide(host, key, unix_now).map_err(|reason| self.refusal(&reason, &Seen { host, key }))
    }

    fn decide(&self, host: &HostConfig, key: &HostKey, unix_now: u64) -> Result<Trust, Reason> {
        if let Some((file, line)) = self.revocation(key) {
            return Err(Reason::Revoked { file, line });
        }
        let (name, port) = host.known_as();
        let plain = self.check(name, port, &key.blob);
        if is_exempt(host) {
            return Ok(if plain == Verdict::Known { Trust::Known } else { Trust::Exempt });
        }
        if let Verdict::Revoked { file, line } = plain {
            return Err(Reason::Revoked { file, line });
        }
        let vouching = key.certificate().map(|certificate| self.vouching(host, certificate, unix_now));
        match (vouching, plain) {
            (Some(Vouching::Yes), _) => Ok(Trust::Authority),
            (Some(Vouching::Revoked { file, line }), _) => Err(Reason::AuthorityRevoked { file, line }),
            (_, Verdict::Known) => Ok(Trust::Known),
            (_, Verdict::Changed { file, line }) => Err(Reason::Changed { file, line }),
            (Some(Vouching::Invalid { fault, file, line }), _) => {
                Err(Reason::Certificate { fault, file, line })
            }
            _ if key.certificate_fault().is_some() => Err(Reason::CertificateFault),
            (_, Verdict::Unknown | Verdict::Revoked { .. }) => match may_be_new(host) {
                true => Ok(Trust::New),
                false => Err(Reason::Unknown),
            },
        }
    }
}

/// `NoHostAuthenticationForLocalhost`: by its name, because where a proxy or a name server leads nobody knows.
fn is_exempt(host: &HostConfig) -> bool {
    let is_local = host.hostname == "localhost" || host.hostname == "::1" || is_ipv4_loopback(&host.hostname);
    host.no_host_authentication_for_localhost
        && is_local
        && host.host_key_alias.is_none()
        && host.proxy == Proxy::None
}

fn is_ipv4_loopback(name: &str) -> bool {
    name.parse().is_ok_and(|address: core::net::Ipv4Addr| address.is_loopback())
}

/// Without a file to remember it in the key would be new for ever, and a command that we do not run may know another. A
/// file that turns out not to be writable is no reason against it, as in ssh.
fn may_be_new(host: &HostConfig) -> bool {
    let takes_new =
        matches!(host.strict_host_key_checking, StrictHostKeyChecking::AcceptNew | StrictHostKeyChecking::No);
    takes_new && !host.user_known_hosts_files.is_empty() && host.known_hosts_command.is_none()
}
