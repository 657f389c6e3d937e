//! Further connections to a host whose sessions are exhausted. They are made by those who wait for one, and given up
//! when nobody does any more.

use std::rc::{Rc, Weak};

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, pending, select_all};

use super::growth::Load;
use super::place::{Dial, Found, Place};
use super::{Hopped, Pool};
use crate::base::limits;
use crate::base::time::{Duration, Instant};

/// Looks after one who waits.
pub(super) struct Further {
    pool: Rc<Pool>,
    /// Of the connection that he waits at.
    place: Rc<Place>,
    since: Instant,
}

impl Further {
    /// Makes further connections to a host if that is worth it, as long as it is polled. Ends when there is one more,
    /// or one could not be made.
    pub(super) fn connection(pool: &Weak<Pool>, place: &Rc<Place>) -> LocalBoxFuture<'static, ()> {
        let (pool, place) = (pool.upgrade(), Rc::clone(place));
        async move {
            let Some(pool) = pool.filter(|pool| place.is_current(pool.generation())) else {
                return pending().await;
            };
            let since = pool.net.now();
            Self { pool, place, since }.make().await
        }
        .boxed_local()
    }

    async fn make(self) {
        // A look again for every doubling of the wait: the more it has been, the more it takes to be of interest.
        let mut patience = self.dial_time();
        loop {
            let begun: Vec<_> = std::iter::from_fn(|| self.begin()).collect();
            let dials = self.pool.places.dialling(&self.place.route.key);
            drop(begun);
            if !dials.is_empty() {
                // A failure is nobody's error: the commands have their queue.
                drop(select_all(dials).await);
                return;
            }
            self.pool.net.sleep_until(self.since + patience).await;
            if !self.place.is_current(self.pool.generation()) {
                // The route may lead elsewhere now.
                return pending().await;
            }
            patience *= 2;
        }
    }

    /// Begins a dial if it is worth it, if the host may have one more, and if the pool has room for it that nobody waits
    /// for.
    fn begin(&self) -> Option<Shared<Dial>> {
        let (pool, route) = (&self.pool, &self.place.route);
        let memory = pool.memory(route);
        let may_grow = pool.places.count(&route.key) < pool.per_host_max
            && memory.takes_further_connections(pool.net.now())
            && pool.line.is_empty();
        if !may_grow || !self.load().is_worth_a_dial() {
            return None;
        }
        let hop = match &route.hop {
            None => None,
            Some(hop) => match pool.places.find(&hop.key) {
                Some((place, found @ Found::Ready(_))) => Some(Hopped { route: hop, place, found }),
                _ => return None,
            },
        };
        let grant = pool.room.try_take()?;
        tracing::debug!(host = route.host.alias, "one more connection, as commands wait");
        Some(pool.begin(route, hop, grant).1)
    }

    fn load(&self) -> Load {
        let memory = self.pool.memory(&self.place.route);
        let (places, sessions) = (&self.pool.places, memory.sessions.width());
        let (made, coming) =
            (places.count(&self.place.route.key), places.dialling(&self.place.route.key).len());
        Load {
            waiting: memory.sessions.wanted(),
            sessions,
            coming: coming * sessions / made.saturating_sub(coming).max(1),
            command_time: memory.command_time(),
            waited: self.pool.net.now().saturating_duration_since(self.since),
            dial_time: self.dial_time(),
        }
    }

    fn dial_time(&self) -> Duration {
        self.pool.memory(&self.place.route).dial_time().unwrap_or_default().max(limits::DIAL_TIME_MIN)
    }
}
