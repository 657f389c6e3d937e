//! Calls in flight: how many there may be, that no two share an id, and how one is taken back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable, Aborted};
use futures_util::stream::Stream;

use crate::rpc::{Code, Error, Id};

/// The calls of one session that have no answer yet.
#[derive(Debug)]
pub struct Calls {
    in_flight: RefCell<HashMap<Id<'static>, InFlight>>,
    max: usize,
    /// Those that are stopped are told so.
    is_given_up: Cell<bool>,
}

#[derive(Debug)]
struct InFlight {
    handle: AbortHandle,
    /// It goes on until it is taken back.
    is_endless: bool,
}

/// "Try again": of the codes that are left to implementations.
pub const BUSY: Code = Code::Server(-32000);

impl Calls {
    pub fn new(max: usize) -> Self {
        Self { in_flight: RefCell::default(), max, is_given_up: Cell::default() }
    }

    pub fn contains(&self, id: &Id<'_>) -> bool {
        self.in_flight.borrow().contains_key(id)
    }

    /// Takes a place for a call. The place is free again when the ticket is used up or dropped.
    pub fn admit(self: &Rc<Self>, id: Id<'_>) -> Result<Ticket, Error> {
        let mut in_flight = self.in_flight.borrow_mut();
        if in_flight.len() >= self.max {
            let message = format!("Server busy: {} calls are in flight, try again later", self.max);
            return Err(busy(message));
        }
        let id = id.into_owned();
        let (handle, registration) = AbortHandle::new_pair();
        in_flight.insert(id.clone(), InFlight { handle, is_endless: false });
        let place = Place { calls: Rc::clone(self), id };
        Ok(Ticket { place, registration })
    }

    /// Stops a call. Unknown ids are ignored: the answer may have crossed the cancellation on its way.
    pub fn cancel(&self, id: &Id<'_>) {
        if let Some(call) = self.in_flight.borrow().get(id) {
            call.handle.abort();
        }
    }

    /// Stops every call.
    pub fn end_all(&self) {
        self.in_flight.borrow().values().for_each(|call| call.handle.abort());
    }

    /// Stops every call, and has each answered with an error: it is not its client who wants no answer.
    pub fn give_up(&self) {
        self.is_given_up.set(true);
        self.end_all();
    }

    /// Stops every call that nothing else would end than its being taken back.
    pub fn end_endless(&self) {
        for call in self.in_flight.borrow().values().filter(|call| call.is_endless) {
            call.handle.abort();
        }
    }
}

/// The server has too much to do.
pub fn busy(message: String) -> Error {
    Error::new(BUSY, message)
}

/// The right to run one call.
#[derive(Debug)]
pub struct Ticket {
    place: Place,
    registration: AbortRegistration,
}

impl Ticket {
    /// Runs the work and answers it, or that it was given up; `None` when the call was cancelled. The work is dropped by
    /// then.
    pub async fn run<T, A>(
        self,
        work: impl Future<Output = T>,
        answer: impl FnOnce(&Id<'_>, Result<T, Error>) -> A,
    ) -> Option<A> {
        let outcome = match Abortable::new(work, self.registration).await {
            Ok(outcome) => Ok(outcome),
            Err(Aborted) if self.place.calls.is_given_up.get() => {
                Err(busy("The server is about to end, and this was not finished in time".to_owned()))
            }
            Err(Aborted) => return None,
        };
        Some(answer(&self.place.id, outcome))
    }

    /// Passes messages on until the call is cancelled.
    pub fn hold<T>(self, messages: impl Stream<Item = T>) -> impl Stream<Item = T> {
        let Self { place, registration } = self;
        if let Some(call) = place.calls.in_flight.borrow_mut().get_mut(&place.id) {
            call.is_endless = true;
        }
        Abortable::new(messages, registration).map(move |message| {
            let _held = &place;
            message
        })
    }
}

#[derive(Debug)]
struct Place {
    calls: Rc<Calls>,
    id: Id<'static>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.calls.in_flight.borrow_mut().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;
    use futures_util::future::LocalBoxFuture;
    use futures_util::stream;
    use serde_json::value::RawValue;

