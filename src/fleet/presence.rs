//! Which addresses accept connections, as far as that is known: each is asked once however many want to know, and not
//! again while the answer is fresh. sshd forks for whoever connects, so what dials have found out counts as well.
//!
//! An address to which there is a connection is online without being asked; what was known before it was made is
//! forgotten, so that when it ends nothing old is believed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, WeakShared};

use super::net::Net;
use crate::base::time::{Duration, Instant};
use crate::base::{Kind, Result, limits};
use crate::config::HostConfig;
use crate::config::ssh::AddressFamily;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Presences {
    known: RefCell<HashMap<Address, Known>>,
    probes: RefCell<HashMap<Address, Probe>>,
}

type Probe = WeakShared<LocalBoxFuture<'static, bool>>;

/// Where a connection goes, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Address {
    hostname: String,
    port: u16,
    family: AddressFamily,
    bind_address: Option<String>,
    bind_interface: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    is_online: bool,
    since: Instant,
}

impl Known {
    fn is_fresh(&self, online_ttl: Duration, now: Instant) -> bool {
        let ttl = if self.is_online { online_ttl } else { online_ttl.min(limits::OFFLINE_TTL) };
        now < self.since + ttl
    }
}

impl Address {
    fn of(host: &HostConfig) -> Self {
        Self {
            hostname: host.hostname.clone(),
            port: host.port,
            family: host.address_family,
            bind_address: host.bind_address.clone(),
            bind_interface: host.bind_interface.clone(),
        }
    }
}

impl Presences {
    /// Whether a host accepts connections: as it did lately, or as it does.
    pub async fn is_online(
        self: &Rc<Self>,
        net: &Rc<dyn Net>,
        host: &Rc<HostConfig>,
        online_ttl: Duration,
    ) -> bool {
        let address = Address::of(host);
        let known = self.known.borrow().get(&address).copied();
        if let Some(known) = known.filter(|known| known.is_fresh(online_ttl, net.now())) {
            return known.is_online;
        }
        self.ask(net, host, address).await
    }

    /// What became of a connection to a host.
    pub fn learn<T>(&self, host: &HostConfig, dialled: &Result<T>, now: Instant) {
        let address = Address::of(host);
        match dialled.as_ref().map_err(crate::base::Error::kind) {
            Ok(_) => drop(self.known.borrow_mut().remove(&address)),
            Err(Kind::Unreachable | Kind::ConnectTimeout) => self.note(address, false, now),
            Err(Kind::Authentication | Kind::HostKey | Kind::NoCommonAlgorithm) => {
                self.note(address, true, now)
            }
            // Whether anybody is there, it does not tell.
            Err(_) => {}
        }
    }

    /// Whoever asks while somebody else does shares the answer.
    async fn ask(self: &Rc<Self>, net: &Rc<dyn Net>, host: &Rc<HostConfig>, address: Address) -> bool {
        let running = self.probes.borrow().get(&address).and_then(WeakShared::upgrade);
        let probe = running.unwrap_or_else(|| {
            let probe = self.begin(net, host, address.clone()).shared();
            let mut probes = self.probes.borrow_mut();
            probes.retain(|_, probe| probe.upgrade().is_some());
            probes.extend(probe.downgrade().map(|weak| (address, weak)));
            probe
        });
        probe.await
    }

    fn begin(
        self: &Rc<Self>,
        net: &Rc<dyn Net>,
        host: &Rc<HostConfig>,
        address: Address,
    ) -> LocalBoxFuture<'static, bool> {
        let (presences, net, host) = (Rc::clone(self), Rc::clone(net), Rc::clone(host));
        async move {
            let is_online = net.probe(Rc::clone(&host)).await;
            tracing::debug!(hostname = host.hostname, port = host.port, is_online, "probed");
            presences.note(address, is_online, net.now());
            is_online
        }
        .boxed_local()
    }

    fn note(&self, address: Address, is_online: bool, now: Instant) {
        let mut known = self.known.borrow_mut();
        if known.len() >= limits::PRESENCES_MAX {
            known.clear();
        }
        known.insert(address, Known { is_online, since: now });
    }
}
