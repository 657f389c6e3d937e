//! A place among those that wait, for as long as one waits.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::future::{Either, select};

use super::Admission;
use super::line::Number;
use crate::base::Result;
use crate::base::time::Instant;
use crate::fleet::{ClientId, Grant};
use crate::metrics::Reason;

/// See the module's documentation. Given back when dropped.
pub(in crate::fleet) struct Place {
    admission: Rc<Admission>,
    client: ClientId,
    host: Rc<str>,
    number: Number,
    seat: Rc<Seat>,
    since: Instant,
}

/// What the table of places holds: the right to wait, and who waits.
#[derive(Debug)]
pub(super) struct Taken {
    grant: Grant,
    seat: Rc<Seat>,
}

#[derive(Debug, Default)]
struct Seat {
    is_lost: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Admission {
    /// A place for a request to wait at. When there is no more, the newest of the client and host with the most waiting
    /// makes room.
    ///
    /// Errors: `Busy` when that is the newcomer himself.
    pub(in crate::fleet) fn place(self: &Rc<Self>, client: ClientId, host: &Rc<str>) -> Result<Place> {
        let free = self.quotas.waiting.try_take();
        let Some(grant) = free.or_else(|| self.displace(client, host)) else {
            return Err(self.full(Reason::Queue));
        };
        let seat = Rc::new(Seat::default());
        let taken = Taken { grant, seat: Rc::clone(&seat) };
        let number = self.places.borrow_mut().join((client, Rc::clone(host)), taken);
        Ok(Place {
            admission: Rc::clone(self),
            client,
            host: Rc::clone(host),
            number,
            seat,
            since: self.net.now(),
        })
    }

    fn displace(&self, client: ClientId, host: &Rc<str>) -> Option<Grant> {
        let Taken { grant, seat } = self.places.borrow_mut().displace(&(client, Rc::clone(host)))?;
        seat.is_lost.set(true);
        if let Some(waker) = seat.waker.take() {
            waker.wake();
        }
        Some(grant)
    }
}

impl Place {
    /// Waits for `what` at this place.
    ///
    /// Errors: the place went to somebody else, the deadline has passed; those of `what`.
    pub(in crate::fleet) async fn wait<T>(
        self,
        deadline: Instant,
        what: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let lost = poll_fn(|cx| match self.seat.is_lost.get() {
            true => Poll::Ready(()),
            false => {
                self.seat.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        });
        let late = self.admission.net.sleep_until(deadline);
        match select(pin!(what), select(lost, late)).await {
            Either::Left((result, _)) => result,
            Either::Right((Either::Left(_), _)) => Err(self.admission.full(Reason::Displaced)),
            Either::Right((Either::Right(_), _)) => {
                let waited = self.admission.net.now() - self.since;
                Err(self.admission.overdue(&self.host, waited))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let flow = (self.client, Rc::clone(&self.host));
        let taken = self.admission.places.borrow_mut().leave(flow, self.number);
        // Who waits for a place hears of it, and may come for it at once.
        drop(taken);
    }
}
