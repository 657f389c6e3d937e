//! The signals that ask a process to end, SIGTERM and SIGINT: heard by the event loop of a core the first time, so that
//! what is under way can be finished. The second time the process ends at once, whatever its cores are doing: the handler
//! itself does that.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use monoio::io::AsyncReadRent;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use crate::base::{Error, Kind, Result};

/// Hears that the process is asked to end.
pub struct EndRequest {
    ear: UnixStream,
}

impl EndRequest {
    /// From now on the signals come here, for the rest of the process's life: before anybody can know that the process is
    /// there.
    ///
    /// Errors: no descriptors are left, or the system takes no handler for a signal.
    pub fn new() -> Result<Self> {
        Self::register().map_err(|error| deaf(&error))
    }

    fn register() -> io::Result<Self> {
        let (ear, notify) = UnixStream::pair()?;
        // On epoll the loop reads until there is nothing: a read that blocks would stop the whole core.
        ear.set_nonblocking(true)?;
        let is_asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            // Handlers run in this order: the first signal finds that nobody has asked yet, whichever of both it is.
            flag::register_conditional_default(signal, Arc::clone(&is_asked))?;
            flag::register(signal, Arc::clone(&is_asked))?;
            pipe::register(signal, notify.try_clone()?)?;
        }
        Ok(Self { ear })
    }

    /// One of the signals has come. To be awaited on an event loop.
    ///
    /// Errors: the loop takes no more descriptors.
    pub async fn heard(self) -> Result<()> {
        let mut stream = monoio::net::UnixStream::from_std(self.ear).map_err(|error| deaf(&error))?;
        // Whatever is read: nobody else writes there, and the other end stays open as long as the process lives.
        let _ = stream.read(Vec::with_capacity(1)).await;
        Ok(())
    }
}

fn deaf(error: &io::Error) -> Error {
    Error::new(Kind::Local, format!("Cannot listen to signals: {error}"))
}
