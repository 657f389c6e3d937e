//! A clock finer than the event loop's, which counts in milliseconds: for what is due at a moment.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use monoio::net::UnixStream;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::base::time::{self, Duration, Instant};

/// For one waiter at a time.
pub struct Alarm {
    timer: OwnedFd,
    /// The same, for the event loop to wait for.
    ear: UnixStream,
}

impl Alarm {
    /// To be called on an event loop.
    ///
    /// Errors: no descriptors are left.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // The loop waits for any descriptor; what kind of stream it takes it for does not matter as long as nobody reads.
        let ear = UnixStream::from_std(StdUnixStream::from(timer.try_clone()?))?;
        Ok(Self { timer, ear })
    }

    /// Waits until a moment, and some microseconds.
    ///
    /// Errors: the kernel does not take the time, or the wait.
    pub async fn sleep_until(&self, at: Instant) -> io::Result<()> {
        let pause = at.saturating_duration_since(time::now());
        if pause.is_zero() {
            return Ok(());
        }
        let value = Timespec::try_from(pause.max(Duration::from_nanos(1))).map_err(io::Error::other)?;
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        // What has gone off before nobody waits for any more.
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        self.ear.readable(false).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;

    async fn waits_are_as_long_as_they_should_be() {
        let alarm = Alarm::new().unwrap();
        for microseconds in [0, 300, 2_500, 100] {
            let at = time::now() + Duration::from_micros(microseconds);
            alarm.sleep_until(at).await.unwrap();
            assert!(time::now() >= at);
        }
        // One that is given up does not shorten the next.
        let given_up = Box::pin(alarm.sleep_until(time::now() + Duration::from_micros(200)));
        drop(futures_util::future::select(given_up, std::future::ready(())).await);
        let at = time::now() + Duration::from_millis(5);
        alarm.sleep_until(at).await.unwrap();
        assert!(time::now() >= at);
    }

    #[test]
    fn waits_end_when_they_are_due_on_either_driver() {
        runtime::run(waits_are_as_long_as_they_should_be()).unwrap();
        runtime::run_on_epoll(waits_are_as_long_as_they_should_be()).unwrap();
    }
}
