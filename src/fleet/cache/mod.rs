//! Texts that callers may have from memory when they say so. Whoever wants one that is not there shares the work with
//! all who want it at the same time; who finds a stale one gets it at once, and a fresh one is fetched behind him.
//! Failures are shared, but never kept; that one had no time or no place to wait at concerns nobody else.

mod store;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};

use super::caller::Caller;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Fault, Kind, Result};

use store::{Bounds, Found, Key, Store};

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Cache {
    store: RefCell<Store>,
    fetches: RefCell<HashMap<Key, WeakShared<Fetch>>>,
    /// How often everything was forgotten.
    generation: Cell<u64>,
}

type Fetch = LocalBoxFuture<'static, Result<Rc<str>>>;

/// A text, and how old it is if it comes from memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    pub text: Rc<str>,
    pub age: Option<Duration>,
}

impl Cache {
    /// Forgets everything, and what is being fetched as well.
    pub fn clear(&self) {
        self.generation.set(self.generation.get() + 1);
        self.store.take();
        self.fetches.take();
    }

    fn fetch_under_way(&self, key: &Key) -> Option<Shared<Fetch>> {
        self.fetches.borrow().get(key)?.upgrade().filter(|fetch| fetch.peek().is_none())
    }

    fn settle(&self, key: Key, fetched: &Result<Rc<str>>, bounds: Bounds, now: Instant) {
        let mut store = self.store.borrow_mut();
        match fetched {
            Ok(text) => store.insert(key, Rc::clone(text), bounds, now),
            // It is not there any more, or not for us.
            Err(error) if error.kind().fault() == Fault::Caller => store.remove(&key),
            Err(_) => {}
        }
    }
}

impl Caller {
    /// The text at a host's path, from memory if it is there. `fetch` gets it from the host, on behalf of whom it is
    /// told.
    ///
    /// Errors: those of `fetch`, for all who wait for it.
    pub async fn cached<F>(&self, host: &str, path: &str, fetch: impl FnOnce(Caller) -> F) -> Result<Cached>
    where
        F: Future<Output = Result<String>> + 'static,
    {
        let key = Key { host: host.into(), path: path.into() };
        let found = self.cache.store.borrow_mut().find(&key, self.settings().cache_ttl, self.now());
        match found {
            Found::Fresh(text, age) => Ok(Cached { text, age: Some(age) }),
            Found::Stale(text, age) => {
                if self.cache.fetch_under_way(&key).is_none() {
                    let fetch = self.begin(key, fetch(self.in_background()));
                    self.spawn(async move { note(fetch.await.err()) });
                }
                Ok(Cached { text, age: Some(age) })
            }
            Found::Nothing => {
                while let Some(under_way) = self.cache.fetch_under_way(&key) {
                    match under_way.await {
                        // It came to nothing for want of what whoever began it may claim. Our claim is another one.
                        Err(error) if matches!(error.kind(), Kind::RequestTimeout | Kind::Busy) => {}
                        fetched => return Ok(Cached { text: fetched?, age: None }),
                    }
                }
                let fetch = self.begin(key, fetch(self.clone()));
                Ok(Cached { text: fetch.await?, age: None })
            }
        }
    }

    fn begin(&self, key: Key, work: impl Future<Output = Result<String>> + 'static) -> Shared<Fetch> {
        let (caller, generation, place) = (self.clone(), self.cache.generation.get(), key.clone());
        let fetch = async move {
            let fetched = work.await.map(Rc::from);
            let settings = caller.settings();
            if caller.cache.generation.get() == generation {
                let bounds = Bounds { entries: settings.cache_max_entries, bytes: settings.cache_max_size };
                caller.cache.settle(key, &fetched, bounds, caller.now());
            }
            fetched
        };
        let fetch = fetch.boxed_local().shared();
        let mut fetches = self.cache.fetches.borrow_mut();
        fetches.retain(|_, fetch| fetch.upgrade().is_some_and(|fetch| fetch.peek().is_none()));
        fetches.extend(fetch.downgrade().map(|weak| (place, weak)));
        fetch
    }
}

/// Nobody waits for it.
fn note(error: Option<Error>) {
    if let Some(error) = error {
        tracing::debug!(reason = %error, "a cached text could not be renewed");
    }
}

#[cfg(test)]
mod tests;
