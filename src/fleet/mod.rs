//! The brain of one core: its hosts and their connections. Knows neither MCP nor JSON.
//!
//! [`Fleet`] resolves names and hands out [`Machine`]s; `pool` keeps their [`link`]s; a [`gate`] stands
//! wherever many want what only few can have. Sockets, time and processes come in through [`net::Net`].

mod admission;
mod breaker;
mod caller;
mod dialler;
pub mod errors;
pub mod gate;
mod key_memory;
pub mod leash;
pub mod link;
pub mod machine;
mod memory;
pub mod net;
mod password_memory;
pub mod patience;
mod pool;
mod quota;
pub mod ramp;
mod route;
mod shards;
mod status;
mod work;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::config::{HostConfig, Settings, SharedConfig};
use crate::metrics::{Recorder, Snapshot};

use admission::Admission;
pub use admission::Need;
pub use breaker::Breaker;
pub use caller::{Caller, Claim, Class, ClientId};
use dialler::Dialler;
pub use link::{Hold, Link, LinkOptions, Outlook, Tunnel};
pub use machine::{Collected, Exit, Machine, Shell, Sink, Stream};
pub use memory::Memory;
use net::Net;
pub use password_memory::PasswordMemory;
use pool::Pool;
pub use quota::{Bank, Grant, Quota, Quotas};
use route::Route;
pub use shards::{Job, Mesh, Note, Outcome, Shards};
pub use status::{HostStatus, Presence};

/// The name of this machine where the SSH configuration does not give it to another.
pub const LOCALHOST: &str = "localhost";

/// The hosts of one core.
pub struct Fleet {
    settings: Settings,
    config: SharedConfig,
    /// Sorted, without duplicates.
    names: Vec<Rc<str>>,
    routes: RefCell<HashMap<Rc<str>, Rc<Route>>>,
    pool: Rc<Pool>,
    net: Rc<dyn Net>,
    admission: Rc<Admission>,
    quotas: Quotas,
    recorder: Rc<Recorder>,
}

/// A host as the configuration describes it.
#[derive(Debug, Clone)]
pub enum Host {
    /// This machine, without SSH.
    Local,
    Remote(Rc<HostConfig>),
}

/// Whether work may be done twice when the connection breaks under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only looks: on a lost connection it is tried once more on a fresh one.
    Safe,
    /// It may have had effects.
    Never,
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Fleet {
    pub fn new(
        config: SharedConfig,
        settings: Settings,
        net: Rc<dyn Net>,
        quotas: &Quotas,
        recorder: Rc<Recorder>,
    ) -> Rc<Self> {
        let mut names: Vec<Rc<str>> = config.hosts().iter().map(|name| Rc::from(name.as_str())).collect();
        names.push(LOCALHOST.into());
        names.sort_unstable();
        names.dedup();
        let policy = breaker::Policy { failures: settings.breaker_failures, open_for: settings.breaker_open };
        Rc::new(Self {
            pool: Pool::new(
                Dialler::new(Rc::clone(&net), policy, &recorder),
                Rc::clone(&recorder),
                &settings,
                Rc::clone(&quotas.connections),
            ),
            admission: Admission::new(Rc::clone(&net), quotas.clone(), settings.max_concurrency, &recorder),
            quotas: quotas.clone(),
            routes: RefCell::default(),
            settings,
            config,
            names,
            net,
            recorder,
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where this core writes down what it does.
    pub fn recorder(&self) -> &Rc<Recorder> {
        &self.recorder
    }

    /// What this core has done so far, and what there is now.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.recorder.snapshot();
        self.pool.measure(&mut snapshot);
        snapshot
    }

    /// The names of all hosts, sorted.
    pub fn names(&self) -> &[Rc<str>] {
        &self.names
    }

    /// What the configuration says of a host.
    ///
    /// Errors: no such host (with the names there are); its configuration is broken (with file and line).
    pub fn host(&self, name: &str) -> Result<Host> {
        let host = |route: Rc<Route>| Host::Remote(Rc::clone(&route.host));
        self.route(name).map(|route| route.map_or(Host::Local, host))
    }

    /// The way to a host; `None` to this machine. Errors: as [`Fleet::host`], and those of jump hosts.
    fn route(&self, name: &str) -> Result<Option<Rc<Route>>> {
        let Ok(index) = self.names.binary_search_by(|known| known.as_ref().cmp(name)) else {
            return Err(self.unknown(name));
        };
        let name = &self.names[index];
        if let Some(known) = self.routes.borrow().get(name) {
            return Ok(Some(Rc::clone(known)));
        }
        if name.as_ref() == LOCALHOST && !self.config.hosts().iter().any(|host| host == LOCALHOST) {
            return Ok(None);
        }
        let route = Route::to(&self.config, self.config.resolve(name)?)?;
        self.routes.borrow_mut().insert(Rc::clone(name), Rc::clone(&route));
        Ok(Some(route))
    }

    /// A host ready for work: connected and logged in. Room for its connection is waited for until `deadline`.
    pub async fn machine(&self, name: &str, deadline: Instant) -> Result<Machine> {
        match self.route(name)? {
            None => Ok(Machine::Local(self.net.shell())),
            Some(route) => self.pool.link(&route, deadline).await.map(Machine::Remote),
        }
    }

    /// Closes the connection of this core that was idle the longest, if there is one that nobody needs: for a core that
    /// has no room for another and none to give up itself. False when all are needed.
    pub fn give_up_idle(&self) -> bool {
        self.pool.give_up_idle()
    }

    /// The same, as soon as there is one.
    pub async fn give_up_next_idle(&self) {
        self.pool.give_up_next_idle().await;
    }

    /// The fleet for one request, which may take as long as the settings say.
    pub fn caller(self: &Rc<Self>, class: Class, client: ClientId) -> Caller {
        let deadline = self.now() + self.settings.request_timeout;
        Caller::new(Rc::clone(self), Claim { class, client, deadline })
    }

    /// What this core takes from the bounds of the process.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The monotonic clock.
    pub fn now(&self) -> Instant {
        self.net.now()
    }

    /// Gives work `limit` to finish; then it is dropped, which undoes what it had begun, and `late` is the answer.
    pub async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T>>,
        late: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.until(self.net.now() + limit, work, late).await
    }

    /// The same up to a moment.
    pub async fn until<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T>>,
        late: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        match select(pin!(work), self.net.sleep_until(deadline)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => late(),
        }
    }

    /// Takes leave of every host, and waits a moment for it to be said.
    pub async fn close(&self) {
        let leave = async {
            self.pool.close().await;
            Ok(())
        };
        let _ = self.within(limits::FAREWELL_PATIENCE, leave, || Ok(())).await;
    }

    fn unknown(&self, name: &str) -> Error {
        let shown: Vec<&str> =
            self.names.iter().take(limits::HOSTS_IN_ERROR_MAX).map(AsRef::as_ref).collect();
        let mut text = format!("Unknown host '{}'. Available: {}", name.escape_debug(), shown.join(", "));
        let more = self.names.len() - shown.len();
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        Error::new(Kind::UnknownHost, text)
    }
}

#[cfg(test)]
mod tests;
