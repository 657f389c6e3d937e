//! Wakes a core that waits for mail.
//!
//! A byte through a pair of sockets: the event loop waits for it as for any other, so the core goes on in the turn in
//! which it comes. The runtime's own way of waking a task from another thread takes two locks, and a further turn.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use monoio::io::AsyncReadRent;

use super::super::runtime;
use crate::base::time::{self, Duration};

/// Rings that nobody has heard yet, and that are heard at once.
const RINGS: usize = 64;
/// How often a core looks for mail that cannot hear its bell. No kernel is known to let that happen.
const DEAF_PAUSE: Duration = Duration::from_millis(1);

/// One core waits for it, any other may ring.
pub(super) struct Bell {
    rope: UnixStream,
    ear: UnixStream,
    is_awaited: AtomicBool,
}

impl Bell {
    /// Errors: no descriptors are left.
    pub fn new() -> io::Result<Self> {
        let (rope, ear) = UnixStream::pair()?;
        rope.set_nonblocking(true)?;
        // On epoll the loop reads until there is nothing: a read that blocks would stop the whole core.
        ear.set_nonblocking(true)?;
        Ok(Self { rope, ear, is_awaited: AtomicBool::new(false) })
    }

    /// Wakes the core unless it is awake. To be called after what it is to see is there.
    pub fn ring(&self) {
        if self.is_awaited.swap(false, Ordering::SeqCst) {
            // Where there is no room for one more ring, there are enough.
            let _ = (&self.rope).write(&[0]);
        }
    }

    /// From now on it is rung. What came before has to be looked for after this, and before the core waits.
    pub fn listen(&self) {
        self.is_awaited.store(true, Ordering::SeqCst);
    }

    /// The core has found something to do.
    pub fn ignore(&self) {
        self.is_awaited.store(false, Ordering::SeqCst);
    }

    /// The end of the core, on whose event loop this is called.
    ///
    /// Errors: no descriptors are left.
    pub fn ear(&self) -> io::Result<Ear> {
        Ok(Ear {
            stream: monoio::net::UnixStream::from_std(self.ear.try_clone()?)?,
            heard: Vec::with_capacity(RINGS),
        })
    }
}

/// Waits for a bell.
pub struct Ear {
    stream: monoio::net::UnixStream,
    heard: Vec<u8>,
}

impl Ear {
    /// The bell was rung, once or more, since this was called last.
    pub async fn hear(&mut self) {
        let (result, heard) = self.stream.read(std::mem::take(&mut self.heard)).await;
        self.heard = heard;
        self.heard.clear();
        if result.is_err() {
            runtime::sleep_until(time::now() + DEAF_PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bell_that_is_awaited_rings_and_only_once() {
        runtime::run(async {
            let bell = Bell::new().unwrap();
            let mut ear = bell.ear().unwrap();
            bell.ring();
            bell.listen();
            bell.ring();
            bell.ring();
            ear.hear().await;
            bell.listen();
            bell.ignore();
            bell.ring();
            let (mut byte, mut other) = ([0; 2], &bell.ear);
            assert!(io::Read::read(&mut other, &mut byte).is_err(), "nothing more is on its way");
        })
        .unwrap();
    }

    #[test]
    fn it_is_heard_from_another_thread() {
        runtime::run(async {
            let bell = std::sync::Arc::new(Bell::new().unwrap());
            let mut ear = bell.ear().unwrap();
            for _ in 0..100 {
                bell.listen();
                let there = std::sync::Arc::clone(&bell);
                let ringing = std::thread::spawn(move || there.ring());
                ear.hear().await;
                ringing.join().unwrap();
            }
        })
        .unwrap();
    }
}
