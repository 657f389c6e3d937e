//! The brain of one core: its hosts and their connections. Knows neither MCP nor JSON.
//!
//! [`Fleet`] finds hosts in its `directory` and hands out [`Machine`]s; `pool` keeps their [`link`]s; a [`gate`] stands
//! wherever many want what only few can have; `health` looks after hosts before anybody asks. Sockets, time and processes
//! come in through [`net::Net`].

mod admission;
mod breaker;
mod cache;
mod caller;
mod dialler;
mod directory;
pub mod errors;
pub mod gate;
mod health;
mod kept_shell;
mod key_memory;
pub mod leash;
pub mod link;
mod login_memory;
pub mod machine;
mod memory;
pub mod net;
mod password_memory;
pub mod patience;
mod pool;
mod presence;
mod quota;
pub mod ramp;
mod route;
mod shards;
mod sights;
mod status;
mod work;
mod writings;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use event_listener::{Event, EventListener};
use futures_util::future::{Either, select};

use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result, limits};
use crate::config::{HostConfig, Settings, SharedConfig};
use crate::metrics::{Reason, Recorder, Snapshot};

use admission::Admission;
pub use admission::Need;
pub use breaker::Breaker;
use cache::Cache;
pub use cache::Cached;
pub use caller::{Caller, Claim, Class, ClientId};
use dialler::Dialler;
use directory::Directory;
use gate::Gate;
use health::Usage;
pub use link::{Hold, Link, LinkOptions, OpenFile, Outlook, Tunnel};
pub use machine::{Collected, Exit, Machine, Shell, Sink, Stream};
pub use memory::Memory;
use net::Net;
pub use password_memory::PasswordMemory;
use pool::Pool;
use presence::Presences;
pub use quota::{Bank, Grant, Quota, Quotas};
use route::Route;
pub use shards::{Crowd, Job, Mesh, Note, Outcome, Shards};
use sights::Sights;
pub use status::{HostStatus, Presence};
use writings::Writings;
pub use writings::{Taken, Writing};

/// The name of this machine where the SSH configuration does not give it to another.
pub const LOCALHOST: &str = "localhost";

