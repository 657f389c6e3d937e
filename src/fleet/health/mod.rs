//! Looks after the hosts that matter, before anybody asks: those used of late, and those to be kept connected.
//!
//! A connection shows by itself that its host is alive (keepalive). A host in use without one is asked whether it still
//! accepts connections; a warm one is connected, and its connection stays although nobody wants it. One timer per core
//! serves all of them, and nothing is done where nothing matters.

mod schedule;
mod usage;

use std::collections::HashMap;
use std::rc::Rc;

use super::Fleet;
use super::gate::Gate;
use super::route::Route;
use crate::base::limits;
use crate::base::time::Duration;
use crate::config::ssh::Proxy;
use crate::metrics::Circuit;

use schedule::Schedule;
pub(super) use usage::Usage;

/// The longest sleep: so long it takes at most until a host that has begun to matter is noticed.
const LOOK_AROUND_EVERY: Duration = limits::HEALTH_CHECK_INTERVAL_DEFAULT;
/// So soon the first connections to warm hosts are begun.
const WARM_WITHIN: Duration = Duration::from_secs(1);

/// What a host is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is to be kept connected.
    Warm,
    InUse,
}

impl Fleet {
    /// Looks after the hosts of this core, which is the one of a number, until the fleet is closed. `owns` says which
    /// hosts are its own.
    pub(super) async fn tend(self: Rc<Self>, core: usize, owns: impl Fn(&Rc<Route>) -> bool) {
        let mut schedule = Schedule::new(core as u64, LOOK_AROUND_EVERY, self.now());
        let gate = Gate::new(limits::CHECKS_AT_ONCE_MAX, limits::HOSTS_IN_USE_MAX);
        while !self.is_closed.get() {
            let now = self.now();
            let interval = Some(self.settings().health_check_interval).filter(|interval| !interval.is_zero());
            schedule.set_interval(interval.unwrap_or(LOOK_AROUND_EVERY), now);
            let matter = self.hosts_that_matter(interval.is_some(), &owns);
            for host in schedule.retain(|host| matter.contains_key(host)) {
                self.keep(&host, false);
            }
            for (host, why) in &matter {
                schedule.add(host, (*why == Why::Warm).then_some(WARM_WITHIN), now);
            }
            for host in schedule.take_due(now) {
                if let Some(why) = matter.get(&host).copied() {
                    let (fleet, gate) = (Rc::clone(&self), Rc::clone(&gate));
                    self.net.spawn(Box::pin(async move {
                        // With so many at once, some wait for their next turn.
                        let Ok(_turn) = gate.enter().await else { return };
                        fleet.check(&host, why).await;
                    }));
                }
            }
            let wake = now + LOOK_AROUND_EVERY;
            self.net.sleep_until(schedule.next().map_or(wake, |next| next.min(wake))).await;
        }
    }

    fn hosts_that_matter(
        &self,
        with_those_in_use: bool,
        owns: &impl Fn(&Rc<Route>) -> bool,
    ) -> HashMap<Rc<str>, Why> {
        let (settings, directory, now) = (self.settings(), self.directory(), self.now());
        let mut matter = HashMap::new();
        let usage = self.usage.borrow();
        if with_those_in_use {
            matter.extend(usage.recent(now).into_iter().map(|host| (host, Why::InUse)));
        }
        let frequent = usage.frequent(settings.warm_frequent_hosts, now);
        matter.extend(frequent.into_iter().map(|host| (host, Why::Warm)));
        if !settings.warm_hosts.is_empty() {
            let named = directory.names().iter().filter(|name| settings.warm_hosts.include(name));
            let own = named
                .filter(|name| directory.route(name).is_ok_and(|route| route.as_ref().is_some_and(owns)));
            matter.extend(own.map(|name| (Rc::clone(name), Why::Warm)));
        }
        matter.retain(|host, _| directory.name(host).is_some());
        matter
    }

    async fn check(self: &Rc<Self>, host: &Rc<str>, why: Why) {
        let Ok(Some(route)) = self.route(host) else { return };
        match why {
            Why::Warm if self.pool.is_connected(&route) || self.warm_up(&route).await => {
                self.pool.keep(&route, true);
            }
            Why::InUse if self.pool.is_connected(&route) => self.pool.keep(&route, false),
            // Whoever asks next need not be the one who tries it.
            Why::InUse
                if self.pool.memory(&route).breaker.borrow().state(self.now()) == Circuit::HalfOpen =>
            {
                self.warm_up(&route).await;
            }
            Why::Warm | Why::InUse => self.look_at(&route).await,
        }
    }

    /// Connects a host, unless another connection would have to make room; whether it is connected then.
    async fn warm_up(&self, route: &Rc<Route>) -> bool {
        let warmed = self.pool.warm(route).await;
        if let Err(error) = &warmed {
            tracing::debug!(reason = %error, "cannot be kept connected");
        }
        warmed.unwrap_or(false)
    }

    /// Finds out whether the first host on a way accepts connections; the next host list knows it then.
    async fn look_at(&self, route: &Rc<Route>) {
        let first = route.first_hop().unwrap_or(route);
        if matches!(first.host.proxy, Proxy::None) && !self.pool.is_connected(first) {
            // Of several hosts behind one, the first to be looked at speaks for all.
            let ttl = self.settings().health_check_interval / 2;
            self.presences.is_online(&self.net, &first.host, ttl).await;
        }
    }

    fn keep(&self, host: &str, is_kept: bool) {
        if let Ok(Some(route)) = self.route(host) {
            self.pool.keep(&route, is_kept);
        }
    }
}

#[cfg(test)]
mod tests;
