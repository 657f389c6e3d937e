//! What a fleet needs from the world outside: connections, probes, time. `io/` provides it, tests imitate it.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::link::Link;
use super::machine::Shell;
use super::memory::Memory;
use crate::base::Result;
use crate::base::time::Instant;
use crate::config::{HostConfig, Settings};

/// The last jump host before a host.
pub struct Hop {
    /// For messages.
    pub name: Rc<str>,
    /// Its link, once there is one.
    pub link: LocalBoxFuture<'static, Result<Rc<Link>>>,
}

/// The outside. Every future may be dropped at any time; what it began is then undone.
pub trait Net {
    /// Connects and logs in to a host: through `hop` where one is given, else as the host's configuration says, trying
    /// every address of its name; all within the host's connect timeout.
    ///
    /// The link is alive when it is handed over: its bytes are carried until it ends.
    fn dial(
        &self,
        host: Rc<HostConfig>,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>>;

    /// Whether something accepts TCP connections at the host's address and port.
    fn probe(&self, host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool>;

    /// The monotonic clock.
    fn now(&self) -> Instant;

    /// Completes at `at`.
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()>;

    /// Runs a task of this core by itself.
    fn spawn(&self, task: LocalBoxFuture<'static, ()>);

    /// Does what would stop the event loop, with the files of this machine, beside it. It is done even where nobody waits
    /// for it any more.
    ///
    /// Errors: too much of that waits already.
    fn offload(&self, job: Box<dyn FnOnce() + Send>) -> LocalBoxFuture<'static, Result<()>>;

    /// Dials from now on as these settings say.
    fn reconfigure(&self, settings: &Rc<Settings>);

    /// This machine.
    fn shell(&self) -> Rc<dyn Shell>;
}
