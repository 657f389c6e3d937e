//! A world in a box: hosts in memory, a clock that jumps, and an executor that runs fleets in it.
//!
//! Nothing happens between two moments, so time goes on only when every task waits; and the same test takes the same
//! course every time.

use std::cell::{Cell, RefCell};
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

use super::nowhere::Hello;
pub use super::world_host::{Connection, SimHost, log_in};
use crate::base::Result;
use crate::base::time::{Duration, Instant};
use crate::config::{AlgorithmLists, Env, HostConfig, Settings, SshConfig};
use crate::fleet::net::{Hop, Net};
use crate::fleet::{Fleet, Link, Memory, Quotas, Shell};
use crate::metrics::Recorder;

/// The hosts of every world, as `world.ssh_config` names them.
pub const HOSTS: [&str; 6] = ["alpha", "away", "bravo", "charlie", "deep", "far"];
/// What lasts longer hangs.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// Who is ready again and again without time going on spins.
const TURNS_MAX: usize = 100_000;

type Task = LocalBoxFuture<'static, ()>;

/// See the module's documentation. One per thread.
pub struct World {
    scene: Scene,
    tasks: RefCell<FuturesUnordered<Task>>,
}

/// What tasks see of the world.
#[derive(Clone)]
pub(super) struct Scene {
    spawned: Rc<RefCell<Vec<Task>>>,
    timers: Rc<Timers>,
    hosts: Rc<BTreeMap<&'static str, Rc<SimHost>>>,
    pub(super) recorder: Rc<Recorder>,
}

/// A future that runs by itself.
pub struct Handle<T> {
    result: Rc<RefCell<Option<T>>>,
    abort: AbortHandle,
}

impl World {
    pub fn new() -> Self {
        CLOCK.set(Some(crate::base::time::now()));
        let hosts = HOSTS.into_iter().map(|name| (name, Rc::new(SimHost::default()))).collect();
        let scene = Scene {
            spawned: Rc::default(),
            timers: Rc::new(Timers::default()),
            hosts: Rc::new(hosts),
            recorder: Recorder::new(),
        };
        Self { scene, tasks: RefCell::default() }
    }

    /// A fleet of the [`HOSTS`]. The settings are the default ones but for what `change` does to them.
    pub fn fleet(&self, change: impl FnOnce(&mut Settings)) -> Rc<Fleet> {
        let mut settings = super::settings();
        change(&mut settings);
        let quotas = Quotas::alone(&settings);
        self.fleet_within(settings, &quotas)
    }

    /// The same, as one of several cores.
    pub fn fleet_within(&self, settings: Settings, quotas: &Quotas) -> Rc<Fleet> {
        let recorder = Rc::clone(&self.scene.recorder);
        Fleet::new(self.config().into(), settings, self.net(), quotas, recorder)
    }

    /// A connection to a host, without a fleet.
    pub fn link(&self, host: &str) -> Rc<Link> {
        let config = Rc::new(self.config().resolve(host).expect("a whole configuration"));
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
            assert!(self.scene.timers.jump(late), "nothing will ever happen any more");
        }
    }

    /// Lets this much time go by.
    pub fn pass(&self, time: Duration) {
        let until = now() + time;
        self.settle();
        while self.scene.timers.jump(until) {
            self.settle();
        }
        CLOCK.set(Some(until));
    }

    /// Lets everything happen that can happen now.
    pub fn settle(&self) {
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        let mut tasks = self.tasks.borrow_mut();
        for _ in 0..TURNS_MAX {
            flag.0.store(false, Ordering::Relaxed);
            tasks.extend(self.scene.spawned.take());
            let polled = Pin::new(&mut *tasks).poll_next(&mut Context::from_waker(&waker));
            let is_quiet = !matches!(polled, Poll::Ready(Some(()))) && !flag.0.load(Ordering::Relaxed);
            if is_quiet && self.scene.spawned.borrow().is_empty() {
                return;
            }
        }
        panic!("a task is always ready and never done");
    }

    fn config(&self) -> SshConfig {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/world.ssh_config");
        SshConfig::load(Some(Path::new(file)), &Env::default(), AlgorithmLists::spoken())
            .expect("the file is there")
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
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.spawned.borrow_mut().push(task.boxed_local());
    }

    pub fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep { timers: Rc::clone(&self.timers), at, number: None }
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
        future::ready(self.hosts.contains_key(host.alias.as_str())).boxed_local()
    }

    fn now(&self) -> Instant {
        now()
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        Scene::sleep_until(self, at).boxed_local()
    }

    fn shell(&self) -> Rc<dyn Shell> {
        Rc::new(Hello)
    }
}

thread_local! {
    static CLOCK: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The time in this thread's world.
pub(super) fn now() -> Instant {
    CLOCK.get().expect("there is a world")
}

/// Who waits for which moment; the number tells those apart that wait for the same one, in the order they came.
#[derive(Default)]
struct Timers {
    waiting: RefCell<BTreeMap<(Instant, u64), Waker>>,
    next: Cell<u64>,
}

impl Timers {
    /// Goes to the next moment that somebody waits for; false when there is none until `until`.
    fn jump(&self, until: Instant) -> bool {
        let Some((at, _)) = self.waiting.borrow().keys().next().copied() else { return false };
        if at > until {
            return false;
        }
        CLOCK.set(Some(at.max(now())));
        loop {
            let mut waiting = self.waiting.borrow_mut();
            let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= at) else { return true };
            let waker = first.remove();
            drop(waiting);
            waker.wake();
        }
    }
}

pub(super) struct Sleep {
    timers: Rc<Timers>,
    at: Instant,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        let number = self.number.unwrap_or_else(|| self.timers.next.replace(self.timers.next.get() + 1));
        self.number = Some(number);
        self.timers.waiting.borrow_mut().insert((self.at, number), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.timers.waiting.borrow_mut().remove(&(self.at, number));
        }
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
