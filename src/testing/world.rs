//! A world in a box: hosts in memory, a clock that jumps, and an executor that runs fleets in it.
//!
//! Nothing happens between two moments, so time goes on only when every task waits; and the same test takes the same
//! course every time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::FutureExt;
use futures_util::future::{self, AbortHandle, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, Stream};

pub use super::logins::log_in;
use super::nowhere::Hello;
use super::scratch;
use super::timers::{CLOCK, Timers, now};
pub use super::world_host::{Connection, Daemon, SimHost};
use crate::base::Result;
use crate::base::time::{Duration, Instant};
use crate::config::{AlgorithmLists, Env, HostConfig, Settings, SharedConfig, SshConfig};
use crate::fleet::net::{Hop, Net};
use crate::fleet::ramp::Ramp;
use crate::fleet::{Fleet, Link, Memory, Quotas, Shell};
use crate::metrics::Recorder;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/world.ssh_config");
/// What lasts longer hangs.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// Who is ready again and again without time going on spins.
const TURNS_MAX: usize = 100_000;

type Task = LocalBoxFuture<'static, ()>;

/// See the module's documentation. One per thread.
pub struct World {
    scene: Scene,
    stage: Rc<Stage>,
    config: SharedConfig,
    tasks: RefCell<FuturesUnordered<Task>>,
}

/// Who runs the tasks of hosts and tells them the time.
pub(super) trait Surroundings {
    fn spawn(&self, task: Task);

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()>;
}

/// What tasks see of the world, whose time may be simulated or real.
#[derive(Clone)]
pub(super) struct Scene {
    pub surroundings: Rc<dyn Surroundings>,
    pub hosts: Rc<BTreeMap<String, Rc<SimHost>>>,
    pub ramp: Rc<Ramp>,
    pub recorder: Rc<Recorder>,
}

/// Where time jumps.
#[derive(Default)]
struct Stage {
    spawned: RefCell<Vec<Task>>,
    timers: Rc<Timers>,
}

impl Surroundings for Stage {
    fn spawn(&self, task: Task) {
        self.spawned.borrow_mut().push(task);
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.timers.sleep_until(at).boxed_local()
    }
}

/// A future that runs by itself.
pub struct Handle<T> {
    result: Rc<RefCell<Option<T>>>,
    abort: AbortHandle,
}

impl World {
    /// The hosts that `world.ssh_config` names.
    pub fn new() -> Self {
        Self::of(Path::new(CONFIG))
    }

    /// This many hosts, `h0` and so on.
    pub fn with_hosts(count: usize) -> Self {
        let hosts: Vec<String> = (0..count).map(|n| format!("Host h{n}\n")).collect();
        Self::with_config(&hosts.concat())
    }

    /// The hosts that an SSH configuration names.
    pub fn with_config(text: &str) -> Self {
        Self::of(&scratch::file(text.as_bytes()))
    }

    fn of(file: &Path) -> Self {
        CLOCK.set(Some(crate::base::time::now()));
        let config = SshConfig::load(Some(file), &Env::default(), AlgorithmLists::spoken());
        let config = config.expect("the file is there");
        let hosts = config.hosts().iter().map(|name| (name.clone(), Rc::default())).collect();
        let stage = Rc::new(Stage::default());
        let scene = Scene {
            surroundings: Rc::<Stage>::clone(&stage),
            hosts: Rc::new(hosts),
            ramp: Ramp::new(0),
            recorder: Recorder::new(),
        };
        Self { scene, stage, config: config.into(), tasks: RefCell::default() }
    }

    /// A fleet of the world's hosts. The settings are the default ones but for what `change` does to them.
    pub fn fleet(&self, change: impl FnOnce(&mut Settings)) -> Rc<Fleet> {
        let mut settings = super::settings();
        change(&mut settings);
        let quotas = Quotas::alone(&settings);
        self.core(settings, &quotas)
    }

    /// One of several fleets that share bounds, as the cores of a process do.
    pub fn core(&self, settings: Settings, quotas: &Quotas) -> Rc<Fleet> {
        let recorder = Rc::clone(&self.scene.recorder);
        Fleet::new(self.config.clone(), settings, self.net(), quotas, recorder)
    }

    /// What becomes of `world.ssh_config` when its text is changed.
    pub fn changed_config(&self, change: impl FnOnce(&str) -> String) -> SharedConfig {
        let text = std::fs::read_to_string(CONFIG).expect("the file is there");
        Self::config(&change(&text))
    }

