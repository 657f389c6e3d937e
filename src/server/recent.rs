//! What was found out a moment ago, for who asks the same now: however many ask, it is found out so often and no oftener.

use std::cell::RefCell;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};

use crate::base::limits::PROBES_SHARED_FOR;
use crate::base::time::Instant;

/// See the module's documentation.
#[derive(Debug)]
pub struct Recent<T: Clone> {
    known: RefCell<Option<Told<T>>>,
    asked: RefCell<Option<WeakShared<Asked<T>>>>,
}

/// With the moment at which it was asked.
type Told<T> = (Instant, T);
type Asked<T> = LocalBoxFuture<'static, Told<T>>;

impl<T: Clone> Default for Recent<T> {
    fn default() -> Self {
        Self { known: RefCell::default(), asked: RefCell::default() }
    }
}

impl<T: Clone + 'static> Recent<T> {
    /// What is known since a moment ago, or what `ask` brings: for all who come until then.
    pub async fn get<F>(&self, now: Instant, ask: impl FnOnce() -> F) -> T
    where
        F: Future<Output = T> + 'static,
    {
        let is_recent = |(at, _): &&Told<T>| now.saturating_duration_since(*at) < PROBES_SHARED_FOR;
        if let Some((_, known)) = self.known.borrow().as_ref().filter(is_recent) {
            return known.clone();
        }
        let asked = self.under_way().unwrap_or_else(|| {
            let asked = ask().map(move |told| (now, told)).boxed_local().shared();
            self.asked.replace(asked.downgrade());
            asked
        });
        let told = asked.await;
        self.known.replace(Some(told.clone()));
        told.1
    }

    /// What somebody waits for at this moment.
    fn under_way(&self) -> Option<Shared<Asked<T>>> {
        self.asked.borrow().as_ref()?.upgrade().filter(|asked| asked.peek().is_none())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::rc::Rc;

    use super::*;
    use crate::base::time::{self, Duration};

    #[test]
    fn many_who_ask_at_once_ask_once() {
        let (recent, asked, now) = (Recent::default(), Rc::<Cell<u32>>::default(), time::now());
        let (answer, answered) = async_channel::unbounded::<()>();
        let ask = |at: Duration| {
            let (asked, answered) = (Rc::clone(&asked), answered.clone());
            recent.get(now + at, move || async move {
                asked.set(asked.get() + 1);
                let _ = answered.recv().await;
                asked.get()
            })
        };
        let (mut first, mut second) = (pin!(ask(Duration::ZERO)), pin!(ask(Duration::ZERO)));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        answer.try_send(()).unwrap();
        assert_eq!((second.now_or_never(), first.now_or_never()), (Some(1), Some(1)));
        let at_last = PROBES_SHARED_FOR - Duration::from_millis(1);
        assert_eq!(ask(at_last).now_or_never(), Some(1));
        // Who gives up leaves nobody with half an answer.
        assert_eq!(ask(PROBES_SHARED_FOR).now_or_never(), None);
        answer.try_send(()).unwrap();
        assert_eq!(ask(PROBES_SHARED_FOR).now_or_never(), Some(3));
    }
}
