//! Simulated hosts in real time: they run on the event loop of a core, beside the fleet that talks to them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::rc::Rc;
use std::time::Duration;

use event_listener::Event;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use rustix::fd::AsFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::timers::Timers;
use super::world::{Scene, SimHost, Surroundings};
use crate::base::time::{Instant, now};
use crate::config::SshConfig;
use crate::fleet::net::Net;
use crate::fleet::ramp::Ramp;
use crate::io::runtime;
use crate::metrics::Recorder;

/// A net of the hosts of a configuration, as `host` makes them by name. For one core, whose event loop is running.
pub fn net(
    config: &SshConfig,
    mut host: impl FnMut(&str) -> Rc<SimHost>,
    recorder: &Rc<Recorder>,
) -> Rc<dyn Net> {
    let hosts: BTreeMap<_, _> = config.hosts().iter().map(|name| (name.clone(), host(name))).collect();
    Rc::new(Scene {
        surroundings: Live::start(),
        hosts: Rc::new(hosts),
        ramp: Ramp::new(0),
        recorder: Rc::clone(recorder),
    })
}

/// A clock finer than the event loop's, which counts in milliseconds: the delays that are simulated are no longer.
struct Live {
    timers: Rc<Timers>,
    alarm: File,
    /// When the alarm goes off.
    set: Cell<Option<Instant>>,
    changed: Event,
}

impl Live {
    fn start() -> Rc<Self> {
        let alarm = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).expect("a timer");
        let live = Rc::new(Self {
            timers: Rc::default(),
            alarm: alarm.into(),
            set: Cell::new(None),
            changed: Event::new(),
        });
        runtime::spawn(Rc::clone(&live).run());
        live
    }

    async fn run(self: Rc<Self>) {
        let alarm = self.alarm.try_clone().expect("a descriptor");
        let alarm = monoio::fs::File::from_std(alarm).expect("a descriptor that can be read");
        let mut buffer = vec![0; 8];
        loop {
            let changed = self.changed.listen();
            let Some(first) = self.timers.first() else {
                changed.await;
                continue;
            };
            self.set(first);
            let (read, given) = alarm.read_at(buffer, 0).await;
            read.expect("an alarm");
            buffer = given;
            self.set.set(None);
            self.timers.wake();
        }
    }

    fn set(&self, at: Instant) {
        if self.set.get().is_some_and(|set| set <= at) {
            return;
        }
        // Zero would switch it off.
        let pause = at.saturating_duration_since(now()).max(Duration::from_nanos(1));
        let value = Timespec::try_from(pause).expect("a moment that is not far away");
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec { it_interval: never, it_value: value };
        timerfd_settime(self.alarm.as_fd(), TimerfdTimerFlags::empty(), &once).expect("the alarm can be set");
        self.set.set(Some(at));
    }
}

impl Surroundings for Live {
    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        runtime::spawn(task);
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.set(at);
        self.changed.notify(1);
        self.timers.sleep_until(at).boxed_local()
    }
}