    /// What an SSH configuration says.
    pub fn config(text: &str) -> SharedConfig {
        let file = scratch::file(text.as_bytes());
        let config = SshConfig::load(Some(&file), &Env::default(), AlgorithmLists::spoken());
        config.expect("it is readable").into()
    }

    /// A connection to a host, without a fleet.
    pub fn link(&self, host: &str) -> Rc<Link> {
        let config = Rc::new(self.config.resolve(host).expect("a whole configuration"));
        self.run(self.net().dial(config, Rc::default(), None)).expect("a host that lets us in")
    }

    pub fn host(&self, name: &str) -> &SimHost {
        &self.scene.hosts[name]
    }

    pub fn net(&self) -> Rc<dyn Net> {
        Rc::new(self.scene.clone())
    }

    pub fn now(&self) -> Instant {
        now()
    }

    /// Starts a task; it gets on whenever the world does.
    pub fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Handle<T> {
        let result = Rc::new(RefCell::new(None));
        let (future, abort) = future::abortable(future);
        let slot = Rc::clone(&result);
        self.scene.spawn(async move {
            if let Ok(output) = future.await {
                slot.replace(Some(output));
            }
        });
        Handle { result, abort }
    }

    /// Lets time go on until the future is done. Panics when that never happens.
    pub fn run<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> T {
        let handle = self.spawn(future);
        let late = now() + PATIENCE;
        loop {
            self.settle();
            if let Some(output) = handle.result.take() {
                return output;
            }
            assert!(self.stage.timers.jump(late), "nothing will ever happen any more");
        }
    }

    /// Lets this much time go by.
    pub fn pass(&self, time: Duration) {
        self.watch(time, || ());
    }

    /// The same, with a look at every moment at which anything happens, once everything has that can.
    pub fn watch(&self, time: Duration, mut look: impl FnMut()) {
        let until = now() + time;
        self.settle();
        look();
        while self.stage.timers.jump(until) {
            self.settle();
            look();
        }
        CLOCK.set(Some(until));
    }

    /// How many tasks there are, and how many wait for some moment.
    pub fn left(&self) -> (usize, usize) {
        (self.tasks.borrow().len(), self.stage.timers.len())
    }

    /// Lets everything happen that can happen now.
    pub fn settle(&self) {
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        let mut tasks = self.tasks.borrow_mut();
        for _ in 0..TURNS_MAX {
            flag.0.store(false, Ordering::Relaxed);
            tasks.extend(self.stage.spawned.take());
            let polled = Pin::new(&mut *tasks).poll_next(&mut Context::from_waker(&waker));
            let is_quiet = !matches!(polled, Poll::Ready(Some(()))) && !flag.0.load(Ordering::Relaxed);
            if is_quiet && self.stage.spawned.borrow().is_empty() {
                return;
            }
        }
        panic!("a task is always ready and never done");
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Handle<T> {
    pub fn is_done(&self) -> bool {
        self.result.borrow().is_some()
    }

    /// Panics when it is not done.
    pub fn output(&self) -> T {
        self.result.take().expect("the task is done and its output not taken yet")
    }

    /// Drops the future as soon as the world gets on.
    pub fn cancel(&self) {
        self.abort.abort();
    }
}

impl Scene {
    pub fn ramp(&self) -> &Ramp {
        &self.ramp
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.surroundings.spawn(task.boxed_local());
    }

    pub fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.surroundings.sleep_until(at)
    }
}

impl Net for Scene {
    fn dial(
        &self,
        host: Rc<HostConfig>,
        memory: Rc<Memory>,
        hop: Option<Hop>,
    ) -> LocalBoxFuture<'static, Result<Rc<Link>>> {
        let (scene, to) = (self.clone(), Rc::clone(&self.hosts[host.alias.as_str()]));
        async move { to.dial(&scene, &host, memory, hop).await }.boxed_local()
    }

    fn probe(&self, host: Rc<HostConfig>) -> LocalBoxFuture<'static, bool> {
        let (scene, to) = (self.clone(), Rc::clone(&self.hosts[host.alias.as_str()]));
        async move { to.probe(&scene).await }.boxed_local()
    }

    fn now(&self) -> Instant {
        now()
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        Scene::sleep_until(self, at)
    }

    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        Scene::spawn(self, task);
    }

    fn offload(&self, job: Box<dyn FnOnce() + Send>) -> LocalBoxFuture<'static, Result<()>> {
        job();
        future::ready(Ok(())).boxed_local()
    }

    fn reconfigure(&self, _settings: &Rc<Settings>) {}

    fn shell(&self) -> Rc<dyn Shell> {
        Rc::new(Hello)
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