    use super::*;

    fn id(json: &str) -> Id<'static> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect(json);
        Id::read(&raw).map(Id::into_owned).expect(json)
    }

    /// A call that never ends and holds on to `witness` as long as it runs.
    fn endless(
        calls: &Rc<Calls>,
        id_json: &str,
        witness: &Rc<()>,
    ) -> LocalBoxFuture<'static, Option<Vec<u8>>> {
        let ticket = calls.admit(id(id_json)).expect("a free place");
        let witness = Rc::clone(witness);
        let work = async move {
            pending::<()>().await;
            drop(witness);
        };
        ticket.run(work, |_, _| Vec::new()).boxed_local()
    }

    #[test]
    fn a_cancelled_call_has_no_answer_and_its_work_is_dropped() {
        let (calls, witness) = (Rc::new(Calls::new(2)), Rc::new(()));
        let mut call = endless(&calls, r#""a""#, &witness);
        assert_eq!((&mut call).now_or_never(), None);
        calls.cancel(&id("1"));
        assert_eq!((&mut call).now_or_never(), None);

        calls.cancel(&id(r#""\u0061""#));
        assert_eq!((&mut call).now_or_never(), Some(None));
        assert_eq!(Rc::strong_count(&witness), 1);
        assert!(!calls.contains(&id(r#""a""#)));
    }

    #[test]
    fn a_call_can_be_cancelled_before_it_starts() {
        let (calls, witness) = (Rc::new(Calls::new(2)), Rc::new(()));
        let call = endless(&calls, "1", &witness);
        calls.cancel(&id("1"));
        assert_eq!(call.now_or_never(), Some(None));
        assert_eq!(Rc::strong_count(&witness), 1);
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let (calls, witness) = (Rc::new(Calls::new(2)), Rc::new(()));
        let first = endless(&calls, "1", &witness);
        let _second = endless(&calls, "2", &witness);
        let refused = calls.admit(id("3")).expect_err("both places are taken");
        assert_eq!(refused.code(), BUSY);
        assert!(calls.contains(&id("1")));
        drop(first);
        assert!(!calls.contains(&id("1")));
        assert!(calls.admit(id("3")).is_ok());
    }

    #[test]
    fn what_lasts_can_be_ended_with_all_others_going_on() {
        let (calls, witness) = (Rc::new(Calls::new(2)), Rc::new(()));
        let mut call = endless(&calls, "1", &witness);
        let mut held = calls.admit(id("2")).expect("a place").hold(stream::pending::<()>());
        assert_eq!(held.next().now_or_never(), None);
        calls.end_endless();
        assert_eq!(held.next().now_or_never(), Some(None));
        drop(held);
        assert!(!calls.contains(&id("2")) && calls.contains(&id("1")));
        assert_eq!((&mut call).now_or_never(), None);
    }

    #[test]
    fn what_is_given_up_is_answered() {
        let calls = Rc::new(Calls::new(1));
        let ticket = calls.admit(id("7")).expect("a free place");
        let answer =
            |id: &Id<'_>, outcome: Result<(), Error>| (id.as_json().to_owned(), outcome.unwrap_err().code());
        let mut call = ticket.run(pending::<()>(), answer).boxed_local();
        assert_eq!((&mut call).now_or_never(), None);
        calls.give_up();
        assert_eq!(call.now_or_never(), Some(Some(("7".to_owned(), BUSY))));
    }

    #[test]
    fn an_answer_carries_its_id() {
        let calls = Rc::new(Calls::new(1));
        let ticket = calls.admit(id("7")).expect("a free place");
        let answer =
            |id: &Id<'_>, n: Result<u8, Error>| format!("{}={}", id.as_json(), n.unwrap()).into_bytes();
        assert_eq!(ticket.run(async { 5 }, answer).now_or_never(), Some(Some(b"7=5".to_vec())));
        assert!(!calls.contains(&id("7")));
    }
}
