//! The world outside, with a memory: what dials find out about addresses is kept for those who only want to know whether
//! somebody is there.

use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::link::Link;
use super::machine::Shell;
use super::memory::Memory;
use super::net::{Hop, Net};
use super::presence::Presences;
use crate::base::Result;
use crate::base::time::Instant;
use crate::config::ssh::Proxy;
use crate::config::{HostConfig, Settings};

/// See the module's documentation.
pub(super) struct Observed {
    net: Rc<dyn Net>,
    presences: Rc<Presences>,
}

impl Observed {
    pub fn new(net: Rc<dyn Net>, presences: Rc<Presences>) -> Rc<Self> {
        Rc::new(Self { net, presences })
    }
}

impl Net for Observed {
    fn dial(
        &self,
        host: Rc<HostConfig>,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>> {
        let is_direct = hop.is_none() && matches!(host.proxy, Proxy::None);
        let dial = self.net.dial(Rc::clone(&host), memory, hop);
        if !is_direct {
            return dial;
        }
        let (net, presences) = (Rc::clone(&self.net), Rc::clone(&self.presences));
        async move {
            let dialled = dial.await;
            presences.learn(&host, &dialled, net.now());
            dialled
        }
        .boxed_local()
    }

    fn probe(&self, host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool> {
        self.net.probe(host)
    }

    fn now(&self) -> Instant {
        self.net.now()
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.net.sleep_until(at)
    }

    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        self.net.spawn(task);
    }

    fn shell(&self) -> Rc<dyn Shell> {
        self.net.shell()
    }

    fn reconfigure(&self, settings: &Rc<Settings>) {
        self.net.reconfigure(settings);
    }
}
