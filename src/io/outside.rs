//! The world as a fleet sees it, for real.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::dial::{self, Means};
use super::runtime::within;
use super::terms::Guard;
use super::{blocking, path, process, runtime};
use crate::base::time::{self, Instant};
use crate::base::{Result, limits};
use crate::config::{HostConfig, Settings};
use crate::crypto::random;
use crate::fleet::net::{Hop, Net};
use crate::fleet::ramp::Ramp;
use crate::fleet::{Link, Memory, Shell};
use crate::metrics::Recorder;

/// Sockets, processes and the clock of this machine.
pub struct Outside {
    means: RefCell<Rc<Means>>,
    home: PathBuf,
}

impl Outside {
    /// `home` is where commands on this machine start; connections write to `recorder` what becomes of them.
    pub fn new(settings: Settings, home: PathBuf, recorder: Rc<Recorder>) -> Rc<Self> {
        Self::with(Guard::All, settings, home, recorder)
    }

    /// The same, but that nothing is encrypted on the way to simulated hosts: to count what everything else costs. They
    /// have to be played so (`Plan::null_crypto`). For `bench` alone: no setting and no configuration leads here.
    pub fn bare(settings: Settings, home: PathBuf, recorder: Rc<Recorder>) -> Rc<Self> {
        Self::with(Guard::AllButSimulated, settings, home, recorder)
    }

    fn with(guard: Guard, settings: Settings, home: PathBuf, recorder: Rc<Recorder>) -> Rc<Self> {
        let ramp = Ramp::new(u64::from_ne_bytes(random::array()));
        let means = Means { settings: Rc::new(settings), ramp, recorder, guard, files: Rc::default() };
        Rc::new(Self { means: RefCell::new(Rc::new(means)), home })
    }
}

impl Net for Outside {
    fn dial(
        &self,
        host: Rc<HostConfig>,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>> {
        let means = Rc::clone(&self.means.borrow());
        async move { dial::dial(&means, &host, memory, hop).await }.boxed_local()
    }

    fn probe(&self, host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool> {
        async move {
            within(limits::PROBE_TIMEOUT, path::probe(&host)).await.is_some_and(|connected| connected.is_ok())
        }
        .boxed_local()
    }

    fn now(&self) -> Instant {
        time::now()
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        runtime::sleep_until(at).boxed_local()
    }

    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        runtime::spawn(task);
    }

    fn offload(&self, job: Box<dyn FnOnce() + Send>) -> LocalBoxFuture<'static, Result<()>> {
        blocking::run(job).boxed_local()
    }

    fn reconfigure(&self, settings: &Rc<Settings>) {
        let settings = Rc::clone(settings);
        self.means.replace_with(|means| Rc::new(Means { settings, ..Means::clone(means) }));
    }

    fn shell(&self) -> Rc<dyn Shell> {
        Rc::new(process::LocalShell { home: self.home.clone() })
    }
}
