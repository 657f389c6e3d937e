//! A clock finer than the event loop's, which counts in milliseconds: for what simulated hosts take.
//!
//! One timer of the kernel serves all who wait on a core. It is set when the first moment in the queue changes, not for
//! each of them, and goes off a slack later, so that those whose moments are close together are woken together: what a
//! fleet costs with thousands of answers on their way is wake-ups, not timers.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::select;
use rustix::fd::AsFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::runtime;
use crate::base::time::{self, Duration, Instant};
use crate::base::waiters::{Clock, Sleep, Waiters};

/// Who waits for which moment, on one core.
pub struct Alarm {
    waiters: Waiters,
    slack: Duration,
    timer: File,
    /// When the timer goes off.
    set: Cell<Option<Instant>>,
    /// Who watches the time, while there is nothing to wait for or no timer.
    watcher: RefCell<Option<Waker>>,
}

impl Alarm {
    /// Begins to watch the time. On an event loop that runs. Nobody is woken early, nor later than by `slack` and what
    /// the kernel takes.
    ///
    /// Errors: no descriptors are left.
    pub fn start(slack: Duration) -> io::Result<Rc<Self>> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        let alarm = Rc::new(Self {
            waiters: Waiters::default(),
            slack,
            timer: timer.into(),
            set: Cell::new(None),
            watcher: RefCell::new(None),
        });
        let timer = monoio::fs::File::from_std(alarm.timer.try_clone()?)?;
        runtime::spawn(Rc::clone(&alarm).run(timer));
        Ok(alarm)
    }

    /// Completes at `at`.
    pub fn sleep_until(self: &Rc<Self>, at: Instant) -> Sleep<Self> {
        Sleep::until(self, at)
    }

    async fn run(self: Rc<Self>, timer: monoio::fs::File) {
        let mut buffer = vec![0; size_of::<u64>()];
        loop {
            let Some(first) = self.waiters.first() else {
                self.changes(None).await;
                continue;
            };
            // On epoll a read of a file stops the loop.
            if !runtime::has_ring() || self.set(first).is_err() {
                let due = runtime::sleep_until(first + self.slack);
                select(pin!(due), pin!(self.changes(Some(first)))).await;
            } else {
                let (read, given) = timer.read_at(buffer, 0).await;
                buffer = given;
                if read.is_err() {
                    return;
                }
                self.set.set(None);
            }
            self.waiters.wake(time::now());
        }
    }

    /// Completes when another moment is the first.
    async fn changes(&self, from: Option<Instant>) {
        let look = |cx: &mut Context<'_>| {
            self.watcher.replace(Some(cx.waker().clone()));
            if self.waiters.first() == from { Poll::Pending } else { Poll::Ready(()) }
        };
        poll_fn(look).await;
    }

    /// Has the timer go off for this moment, unless it does so before.
    fn set(&self, first: Instant) -> io::Result<()> {
        let at = first + self.slack;
        if self.set.get().is_some_and(|set| set <= at) {
            return Ok(());
        }
        // Zero would switch it off.
        let pause = at.saturating_duration_since(time::now()).max(Duration::from_nanos(1));
        let value = Timespec::try_from(pause).map_err(io::Error::other)?;
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec { it_interval: never, it_value: value };
        timerfd_settime(self.timer.as_fd(), TimerfdTimerFlags::empty(), &once)?;
        self.set.set(Some(at));
        Ok(())
    }
}

impl Clock for Alarm {
    fn now(&self) -> Instant {
        time::now()
    }

    fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    fn first_is(&self, at: Instant) {
        if self.set.get().is_some() {
            // A read of the timer that is under way ends when the timer does.
            let _ = self.set(at);
        } else if let Some(watcher) = self.watcher.take() {
            watcher.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn everybody_is_woken_and_nobody_early() {
        runtime::run(async {
            let alarm = Alarm::start(Duration::ZERO).unwrap();
            let begun = time::now();
            let alarm = &alarm;
            // The first to ask is not the first to be woken.
            join_all([3, 1, 2].map(|n| async move {
                alarm.sleep_until(begun + n * 3 * MS / 2).await;
                assert!(time::now() >= begun + n * 3 * MS / 2);
            }))
            .await;
            drop(alarm.sleep_until(time::now() + Duration::from_secs(3600)));
            assert!(alarm.waiters.is_empty());
        })
        .unwrap();
    }

    #[test]
    fn those_who_wait_for_about_the_same_moment_are_woken_together() {
        runtime::run(async {
            let alarm = Alarm::start(20 * MS).unwrap();
            let (begun, woken) = (time::now(), Cell::new(0));
            let sleep = |n| {
                let (alarm, woken) = (&alarm, &woken);
                async move {
                    alarm.sleep_until(begun + n * MS).await;
                    assert!(time::now() >= begun + 30 * MS, "not before the first and the slack");
                    woken.set(woken.get() + 1);
                }
            };
            join_all([25, 10, 11].map(sleep)).await;
            assert_eq!(woken.get(), 3);
        })
        .unwrap();
    }
}
