//! The cores of the process: a thread with an event loop each, and the fleet that it owns.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::process;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use futures_util::future::{LocalBoxFuture, select};

use super::mesh::{Banks, Core, Inboxes};
use super::{cpus, runtime};
use crate::config::Settings;
use crate::fleet::{Fleet, Mesh, Quotas, Shards};

/// Calls between cores that need no place in the queue, as those for the host list.
const CALLS_BESIDES: usize = 1024;

/// What a core does beside its share of the fleet, for as long as the process serves.
pub type Aside = Box<dyn FnOnce(Rc<Shards>) -> LocalBoxFuture<'static, ()> + Send>;

/// Runs `main` on the first of `count` cores, with all of them at work, and takes leave of every host when it is done.
/// `fleet` makes the fleet of a core; `asides` are for the cores behind the first, in their order, as far as there are
/// any.
///
/// Errors: the kernel gives no event loop, no thread or no descriptors.
pub fn run<T>(
    count: usize,
    settings: &Settings,
    fleet: impl Fn(&Quotas) -> Rc<Fleet> + Clone + Send + 'static,
    asides: Vec<Aside>,
    main: impl AsyncFnOnce(Rc<Shards>) -> T,
) -> io::Result<T> {
    let count = count.max(1);
    let inboxes = Inboxes::new(count)?;
    let banks = Banks::new(settings, count);
    let calls_max = settings.admitted_max().saturating_add(CALLS_BESIDES);
    let core = {
        let inboxes = Arc::clone(&inboxes);
        move |number| Core::new(number, Arc::clone(&inboxes), calls_max)
    };
    let (started, starts) = mpsc::channel();
    let others = Others { inboxes: Arc::clone(&inboxes), threads: Vec::new() };
    let mut asides = asides.into_iter();
    let others = (1..count).try_fold(others, |mut others, number| {
        let aside = asides.next();
        let (core, fleet, banks, started) =
            (core.clone(), fleet.clone(), Arc::clone(&banks), started.clone());
        let thread = thread::Builder::new().name(format!("core-{number}")).spawn(move || {
            let _end = EndWithMe;
            cpus::pin(number, count);
            let ran = runtime::run(async {
                let (core, ear) = core(number)?;
                let _ = started.send(Ok(()));
                let mesh: Rc<dyn Mesh> = Rc::new(Rc::clone(&core));
                let fleet = fleet(&banks.quotas(&mesh));
                let shards = Shards::new(Rc::clone(&fleet), mesh);
                let aside = async move {
                    if let Some(aside) = aside {
                        aside(shards).await;
                    }
                    pending::<()>().await;
                };
                select(pin!(core.serve(ear, Rc::clone(&fleet))), pin!(aside)).await;
                fleet.close().await;
                Ok(())
            });
            if let Err(error) = ran.flatten() {
                let _ = started.send(Err(error));
            }
        })?;
        others.threads.push(thread);
        io::Result::Ok(others)
    })?;
    starts.iter().take(count - 1).collect::<io::Result<()>>()?;
    if count > 1 {
        cpus::pin(0, count);
    }
    runtime::run(async {
        let (core, ear) = core(0)?;
        let mesh: Rc<dyn Mesh> = Rc::new(Rc::clone(&core));
        let fleet = fleet(&banks.quotas(&mesh));
        runtime::spawn(core.serve(ear, Rc::clone(&fleet)));
        let result = main(Shards::new(Rc::clone(&fleet), mesh)).await;
        others.end();
        fleet.close().await;
        Ok(result)
    })
    .flatten()
}

/// The threads of the cores but the first. They end when this is dropped.
struct Others {
    inboxes: Arc<Inboxes>,
    threads: Vec<JoinHandle<()>>,
}

impl Others {
    /// Asks them to take leave of their hosts and end.
    fn end(&self) {
        self.inboxes.end_others(0);
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.end();
        for thread in self.threads.drain(..) {
            // One that has panicked has ended the process.
            let _ = thread.join();
        }
    }
}

/// A core that is gone would leave those who wait for its answers waiting for ever, so its panic is the end of all.
struct EndWithMe;

impl Drop for EndWithMe {
    fn drop(&mut self) {
        if thread::panicking() {
            process::abort();
        }
    }
}
