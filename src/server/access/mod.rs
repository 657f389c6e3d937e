//! Who may use a server over HTTP: decided from the head of a request, before its body means anything to anybody. Only
//! how many requests it makes is then asked of who knows, as each of them counts.
//!
//! A server has one [`Door`], and every core a [`Guard`] at it. What is to be observed, the `Rules`, may change at any
//! time; a guard looks whether it has before every request, so that a key that is taken away opens nothing any more, and
//! streams of answers that were let out end as soon as whoever hears them would not be let in again. This lives with the
//! server, as it takes settings, HTTP and MCP together and serves none of them alone.
//!
//! | file | decides |
//! |---|---|
//! | `bind` | where a server may listen |
//! | `origin` | which web pages may use it |
//! | `credentials` | which key a request shows |
//! | `forwarded` | whom a proxy asks for |
//! | `pages` | what browsers are told for the pages that may |
//! | `limiter`, `buckets`, `rate` | whether somebody asks too often |
//! | `refusal` | what is answered instead |

mod bind;
mod buckets;
mod credentials;
mod forwarded;
mod limiter;
mod origin;
mod pages;
mod rate;
mod refusal;

use core::net::IpAddr;
use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;
use futures_util::{FutureExt, StreamExt, stream};

use crate::base::Result;
use crate::base::time::Instant;
use crate::config::keys::KeyHash;
use crate::config::{Access, Key, Network, Scope, Settings, SharedAccess, SharedKeys};
use crate::http::{Body, Request, Response};
use crate::mcp::Client;
use crate::metrics::{Counter, Recorder};

use credentials::Credentials;
use limiter::{Limiter, Who};
pub use origin::Foreign;
use origin::Names;
use pages::Page;
use rate::Rate;
pub use refusal::Refusal;

/// What all cores of a server share.
#[derive(Debug)]
pub struct Door {
    address: IpAddr,
    limiter: Limiter,
    rules: Mutex<Arc<Rules>>,
    /// How often the rules were others. Changed while they are locked.
    generation: AtomicU64,
    /// They have just become others.
    changed: Event,
}

/// What counts at a moment.
#[derive(Debug)]
struct Rules {
    names: Names,
    proxies: Vec<Network>,
    /// `None` counts nobody.
    rate: Option<Rate>,
    /// `None` asks nobody for a key.
    keys: Option<SharedKeys>,
}

impl Rules {
    fn new(address: IpAddr, settings: &Settings, keys: Option<SharedKeys>) -> Arc<Self> {
        let names = Names::new(address, settings.allowed_hosts.clone(), settings.allowed_origins.clone());
        let rate = Rate::new(settings.rate_limit_per_minute, settings.rate_limit_burst);
        Arc::new(Self { names, proxies: settings.trusted_proxies.clone(), rate, keys })
    }

    /// Whether a client may still do what he might when he came in.
    fn know(&self, client: &Client) -> bool {
        let is_his =
            |key: &Key| Limiter::id_of_key(key.number()) == client.id && *key.access() == client.access;
        self.keys.as_ref().is_none_or(|keys| keys.iter().any(is_his))
    }
}

impl Door {
    /// Of a server that listens on `address`. Without `keys` nobody is asked for one.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`](crate::base::Kind) when strangers could come in and nobody has said that they may.
    pub fn new(
        address: IpAddr,
        settings: &Settings,
        keys: Option<SharedKeys>,
        now: Instant,
    ) -> Result<Arc<Self>> {
        bind::check(address, keys.is_some(), settings.allow_unauthenticated)?;
        Ok(Arc::new(Self {
            address,
            limiter: Limiter::new(now),
            rules: Mutex::new(Rules::new(address, settings, keys)),
            generation: AtomicU64::new(0),
            changed: Event::new(),
        }))
    }

    /// Other rules count from now on, on all cores.
    pub fn renew(&self, settings: &Settings, keys: Option<SharedKeys>) {
        let new = Rules::new(self.address, settings, keys);
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        *rules = new;
        self.generation.fetch_add(1, SeqCst);
        drop(rules);
        self.changed.notify(usize::MAX);
    }

    /// Completes when a client that came in would not any more as what he was.
    async fn departure(self: Arc<Self>, client: Client) {
        loop {
            let changed = self.changed.listen();
            if !self.rules().1.know(&client) {
                return;
            }
            changed.await;
        }
    }

    fn rules(&self) -> (u64, Arc<Rules>) {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        (self.generation.load(SeqCst), Arc::clone(&rules))
    }
}

/// Lets clients in, on one core.
#[derive(Debug)]
pub struct Guard {
    door: Arc<Door>,
    /// The rules as they were when they were looked at last.
    known: RefCell<(u64, Arc<Rules>)>,
    /// What whoever needs no key may do.
    everything: SharedAccess,
    recorder: Rc<Recorder>,
}

impl Guard {
    /// Refusals are counted by `recorder`.
    pub fn new(door: Arc<Door>, recorder: Rc<Recorder>) -> Self {
        let known = RefCell::new(door.rules());
        Self { door, known, everything: Access::all().into(), recorder }
    }

