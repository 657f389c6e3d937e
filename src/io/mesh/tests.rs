//! Mail between real cores.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::future::{join_all, pending};

use super::super::cores;
use super::*;
use crate::config::Settings;
use crate::fleet::{Class, ClientId, Crowd, Grant, Shards};
use crate::testing;

/// Runs `main` on the first of three cores.
fn on_cores<T>(change: impl FnOnce(&mut Settings), main: impl AsyncFnOnce(Rc<Shards>) -> T) -> T {
    let mut settings = testing::settings();
    change(&mut settings);
    cores::run(3, &settings, testing::fleet, Vec::new(), main).unwrap()
}

/// A guard that counts how often it was dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn thread_name() -> Option<String> {
    thread::current().name().map(ToOwned::to_owned)
}

#[test]
fn every_core_answers_on_its_own_thread_in_the_asked_order() {
    let names = on_cores(
        |_| {},
        async |shards| shards.on_all(|core| move |_| async move { (core, thread_name()) }).await,
    );
    let others = names.into_iter().skip(1).collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(others, [(1, Some("core-1".to_owned())), (2, Some("core-2".to_owned()))]);
}

#[test]
fn many_hosts_are_asked_where_they_are_owned_and_each_answer_has_its_place() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let names: Vec<_> = (0..60).map(|n| format!("h{n}")).collect();
    std::fs::write(file.path(), format!("Host {}\n", names.join(" "))).unwrap();
    let path = file.path().to_owned();
    let fleet = move |quotas: &_| testing::fleet_of(&path, quotas);
    let mut asked = names.clone();
    asked.insert(30, "stranger".into());
    let answers = cores::run(3, &testing::settings(), fleet, Vec::new(), async |shards| {
        let claim = *shards.own().caller(Class::Batch, ClientId::STDIO).claim();
        let work = |_, place: usize| async move {
            match place % 10 {
                7 => Err(Error::new(Kind::Unreachable, format!("{place}"))),
                _ => Ok((place, thread::current().id())),
            }
        };
        let errands = asked.iter().zip(0..).collect();
        let mut answers: Vec<_> = asked.iter().map(|_| None).collect();
        let mut keep = |place: usize, answer| assert!(answers[place].replace(answer).is_none());
        shards.on_each(errands, Crowd { claim, at_once: 4, share: 1_000 }, work, &mut keep).await;
        answers
    })
    .unwrap();
    let mut threads = HashSet::new();
    for (place, answer) in answers.iter().enumerate() {
        match answer.as_ref().unwrap() {
            Ok((own, thread)) => {
                assert_eq!(*own, place);
                threads.insert(*thread);
            }
            Err(error) if place == 30 => assert_eq!(error.kind(), Kind::UnknownHost),
            Err(error) => assert_eq!((error.message(), place % 10), (place.to_string().as_str(), 7)),
        }
    }
    assert_eq!((answers.len(), threads.len()), (61, 3));
}

#[test]
fn every_mail_is_measured_where_it_is_read() {
    let snapshot = on_cores(
        |_| {},
        async |shards| {
            shards.on_all(|_| |_| async {}).await;
            shards.snapshot().await.unwrap()
        },
    );
    // Twice to the two others: the questions for the figures are mail as well.
    assert_eq!(snapshot.histogram(Histogram::MailboxWait).len(), 4);
}

#[test]
fn thousands_of_calls_at_once_all_come_back() {
    let sums = on_cores(
        |_| {},
        async |shards| {
            let rounds = (0..1_000_usize).map(|round| {
                let shards = &shards;
                async move {
                    let answers = shards.on_all(|core| move |_| async move { core * round }).await;
                    answers.into_iter().map(Result::unwrap).sum::<usize>()
                }
            });
            join_all(rounds).await
        },
    );
    assert_eq!(sums, (0..1_000).map(|round| 3 * round).collect::<Vec<_>>());
}

#[test]
fn work_that_nobody_waits_for_is_dropped_where_it_runs() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dropped);
    on_cores(
        |_| {},
        async move |shards| {
            {
                let endless = shards.on_all(|_| {
                    let guard = Counted(Arc::clone(&counted));
                    move |_| async move {
                        pending::<()>().await;
                        drop(guard);
                    }
                });
                // Begun, and given up.
                assert!(futures_util::poll!(std::pin::pin!(endless)).is_pending());
            }
            // Mail is read in order, so this comes after the cancellation.
            shards.on_all(|_| |_| async {}).await;
            while counted.load(Ordering::SeqCst) < 3 {
                shards.on_all(|_| |_| async {}).await;
            }
        },
    );
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

#[test]
fn more_calls_than_there_are_slots_for_are_refused_by_name() {
    runtime::run(async {
        let core = Core::new(0, Inboxes::new(2).unwrap(), 1).unwrap().0;
        let job = || -> Job { Box::new(|_| async { Box::new(()) as Outcome }.boxed_local()) };
        let first = core.call(1, job());
        let second = core.call(1, job()).now_or_never().unwrap();
        assert_eq!(second.unwrap_err().kind(), Kind::Busy);
        drop(first);
        // Its slot is free when the other core has said so.
        assert!(core.call(1, job()).now_or_never().is_some());
        core.answered(0, None);
        assert!(core.call(1, job()).now_or_never().is_none());
    })
    .unwrap();
}

#[test]
fn what_one_core_gives_back_another_that_waits_can_take() {
    on_cores(
        |settings| settings.max_concurrency = 1,
        async |shards| {
            for _ in 0..100 {
                let taken = take(shards.own()).await;
                let waiting = shards.on_all(|core| {
                    move |fleet: Rc<Fleet>| async move {
                        if core > 0 {
                            drop(take(&fleet).await);
                        }
                    }
                });
                let mut waiting = std::pin::pin!(waiting);
                assert!(futures_util::poll!(&mut waiting).is_pending());
                drop(taken);
                waiting.await;
            }
        },
    );
}

#[test]
fn a_core_that_takes_again_what_it_gives_back_lets_another_have_its_turn() {
    on_cores(
        |settings| settings.max_concurrency = 1,
        async |shards| {
            for core in [1, 2, 1, 2] {
                let mut taken = Some(take(shards.own()).await);
                let mut waiting =
                    std::pin::pin!(shards.at(core, |fleet| async move { drop(take(&fleet).await) }));
                assert!(futures_util::poll!(&mut waiting).is_pending());
                // Mail is read in order, so by then the core has asked.
                for _ in 0..2 {
                    shards.at(core, |_| async {}).await.unwrap();
                }
                let mut turn = None;
                for _ in 0..10 {
                    drop(taken.take());
                    taken = take(shards.own()).now_or_never();
                    // Mail is read in order, so by then the core has had its turn, if it was given one.
                    shards.at(core, |_| async {}).await.unwrap();
                    turn = (&mut waiting).now_or_never();
                    if turn.is_some() || taken.is_none() {
                        break;
                    }
                }
                assert!(turn.is_some() || taken.is_none(), "core {core} has no turn");
                match turn {
                    Some(turn) => turn.unwrap(),
                    None => waiting.await.unwrap(),
                }
            }
        },
    );
}

async fn take(fleet: &Rc<Fleet>) -> Grant {
    let quota = &fleet.quotas().executing;
    let mut heard = None;
    loop {
        let mut given = quota.listen();
        if let Some(grant) = quota.try_take() {
            return grant;
        }
        (&mut given).await;
        heard.replace(given);
    }
}
