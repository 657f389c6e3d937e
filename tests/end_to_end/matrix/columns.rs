//! The servers, one column each, with every key and algorithm they can be made to offer.

use std::any::Any;
use std::path::PathBuf;

use super::keyring::Keyring;
use super::rows::{Kind, Row};
use crate::support::{
    Dropbear, Endpoint, Kexinit, Key, KeyType, Library, Log, PythonServer, Sshd, Tap, TinySsh,
};

/// Where the servers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    OpenSsh,
    Dropbear,
    TinySsh,
    AsyncSsh,
    Paramiko,
    LibSsh,
}

impl Make {
    pub const ALL: [Self; 6] =
        [Self::OpenSsh, Self::Dropbear, Self::TinySsh, Self::AsyncSsh, Self::Paramiko, Self::LibSsh];

    /// Some need several servers to show all their host keys.
    pub fn start(self, keyring: &Keyring) -> Vec<Server> {
        match self {
            Self::OpenSsh => vec![openssh(keyring)],
            Self::Dropbear => ONE_ECDSA_KEY.map(|key_types| dropbear(keyring, key_types)).into(),
            Self::TinySsh => vec![tinyssh(keyring)],
            Self::AsyncSsh => vec![library(self, Library::AsyncSsh, keyring, &KeyType::ALL)],
            Self::Paramiko => vec![library(self, Library::Paramiko, keyring, &KeyType::ALL)],
            Self::LibSsh => {
                ONE_ECDSA_KEY.map(|key_types| library(self, Library::LibSsh, keyring, key_types)).into()
            }
        }
    }

    /// Signatures of users that it takes: said under the new keys only, so it has to be known.
    fn takes(self, algorithm: &str) -> bool {
        match self {
            Self::OpenSsh | Self::AsyncSsh => true,
            Self::TinySsh => algorithm == "ssh-ed25519",
            // Without certificates; dropbear makes no use of SHA-512.
            Self::Dropbear => !algorithm.contains("-cert-") && algorithm != "rsa-sha2-512",
            Self::Paramiko | Self::LibSsh => !algorithm.contains("-cert-"),
        }
    }
}

/// All host keys, for servers that have one ECDSA key at most.
const ONE_ECDSA_KEY: [&[KeyType]; 3] =
    [&[KeyType::Ed25519, KeyType::Ecdsa256, KeyType::Rsa], &[KeyType::Ecdsa384], &[KeyType::Ecdsa521]];

/// A running server behind a relay that listens in.
pub struct Server {
    pub make: Make,
    /// `OpenSSH_9.2p1`
    pub software: String,
    pub endpoint: Endpoint,
    pub tap: Tap,
    pub log: Option<Log>,
    pub home: PathBuf,
    offer: Kexinit,
    _running: Box<dyn Any>,
}

impl Server {
    fn new(make: Make, endpoint: &Endpoint, home: PathBuf, log: Option<Log>, running: impl Any) -> Self {
        let (software, offer) = Tap::probe(endpoint.address);
        let tap = Tap::on(endpoint.address);
        let endpoint = endpoint.at(tap.address);
        Self { make, software, endpoint, tap, log, home, offer, _running: Box::new(running) }
    }

    pub fn offers(&self, row: Row) -> bool {
        match row.kind {
            Kind::UserKey => self.make.takes(row.name),
            // Asked for together.
            Kind::Mac => {
                self.offer.ciphers_to_server.iter().any(|name| name == "aes128-ctr") && self.proposes(row)
            }
            _ => self.proposes(row),
        }
    }

    fn proposes(&self, row: Row) -> bool {
        row.proposals(&self.offer).iter().all(|names| names.iter().any(|name| name == row.name))
    }

    /// What its log says once for every key exchange, if it says so.
    pub fn exchange_mark(&self) -> Option<&'static str> {
        match self.make {
            Make::OpenSsh => Some("kex: algorithm: "),
            Make::AsyncSsh => Some("Completed key exchange"),
            Make::Paramiko => Some("Switch to new keys"),
            Make::LibSsh => Some("Negotiated "),
            Make::Dropbear | Make::TinySsh => None,
        }
    }

    /// What its log says when it has verified a user's signature of this kind, if it says so.
    pub fn signature_mark(&self, row: Row) -> Option<String> {
        let name = row.name;
        match self.make {
            _ if row.kind != Kind::UserKey => None,
            Make::OpenSsh => Some(format!("publickey have {name} signature")),
            Make::AsyncSsh => Some(format!("Verifying request with {name} key")),
            _ => None,
        }
    }
}

fn openssh(keyring: &Keyring) -> Server {
    // Which signatures it verifies stands in its most detailed log only.
    let mut builder = Sshd::builder().host_keys(&[]).config("LogLevel DEBUG3");
    for key_type in KeyType::ALL {
        let path = keyring.host_key(key_type).path.display();
        builder =
            builder.config(&format!("HostKey {path}")).config(&format!("HostCertificate {path}-cert.pub"));
    }
    let sshd = builder.start();
    keyring.open(&sshd.account);
    let host_keys = KeyType::ALL.map(|key_type| keyring.host_key(key_type).public.clone()).into();
    let endpoint = Endpoint { host_keys, ..sshd.endpoint.clone() };
    let (home, log) = (sshd.account.home(), sshd.log().clone());
    Server::new(Make::OpenSsh, &endpoint, home, Some(log), sshd)
}

fn dropbear(keyring: &Keyring, key_types: &[KeyType]) -> Server {
    let dropbear = Dropbear::start(key_types);
    keyring.open(&dropbear.account);
    let (endpoint, home, log) = (dropbear.endpoint.clone(), dropbear.account.home(), dropbear.log().clone());
    Server::new(Make::Dropbear, &endpoint, home, Some(log), dropbear)
}

fn tinyssh(keyring: &Keyring) -> Server {
    let tinyssh = TinySsh::start();
    keyring.open(&tinyssh.account);
    let (endpoint, home) = (tinyssh.endpoint.clone(), tinyssh.account.home());
    Server::new(Make::TinySsh, &endpoint, home, None, tinyssh)
}

fn library(make: Make, library: Library, keyring: &Keyring, key_types: &[KeyType]) -> Server {
    let host_keys: Vec<&Key> = key_types.iter().map(|key_type| keyring.host_key(*key_type)).collect();
    let server = PythonServer::with_host_keys(library, &host_keys);
    keyring.open(&server.account);
    let (endpoint, home) = (server.endpoint.clone(), server.account.home());
    Server::new(make, &endpoint, home, Some(server.log().clone()), server)
}
