//! The generators of all cores, each beside the core's part of the fleet, and what goes between them and the one who
//! conducts: orders one way, tallies the other.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_channel::{Receiver, Sender};
use futures_util::FutureExt;
use futures_util::future::select;

use super::generator::{Generator, Live, Order};
use super::subject::Spec;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::io::alarm::Alarm;
use crate::io::cores::Aside;
use crate::rig::Tally;

/// The end of the one who conducts.
pub struct Crew {
    members: Vec<Desk>,
    tallies: Receiver<Tally>,
    stop: RefCell<Option<Sender<()>>>,
}

/// What goes to one member.
struct Desk {
    specs: Sender<Spec>,
    orders: Sender<Order>,
    live: Arc<Live>,
}

/// The end of one core.
pub struct Member {
    specs: Receiver<Spec>,
    orders: Receiver<Order>,
    tallies: Sender<Tally>,
    stop: Receiver<()>,
    live: Arc<Live>,
}

/// A crew of so many.
pub fn muster(count: usize) -> (Crew, Vec<Member>) {
    let (tally, tallies) = async_channel::bounded(count);
    let (stop, stopped) = async_channel::bounded(1);
    let one = |_| {
        let (specs, spec) = async_channel::bounded(1);
        let (orders, order) = async_channel::bounded(1);
        let live = Arc::<Live>::default();
        let desk = Desk { specs, orders, live: Arc::clone(&live) };
        let member =
            Member { specs: spec, orders: order, tallies: tally.clone(), stop: stopped.clone(), live };
        (desk, member)
    };
    let (members, ends) = (0..count).map(one).unzip();
    (Crew { members, tallies, stop: RefCell::new(Some(stop)) }, ends)
}

impl Crew {
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Tells everybody what is measured.
    pub async fn brief(&self, spec: &Spec) {
        for member in &self.members {
            // One that is gone is missed when it is to work.
            let _ = member.specs.send(spec.clone()).await;
        }
    }

    /// Has everybody do his part, the order for the member of each number; what all of them have counted.
    ///
    /// Errors: a core is gone.
    pub async fn work(&self, order: impl Fn(usize) -> Order) -> Result<Tally> {
        let gone = || Error::new(Kind::Internal, "a core that generates load is gone");
        for (number, member) in self.members.iter().enumerate() {
            member.orders.send(order(number)).await.map_err(|_| gone())?;
        }
        let mut all: Option<Tally> = None;
        for _ in &self.members {
            let tally = self.tallies.recv().await.map_err(|_| gone())?;
            match &mut all {
                Some(all) => all.add(tally),
                None => all = Some(tally),
            }
        }
        all.ok_or_else(gone)
    }

    /// Has everybody stop at once and say what he has counted, now and whenever there is something to do.
    pub fn stop(&self) {
        self.stop.take();
    }

    /// Requests that have ended so far: those that were answered, and those that failed.
    pub fn ended(&self) -> (u64, u64) {
        let of = |live: &Live| (live.done.load(Ordering::Relaxed), live.failed.load(Ordering::Relaxed));
        let each = self.members.iter().map(|member| of(&member.live));
        each.fold((0, 0), |(done, failed), (more, worse)| (done + more, failed + worse))
    }
}

impl Member {
    /// Does what is ordered until the one who conducts is gone.
    pub async fn serve(self, shards: Rc<Shards>) {
        let Ok(spec) = self.specs.recv().await else { return };
        let subject = spec.open(shards);
        let alarm = Alarm::start(Duration::ZERO).ok();
        while let Ok(order) = self.orders.recv().await {
            let counted = RefCell::new(Tally::new(order.begin, order.until, order.hosts));
            let (subject, tally, live, alarm) =
                (subject.as_ref(), &counted, self.live.as_ref(), alarm.as_ref());
            let generator = Generator { subject, order: &order, tally, live, alarm };
            select(pin!(generator.work()), pin!(self.stop.recv())).await;
            if self.tallies.send(counted.into_inner()).await.is_err() {
                return;
            }
        }
    }

    /// The same beside a core.
    pub fn aside(self) -> Aside {
        Box::new(|shards| self.serve(shards).boxed_local())
    }
}
