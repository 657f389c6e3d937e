//! A clock finer than the event loop's, which counts in milliseconds: for what simulated hosts take.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use event_listener::Event;
use futures_util::future::select;
use rustix::fd::AsFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::runtime;
use crate::base::time::{Duration, Instant, now};

/// Who waits for which moment, on one core. The number tells those apart that wait for the same one.
pub struct Alarm {
    waiting: RefCell<BTreeMap<(Instant, u64), Waker>>,
    numbers: Cell<u64>,
    timer: File,
    /// When the timer goes off.
    set: Cell<Option<Instant>>,
    changed: Event,
}

impl Alarm {
    /// Begins to watch the time. On an event loop that runs.
    ///
    /// Errors: no descriptors are left.
    pub fn start() -> io::Result<Rc<Self>> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        let alarm = Rc::new(Self {
            waiting: RefCell::default(),
            numbers: Cell::new(0),
            timer: timer.into(),
            set: Cell::new(None),
            changed: Event::new(),
        });
        let timer = monoio::fs::File::from_std(alarm.timer.try_clone()?)?;
        runtime::spawn(Rc::clone(&alarm).run(timer));
        Ok(alarm)
    }

    /// Completes at `at`.
    pub fn sleep_until(self: &Rc<Self>, at: Instant) -> Sleep {
        Sleep { alarm: Rc::clone(self), at, number: None }
    }

    async fn run(self: Rc<Self>, timer: monoio::fs::File) {
        let mut buffer = vec![0; size_of::<u64>()];
        loop {
            let changed = self.changed.listen();
            let Some(first) = self.first() else {
                changed.await;
                continue;
            };
            // On epoll a read of a file stops the loop.
            if !runtime::has_ring() {
                let _ = select(pin!(runtime::sleep_until(first)), changed).await;
            } else if self.set(first).is_ok() {
                let (read, given) = timer.read_at(buffer, 0).await;
                buffer = given;
                if read.is_err() {
                    return;
                }
                self.set.set(None);
            }
            self.wake();
        }
    }

    fn first(&self) -> Option<Instant> {
        self.waiting.borrow().keys().next().map(|(at, _)| *at)
    }

    fn set(&self, at: Instant) -> io::Result<()> {
        if self.set.get().is_some_and(|set| set <= at) {
            return Ok(());
        }
        // Zero would switch it off.
        let pause = at.saturating_duration_since(now()).max(Duration::from_nanos(1));
        let value = Timespec::try_from(pause).map_err(io::Error::other)?;
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec { it_interval: never, it_value: value };
        timerfd_settime(self.timer.as_fd(), TimerfdTimerFlags::empty(), &once)?;
        self.set.set(Some(at));
        Ok(())
    }

    fn wake(&self) {
        let now = now();
        loop {
            let mut waiting = self.waiting.borrow_mut();
            let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= now) else { return };
            let waker = first.remove();
            drop(waiting);
            waker.wake();
        }
    }

    fn register(&self, at: Instant, number: Option<u64>, waker: Waker) -> u64 {
        let number = number.unwrap_or_else(|| self.numbers.replace(self.numbers.get() + 1));
        self.waiting.borrow_mut().insert((at, number), waker);
        if self.set.get().is_none_or(|set| at < set) {
            // A read of the timer that is under way ends when the timer does.
            if self.set.get().is_some() {
                let _ = self.set(at);
            }
            self.changed.notify(1);
        }
        number
    }
}

pub struct Sleep {
    alarm: Rc<Alarm>,
    at: Instant,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        self.number = Some(self.alarm.register(self.at, self.number, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.alarm.waiting.borrow_mut().remove(&(self.at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[test]
    fn everybody_is_woken_and_nobody_early() {
        runtime::run(async {
            let alarm = Alarm::start().unwrap();
            let begun = now();
            let alarm = &alarm;
            // The first to ask is not the first to be woken.
            join_all([3, 1, 2].map(|n| async move {
                alarm.sleep_until(begun + n * Duration::from_micros(1500)).await;
                assert!(now() >= begun + n * Duration::from_micros(1500));
            }))
            .await;
            drop(alarm.sleep_until(now() + Duration::from_secs(3600)));
            assert!(alarm.waiting.borrow().is_empty());
        })
        .unwrap();
    }
}
