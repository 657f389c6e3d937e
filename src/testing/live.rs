//! Simulated hosts in real time: they run on the event loop of a core, beside the fleet that talks to them.

use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::world::{Scene, SimHost, Surroundings};
use crate::base::time::{Duration, Instant};
use crate::config::SshConfig;
use crate::fleet::net::Net;
use crate::fleet::ramp::Ramp;
use crate::io::alarm::Alarm;
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
        surroundings: Rc::new(Live(Alarm::start(Duration::ZERO).expect("a descriptor"))),
        hosts: Rc::new(hosts),
        ramp: Ramp::new(0),
        recorder: Rc::clone(recorder),
    })
}

struct Live(Rc<Alarm>);

impl Surroundings for Live {
    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        runtime::spawn(task);
    }

    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        self.0.sleep_until(at).boxed_local()
    }
}