    /// Answers a request that `peer` has sent: with `answer`, if its client may come in. Not for `/health`, which is
    /// everybody's.
    pub async fn serve<F: Future<Output = Response>>(
        &self,
        request: Request,
        peer: IpAddr,
        now: Instant,
        weigh: impl FnOnce(&Request) -> usize,
        answer: impl FnOnce(Request, Client) -> F,
    ) -> Response {
        let page = self.page(&request);
        if let Some(page) = page.as_ref().filter(|_| pages::is_preflight(&request)) {
            return page.preflight();
        }
        let response = match self.admit(&request, peer, now, weigh) {
            Ok(client) => {
                let response = answer(request, client.clone()).await;
                until(|| Arc::clone(&self.door).departure(client), response)
            }
            Err(refusal) => refusal.into(),
        };
        match page {
            Some(page) => page.may_read(response),
            None => response,
        }
    }

    /// Says on whose behalf a request is, and counts it as many times as `weigh` says.
    ///
    /// # Errors
    /// Why it is not to be answered.
    pub fn admit(
        &self,
        request: &Request,
        peer: IpAddr,
        now: Instant,
        weigh: impl FnOnce(&Request) -> usize,
    ) -> Result<Client, Refusal> {
        self.look_up();
        let rules = &self.known.borrow().1;
        self.judge(rules, request, peer, now, weigh).map_err(|refusal| self.refused(refusal))
    }

    /// Whether a client may do this at all.
    ///
    /// # Errors
    /// The scope that it lacks.
    pub fn require(&self, client: &Client, scope: Scope) -> Result<(), Refusal> {
        match client.access.has(scope) {
            true => Ok(()),
            false => Err(self.refused(Refusal::Scope(scope))),
        }
    }

    /// The page that a request comes from, if it may use us.
    fn page(&self, request: &Request) -> Option<Page> {
        self.look_up();
        let origin = request.headers.text("origin")?;
        let names = &self.known.borrow().1.names;
        names.check(request.host(), request.headers.all("origin")).ok()?;
        Some(Page::new(origin))
    }

    fn judge(
        &self,
        rules: &Rules,
        request: &Request,
        peer: IpAddr,
        now: Instant,
        weigh: impl FnOnce(&Request) -> usize,
    ) -> Result<Client, Refusal> {
        let all = |name| request.headers.all(name);
        rules.names.check(request.host(), all("origin")).map_err(Refusal::Foreign)?;
        let (proxied, forwarded): (Vec<_>, Vec<_>) =
            (all("x-forwarded-for").collect(), all("forwarded").collect());
        let address = forwarded::origin(peer, &rules.proxies, &proxied, &forwarded);
        let (who, access) = self.identify(rules, request, address);
        if let Some(rate) = &rules.rate {
            // What strangers send is not looked into.
            let wanted = rate.times(if access.is_ok() { weigh(request) } else { 1 });
            self.door.limiter.take(who, now, &wanted.unwrap_or(*rate)).map_err(Refusal::TooOften)?;
            wanted.ok_or_else(|| Refusal::LongBatch(rate.burst()))?;
        }
        let access = access.inspect_err(|_| {
            if let Credentials::One(key) = Credentials::of(&request.headers) {
                tracing::warn!(%address, "refused {}", KeyHash::of(key));
            }
        })?;
        Ok(Client { id: self.door.limiter.id(who), access })
    }

    /// Who asks, and what he may do. Who shows a wrong key is known by his address alone, so that trying keys has its limit
    /// and uses up nobody else's.
    fn identify(
        &self,
        rules: &Rules,
        request: &Request,
        address: IpAddr,
    ) -> (Who, Result<SharedAccess, Refusal>) {
        let stranger = Who::Address(address);
        let Some(keys) = &rules.keys else { return (stranger, Ok(Arc::clone(&self.everything))) };
        match Credentials::of(&request.headers) {
            Credentials::None => (stranger, Err(Refusal::KeyMissing)),
            Credentials::Several => (stranger, Err(Refusal::KeyWrong)),
            Credentials::One(key) => match keys.find(key) {
                Some(key) => (Who::Key(key.number()), Ok(Arc::clone(key.access()))),
                None => (stranger, Err(Refusal::KeyWrong)),
            },
        }
    }

    fn look_up(&self) {
        let mut known = self.known.borrow_mut();
        if known.0 != self.door.generation.load(SeqCst) {
            *known = self.door.rules();
        }
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        self.recorder.count(Counter::Rejected(refusal.reason()));
        refusal
    }
}

/// A stream ends then; what is there already is sent.
fn until<F: Future<Output = ()> + 'static>(
    departure: impl FnOnce() -> F,
    mut response: Response,
) -> Response {
    if let Body::Streamed(streamed) = &mut response.body {
        let pieces = mem::replace(&mut streamed.pieces, stream::empty().boxed_local());
        streamed.pieces = pieces.take_until(departure().boxed_local()).boxed_local();
    }
    response
}

#[cfg(test)]
mod tests;
