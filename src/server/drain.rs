//! How a server takes leave: it begins nothing new, finishes what is under way, and then ends.
//!
//! A [`Drain`] belongs to all cores (one for the process, one for the requests of its HTTP server): any of them may tell it
//! to begin, ask whether it has, and wait for it. What serves requests holds it meanwhile; what only lasts as long as the
//! server does (a connection without a request, a subscription) does not, and ends when the drain begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use event_listener::Event;

use crate::base::time::Duration;
use crate::fleet::Fleet;
use crate::io::runtime;
use crate::io::signals::EndRequest;

/// See the module's documentation. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<State>);

#[derive(Debug, Default)]
struct State {
    has_begun: AtomicBool,
    under_way: AtomicUsize,
    news: Event,
}

/// Something that is finished before the server ends, as long as this is kept.
#[derive(Debug)]
pub struct Held(Arc<State>);

impl Drain {
    /// Has it begin when the process is asked to end (SIGTERM, SIGINT). To be called on the event loop of a core, once.
    pub fn begin_at_signal(&self, request: EndRequest) {
        let drain = self.clone();
        runtime::spawn(async move {
            match request.heard().await {
                Ok(()) => {
                    tracing::info!("asked to end: what is under way is finished, a second signal ends it")
                }
                Err(error) => tracing::error!("{error}"),
            }
            drain.begin();
        });
    }

    /// Begins it. What was begun stays so.
    pub fn begin(&self) {
        self.0.has_begun.store(true, Ordering::SeqCst);
        self.0.news.notify(usize::MAX);
    }

    pub fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::SeqCst)
    }

    /// Completes when it has begun.
    pub fn begun(&self) -> impl Future<Output = ()> + use<> {
        let this = self.clone();
        async move { this.until(|| this.has_begun()).await }
    }

    /// Has the server finish something before it ends.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        Held(Arc::clone(&self.0))
    }

    /// How much is held at this moment.
    pub fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// Completes when it has begun and nothing is under way any more.
    pub async fn finished(&self) {
        self.until(|| self.has_begun() && self.under_way() == 0).await;
    }

    /// Completes when it takes longer than the settings allow, and `grace` for what is then to be said; what is still under
    /// way after that is given up.
    pub async fn overdue(&self, fleet: &Fleet, grace: Duration) {
        self.begun().await;
        let limit = fleet.settings().drain_timeout;
        let deadline = fleet.now() + limit;
        fleet.sleep_until(deadline).await;
        tracing::warn!("not everything was finished within {} s", limit.as_secs_f64());
        fleet.sleep_until(deadline + grace).await;
    }

    /// `is_so` can become true only with news.
    async fn until(&self, is_so: impl Fn() -> bool) {
        loop {
            let news = self.0.news.listen();
            if is_so() {
                return;
            }
            news.await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.news.notify(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::thread;

    use futures_util::FutureExt;

    use super::*;
    use crate::testing::world::World;

    #[test]
    fn it_is_finished_when_it_has_begun_and_nothing_is_held() {
        let drain = Drain::default();
        let (first, second) = (drain.hold(), drain.hold());
        assert!(!drain.has_begun() && drain.begun().now_or_never().is_none());
        drop(first);
        assert_eq!(drain.under_way(), 1);
        drain.begin();
        assert!(drain.has_begun() && drain.begun().now_or_never().is_some());
        let mut finished = pin!(drain.finished());
        assert!((&mut finished).now_or_never().is_none());
        drop(second);
        assert!(finished.now_or_never().is_some());
    }

    #[test]
    fn nothing_held_is_not_enough() {
        let drain = Drain::default();
        drop(drain.hold());
        assert!(drain.finished().now_or_never().is_none());
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let world = World::new();
        let fleet = world.fleet(|settings| settings.drain_timeout = Duration::from_secs(3));
        let drain = Drain::default();
        let overdue = {
            let drain = drain.clone();
            world.spawn(async move { drain.overdue(&fleet, Duration::from_secs(1)).await })
        };
        world.pass(Duration::from_secs(100));
        assert!(!overdue.is_done(), "it has not begun");
        drain.begin();
        world.pass(Duration::from_millis(3999));
        assert!(!overdue.is_done());
        world.pass(Duration::from_millis(1));
        assert!(overdue.is_done());
    }

    #[test]
    fn all_cores_hear_of_it() {
        let drain = Drain::default();
        runtime::run(async {
            let cores = [(); 3].map(|()| {
                let (drain, held) = (drain.clone(), drain.hold());
                thread::spawn(move || {
                    runtime::run(async {
                        drain.begun().await;
                        drop(held);
                    })
                    .unwrap();
                })
            });
            drain.begin();
            drain.finished().await;
            cores.into_iter().for_each(|core| core.join().unwrap());
        })
        .unwrap();
    }
}
