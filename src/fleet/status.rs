//! The host list: which hosts there are, and which of them answer.

use std::rc::Rc;

use async_channel::Sender;
use futures_util::{StreamExt, stream};

use super::route::Route;
use super::{Fleet, Host};
use crate::base::{Result, limits};
use crate::config::ssh::Proxy;

/// One line of the host list.
#[derive(Debug, Clone)]
pub struct HostStatus {
    pub name: Rc<str>,
    /// What the configuration says, or what is wrong with it.
    pub host: Result<Host>,
    pub presence: Presence,
    /// What stands before it: a jump host by its name, or a `ProxyCommand`.
    pub behind: Option<Rc<str>>,
}

/// What is known of a host without logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It accepts connections, or there is one.
    Online,
    /// It does not, or the first host on the way to it does not.
    Offline,
    /// Only a login would tell: it is behind a proxy that answers.
    Unknown,
}

impl Fleet {
    /// Which of the hosts that `is_asked` accept connections. What is not known already is asked, side by side. Each leaves
    /// a mark when that is over.
    pub(super) async fn presences(
        &self,
        names: &[String],
        is_asked: impl Fn(&Rc<Route>) -> bool,
        mark: &Sender<()>,
    ) -> Vec<(String, Presence)> {
        let routes = names.iter().filter_map(|name| {
            let route = self.route(name).ok().flatten()?;
            is_asked(&route).then_some((name, route))
        });
        let found = routes.map(|(name, route)| async move {
            let presence = self.presence(&route).await;
            // What is counted nobody waits for.
            let _ = mark.try_send(());
            (name.clone(), presence)
        });
        stream::iter(found).buffered(limits::PROBES_AT_ONCE_MAX).collect().await
    }

    /// A line of the host list.
    pub(super) fn status_of(&self, name: &Rc<str>, presence: Presence) -> HostStatus {
        let name = Rc::clone(name);
        match self.route(&name) {
            Err(error) => HostStatus { name, host: Err(error), presence: Presence::Offline, behind: None },
            Ok(None) => HostStatus { name, host: Ok(Host::Local), presence: Presence::Online, behind: None },
            Ok(Some(route)) => {
                let host = Ok(Host::Remote(Rc::clone(&route.host)));
                HostStatus { name, host, presence, behind: behind(&route) }
            }
        }
    }

    async fn presence(&self, route: &Rc<Route>) -> Presence {
        if self.pool.is_connected(route) {
            return Presence::Online;
        }
        let first = route.first_hop().unwrap_or(route);
        let is_direct = Rc::ptr_eq(first, route);
        if matches!(first.host.proxy, Proxy::Command(_)) {
            return Presence::Unknown;
        }
        match (self.answers(first).await, is_direct) {
            (false, _) => Presence::Offline,
            (true, true) => Presence::Online,
            (true, false) => Presence::Unknown,
        }
    }

    /// Whether a host accepts connections that is reached directly.
    async fn answers(&self, route: &Route) -> bool {
        let ttl = self.settings().host_status_ttl;
        self.pool.is_connected(route) || self.presences.is_online(&self.net, &route.host, ttl).await
    }
}

fn behind(route: &Route) -> Option<Rc<str>> {
    match (&route.hop, &route.host.proxy) {
        (Some(hop), _) => Some(hop.host.alias.as_str().into()),
        (None, Proxy::Command(_)) => Some("ProxyCommand".into()),
        (None, _) => None,
    }
}