/// The hosts of one core.
pub struct Fleet {
    settings: RefCell<Rc<Settings>>,
    directory: RefCell<Rc<Directory>>,
    pool: Rc<Pool>,
    presences: Rc<Presences>,
    usage: RefCell<Usage>,
    cache: Cache,
    sights: Sights,
    /// Another configuration has been gone on with.
    reconfigured: Event,
    /// It takes leave, or has taken it.
    is_closed: Cell<bool>,
    net: Rc<dyn Net>,
    admission: Rc<Admission>,
    transfers: Rc<Gate>,
    writings: Rc<Writings>,
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
        f.debug_struct("Fleet").field("names", &self.names()).finish_non_exhaustive()
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
        let presences = Rc::default();
        let net: Rc<dyn Net> = Dialler::new(net, &settings, &recorder, &presences);
        Rc::new(Self {
            pool: Pool::new(Rc::clone(&net), Rc::clone(&recorder), &settings, Rc::clone(&quotas.connections)),
            admission: Admission::new(Rc::clone(&net), quotas.clone(), settings.max_concurrency, &recorder),
            transfers: Gate::new(limits::TRANSFERS_MAX, limits::QUEUED_REQUESTS_DEFAULT),
            writings: Rc::default(),
            quotas: quotas.clone(),
            directory: RefCell::new(Rc::new(Directory::new(config, &settings))),
            settings: RefCell::new(Rc::new(settings)),
            presences,
            usage: RefCell::default(),
            cache: Cache::default(),
            sights: Sights::default(),
            reconfigured: Event::new(),
            is_closed: Cell::new(false),
            net,
            recorder,
        })
    }

    /// The settings at this moment.
    pub fn settings(&self) -> Rc<Settings> {
        Rc::clone(&self.settings.borrow())
    }

    /// Where this core writes down what it does.
    pub fn recorder(&self) -> &Rc<Recorder> {
        &self.recorder
    }

    /// What this core has done so far, and what there is now.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.recorder.snapshot();
        self.pool.measure(&mut snapshot);
        self.admission.measure(&mut snapshot);
        snapshot
    }

    /// The names of all hosts at this moment, sorted.
    pub fn names(&self) -> Rc<[Rc<str>]> {
        Rc::clone(self.directory().names())
    }

    /// Goes on with another configuration. Connections to hosts that are the same in both stay.
    pub fn reconfigure(&self, config: SharedConfig, settings: Settings) {
        let settings = Rc::new(settings);
        self.net.reconfigure(&settings);
        let directory = Rc::new(Directory::new(config, &settings));
        self.settings.replace(settings);
        self.pool.retire(&directory);
        self.directory.replace(directory);
        self.cache.clear();
        self.sights.clear();
        self.reconfigured.notify(usize::MAX);
    }

    /// Hears when the fleet next goes on with another configuration.
    pub fn reconfigured(&self) -> EventListener {
        self.reconfigured.listen()
    }

    /// What the configuration says of a host.
    ///
    /// Errors: no such host (with the names there are); its configuration is broken (with file and line).
    pub fn host(&self, name: &str) -> Result<Host> {
        let host = |route: Rc<Route>| Host::Remote(Rc::clone(&route.host));
        self.route(name).map(|route| route.map_or(Host::Local, host))
    }

    /// What somebody is told who asked for a host that is not there, or not among those that he may see.
    pub fn unknown_host(&self, name: &str, is_seen: impl Fn(&str) -> bool) -> Error {
        self.directory().unknown(name, is_seen)
    }

    /// The way to a host; `None` to this machine. Errors: as [`Fleet::host`], and those of jump hosts.
    fn route(&self, name: &str) -> Result<Option<Rc<Route>>> {
        self.directory().route(name)
    }

    fn directory(&self) -> Rc<Directory> {
        Rc::clone(&self.directory.borrow())
    }

    /// A host ready for work: connected and logged in. Room for its connection is waited for until `deadline`.
    pub async fn machine(&self, name: &str, deadline: Instant) -> Result<Machine> {
        let connect = async |route: Option<Rc<Route>>| match route {
            Some(route) => self.pool.link(&route, deadline).await.map(Machine::Remote),
            None => Ok(Machine::Local(self.net.shell())),
        };
        let machine = self.by_route(name, connect).await;
        self.recorder.count_refusal(&machine);
        machine
    }

    /// Goes the way to a host, and another one if there is another one meanwhile.
    async fn by_route<T>(
        &self,
        name: &str,
        mut go: impl AsyncFnMut(Option<Rc<Route>>) -> Result<T>,
    ) -> Result<T> {
        loop {
            let generation = self.pool.generation();
            match go(self.route(name)?).await {
                Err(error) if error.kind() == Kind::NotBegun && self.pool.generation() != generation => {}
                gone => return gone,
            }
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
        let deadline = self.now() + self.settings().request_timeout;
        Caller::new(Rc::clone(self), Claim { class, client, deadline })
    }

    /// What this core takes from the bounds of the process.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Runs a task of this core by itself.
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.net.spawn(Box::pin(task));
    }

    /// Does what would stop the event loop, with the files of this machine, beside it. It is done even where nobody waits
    /// for it any more.
    ///
    /// Errors: too much of that waits already.
    pub async fn offload<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (sender, receiver) = async_channel::bounded(1);
        let job = move || {
            let _ = sender.try_send(job());
        };
        self.net.offload(Box::new(job)).await?;
        let lost = |_| Error::new(Kind::Internal, "a background job ended without a result");
        receiver.try_recv().map_err(lost)
    }

    /// The right to begin a transfer on this core; waited for in line.
    ///
    /// Errors: too many wait already.
    pub async fn transfer_turn(&self) -> Result<gate::Permit> {
        let full = |_| {
            let text = "Too many transfers are waiting; try again later";
            Error::refused(Reason::Transfers, Kind::Busy, text)
        };
        self.transfers.enter().await.map_err(full)
    }

    /// The right to write a file of a host that others may want to write under the same name.
    ///
    /// Errors: another one writes it; too many are being written.
    pub fn writing(&self, host: &str, path: &[u8]) -> Result<Writing, Taken> {
        self.writings.begin(host, path)
    }

    /// The monotonic clock.
    pub fn now(&self) -> Instant {
        self.net.now()
    }

    /// Waits until a moment.
    pub async fn sleep_until(&self, at: Instant) {
        self.net.sleep_until(at).await;
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
        self.is_closed.set(true);
        let leave = async {
            self.pool.close().await;
            Ok(())
        };
        let _ = self.within(limits::FAREWELL_PATIENCE, leave, || Ok(())).await;
    }
}

#[cfg(test)]
mod tests;
