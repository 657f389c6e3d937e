//! A place among the requests that are taken on, and waiting at it, where it may go to somebody else.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::future::{Either, select};

use super::Admission;
use super::line::Number;
use super::refusal::{full, overdue};
use crate::base::Result;
use crate::base::time::Instant;
use crate::fleet::{ClientId, Grant};
use crate::metrics::Reason;

/// See the module's documentation. Given back when dropped.
#[derive(Debug)]
pub(in crate::fleet) struct Place {
    /// `None` once it has gone to somebody else.
    grant: Option<Grant>,
}

/// One who waits: the place that is his, and how he hears that it is not any more.
#[derive(Debug)]
pub(super) struct Waiting {
    grant: Grant,
    loss: Rc<Loss>,
}

#[derive(Debug, Default)]
struct Loss {
    has_happened: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Stands among those who wait until it is dropped.
struct Stand<'a> {
    admission: &'a Admission,
    flow: (ClientId, Rc<str>),
    number: Number,
    loss: Rc<Loss>,
}

impl Admission {
    /// A place for a request. When there is no more, the newest of the client and host with the most waiting makes room;
    /// `None` when that is the newcomer himself.
    pub(in crate::fleet) fn place(&self, client: ClientId, host: &Rc<str>) -> Option<Place> {
        let free = self.quotas.admitted.try_take();
        let grant = free.or_else(|| self.displace(client, host))?;
        Some(Place { grant: Some(grant) })
    }

    /// Waits for `what` at a place.
    ///
    /// Errors: the place went to somebody else, the deadline has passed; those of `what`.
    pub(in crate::fleet) async fn wait<T>(
        &self,
        place: &mut Place,
        client: ClientId,
        host: &Rc<str>,
        deadline: Instant,
        what: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let since = self.net.now();
        let stand = self.stand(place, client, host).ok_or_else(|| full(Reason::Displaced))?;
        let late = self.net.sleep_until(deadline);
        let result = match select(pin!(what), select(pin!(stand.loss.happens()), late)).await {
            Either::Left((result, _)) => result,
            Either::Right((Either::Left(_), _)) => Err(full(Reason::Displaced)),
            Either::Right((Either::Right(_), _)) => Err(overdue(host, self.net.now() - since)),
        };
        place.grant = stand.leave();
        match place.grant {
            // It was lost in the moment in which the wait was over.
            None if result.is_ok() => Err(full(Reason::Displaced)),
            _ => result,
        }
    }

    fn stand(&self, place: &mut Place, client: ClientId, host: &Rc<str>) -> Option<Stand<'_>> {
        let (flow, loss) = ((client, Rc::clone(host)), Rc::<Loss>::default());
        let waiting = Waiting { grant: place.grant.take()?, loss: Rc::clone(&loss) };
        let number = self.waiting.borrow_mut().join(flow.clone(), waiting);
        Some(Stand { admission: self, flow, number, loss })
    }

    fn displace(&self, client: ClientId, host: &Rc<str>) -> Option<Grant> {
        let Waiting { grant, loss } = self.waiting.borrow_mut().displace(&(client, Rc::clone(host)))?;
        loss.happen();
        Some(grant)
    }
}

impl Loss {
    fn happen(&self) {
        self.has_happened.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn happens(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| match self.has_happened.get() {
            true => Poll::Ready(()),
            false => {
                self.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
    }
}

impl Stand<'_> {
    /// The place, if it is still there.
    fn leave(&self) -> Option<Grant> {
        let left = self.admission.waiting.borrow_mut().leave(self.flow.clone(), self.number);
        left.map(|waiting| waiting.grant)
    }
}

impl Drop for Stand<'_> {
    fn drop(&mut self) {
        // The table is free again before the place is: who hears of it may come for it at once.
        drop(self.leave());
    }
}
