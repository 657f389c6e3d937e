//! Small files that many want at once: the dials of a hundred hosts read the same known_hosts and the same keys.
//!
//! One read serves all who have asked before it began. Who comes while it is under way is served by the next: nobody is
//! handed what was read before he asked, so nothing has to be found out of date. Knows nothing of what is read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};

use super::{blocking, runtime};
use crate::base::Result;

/// Reads under way and about to begin, by what they read. It holds no more than there are readers.
pub(super) struct Rounds<K, V> {
    latest: RefCell<HashMap<K, Round<V>>>,
}

type Reading<V> = Shared<LocalBoxFuture<'static, Result<Rc<V>>>>;

/// Kept by those who wait for it.
struct Round<V> {
    reading: WeakShared<LocalBoxFuture<'static, Result<Rc<V>>>>,
    has_begun: Rc<Cell<bool>>,
}

impl<K, V> Default for Rounds<K, V> {
    fn default() -> Self {
        Self { latest: RefCell::default() }
    }
}

impl<K: Hash + Eq + Clone + Send + 'static, V: Send + 'static> Rounds<K, V> {
    /// What `read` makes of `what`, on another thread. All readers of the same thing have to give the same `read`.
    ///
    /// Errors: too much is going on there.
    pub(super) async fn read(&self, what: K, read: impl FnOnce(K) -> V + Send + 'static) -> Result<Rc<V>> {
        let reading = self.join(what, read);
        reading.await
    }

    fn join(&self, what: K, read: impl FnOnce(K) -> V + Send + 'static) -> Reading<V> {
        let mut latest = self.latest.borrow_mut();
        let last = latest.get(&what).and_then(|round| Some((round.reading.upgrade()?, &round.has_begun)));
        let before = match last {
            Some((reading, has_begun)) if !has_begun.get() => return reading,
            last => last.map(|(reading, _)| reading),
        };
        latest.retain(|_, round| round.reading.upgrade().is_some());
        let has_begun = Rc::new(Cell::new(false));
        let (begun, job) = (Rc::clone(&has_begun), what.clone());
        let reading = async move {
            match before {
                Some(before) => drop(before.await),
                // Whoever else is about to ask gets the chance to.
                None => others_first().await,
            }
            begun.set(true);
            blocking::run(move || read(job)).await.map(Rc::new)
        };
        let reading = reading.boxed_local().shared();
        if let Some(weak) = reading.downgrade() {
            latest.insert(what, Round { reading: weak, has_begun });
        }
        reading
    }
}

/// Waits until the tasks have had a turn that have something to do now: they stand before a new one. Being polled again
/// says nothing, as everybody who waits for a read polls it.
async fn others_first() {
    let (turn, end) = async_channel::bounded::<()>(1);
    runtime::spawn(async move { drop(turn) });
    let _ = end.recv().await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// A file whose content is how often it was read.
    #[derive(Clone, Default)]
    struct File(Arc<AtomicUsize>);

    impl File {
        async fn read(&self, rounds: &Rounds<&'static str, usize>, what: &'static str) -> usize {
            let file = self.clone();
            *rounds.read(what, move |_| file.count()).await.unwrap()
        }

        fn count(&self) -> usize {
            self.0.fetch_add(1, Ordering::SeqCst) + 1
        }
    }

    #[test]
    fn one_read_serves_all_who_asked_before_it_began() {
        let (rounds, file) = (Rounds::default(), File::default());
        let seen = runtime::run(join_all((0..100).map(|_| file.read(&rounds, "a")))).unwrap();
        assert_eq!(seen, [1; 100]);
    }

    #[test]
    fn who_asks_while_a_read_is_under_way_is_served_by_the_next() {
        let (rounds, file) = (Rounds::default(), File::default());
        let (begins, has_begun) = async_channel::bounded(1);
        let (goes_on, may_go_on) = async_channel::bounded::<()>(1);
        let seen = runtime::run(async {
            let first = rounds.read("a", {
                let file = file.clone();
                move |_| {
                    let _ = begins.send_blocking(());
                    let _ = may_go_on.recv_blocking();
                    file.count()
                }
            });
            let others = async {
                has_begun.recv().await.unwrap();
                let others = join_all((0..10).map(|_| file.read(&rounds, "a")));
                let release = async {
                    goes_on.send(()).await.unwrap();
                };
                futures_util::join!(others, release).0
            };
            let (first, others) = futures_util::join!(first, others);
            (*first.unwrap(), others)
        });
        assert_eq!(seen.unwrap(), (1, vec![2; 10]));
    }

    #[test]
    fn nobody_is_handed_what_was_read_before_he_asked() {
        let (rounds, file) = (Rounds::default(), File::default());
        runtime::run(async {
            for turn in 1..4 {
                assert_eq!(file.read(&rounds, "a").await, turn);
            }
            assert_eq!(file.read(&rounds, "b").await, 4, "another file");
            assert_eq!(rounds.latest.borrow().len(), 1, "of those that nobody waits for nothing is kept");
        })
        .unwrap();
    }

    #[test]
    fn who_gives_up_keeps_nobody_waiting() {
        let (rounds, file) = (Rounds::default(), File::default());
        runtime::run(async {
            let mut first = Box::pin(file.read(&rounds, "a"));
            let mut second = Box::pin(file.read(&rounds, "a"));
            let third = file.read(&rounds, "a");
            assert!(first.as_mut().now_or_never().is_none());
            assert!(second.as_mut().now_or_never().is_none());
            drop((first, second));
            assert!(third.await <= 2);
        })
        .unwrap();
    }
}
