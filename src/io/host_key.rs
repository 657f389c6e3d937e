//! Whom a login talks to: the verdict on the key of each of its connections, which all have to be to the same host.

use std::cell::OnceCell;

use super::blocking;
use crate::base::{Error, Kind, Result, time};
use crate::config::known_hosts::{self, Remembered, Trust};
use crate::config::{HostConfig, KnownHosts};
use crate::ssh::HostKey;

/// The host's key, over all connections of one login.
pub(super) struct Acquaintance<'a> {
    host: &'a HostConfig,
    /// As read before the first connection: what the login itself adds is not in it.
    known_hosts: &'a KnownHosts,
    accepted: OnceCell<HostKey>,
}

impl<'a> Acquaintance<'a> {
    pub(super) fn new(host: &'a HostConfig, known_hosts: &'a KnownHosts) -> Self {
        Self { host, known_hosts, accepted: OnceCell::new() }
    }

    /// Why the key that a connection has shown is taken. A new one is remembered where the configuration says so.
    ///
    /// Errors: it is not the host's, or not the one that an earlier connection of this login has shown.
    pub(super) async fn verify(&self, key: HostKey) -> Result<Trust> {
        let trust = self.known_hosts.verify(self.host, &key, time::unix_now())?;
        match self.accepted.get() {
            Some(accepted) if accepted.blob == key.blob => return Ok(trust),
            Some(accepted) => return Err(self.another(accepted, &key)),
            None => {}
        }
        if trust == Trust::New {
            self.remember(key.clone()).await?;
        }
        self.accepted.get_or_init(|| key);
        Ok(trust)
    }

    async fn remember(&self, key: HostKey) -> Result<()> {
        let (alias, shown) = (&self.host.alias, shown(&key));
        let host = self.host.clone();
        match blocking::run(move || known_hosts::append(&host, &key)).await?? {
            Remembered::Added => {
                tracing::warn!(
                    host = alias,
                    key = shown,
                    "permanently added the key of a new host to known_hosts"
                );
            }
            Remembered::Already => {}
            // As ssh: whoever asked to take new keys wants to connect all the same.
            Remembered::Not(reason) => {
                tracing::warn!(
                    host = alias,
                    key = shown,
                    reason,
                    "the key of a new host is taken but not remembered"
                );
            }
        }
        Ok(())
    }

    fn another(&self, accepted: &HostKey, key: &HostKey) -> Error {
        let text = format!(
            "the host key of {} changed while logging in: it showed {}, and {} on the connection before. Someone may be \
             listening in, or several machines answer to this name.",
            self.host.alias,
            shown(key),
            shown(accepted)
        );
        Error::new(Kind::HostKey, text)
    }
}

fn shown(key: &HostKey) -> String {
    format!("{} {}", key.key_type(), key.fingerprint())
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;
    use crate::config::{AlgorithmLists, Env, SshConfig};
    use crate::ssh::SignatureAlgorithm;

    fn key(fill: u8) -> HostKey {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend([fill; 32]);
        HostKey::unproven(&blob, SignatureAlgorithm::Ed25519, None)
    }

    /// Where `h` is a host whose key may be new.
    struct Place {
        dir: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn host(&self) -> HostConfig {
            let (config, file) = (self.dir.path().join("config"), self.dir.path().join("known"));
            let text = format!(
                "Host h\n StrictHostKeyChecking accept-new\n UserKnownHostsFile {}\n",
                file.display()
            );
            std::fs::write(&config, text).unwrap();
            let config = SshConfig::load(Some(&config), &Env::default(), AlgorithmLists::spoken()).unwrap();
            let mut host = config.resolve("h").unwrap();
            host.global_known_hosts_files.clear();
            host
        }

        fn lines(&self) -> usize {
            std::fs::read_to_string(self.dir.path().join("known")).unwrap().lines().count()
        }
    }

    #[test]
    fn a_new_key_stays_new_for_the_whole_login_and_is_remembered_once() {
        let place = Place::new();
        let host = place.host();
        let known = KnownHosts::load_for(&host);
        let met = Acquaintance::new(&host, &known);
        for _ in 0..2 {
            assert_eq!(runtime::run(met.verify(key(1))).unwrap().unwrap(), Trust::New);
        }
        assert_eq!(place.lines(), 1);
    }

    #[test]
    fn all_connections_of_a_login_show_the_same_key() {
        let place = Place::new();
        let host = place.host();
        let known = KnownHosts::load_for(&host);
        let met = Acquaintance::new(&host, &known);
        assert_eq!(runtime::run(met.verify(key(1))).unwrap().unwrap(), Trust::New);
        let error = runtime::run(met.verify(key(2))).unwrap().unwrap_err();
        assert_eq!(error.kind(), Kind::HostKey);
        assert!(error.message().contains("changed while logging in"), "{error}");
        for fill in [1, 2] {
            assert!(error.message().contains(&key(fill).fingerprint()), "{error}");
        }
        assert_eq!(place.lines(), 1, "the second key was not added");
    }
}
