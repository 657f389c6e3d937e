//! A fleet without a network, for those who only need somebody to answer.

use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};

use crate::base::Result;
use crate::base::time::Instant;
use crate::config::{AlgorithmLists, Env, HostConfig, Overrides, Settings, SharedConfig, SshConfig};
use crate::fleet::net::{Hop, Net};
use crate::fleet::{Exit, Fleet, Link, Memory, Quotas, Shards, Shell, Sink, Stream};
use crate::metrics::{Process, Recorder, Report, Source};

/// A fleet that consists of `localhost`: its files all say hello, but for those whose name contains `wait`, which
/// never answer.
pub fn fleet(quotas: &Quotas) -> Rc<Fleet> {
    fleet_of(Path::new("/dev/null"), quotas)
}

/// The same, with the hosts of an SSH configuration, none of which ever answers.
pub fn fleet_of(config: &Path, quotas: &Quotas) -> Rc<Fleet> {
    Fleet::new(nobody(config), settings(), Rc::new(Nowhere(Rc::new(Hello))), quotas, Recorder::new())
}

fn nobody(config: &Path) -> SharedConfig {
    let config = SshConfig::load(Some(config), &Env::default(), AlgorithmLists::spoken());
    config.expect("a readable file").into()
}

/// A fleet that consists of `localhost`, where commands are run by this shell.
pub fn fleet_with(shell: Rc<dyn Shell>) -> Rc<Fleet> {
    let settings = settings();
    let quotas = Quotas::alone(&settings);
    Fleet::new(nobody(Path::new("/dev/null")), settings, Rc::new(Nowhere(shell)), &quotas, Recorder::new())
}

/// The same, of a process with one core.
pub fn shards() -> Rc<Shards> {
    Shards::alone(fleet(&Quotas::alone(&settings())))
}

/// The default ones.
pub fn settings() -> Settings {
    Settings::load(&Overrides::default(), &Env::default()).expect("defaults are allowed")
}

/// What the core has done, in a process that takes nothing of its machine.
pub fn stats(shards: &Rc<Shards>) -> Rc<dyn Source> {
    Rc::new(Figures(Rc::clone(shards)))
}

struct Figures(Rc<Shards>);

impl Source for Figures {
    fn report(&self) -> LocalBoxFuture<'_, Result<Report>> {
        let process = Process { pid: 1, ..Process::default() };
        future::ready(Ok(Report::new(&self.0.own().snapshot(), process))).boxed_local()
    }
}

/// A world without hosts, in which time stands still.
struct Nowhere(Rc<dyn Shell>);

impl Net for Nowhere {
    fn dial(
        &self,
        _host: Rc<HostConfig>,
        _memory: Rc<Memory>,
        _hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>> {
        future::pending().boxed_local()
    }

    fn probe(&self, _host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool> {
        future::ready(false).boxed_local()
    }

    fn now(&self) -> Instant {
        crate::base::time::now()
    }

    fn sleep_until(&self, _at: Instant) -> LocalBoxFuture<'static, ()> {
        future::pending().boxed_local()
    }

    fn spawn(&self, _task: LocalBoxFuture<'static, ()>) {}

    fn offload(&self, job: Box<dyn FnOnce() + Send>) -> LocalBoxFuture<'static, Result<()>> {
        job();
        future::ready(Ok(())).boxed_local()
    }

    fn reconfigure(&self, _settings: &Rc<Settings>) {}

    fn shell(&self) -> Rc<dyn Shell> {
        Rc::clone(&self.0)
    }
}

pub(super) struct Hello;

impl Shell for Hello {
    fn run<'a>(&'a self, command: &'a [u8], sink: &'a mut dyn Sink) -> LocalBoxFuture<'a, Result<Exit>> {
        if memchr::memmem::find(command, b"wait").is_some() {
            return future::pending().boxed_local();
        }
        let ControlFlow::Continue(()) = sink.take(Stream::Stdout, b"\x01scout file\nhello\n") else {
            return future::ready(Ok(Exit::Stopped)).boxed_local();
        };
        future::ready(Ok(Exit::Code(0))).boxed_local()
    }
}
