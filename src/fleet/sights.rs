//! What was seen of places that are looked at again and again: whoever looks at one of which somebody has just seen
//! something, sees the same. Keeps nothing that nobody asks for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};

use super::caller::Caller;
use crate::base::time::{Duration, Instant};
use crate::base::{Result, limits};

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Sights {
    seen: RefCell<HashMap<Place, Sight>>,
    looks: RefCell<HashMap<Place, WeakShared<Look>>>,
    /// When it was gone through last.
    swept: Cell<Option<Instant>>,
}

/// Host and path.
type Place = (Box<str>, Box<str>);
type Look = LocalBoxFuture<'static, Result<Rc<str>>>;

struct Sight {
    what: Result<Rc<str>>,
    /// When the look began.
    at: Instant,
}

impl Sights {
    /// Forgets everything, and what is being looked at as well.
    pub fn clear(&self) {
        self.seen.take();
        self.looks.take();
    }

    fn recent(&self, place: &Place, since: Instant) -> Option<Result<Rc<str>>> {
        self.seen.borrow().get(place).filter(|sight| sight.at > since).map(|sight| sight.what.clone())
    }

    fn under_way(&self, place: &Place) -> Option<Shared<Look>> {
        self.looks.borrow().get(place)?.upgrade()
    }

    fn note(&self, place: Place, what: &Result<Rc<str>>, at: Instant) {
        let mut seen = self.seen.borrow_mut();
        // Where there is no room, everybody looks for himself.
        if seen.len() < limits::SIGHTS_MAX || seen.contains_key(&place) {
            seen.insert(place, Sight { what: what.clone(), at });
        }
    }

    /// Forgets what has been seen before, if that was not done just now.
    fn forget(&self, before: Instant, now: Instant) {
        if self.swept.get().is_some_and(|swept| now < swept + limits::SIGHTS_SWEPT_EVERY) {
            return;
        }
        self.swept.set(Some(now));
        self.seen.borrow_mut().retain(|_, sight| sight.at > before);
        self.looks.borrow_mut().retain(|_, look| look.upgrade().is_some_and(|look| look.peek().is_none()));
    }
}

impl Caller {
    /// What `look` sees at a path of a host; or what somebody else has seen there less than `age` ago.
    ///
    /// Errors: those of `look`, for all who share it.
    pub async fn sight<F>(
        &self,
        host: &str,
        path: &str,
        age: Duration,
        look: impl FnOnce(Self) -> F,
    ) -> Result<Rc<str>>
    where
        F: Future<Output = Result<String>> + 'static,
    {
        let (place, now) = ((host.into(), path.into()), self.now());
        let Some(since) = now.checked_sub(age) else { return look(self.clone()).await.map(Rc::from) };
        if let Some(seen) = self.sights.recent(&place, since) {
            return seen;
        }
        if let Some(look) = self.sights.under_way(&place) {
            return look.await;
        }
        self.sights.forget(since, now);
        let (caller, looking) = (self.clone(), look(self.clone()));
        let (kept, of) = (place.clone(), place);
        let look = async move {
            let what = looking.await.map(Rc::from);
            caller.sights.note(kept, &what, now);
            what
        };
        let look = look.boxed_local().shared();
        self.sights.looks.borrow_mut().extend(look.downgrade().map(|weak| (of, weak)));
        // It goes on by itself: a client that nobody listens for may leave it half done, with the right to execute.
        let alone = look.clone();
        self.spawn(async move { drop(alone.await) });
        look.await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::fleet::{Class, ClientId};
    use crate::testing::world::World;

    const AGE: Duration = Duration::from_secs(3);
    const TAKES: Duration = Duration::from_secs(1);

    #[test]
    fn one_look_serves_all_who_come_soon_enough() {
        let world = World::new();
        let fleet = world.fleet(|_| {});
        let looks = Rc::<Cell<usize>>::default();
        let ask = || {
            let (caller, looks) = (fleet.caller(Class::Background, ClientId::STDIO), Rc::clone(&looks));
            world.spawn(async move {
                let look = |caller: Caller| async move {
                    looks.set(looks.get() + 1);
                    caller.sleep_until(caller.now() + TAKES).await;
                    Ok(looks.get().to_string())
                };
                caller.sight("alpha", "/a", AGE, look).await.unwrap()
            })
        };
        let (first, second) = (ask(), ask());
        world.pass(TAKES);
        assert_eq!([&*first.output(), &*second.output()], ["1", "1"]);
        let third = ask();
        world.settle();
        assert_eq!(&*third.output(), "1");
        world.pass(AGE - TAKES);
        let fourth = ask();
        world.pass(TAKES);
        assert_eq!(&*fourth.output(), "2");
        // Who gives up, or just does not go on, takes nobody's look away.
        world.pass(AGE);
        let (gone, stays) = (ask(), ask());
        world.settle();
        gone.cancel();
        world.pass(TAKES);
        assert_eq!((&*stays.output(), looks.get()), ("3", 3));
        assert_eq!(fleet.sights.seen.borrow().len(), 1);
    }
}
